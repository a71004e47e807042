"""A neutral message in Telegram's shape: parts within its limits, entities, keyboards.

Formatting is by entity (offset and length), never by markup, so that `<b>` or `_*[` in a
name is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    MessageEntity,
    ReplyKeyboardMarkup,
)

from bot.channels.telegram import limits
from bot.channels.telegram.split import Span, split, units
from bot.spreadsheets import monospaced
from scheduler.channels import ChannelError
from scheduler.messages import Attachment, Button, Figure, Message, Table

Keyboard = InlineKeyboardMarkup | ReplyKeyboardMarkup
# What is sent as a photo or a document.
File = Attachment | Table | Figure

SHARE_NUMBER = "发送本人手机号"
SHARE_PROMPT = "请点输入框下方的按钮，发送本人手机号。"
FIGURE_NAME = "图.png"
_UNSENDABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Part:
    """One Telegram message: a text, or a file (with the text as its caption)."""

    text: str = ""
    entities: tuple[MessageEntity, ...] = ()
    file: File | None = None
    keyboard: Keyboard | None = None


def clean(text: str) -> str:
    """Replace what neither JSON nor a database can carry: NUL and lone surrogates.

    Each is replaced by one character of the same length in UTF-16, so that offsets stay right.
    """
    return _UNSENDABLE.sub("\ufffd", text)


def parts(message: Message, *, group: bool = False) -> list[Part]:
    """Lay `message` out; the last part carries the buttons.

    Raises a permanent `ChannelError` when there is nothing to show or a button cannot be sent.
    """
    text, spans, files = _content(message)
    keyboards = _keyboards(message, group=group)
    first = keyboards.pop(0) if keyboards else None
    laid = list(_lay(text, spans, files))
    if not laid:
        raise ChannelError("the message is empty", permanent=True)
    last = laid.pop()
    laid.append(Part(last.text, last.entities, last.file, first))
    laid.extend(Part(SHARE_PROMPT, keyboard=keyboard) for keyboard in keyboards)
    return laid


def buttons(message: Message) -> InlineKeyboardMarkup | None:
    """Return the inline keyboard, wrapped at eight a row and cut at a hundred."""
    row_of_keys = [list(_wrapped(row)) for row in message.buttons]
    rows = list(_at_most([row for group in row_of_keys for row in group], limits.BUTTONS))
    return InlineKeyboardMarkup(rows) if rows else None


def _content(message: Message) -> tuple[str, list[Span], list[File]]:
    """Return the whole text, what is special in it, and the files beside it."""
    text, spans, files = (
        clean(message.text).strip(),
        list[Span](),
        list[File](),
    )
    if message.attachment:
        files.append(message.attachment)
    if message.figure:
        files.append(message.figure)
    if message.table:
        grid = monospaced(message.table)
        if grid is None:
            files.append(message.table)
        else:
            text = _append(text, clean(grid), MessageEntity.PRE, spans)
    if message.quote:
        text = _append(text, clean(message.quote.line()), MessageEntity.BLOCKQUOTE, spans)
    return text, spans, files


def _append(text: str, block: str, kind: str, spans: list[Span]) -> str:
    start = len(text) + 2 if text else 0
    spans.append(Span(start, start + len(block), kind))
    return f"{text}\n\n{block}" if text else block


def _lay(text: str, spans: list[Span], files: list[File]) -> Iterator[Part]:
    """Files come first; the text is the last one's caption if it is short enough."""
    caption = bool(files) and units(text) <= limits.CAPTION
    for file in files[:-1] if caption else files:
        yield Part(file=file)
    if caption:
        yield Part(text, _entities(text, 0, len(text), spans), files[-1])
        return
    for start, end in split(text, limits.TEXT, spans):
        # Telegram trims what stands around a text, which would shift the entities.
        while start < end and text[start].isspace():
            start += 1
        piece = text[start:end].rstrip()
        if piece:
            yield Part(piece, _entities(text, start, start + len(piece), spans))


def _entities(text: str, start: int, end: int, spans: list[Span]) -> tuple[MessageEntity, ...]:
    """Return the spans within text[start:end], in UTF-16 units from `start`."""
    found = []
    for span in spans:
        first, last = max(span.start, start), min(span.end, end)
        if first < last:
            offset, length = units(text[start:first]), units(text[first:last])
            found.append(MessageEntity(span.kind, offset, length))
    return tuple(found)


def _keyboards(message: Message, *, group: bool) -> list[Keyboard]:
    """Return the keyboards: a message holds one only, a second one needs its own prompt.

    A phone number can be asked for in a private chat only.
    """
    keyboards: list[Keyboard] = []
    inline = buttons(message)
    if inline is not None:
        keyboards.append(inline)
    if message.contact and not group:
        share = KeyboardButton(SHARE_NUMBER, request_contact=True)
        keyboards.append(
            ReplyKeyboardMarkup([[share]], resize_keyboard=True, one_time_keyboard=True)
        )
    return keyboards


def _wrapped(row: tuple[Button, ...]) -> Iterator[list[InlineKeyboardButton]]:
    keys = iter([_key(button) for button in row])
    while line := list(islice(keys, limits.BUTTONS_IN_ROW)):
        yield line


def _at_most(
    rows: list[list[InlineKeyboardButton]], limit: int
) -> Iterator[list[InlineKeyboardButton]]:
    for row in rows:
        if limit <= 0:
            return
        yield row[:limit]
        limit -= len(row)


def _key(button: Button) -> InlineKeyboardButton:
    size = len(button.token.encode("utf-8", "surrogatepass"))
    if not 1 <= size <= limits.CALLBACK_DATA:
        raise ChannelError(f"a button's token has {size} bytes", permanent=True)
    return InlineKeyboardButton(_label(button.label), callback_data=button.token)


def _label(text: str) -> str:
    """Return what fits on a button, on one line."""
    line = " ".join(clean(text).split())
    if units(line) > limits.LABEL:
        _, end = split(line, limits.LABEL - 1)[0]
        line = f"{line[:end].rstrip()}…"
    return line or "…"
