"""Two processes sweep the same store and are killed again and again: each stage is told once."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import Process
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from db.engine import Database
from db.tables import Duty, DutyEvent, Notice, Outbox, Unit
from tests.scheduler.world import (
    BRANCH,
    MONDAY,
    add_person,
    after_all,
    events,
    fetch,
    messages,
    owe,
    plant,
    swept,
    unit_named,
)

ROOT = Path(__file__).parents[2]
NOW = after_all(MONDAY)
PERSONS, DUTIES_EACH = 30, 6
WAIT_S = 120


@pytest.mark.slow
async def test_two_sweepers_killed_again_and_again_tell_everything_once(
    database: Database, store_url: str, request: pytest.FixtureRequest
) -> None:
    """kill -9 at as many points of the work as `--chaos` says; nothing doubled, nothing lost.

    Fault 1.
    """
    kills = int(request.config.getoption("--chaos"))
    await _crowd(database)
    total = PERSONS * DUTIES_EACH
    sweepers = [await _start(store_url), await _start(store_url)]
    try:
        for kill in range(kills):
            await _until(database, sweepers, (kill + 1) * total // (kills + 2))
            victim = kill % 2
            sweepers[victim].kill()
            await sweepers[victim].wait()
            sweepers[victim] = await _start(store_url)
        await _until(database, sweepers, total)
    finally:
        for sweeper in sweepers:
            sweeper.kill()
            await sweeper.wait()
    assert await swept(database, NOW) == 0
    await _assert_told_once(database, total)


async def _crowd(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        branch: Unit = await unit_named(session, BRANCH)
        for number in range(PERSONS):
            person = await add_person(session, branch, f"党员{number}")
            for period in range(DUTIES_EACH):
                await owe(session, person.name, period=str(period))
        # Not by person, so that a person's duties fall into several batches.
        await session.execute(update(Duty).values(next_at=NOW))


async def _assert_told_once(database: Database, total: int) -> None:
    async with database.read() as session:
        duties = Counter(await session.scalars(select(Notice.duty_id)))
        told = Counter(
            await session.scalars(select(DutyEvent.duty_id).where(DutyEvent.kind == "told"))
        )
    assert (len(duties), set(duties.values())) == (total, {1})
    assert (len(told), set(told.values())) == (total, {1})
    rows = await messages(database)
    named = Counter(n for row in rows for n in re.findall(r"^(\d+)\.", row.content["text"], re.M))
    assert len(rows) == PERSONS
    assert (len(named), set(named.values())) == (total, {1})


async def _start(url: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.scheduler.sweeper", url, NOW.isoformat(), cwd=ROOT
    )


async def _until(database: Database, sweepers: list[Process], count: int) -> None:
    """Wait until so many notices are written; a sweeper that ends by itself is a failure."""
    async with asyncio.timeout(WAIT_S):
        while await _count(database) < count:
            assert [sweeper.returncode for sweeper in sweepers] == [None, None]
            await asyncio.sleep(0.005)


async def _count(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(Notice)) or 0


DIES = """
import asyncio, os, sys
from datetime import datetime
from scheduler import notices, sweep
from db.engine import Database
from tests.scheduler.world import swept

async def die(session, *args, **kwargs):
    await session.flush()
    os._exit(9)

# The duty is changed and on record; the notice and its message are not yet written.
notices.tell = die
asyncio.run(swept(Database(sys.argv[1]), datetime.fromisoformat(sys.argv[2])))
"""


async def test_a_process_that_dies_between_duty_and_message_leaves_neither(
    database: Database, store_url: str
) -> None:
    """Fault 4."""
    async with database.write() as session:
        await plant(session)
        duty = await owe(session, "王小明")
    dying = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIES, store_url, NOW.isoformat(), cwd=ROOT, env=dict(os.environ)
    )
    assert await dying.wait() == 9
    left = await fetch(database, duty.id)
    assert (left.stage, left.next_at, await events(database, duty.id)) == ("", duty.next_at, [])
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Outbox)) == 0
    assert await swept(database, NOW) == 1
