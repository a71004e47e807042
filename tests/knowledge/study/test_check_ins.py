"""Check-ins in the store, on both databases."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from db.access import Scope
from db.engine import Database
from db.tables import Person
from knowledge.study import check_ins, hours, mutes, settings
from knowledge.study.check_ins import FullDay, FutureDay, TooOld
from knowledge.study.settings import Held
from tests.db.cast import NOW, TODAY, plant


async def member(database: Database, name: str = "党员A") -> int:
    """Make the cast and return somebody's id."""
    async with database.write() as session:
        await plant(session)
        return (await session.scalars(select(Person.id).where(Person.name == name))).one()


async def note(
    database: Database, person_id: int, key: str, minutes: int = 30, on: date = TODAY
) -> bool:
    """Note a check-in in a transaction of its own; tell whether it was new."""
    async with database.write() as session:
        made = await check_ins.add(
            session,
            key=key,
            person_id=person_id,
            on=on,
            what="党章",
            minutes=minutes,
            thought="",
            at=NOW,
        )
        return made is not None


async def total(database: Database, person_id: int, on: date = TODAY) -> int:
    """Return the minutes of a day."""
    async with database.read() as session:
        return await check_ins.minutes_on(session, person_id, on)


async def test_several_a_day_add_up_and_the_same_event_counts_once(database: Database) -> None:
    """Fault 64: two devices, and a late second delivery of one of both messages."""
    person = await member(database)
    assert await note(database, person, "a")
    assert await note(database, person, "b", 15)
    assert not await note(database, person, "a", 30, TODAY + timedelta(days=1))
    assert await total(database, person) == 45
    assert await total(database, person, TODAY + timedelta(days=1)) == 0


async def test_the_same_event_on_two_processes_at_once_counts_once(database: Database) -> None:
    person = await member(database)
    made = await asyncio.gather(*(note(database, person, "same") for _ in range(5)))
    assert sorted(made) == [False] * 4 + [True]
    assert await total(database, person) == 30


async def test_a_day_has_24_hours_whoever_comes_first(database: Database) -> None:
    person = await member(database)
    made = await asyncio.gather(
        *(note(database, person, str(number), 600) for number in range(4)), return_exceptions=True
    )
    assert [one for one in made if one is True] == [True, True]
    assert {type(one) for one in made if one is not True} == {FullDay}
    assert await total(database, person) == 1200


@pytest.mark.parametrize(("days", "refused"), [(1, FutureDay), (0, None), (-7, None), (-8, TooOld)])
def test_a_day_that_has_not_come_or_is_long_over_is_refused(
    days: int, refused: type[Exception] | None
) -> None:
    on = TODAY + timedelta(days=days)
    if refused is None:
        check_ins.judge(on, today=TODAY)
        return
    with pytest.raises(refused):
        check_ins.judge(on, today=TODAY)


async def test_taking_back_is_for_a_day_or_one_and_only_ones_own(database: Database) -> None:
    person = await member(database)
    for key, on in (("a", TODAY), ("b", TODAY), ("c", TODAY - timedelta(days=1))):
        await note(database, person, key, on=on)
    async with database.write() as session:
        other = (await session.scalars(select(Person.id).where(Person.name == "党员B"))).one()
        assert not await check_ins.withdraw(session, person_id=other, on=TODAY, now=NOW)
        gone = await check_ins.withdraw(session, person_id=person, on=TODAY, now=NOW)
        assert len(gone) == 2
        assert not await check_ins.withdraw(session, person_id=person, on=TODAY, now=NOW)
    assert await total(database, person) == 0
    async with database.read() as session:
        days = await hours.by_day(session, person, since=date(2026, 1, 1), until=TODAY)
    assert days == {TODAY - timedelta(days=1): 30}


async def test_the_minutes_of_a_scope_leave_a_sibling_branch_out(database: Database) -> None:
    mine = await member(database)
    async with database.read() as session:
        people = {p.name: p for p in await session.scalars(select(Person))}
    await note(database, mine, "a")
    await note(database, people["党员B"].id, "b", 45)
    async with database.read() as session:
        unit = people["党员A"].unit_id
        scope = Scope(prefixes=(f"/1/{unit}/",))
        found = await hours.by_person(session, scope.people(), since=date(2026, 1, 1), until=TODAY)
    assert found == {mine: 30}


@pytest.mark.parametrize(
    ("own", "where", "expected"),
    [
        ({}, "/1/2/3/", Held("关")),
        ({1: "开"}, "/1/2/3/", Held("开", 1)),
        ({1: "开", 2: "关"}, "/1/2/3/", Held("关", 2)),
        ({1: "开", 2: "关"}, "/1/4/", Held("开", 1)),
        ({1: "关", 3: "开"}, "/1/2/3/", Held("关", 1)),
        ({3: "开"}, "/1/2/3/", Held("开", 3)),
        ({3: "开"}, "/1/2/", Held("关")),
    ],
)
def test_what_is_put_off_above_is_off_below(
    own: dict[int, str], where: str, expected: Held
) -> None:
    assert settings.holding(own, where, settings.RANKING) == expected


def test_a_number_is_that_of_the_nearest_unit() -> None:
    own = {1: "45", 3: "90"}
    assert settings.holding(own, "/1/2/3/", settings.MINUTES) == Held("90", 3)
    assert settings.holding(own, "/1/2/", settings.MINUTES) == Held("45", 1)


async def test_a_setting_is_put_changed_and_taken_away(database: Database) -> None:
    person = await member(database)
    minutes = settings.MINUTES
    async with database.write() as session:
        for value in ("45", "90"):
            await settings.put(
                session,
                unit_id=1,
                setting=minutes,
                value=value,
                by_id=person,
                authority_id=1,
                now=NOW,
            )
            assert await settings.held(session, "/1/2/", minutes) == Held(value, 1)
        await settings.remove(session, 1, minutes)
        assert await settings.own(session, 1, minutes) is None
        assert await settings.held(session, "/1/2/", minutes) == Held("60")


async def test_a_mute_is_of_one_person_and_one_kind(database: Database) -> None:
    person = await member(database)
    async with database.write() as session:
        assert await mutes.mute(session, person, mutes.STUDY, now=NOW)
        assert not await mutes.mute(session, person, mutes.STUDY, now=NOW)
        assert await mutes.is_muted(session, person, mutes.STUDY)
        assert not await mutes.is_muted(session, person, mutes.QUIZ)
        assert await mutes.muted(session, [person, 1], mutes.STUDY) == {person}
        assert await mutes.unmute(session, person, mutes.STUDY)
        assert not await mutes.unmute(session, person, mutes.STUDY)
