"""What a handler returns."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.messages import Attachment, Button, Message, Quote, Table

__all__ = ["Attachment", "Button", "Message", "Quote", "Reply", "Table", "UserError"]


@dataclass(frozen=True, slots=True)
class Reply(Message):
    """A message in answer to somebody.

    `private` sends it to the person's own chat even when the question was put in a group;
    `replaces` shows it in place of the message whose button was pressed, where possible.
    """

    private: bool = False
    replaces: bool = False


class UserError(Exception):
    """A mistake that its maker can mend; the text is shown as it is, nothing is changed."""
