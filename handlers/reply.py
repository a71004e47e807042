"""What a handler returns."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.messages import (
    Attachment,
    Button,
    Figure,
    Message,
    Poll,
    Quote,
    Series,
    Table,
)

__all__ = [
    "Attachment",
    "Button",
    "Figure",
    "Message",
    "Poll",
    "Quote",
    "Reply",
    "Series",
    "Table",
    "UserError",
]

TOAST_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Reply(Message):
    """A message in answer to somebody.

    `private` sends it to the person's own chat even when the question was put in a group;
    `replaces` shows it in place of the message whose button was pressed, where possible. A
    `toast` answers a press in a group by its text alone, shown for a moment and only to who
    pressed; otherwise, or with more than `TOAST_LENGTH` characters, it is said as any reply.
    """

    private: bool = False
    replaces: bool = False
    toast: bool = False


class UserError(Exception):
    """A mistake that its maker can mend; the text is shown as it is, nothing is changed."""
