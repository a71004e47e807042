"""One line of a chat, drawn. Every text is put in as text, never as markup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.pages import quiz
from bot.pages.charts import draw_chart
from bot.pages.speaking import ASSISTANT
from bot.pages.tags import icon, tag, words
from bot.spreadsheets import monospaced, workbook_name
from db.tables import Transcript
from scheduler.messages import Attachment, Button, Message, Quote, Table
from scheduler.own_answers import OwnAnswer

# Lines of one speaker that follow each other this closely stand together under one name.
TOGETHER = timedelta(minutes=3)
# What the conversation has not taken after this long was not handed in.
LOST = timedelta(seconds=15)
WEEKDAYS = "一二三四五六日"
CONTACT_NOTE = "在网页中，身份以登录为准；手机号只用来与名册核对，不会公开。"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What drawing a line needs beside the line itself.

    `links` are the addresses of attached files by their row ids; `before` is the line above,
    `answered` what the reader has answered of the question in this one, `query` what a demo
    page adds to links.
    """

    reader: int
    zone: ZoneInfo
    now: datetime
    group: bool
    links: Mapping[int, str]
    before: Transcript | None = None
    answered: OwnAnswer | None = None
    query: str = ""


def draw_line(line: Transcript, drawing: Drawing) -> None:
    """Draw a line, and the day above it where a new one begins, into the current element."""
    if drawing.before is None or _day(line, drawing) != _day(drawing.before, drawing):
        words(_say_day(line, drawing), "zb-day", "div")
    message = Message.from_json(line.content)
    with _row(line, drawing):
        _face(line, drawing)
        with tag("div", "zb-body"):
            if line.author_id != drawing.reader:
                words(line.author or ASSISTANT, "zb-name", "div")
            if quiz.is_card(message):
                quiz.draw_card(message, drawing.answered)
            else:
                _bubble(line, message, drawing)
                _buttons(message)
            if message.contact:
                _contact()
            _foot(line, drawing)


def _row(line: Transcript, drawing: Drawing) -> Any:
    own = line.author_id == drawing.reader
    row = tag("article", "zb-line", data_line=line.id, data_state=_state(line, drawing))
    row.classes(" ".join(name for name, on in _looks(line, drawing, own).items() if on))
    row.props["aria-label"] = f"{'我' if own else line.author or ASSISTANT}"
    if own and line.update:
        row.props["data-update"] = line.update.rpartition(":")[2]
    return row


def _looks(line: Transcript, drawing: Drawing, own: bool) -> dict[str, bool]:
    before = drawing.before
    together = (
        before is not None
        and before.author_id == line.author_id
        and line.at - before.at < TOGETHER
        and _day(line, drawing) == _day(before, drawing)
    )
    return {"zb-own": own, "zb-said": line.author_id is None, "zb-more": together}


def _state(line: Transcript, drawing: Drawing) -> str:
    if line.taken:
        return "taken"
    return "failed" if drawing.now - line.at > LOST else "sending"


def _face(line: Transcript, drawing: Drawing) -> None:
    if line.author_id is None:
        words("支", "zb-face zb-bot", "div", aria_hidden="true")
    elif line.author_id == drawing.reader:
        words("我", "zb-face", "div", aria_hidden="true")
    else:
        words(line.author[-1:] or "?", "zb-face", "div", aria_hidden="true")


def _bubble(line: Transcript, message: Message, drawing: Drawing) -> None:
    with tag("div", "zb-bubble"):
        _answered(line.content.get("answers"))
        if message.text:
            words(message.text, "zb-text", "div")
        if message.quote is not None:
            _quote(message.quote)
        if message.table is not None:
            _table(message.table)
            if monospaced(message.table) is None:
                name, link = workbook_name(message.table), f"/tables/{line.id}{drawing.query}"
                _download(name, link)
        if message.figure is not None:
            draw_chart(message.figure)
        if message.attachment is not None:
            _attachment(message.attachment, drawing.links.get(message.attachment.file, ""))
        _sent_file(line.content.get("upload"))


def _answered(quoted: Mapping[str, Any] | None) -> None:
    """Show which line this one answers."""
    if quoted:
        with tag("div", "zb-answered"):
            words(f"{quoted['author'] or ASSISTANT}：", "zb-name")
            words(str(quoted["text"]), "zb-text")


def _quote(quote: Quote) -> None:
    """Show the source of an answer as a quotation."""
    with tag("blockquote", "zb-quote"):
        words(f"{quote.regulation} {quote.article}".strip(), "zb-text zb-source")
        version = f"{quote.version}版" if quote.version.isdigit() else quote.version
        for remark in filter(None, (version, quote.remark)):
            words(remark, "zb-tag")


def _table(table: Table) -> None:
    with tag("div", "zb-table", tabindex=0, aria_label=table.name or "表格"), tag("table"):
        for number, cells in enumerate(table.rows):
            with tag("tr"):
                for cell in cells:
                    words(cell, "zb-text", "td" if number else "th")


def _attachment(attachment: Attachment, link: str) -> None:
    if attachment.is_picture:
        with tag("a", href=link, target="_blank", rel="noopener"):
            tag("img", "zb-picture", src=link, alt=attachment.name, loading="lazy")
        return
    _download(attachment.name, link)


def _download(name: str, link: str) -> None:
    with tag("a", "zb-file", href=link, download=name):
        icon("file")
        words(name, "zb-text")
        words("下载", "zb-tag")


def _sent_file(upload: Mapping[str, Any] | None) -> None:
    """Show a file that the person sent; it is not kept here, so there is nothing to open."""
    if upload:
        with tag("div", "zb-file"):
            icon("file")
            words(str(upload["name"]), "zb-text")
            words(_size(int(upload["size"] or 0)), "zb-tag")


def _size(count: int) -> str:
    if count < 1024 * 1024:
        return f"{max(1, round(count / 1024))} KB"
    return f"{count / 1024 / 1024:.1f} MB"


def _buttons(message: Message) -> None:
    for row in message.buttons:
        with tag("div", "zb-buttons"):
            for button in row:
                _button(button)


def _button(button: Button) -> None:
    words(button.label, "zb-press", "button", type="button", data_token=button.token)


def _contact() -> None:
    """Ask for the phone number; there is no platform here that could vouch for one."""
    with tag("form", "zb-contact"):
        label = {"aria_label": "手机号", "placeholder": "手机号"}
        tag("input", type="tel", autocomplete="tel", maxlength=20, required=True, **label)
        words("提交", "zb-press", "button", type="submit")
        words(CONTACT_NOTE, "zb-note", "small")


def _foot(line: Transcript, drawing: Drawing) -> None:
    own = line.author_id == drawing.reader
    with tag("div", "zb-foot-line"):
        at = line.at.astimezone(drawing.zone)
        words(f"{at:%H:%M}", "zb-time", "time", datetime=f"{at:%Y-%m-%dT%H:%M}")
        if own:
            words("正在发送…", "zb-sending")
            _again(line)
        elif drawing.group:
            words("回复", "zb-reply", "button", type="button")


def _again(line: Transcript) -> None:
    if "upload" in line.content or "phone" in line.content:
        words("发送失败，请重新发送", "zb-again")
    else:
        words("发送失败，点此重试", "zb-again zb-retry", "button", type="button")


def _day(line: Transcript, drawing: Drawing) -> Any:
    return line.at.astimezone(drawing.zone).date()


def _say_day(line: Transcript, drawing: Drawing) -> str:
    day, today = _day(line, drawing), drawing.now.astimezone(drawing.zone).date()
    if day == today:
        return "今天"
    if day == today - timedelta(days=1):
        return "昨天"
    year = "" if day.year == today.year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日 星期{WEEKDAYS[day.weekday()]}"
