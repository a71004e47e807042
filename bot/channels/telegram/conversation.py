"""What this channel asks of the one that understands: `handlers.dispatch.Dispatcher` fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from handlers.incoming import ChatEvent, Incoming

if TYPE_CHECKING:
    from handlers.dispatch import Handled


class Conversation(Protocol):
    """Takes events; one that raises has not taken its event, which is then delivered again."""

    async def handle(self, incoming: Incoming) -> Handled: ...

    async def chat_event(self, event: ChatEvent) -> None: ...

    async def commands(self, channel: str, account: str) -> list[tuple[str, str]]: ...
