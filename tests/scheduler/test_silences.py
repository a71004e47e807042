"""How far a unit may silence itself that was silent lately, on both stores."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from db.engine import Database
from scheduler import silences
from tests.scheduler.world import (
    BRANCH,
    COMMITTEE,
    GROUP,
    MONDAY,
    ZONE,
    at,
    person_named,
    plant,
    unit_named,
)

LAST = MONDAY + timedelta(days=9)


async def bound(database: Database, today: date, unit: str = BRANCH) -> date | None:
    async with database.read() as session:
        named = await unit_named(session, unit)
        return await silences.bound(session, named, today=today, zone=ZONE)


async def silent(database: Database, *, ended: date | None = None) -> None:
    async with database.write() as session:
        await plant(session)
        unit, who = await unit_named(session, BRANCH), await person_named(session, "支书记")
        silence = await silences.start(
            session, unit, since=MONDAY, until=LAST, reason="搬迁", by_id=who.id
        )
        if ended is not None:
            await silences.end(session, silence, now=at(ended, 12))


@pytest.mark.parametrize(("after", "held"), [(0, True), (30, True), (31, False)])
@pytest.mark.parametrize("ended", [None, MONDAY + timedelta(days=2)])
async def test_the_announced_day_is_the_bound_until_the_pause_is_over(
    database: Database, after: int, held: bool, ended: date | None
) -> None:
    await silent(database, ended=ended)
    today = (ended or LAST) + timedelta(days=after)
    assert await bound(database, today) == (LAST if held else None)
    assert await bound(database, today, COMMITTEE) is None


async def test_a_branch_and_its_group_bind_each_other(database: Database) -> None:
    await silent(database)
    assert await bound(database, MONDAY, GROUP) == LAST
    async with database.write() as session:
        group, who = await unit_named(session, GROUP), await person_named(session, "支书记")
        later = LAST + timedelta(days=3)
        await silences.start(session, group, since=MONDAY, until=later, reason="搬迁", by_id=who.id)
    assert await bound(database, MONDAY) == later
