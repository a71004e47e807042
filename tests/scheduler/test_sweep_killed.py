"""Two processes sweep the same store and are killed again and again: each stage is told once."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import pytest
from sqlalchemy import func, select, update

from db.engine import Database
from db.tables import Duty, DutyEvent, Notice, Outbox, Unit
from tests.processes import Running
from tests.scheduler.sweeper import die_before_the_message, sweep_on
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
    sweepers = [Running(sweep_on, store_url, NOW), Running(sweep_on, store_url, NOW)]
    try:
        for kill in range(kills):
            await _until(database, sweepers, (kill + 1) * total // (kills + 2))
            victim = kill % 2
            sweepers[victim].kill()
            await sweepers[victim].wait()
            sweepers[victim] = Running(sweep_on, store_url, NOW)
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


async def _until(database: Database, sweepers: list[Running], count: int) -> None:
    """Wait until so many notices are written; a sweeper that ends by itself is a failure."""
    async with asyncio.timeout(WAIT_S):
        while await _count(database) < count:
            assert [sweeper.returncode for sweeper in sweepers] == [None, None]
            await asyncio.sleep(0.005)


async def _count(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(Notice)) or 0


async def test_a_process_that_dies_between_duty_and_message_leaves_neither(
    database: Database, store_url: str
) -> None:
    """Fault 4."""
    async with database.write() as session:
        await plant(session)
        duty = await owe(session, "王小明")
    dying = Running(die_before_the_message, store_url, NOW)
    assert await dying.wait() == 9
    left = await fetch(database, duty.id)
    assert (left.stage, left.next_at, await events(database, duty.id)) == ("", duty.next_at, [])
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Outbox)) == 0
    assert await swept(database, NOW) == 1
