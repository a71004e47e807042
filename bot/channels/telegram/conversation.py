"""What this channel asks of the one that understands: `handlers.dispatch.Dispatcher` fits."""

from __future__ import annotations

from typing import Protocol

from handlers.incoming import ChatEvent, Incoming, PollNews, Vote


class Handled(Protocol):
    """What may be shown at once to the one who pressed a button; mostly nothing."""

    @property
    def notice(self) -> str: ...


class Conversation(Protocol):
    """Takes events; one that raises has not taken its event, which is then delivered again."""

    async def handle(self, incoming: Incoming) -> Handled: ...

    async def chat_event(self, event: ChatEvent) -> None: ...

    async def vote(self, vote: Vote) -> None: ...

    async def poll_news(self, news: PollNews) -> None: ...

    async def commands(self, channel: str, account: str) -> list[tuple[str, str]]: ...
