"""What is said to a person, before any platform gives it a shape.

A `Message` is stored as JSON in the outbox, so every field is a plain value. A field exists
when at least two channels can show it, each in its best way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class Button:
    """A shortcut for typing `command`; a channel sends back only the `token`.

    The token is minted when the message enters the outbox; until then it is empty. With
    `anyone` every member of a group may press it, otherwise only the person it was made for.
    """

    label: str
    command: str
    anyone: bool = False
    token: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """Where a text comes from: shown as a quotation under the message."""

    regulation: str
    article: str = ""
    version: str = ""
    remark: str = ""

    def line(self) -> str:
        """Word the source on one line, as a person would cite it."""
        version = f"（{self.version}版）" if self.version.isdigit() else ""
        other = "" if version or not self.version else f"（{self.version}）"
        remark = f" · {self.remark}" if self.remark else ""
        return f"{self.regulation}{self.article}{version}{other}{remark}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file (`db.files`): its row id, the name to show and the media type."""

    file: int
    name: str
    media_type: str

    @property
    def is_picture(self) -> bool:
        return self.media_type in ("image/png", "image/jpeg", "image/webp")


@dataclass(frozen=True, slots=True)
class Table:
    """A small grid of texts; the first row is the head.

    `name` is what a file of it is called, without an ending: 台账-第三党支部-2026.
    """

    rows: tuple[tuple[str, ...], ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One row of values of a figure, one for each label."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture of numbers: `kind` is "bar" or "line", `target` a level to reach, in `unit`.

    A channel draws it in its own way; what it says stands in the message's text as well.
    """

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    kind: str = "bar"
    unit: str = ""
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """A quiz question that is answered by choosing; `correct` holds places of `options`.

    It is open for `seconds`, if given. A `closed` one shows what is right and takes no answer.
    """

    question: str
    options: tuple[str, ...]
    correct: tuple[int, ...]
    multiple: bool = False
    explanation: str = ""
    seconds: int | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said: plain text (never markup), and what belongs under it.

    `contact` asks for the reader's own phone number in the channel's own way; where there is
    none, the text alone must do. A `secret` message holds a code or a link that opens
    something: what was sent is not kept. A channel that can show a `poll` shows it in place of
    the text and the buttons, which say and do the same where there are no polls.
    """

    text: str
    quote: Quote | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    table: Table | None = None
    attachment: Attachment | None = None
    contact: bool = False
    secret: bool = False
    poll: Poll | None = None
    figure: Figure | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the content as JSON values; defaults are left out."""
        values = ((name, getattr(self, name)) for name in _DEFAULTS)
        return {name: _plain(value) for name, value in values if value != _DEFAULTS[name]}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Message:
        """Rebuild what `to_json` wrote."""
        quote, table, attachment = data.get("quote"), data.get("table"), data.get("attachment")
        poll, figure = data.get("poll"), data.get("figure")
        return Message(
            text=data["text"],
            quote=Quote(**quote) if quote else None,
            buttons=tuple(tuple(Button(**b) for b in row) for row in data.get("buttons", ())),
            table=_table(table) if table else None,
            attachment=Attachment(**attachment) if attachment else None,
            contact=data.get("contact", False),
            secret=data.get("secret", False),
            poll=_poll(poll) if poll else None,
            figure=_figure(figure) if figure else None,
        )


_DEFAULTS = {field.name: field.default for field in fields(Message)}
_PARTS = {
    part: tuple(field.name for field in fields(part))
    for part in (Button, Quote, Attachment, Table, Poll, Series, Figure)
}
# Whose fields are JSON values as they are: a tick writes thousands of these.
_FLAT = {part: attrgetter(*_PARTS[part]) for part in (Button, Quote, Attachment)}


def _plain(value: Any) -> Any:
    """Return a part of a message as JSON has it; `asdict` would copy it first."""
    kind = type(value)
    if read := _FLAT.get(kind):
        return dict(zip(_PARTS[kind], read(value), strict=True))
    if names := _PARTS.get(kind):
        return {name: _plain(getattr(value, name)) for name in names}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _table(data: Mapping[str, Any]) -> Table:
    return Table(tuple(tuple(row) for row in data["rows"]), data.get("name", ""))


def _poll(data: Mapping[str, Any]) -> Poll:
    lists = {name: tuple(data[name]) for name in ("options", "correct")}
    return Poll(**{**data, **lists})


def _figure(data: Mapping[str, Any]) -> Figure:
    series = tuple(Series(one["name"], tuple(one["values"])) for one in data["series"])
    return Figure(**{**data, "labels": tuple(data["labels"]), "series": series})
