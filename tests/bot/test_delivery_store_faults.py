"""The store goes away, is locked or is full while messages are on their way out."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.delivery import SLOTS, Delivery
from db.engine import Database
from db.migrate import upgrade
from db.tables import OutboxState
from tests.bot.test_delivery import NOON, ZONE, Gated, House, put, states
from tests.postgres import Server

HOLD_LOCK = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A PostgreSQL server that a test may end."""
    with Server() as server:
        server.execute("CREATE DATABASE own")
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
async def test_a_server_that_goes_away_and_comes_back_costs_no_message(
    own_server: Server, how: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 7: fast, immediate and killed; the loop goes on by itself when it is back.

    What arrived while it was away is noted afterwards, so that nothing comes twice.
    """
    database = Database(own_server.url("own"))
    await upgrade(database)
    channel = Gated()
    delivery = Delivery(database, clock=lambda: NOON, zone=ZONE)
    delivery.add(channel)
    texts = [str(number) for number in range(3 * SLOTS)]
    await put(database, *texts)
    loop = asyncio.create_task(delivery.run())
    for _ in range(SLOTS):
        await channel.arrived.acquire()
    await asyncio.to_thread(own_server.stop, how)
    channel.answering.set()
    await _until(lambda: "the outbox cannot be used" in caplog.text)
    own_server.serve()
    await own_server.ready()
    await _until(lambda: len(channel.sent) == len(texts))
    await delivery.stop()
    await loop
    assert sorted(channel.sent) == sorted(texts)
    assert set(await states(database)) == {OutboxState.SENT}
    assert "one by one" not in caplog.text
    await database.close()


async def _until(condition: Callable[[], bool]) -> None:
    """Wait for what a server does, in real time since it is a real one."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - another process sets no Event
            await asyncio.sleep(0.02)


async def test_a_lock_held_for_a_while_is_waited_for(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """Fault 8: another process copies the store or is slow."""
    house = House(sqlite_database)
    await house.put("a")
    locker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HOLD_LOCK,
        str(tmp_path / "zhibu.db"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert locker.stdin is not None
    assert locker.stdout is not None
    await locker.stdout.readline()
    delivering = asyncio.create_task(house.delivery.settled())
    await asyncio.wait({delivering}, timeout=0.3)
    assert not delivering.done()
    locker.stdin.close()
    await delivering
    await locker.wait()
    assert (house.channel.sent, await house.states()) == (["a"], [OutboxState.SENT])


async def test_a_lock_that_stays_sends_nothing_and_writes_nothing(sqlite_url: str) -> None:
    """Fault 8: after the busy time-out the round fails, and the next one does the work."""
    database = Database(sqlite_url, busy_timeout_s=0.1)
    house = House(database)
    await house.put("a")
    with closing(sqlite3.connect(database.url.database or "", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            await house.delivery.round()
        assert (house.channel.sent, await house.states()) == ([], [OutboxState.PENDING])
        other.execute("ROLLBACK")
    await house.delivery.settled()
    await database.close()
    assert house.channel.sent == ["a"]


async def test_a_full_disk_sends_nothing_until_there_is_space_again(
    sqlite_database: Database,
) -> None:
    """Fault 9: what cannot be claimed is not sent; nobody has to start anything again."""
    house = House(sqlite_database)
    texts = [str(number) for number in range(200)]
    await house.put(*texts)
    await _allow_pages(sqlite_database, 1)
    with pytest.raises(OperationalError, match="full"):
        await house.delivery.settled()
    in_doubt = len(house.channel.sent)
    assert in_doubt < len(texts)
    with pytest.raises(OperationalError, match="full"):
        await house.delivery.settled()
    assert len(house.channel.sent) == in_doubt
    await _allow_pages(sqlite_database, 1_000_000)
    await house.delivery.settled()
    assert sorted(house.channel.sent) == sorted(texts)
    assert set(await house.states()) == {OutboxState.SENT}


async def _allow_pages(database: Database, count: int) -> None:
    """Let the file grow to so many pages; SQLite never takes less than it has."""
    async with database.write() as session:
        await session.execute(text(f"PRAGMA max_page_count = {count}"))
