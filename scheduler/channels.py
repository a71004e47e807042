"""What the outbox asks of a channel: deliver one message, or say why not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from scheduler.messages import Message
from scheduler.rates import Pace


class Lane(IntEnum):
    """Who goes first where sending is limited.

    A person who waits, what has its minute (a quiz), what is overdue, what will be, then news.
    """

    REPLY = 0
    TIMED = 1
    OVERDUE = 2
    REMINDER = 3
    BROADCAST = 4


@dataclass(frozen=True, slots=True)
class Address:
    """A place to speak to: the channel's name and its own id of the chat and topic."""

    channel: str
    chat: str
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A poll that was sent: the channel's ids of the message and of the poll in it."""

    message: str
    poll: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One claimed outbox row on its way out.

    `id` is the idempotency key for channels that can use one. `edits` names the message (the
    channel's own id) that this one replaces, `answers` the one it answers.
    """

    id: int
    address: Address
    message: Message
    lane: Lane = Lane.REPLY
    edits: str | None = None
    answers: str | None = None


class ChannelError(Exception):
    """A delivery failed.

    permanent    trying again cannot help
      └ gone     nothing can ever reach this chat again (blocked, kicked, deleted)
    retry_after  seconds to leave this chat alone (0: the outbox decides); with a value the
                 attempt is not counted against the message
    limited      the service itself asks to go slower (with `retry_after`)
    doubtful     it may have arrived all the same
    moved_to     the chat has a new id (a group became a supergroup): try again there
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        gone: bool = False,
        retry_after: float = 0,
        limited: bool = False,
        doubtful: bool = False,
        moved_to: str | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent or gone
        self.gone = gone
        self.retry_after = retry_after
        self.limited = limited
        self.doubtful = doubtful
        self.moved_to = moved_to


class Channel(Protocol):
    """A way to reach people. `name` is what `Address.channel` holds.

    `pace` is the most that all processes together may send; None: as fast as it goes.
    """

    name: str

    @property
    def pace(self) -> Pace | None: ...

    async def send(self, delivery: Delivery) -> str | Posted | None:
        """Deliver, and return the channel's id of the message; raises `ChannelError`."""
        ...
