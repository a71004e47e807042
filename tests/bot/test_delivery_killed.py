"""Processes that are killed, stopped and frozen while they send to a real HTTP server."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from bot.delivery import SLOTS
from db.engine import FROZEN_S, Database
from db.tables import Attempt, Outbox, OutboxState
from scheduler import outbox
from scheduler.channels import Lane
from scheduler.claiming import LEASE
from scheduler.messages import Message
from tests.bot.drainer import drain
from tests.bot.telegram.bot_api import BotApi
from tests.processes import Running

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
# Longer than a frozen process may keep its locks on PostgreSQL.
WITHIN_S = 2.0 * FROZEN_S
FIRST_CHAT = 5000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="signals are POSIX"),
]


class SlowApi(BotApi):
    """Takes its time to answer, so that something is always in flight."""

    answering = asyncio.Event()

    async def _sendMessage(self, chat_id: int, text: str, **more: Any) -> dict[str, Any]:
        kept = await super()._sendMessage(chat_id, text, **more)
        await asyncio.sleep(0.1)
        await self.answering.wait()
        return kept

    def arrived(self) -> Counter[str]:
        """Count the copies of each message."""
        return Counter(call["text"] for call in self.made("sendMessage"))


@pytest.fixture
async def api() -> AsyncIterator[SlowApi]:
    api = SlowApi()
    api.answering = asyncio.Event()
    api.answering.set()
    await api.open()
    yield api
    await api.close()


@asynccontextmanager
async def drainer(store: str, api: BotApi, leases_ahead: int) -> AsyncIterator[Running]:
    """Run a process whose clock is ahead by so many leases."""
    process = Running(drain, store, api.base, leases_ahead * LEASE)
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def fill(database: Database, api: BotApi, kinds: dict[str, int]) -> None:
    """Queue so many messages of each kind, each for a chat of its own."""
    rows: list[dict[str, Any]] = []
    for kind, count in kinds.items():
        for number in range(count):
            chat = FIRST_CHAT + len(rows)
            api.private(chat)
            rows.append(
                {
                    "dedup_key": f"{kind}{number}",
                    "channel": "telegram",
                    "chat": str(chat),
                    "kind": kind,
                    "lane": int(Lane.REMINDER),
                    "content": Message(f"{kind}{number}").to_json(),
                    "created_at": NOON,
                    "send_after": outbox.AT_ONCE,
                }
            )
    async with database.write() as session:
        await session.execute(insert(Outbox), rows)


async def states(database: Database) -> Counter[str]:
    async with database.read() as session:
        counted = await session.execute(select(Outbox.state, func.count()).group_by(Outbox.state))
        return Counter({row[0]: row[1] for row in counted})


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what other processes do, in real time since they are real."""
    async with asyncio.timeout(WITHIN_S):
        while not await condition():  # noqa: ASYNC110 - another process sets no Event
            await asyncio.sleep(0.02)


async def at_least(api: BotApi, count: int) -> None:
    async def reached() -> bool:
        return len(api.made("sendMessage")) >= count

    await until(reached)


async def freeze(process: Running, database: Database) -> None:
    """Stop a process between its transactions: within one it would hold the store's lock."""
    process.send_signal(signal.SIGSTOP)
    while not await is_free(database):
        process.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.02)
        process.send_signal(signal.SIGSTOP)


async def is_free(database: Database) -> bool:
    """Tell whether nobody is about to write."""
    if database.is_sqlite:
        return await asyncio.to_thread(_is_unlocked, database.url.database or "")
    try:
        async with database.read() as session:
            await session.execute(text("SET LOCAL lock_timeout = '300ms'"))
            # The row of the channel's pace is locked before any message is.
            await session.execute(text("LOCK TABLE outbox, rate_bucket IN EXCLUSIVE MODE"))
    except DBAPIError:
        return False
    return True


def _is_unlocked(path: str) -> bool:
    with closing(sqlite3.connect(path, timeout=0.3, isolation_level=None)) as store:
        try:
            store.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        store.execute("ROLLBACK")
    return True


async def all_settled(database: Database) -> None:
    async def none_waits() -> bool:
        now = await states(database)
        return not now[OutboxState.PENDING] and not now[OutboxState.LEASED]

    await until(none_waits)


async def test_a_drain_killed_at_any_moment_loses_nothing(
    database: Database, store_url: str, api: SlowApi, request: pytest.FixtureRequest
) -> None:
    """Fault 2: doubled and parked are together no more than what was in flight at each kill.

    A reminder may come twice, a poll never does: it is put aside.
    """
    kills: int = request.config.getoption("--chaos")
    moments = random.Random(2)
    each = 8 * kills
    await fill(database, api, {"duties": each, "poll": each})
    for kill in range(kills):
        before = len(api.made("sendMessage"))
        async with drainer(store_url, api, kill) as process:
            await at_least(api, before + moments.randint(1, 10))
            process.kill()
    async with drainer(store_url, api, kills) as process:
        await all_settled(database)
        process.terminate()
        assert await process.wait() == 0
    arrived, ended = api.arrived(), await states(database)
    doubled = sum(count - 1 for count in arrived.values())
    polls = [count for text, count in arrived.items() if text.startswith("poll")]
    assert set(polls) == {1}
    assert len([text for text in arrived if text.startswith("duties")]) == each
    assert len(polls) + ended[OutboxState.PARKED] >= each
    assert doubled + ended[OutboxState.PARKED] <= SLOTS * kills


async def test_a_drain_that_is_told_to_stop_finishes_what_it_began(
    database: Database, store_url: str, api: SlowApi
) -> None:
    """Fault 3: nothing is left in doubt, and the next process goes on."""
    await fill(database, api, {"duties": 24})
    async with drainer(store_url, api, 0) as process:
        await at_least(api, 5)
        process.terminate()
        assert await process.wait() == 0
    stopped = await states(database)
    assert stopped[OutboxState.LEASED] == 0
    assert 5 <= stopped[OutboxState.SENT] < 24
    async with drainer(store_url, api, 0) as process:
        await all_settled(database)
        process.terminate()
        await process.wait()
    assert set(api.arrived().values()) == {1}
    assert len(api.arrived()) == 24


async def test_a_drain_that_was_frozen_past_its_lease_changes_nothing(
    database: Database, store_url: str, api: SlowApi
) -> None:
    """Fault 6: its late mark bears an old fencing number; one message came twice, no more."""
    await fill(database, api, {"duties": 1})
    api.answering.clear()
    async with drainer(store_url, api, 0) as frozen:
        await at_least(api, 1)
        await freeze(frozen, database)
        api.answering.set()
        async with drainer(store_url, api, 1) as other:
            await all_settled(database)
            other.terminate()
            await other.wait()
        frozen.send_signal(signal.SIGCONT)

        async def noted() -> bool:
            return len(await outcomes(database)) == 2

        await until(noted)
        frozen.terminate()
        assert await frozen.wait() == 0
    assert await outcomes(database) == [(2, "sent"), (1, "lost lease")]
    assert (await states(database), api.arrived()["duties0"]) == ({OutboxState.SENT: 1}, 2)


async def test_two_processes_share_the_work_and_double_nothing(
    database: Database, store_url: str, api: SlowApi
) -> None:
    """Fault 21."""
    await fill(database, api, {"duties": 30})
    async with drainer(store_url, api, 0) as one, drainer(store_url, api, 0) as two:
        await all_settled(database)
        for process in (one, two):
            process.terminate()
            assert await process.wait() == 0
    assert set(api.arrived().values()) == {1}
    assert len(api.arrived()) == 30


async def outcomes(database: Database) -> list[tuple[int, str]]:
    async with database.read() as session:
        lines = await session.scalars(select(Attempt).order_by(Attempt.id))
        return [(line.number, line.outcome) for line in lines]
