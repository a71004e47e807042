"""One line of a chat, drawn. Every text is put in as text, never as markup."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from nicegui import ui

from db.tables import Transcript
from scheduler.messages import Attachment, Button, Message, Table

ASSISTANT = "支部助手"
PICTURES = ("image/png", "image/jpeg", "image/webp")


@dataclass(frozen=True, slots=True)
class Drawing:
    """What drawing a line needs beside the line itself.

    `press` is called with the line's id and the button; `link` returns the address of a file.
    """

    reader: int
    local: Callable[[datetime], datetime]
    press: Callable[[int, Button], Awaitable[None]]
    link: Callable[[Attachment], Awaitable[str]]


async def draw_line(line: Transcript, drawing: Drawing) -> None:
    """Draw a line into the current element."""
    own = line.author_id == drawing.reader
    message = Message.from_json(line.content)
    row = ui.element("div").classes("zb-line" + (" zb-own" if own else ""))
    with row.props(f'role="article" data-line="{line.id}"'):
        _face(line, own)
        with ui.element("div").classes("zb-body"):
            if not own:
                _text(line.author or ASSISTANT, "zb-name")
            with ui.element("div").classes("zb-bubble"):
                await _content(message, drawing)
            _buttons(line.id, message, drawing)
            _text(f"{drawing.local(line.at):%H:%M}", "zb-time")


def _face(line: Transcript, own: bool) -> None:
    if line.author_id is None:
        _text("支", "zb-face zb-bot").props('aria-hidden="true"')
    else:
        _text("我" if own else (line.author or "?")[:1], "zb-face").props('aria-hidden="true"')


async def _content(message: Message, drawing: Drawing) -> None:
    if message.text:
        _text(message.text, "zb-text")
    if message.quote is not None:
        _text(message.quote.line(), "zb-quote")
    if message.table is not None:
        _table(message.table)
    if message.attachment is not None:
        await _attachment(message.attachment, drawing)


async def _attachment(attachment: Attachment, drawing: Drawing) -> None:
    address = await drawing.link(attachment)
    if attachment.media_type in PICTURES:
        picture = ui.element("img").classes("zb-picture")
        picture._props.update(src=address, alt=attachment.name, loading="lazy")
        return
    card = ui.element("a").classes("zb-file")
    card._props.update(href=address, download=attachment.name)
    with card:
        ui.icon("description")
        _text(attachment.name, "zb-text")


def _table(table: Table) -> None:
    with ui.element("table").classes("zb-table"):
        for number, cells in enumerate(table.rows):
            with ui.element("tr"):
                for cell in cells:
                    with ui.element("td" if number else "th"):
                        _text(cell, "zb-text")


def _buttons(line: int, message: Message, drawing: Drawing) -> None:
    for row in message.buttons:
        with ui.element("div").classes("zb-buttons"):
            for button in row:
                _button(line, button, drawing)


def _button(line: int, button: Button, drawing: Drawing) -> None:
    shown = ui.button(button.label, color=None).props("flat no-caps dense")

    async def press() -> None:
        shown.disable()
        await drawing.press(line, button)
        shown.enable()

    shown.on_click(press)


def _text(text: str, classes: str) -> ui.label:
    return ui.label(text).classes(classes)
