"""What comes in, whatever the platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sent; nothing is fetched until a handler is allowed to see it.

    `fetch(limit)` returns the bytes, or raises `UploadTooLarge` when there are more than
    `limit`, without holding them all.
    """

    name: str
    size: int | None
    fetch: Callable[[int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that was fetched: its name as sent (only shown, never a path) and its bytes."""

    name: str
    data: bytes


class UploadTooLarge(Exception):
    """The file has more bytes than the limit given to `Upload.fetch`."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A phone number shared through the platform; `own` if the platform vouches for it."""

    phone: str
    own: bool


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event from a person.

    `update` is the platform's id of the event: the same id again is a redelivery and has no
    second effect. `account` and `chat` are the platform's ids; in a private chat the answer
    goes to `chat` too. `addressed` is false for group talk that is not for the assistant.
    `press` holds the token of a pressed button and `message` the id of the message that
    carried it (or that came in).
    """

    channel: str
    update: str
    account: str
    chat: str
    at: datetime
    account_name: str = ""
    group: bool = False
    chat_title: str = ""
    thread: str | None = None
    addressed: bool = True
    text: str = ""
    press: str | None = None
    message: str | None = None
    upload: Upload | None = None
    contact: Contact | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Vote:
    """That somebody chose in a native poll: the places of the options, none if taken back.

    A platform may not tell which chat the poll is in; `poll` is its id.
    """

    channel: str
    update: str
    account: str
    poll: str
    places: tuple[int, ...]
    at: datetime
    account_name: str = ""


@dataclass(frozen=True, slots=True)
class PollNews:
    """What a platform tells of one of our polls: enough to know it by its words."""

    channel: str
    update: str
    poll: str
    question: str
    options: tuple[str, ...]
    at: datetime


class ChatChange(StrEnum):
    """What a platform reports of a chat itself."""

    REACHABLE = "reachable"
    GONE = "gone"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """A chat can be reached again, is gone (blocked, kicked), or has a new id."""

    channel: str
    update: str
    chat: str
    change: ChatChange
    at: datetime
    moved_to: str | None = None
