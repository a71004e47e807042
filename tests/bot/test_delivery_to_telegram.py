"""The outbox against a Bot API server that limits, blocks, moves and keeps silent."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.telegram.channel import ATTEMPT_SECONDS, TelegramChannel
from bot.channels.telegram.limiter import LaneLimiter
from bot.channels.telegram.server import BotServer
from bot.channels.telegram.speaker import Speaker
from bot.channels.telegram.transport import CALL_SECONDS, AiohttpRequest
from bot.delivery import SEND_S, START_S, Delivery
from db import accounts, demo
from db.engine import Database
from db.secrets import Secrets
from db.tables import Outbox, OutboxState, Person
from scheduler import outbox
from scheduler.channels import Address, Lane
from scheduler.claiming import LEASE
from scheduler.messages import Message
from tests.bot.telegram import bot_api
from tests.bot.telegram.bot_api import TOKEN, BotApi, Refuse
from tests.conftest import SECRET

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


class Clock:
    """Seconds that pass when somebody waits for them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    def instant(self) -> datetime:
        return NOON + timedelta(seconds=self.now)


class Limiting(BotApi):
    """Refuses chats for a while, and notes who calls before the while is over."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.refuse_chat: dict[int, float] = {}
        self.refusals: list[float] = []
        self.sent: list[float] = []
        self.chance = 0.0
        self.dice = random.Random(25)

    async def _sendMessage(self, chat_id: int, text: str, **more: Any) -> dict[str, Any]:
        now = self.clock()
        wait = self.refuse_chat.get(chat_id, 0.0) - now
        if wait <= 0 and self.dice.random() < self.chance:
            wait = self.dice.randint(1, 60)
            self.refuse_chat[chat_id] = now + wait
        if wait > 0:
            self.refusals.append(now)
            raise Refuse(429, "Too Many Requests", retry_after=int(wait) + 1)
        self.sent.append(now)
        return await super()._sendMessage(chat_id, text, **more)


class House:
    """A store, a server, and as many processes as are asked for."""

    def __init__(self, database: Database, api: BotApi, clock: Clock) -> None:
        self.database = database
        self.api = api
        self.clock = clock
        self.speakers: list[Speaker] = []
        self.processes: list[Delivery] = []

    async def add(self, *, call_seconds: float = 5) -> None:
        """Start what one process would."""
        speaker = Speaker(
            BotServer(TOKEN, self.api.base),
            on_alarm=pytest.fail,
            request=AiohttpRequest(seconds=call_seconds),
            limiter=LaneLimiter(clock=self.clock, sleep=self.clock.sleep),
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        await speaker.open()
        delivery = Delivery(self.database, clock=self.clock.instant, zone=UTC)
        delivery.add(TelegramChannel(speaker, _no_file))
        self.speakers.append(speaker)
        self.processes.append(delivery)

    async def put(self, *chats: int, kind: str = "duties") -> None:
        async with self.database.write() as session:
            for chat in chats:
                await outbox.enqueue(
                    session,
                    Message(f"提醒{chat}"),
                    key=str(chat),
                    address=Address("telegram", str(chat)),
                    kind=kind,
                    lane=Lane.REMINDER,
                    now=self.clock.instant(),
                )

    async def deliver(self, seconds: float) -> None:
        """Let all processes work for so many seconds of their time."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            await asyncio.gather(*(process.settled() for process in self.processes))
            await self.clock.sleep(0.5)

    async def rows(self) -> list[Outbox]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Outbox).order_by(Outbox.id)))

    def said(self) -> Counter[int]:
        """Count the messages that stand in each chat."""
        return Counter({number: len(chat.messages) for number, chat in self.api.chats.items()})


async def _no_file(number: int) -> bytes:
    raise LookupError(number)


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    clock = Clock()
    api = Limiting(clock)
    await api.open()
    house = House(database, api, clock)
    yield house
    for speaker in house.speakers:
        await speaker.close()
    await api.close()


def limits(house: House) -> Limiting:
    assert isinstance(house.api, Limiting)
    return house.api


async def test_a_storm_of_refusals_costs_time_and_no_message(house: House) -> None:
    """Fault 25: half of all calls are refused for 1 to 60 seconds, in two processes.

    No refusal counts against its message, and no second has more calls than the limit.
    """
    limits(house).chance = 0.5
    chats = range(100, 124)
    for chat in chats:
        house.api.private(chat)
    await house.add()
    await house.add()
    await house.put(*chats)
    while any(row.state != OutboxState.SENT for row in await house.rows()):
        await house.deliver(10)
        assert house.clock.now < 20_000
    assert set(house.said().values()) == {1}
    assert {row.failures for row in await house.rows()} == {0}
    calls = sorted(limits(house).sent + limits(house).refusals)
    assert len(limits(house).refusals) > 5
    assert max(sum(at <= other < at + 1 for other in calls) for at in calls) <= 25 + 3


async def test_a_group_that_is_limited_holds_up_nobody_else(house: House) -> None:
    """Fault 26."""
    group = house.api.group(-77).id
    for chat in range(100, 110):
        house.api.private(chat)
    limits(house).refuse_chat[group] = house.clock.now + 60
    await house.add()
    await house.put(group, *range(100, 110))
    await house.deliver(30)
    assert house.said() == {group: 0, **dict.fromkeys(range(100, 110), 1)}
    await house.deliver(40)
    assert house.said()[group] == 1
    assert len(limits(house).refusals) == 1


async def test_who_blocked_the_assistant_hears_again_after_writing_again(house: House) -> None:
    """Fault 28: no attempt in between, and nothing by hand."""
    house.api.private(42)
    await house.add()
    person_id = await _member(house, chat=42)
    house.api.fail("sendMessage", bot_api.refusal(403, "Forbidden: bot was blocked by the user"))
    assert await _notify(house, person_id, "1")
    await house.deliver(2)
    assert not await _notify(house, person_id, "2")
    house.clock.now += 3600
    await house.deliver(2)
    assert len(house.api.made("sendMessage")) == 1
    await _member(house, chat=42)
    assert await _notify(house, person_id, "3")
    await house.deliver(2)
    assert house.said()[42] == 1


async def test_a_group_that_moved_is_followed_with_all_that_waits(house: House) -> None:
    """Fault 29: each message once, at the new id."""
    house.api.group(-100500)
    moved = bot_api.refusal(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        migrate_to_chat_id=-100500,
    )
    house.api.fail("sendMessage", moved)
    await house.add()
    async with house.database.write() as session:
        for number in (1, 2):
            await outbox.enqueue(
                session,
                Message(f"通知{number}"),
                key=str(number),
                address=Address("telegram", "-500"),
                kind="duties",
                lane=Lane.REMINDER,
                now=house.clock.instant(),
            )
    await house.deliver(10)
    assert [call["chat_id"] for call in house.api.made("sendMessage")] == [-500, -100500, -100500]
    assert [(row.state, row.chat, row.failures) for row in await house.rows()] == [
        (OutboxState.SENT, "-100500", 0)
    ] * 2


@pytest.mark.parametrize(
    ("kind", "state"), [("duties", OutboxState.PENDING), ("poll", OutboxState.PARKED)]
)
async def test_a_server_that_never_answers_holds_no_message_for_ever(
    house: House, kind: str, state: OutboxState
) -> None:
    """Fault 5: the call ends long before the lease; then the kind says what to do."""
    house.api.private(42)
    released = asyncio.Event()
    house.api.fail("sendMessage", bot_api.hang(released))
    await house.add(call_seconds=0.2)
    await house.put(42, kind=kind)
    await house.deliver(1)
    released.set()
    [row] = await house.rows()
    assert (row.state, row.attempt) == (state, 1)
    assert len(house.api.made("sendMessage")) == 1


def test_every_wait_is_shorter_than_the_one_around_it() -> None:
    """Fault 5: a second process never has a message that the first may still be sending."""
    assert CALL_SECONDS < ATTEMPT_SECONDS < SEND_S
    assert LEASE.total_seconds() > START_S + SEND_S


async def _member(house: House, *, chat: int) -> int:
    """Let somebody write to the assistant from a private chat; return the person's id."""
    async with house.database.write() as session:
        await demo.plant(session, Secrets(SECRET))
        person = (await session.scalars(select(Person).where(Person.name == "江晚舟"))).one()
        account = await accounts.seen(
            session,
            channel="telegram",
            external=str(chat),
            name="江晚舟",
            chat=str(chat),
            now=house.clock.instant(),
        )
        account.person_id = person.id
        return person.id


async def _notify(house: House, person_id: int, key: str) -> bool:
    async with house.database.write() as session:
        return await outbox.notify(
            session,
            person_id,
            Message("提醒"),
            key=key,
            kind="duties",
            now=house.clock.instant(),
        )
