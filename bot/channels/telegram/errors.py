"""What can go wrong in a call, and what the outbox is told about it.

telegram.error.TelegramError
  ├ ApiRefusal      the server answered, and refused
  ├ ServerTrouble   no answer of a Bot API came back; the call may have had its effect
  │   └ NotSent     the connection was never made: the call had no effect
  ├ Unreadable      the call had its effect, but its answer tells no id
  └ PacedOut        our own limiter: the turn would come too late
"""

from __future__ import annotations

from telegram.error import TelegramError

from scheduler.channels import ChannelError


class ApiRefusal(TelegramError):
    """An answer with `ok: false`; `code` is its error code.

    The library's own exceptions are not used: `RetryAfter` warns of its deprecation whenever it
    is made, and several of them carry the token in their text.
    """

    def __init__(
        self, code: int, description: str, *, retry_after: float = 0, moved_to: int | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description.casefold()
        self.retry_after = retry_after
        self.moved_to = moved_to

    @property
    def unauthorized(self) -> bool:
        """Whether the token is revoked or wrong (401), or no token of this server (404)."""
        return self.code == 401 or (self.code == 404 and "method" not in self.description)

    def says(self, *words: str) -> bool:
        return any(word in self.description for word in words)


class ServerTrouble(TelegramError):
    """A time-out, a broken connection, a 5xx or something that is no Bot API answer."""


class NotSent(ServerTrouble):
    """The server was not reached, so that trying again cannot repeat a message."""


class Unreadable(TelegramError):
    """`ok: true` with a result that is not the message: it went out and must not be repeated."""


class PacedOut(TelegramError):
    """The rate limit asks to wait longer than a caller may hold its lease."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"the rate limit asks to wait {wait:.1f} s")
        self.wait = wait


_GONE = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "group chat was deactivated",
)


def to_channel_error(error: TelegramError) -> ChannelError:
    """Say to the outbox what `error` means for the message."""
    if isinstance(error, PacedOut):
        return ChannelError(error.message, retry_after=error.wait)
    if not isinstance(error, ApiRefusal):
        return ChannelError(error.message, doubtful=not isinstance(error, NotSent))
    if error.moved_to is not None:
        return ChannelError("the group has a new id", moved_to=str(error.moved_to))
    if error.code == 429:
        return ChannelError(error.message, retry_after=max(error.retry_after, 1), limited=True)
    if error.code == 403 or error.says(*_GONE):
        return ChannelError(error.message, gone=True)
    return ChannelError(error.message, permanent=400 <= error.code < 500)
