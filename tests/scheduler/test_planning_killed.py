"""Processes that plan one store, one of them killed: each duty is made once, with its event."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select

from db.engine import Database
from db.tables import Duty, DutyEvent
from scheduler import planning
from scheduler.replanning import Planned
from tests.processes import Running
from tests.scheduler.planner import plan
from tests.scheduler.world import BOOK, BRANCH, MONDAY, ZONE, add_person, at, plant, unit_named

NOW = at(MONDAY, 9)
PERSONS, PERIODS = 400, 3
TURNS = 6000


@pytest.mark.slow
async def test_planners_of_which_one_is_killed_make_each_duty_once(
    database: Database, store_url: str
) -> None:
    async with database.write() as session:
        await plant(session)
        branch = await unit_named(session, BRANCH)
        for number in range(PERSONS):
            await add_person(session, branch, f"党员{number}", bound=False)
    killed, other = Running(plan, store_url, NOW), Running(plan, store_url, NOW)
    try:
        await _until_some(database, killed)
        killed.kill()
        await killed.wait()
        assert await other.wait() == 0
    finally:
        for planner in (killed, other):
            planner.kill()
            await planner.wait()
    # The one that lived has made everything; what the other began left nothing half done.
    again = await planning.plan(database, BOOK, now=NOW, sent_at=NOW, zone=ZONE)
    assert again == Planned()
    await _assert_once(database)


async def _assert_once(database: Database) -> None:
    async with database.read() as session:
        keys = select(Duty.owner, Duty.period).where(Duty.rule == "dues")
        rows = list(await session.execute(keys))
        ids = set(await session.scalars(select(Duty.id)))
        events = Counter(
            await session.scalars(select(DutyEvent.duty_id).where(DutyEvent.kind == "planned"))
        )
    assert len(rows) == len(set(rows)) == (PERSONS + 7) * PERIODS
    assert events == dict.fromkeys(ids, 1)


async def _until_some(database: Database, planner: Running) -> None:
    """Wait until planning is under way, and not yet over."""
    for _ in range(TURNS):
        async with database.read() as session:
            made = await session.scalar(select(func.count()).select_from(Duty))
        if made:
            assert made < PERSONS * PERIODS
            assert planner.returncode is None
            return
        await asyncio.sleep(0.005)
    raise AssertionError("nothing was planned")
