"""What the tests of the Telegram channel share: the server, a channel, a conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.server import BotServer
from bot.channels.telegram.speaker import Speaker
from bot.channels.telegram.transport import AiohttpRequest
from handlers.incoming import ChatEvent, Incoming, PollNews, Vote
from scheduler.channels import Posted
from tests.bot.telegram.bot_api import TOKEN, BotApi, serving


@dataclass
class Handled:
    """What the conversation answers to a press."""

    notice: str = ""


@dataclass
class Conversation:
    """Notes what it hears; `react` lets a test do more, or fail."""

    heard: list[Incoming] = field(default_factory=list)
    events: list[ChatEvent] = field(default_factory=list)
    votes: list[Vote] = field(default_factory=list)
    news: list[PollNews] = field(default_factory=list)
    listed: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    react: Callable[[Incoming], Awaitable[str]] | None = None

    async def handle(self, incoming: Incoming) -> Handled:
        notice = await self.react(incoming) if self.react else ""
        self.heard.append(incoming)
        return Handled(notice)

    async def chat_event(self, event: ChatEvent) -> None:
        self.events.append(event)

    async def vote(self, vote: Vote) -> None:
        self.votes.append(vote)

    async def poll_news(self, news: PollNews) -> None:
        self.news.append(news)

    async def commands(self, channel: str, account: str) -> list[tuple[str, str]]:
        return self.listed.get(account, self.listed.get("", []))


@dataclass
class Clock:
    """Seconds that pass only when somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Desk:
    """A channel that is ready to send, and everything around it."""

    api: BotApi
    channel: TelegramChannel
    speaker: Speaker
    clock: Clock
    alarms: list[str]
    files: dict[int, bytes]


def number(sent: str | Posted | None) -> int:
    """Return the id of a message that is no poll."""
    assert isinstance(sent, str)
    return int(sent)


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with serving() as server:
        yield server


@pytest.fixture
async def desk(api: BotApi) -> AsyncIterator[Desk]:
    clock, alarms, files = Clock(), list[str](), dict[int, bytes]()
    speaker = Speaker(
        BotServer(TOKEN, api.base),
        on_alarm=alarms.append,
        request=AiohttpRequest(seconds=5),
        clock=clock,
        sleep=clock.sleep,
    )

    async def read_file(number: int) -> bytes:
        return files[number]

    await speaker.open()
    yield Desk(api, TelegramChannel(speaker, read_file), speaker, clock, alarms, files)
    await speaker.close()
