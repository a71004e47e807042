"""Workdays: decreed, computed, replaced by a decree, and never an exception."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.engine import Database
from scheduler import workdays
from scheduler.workdays import Workdays

TODAY = date(2026, 11, 23)
DECREE = {
    date(2027, 2, 5): (False, "春节"),
    date(2027, 2, 14): (True, "春节调休上班"),
}


async def loaded(database: Database) -> Workdays:
    async with database.read() as session:
        return await Workdays.load(session)


async def seeded(database: Database, today: date = TODAY) -> int:
    async with database.write() as session:
        return await workdays.seed(session, today=today)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 1, 4), True),
        (date(2026, 2, 14), True),
        (date(2026, 10, 10), True),
        (date(2026, 10, 1), False),
        (date(2026, 11, 21), False),
        (date(2026, 11, 23), True),
    ],
)
async def test_decreed_days_are_known(database: Database, day: date, works: bool) -> None:
    await seeded(database)
    table = await loaded(database)
    assert (table.is_workday(day), table.is_provisional(day)) == (works, False)


async def test_a_year_without_decree_is_provisional(database: Database) -> None:
    await seeded(database)
    table = await loaded(database)
    for day in (date(2027, 10, 1), date(2027, 10, 11)):
        assert table.is_provisional(day)
    assert not table.is_workday(date(2027, 10, 1))
    assert table.is_workday(date(2027, 10, 11))


async def test_seeding_twice_adds_nothing(database: Database) -> None:
    assert await seeded(database) > 365 * 10
    assert await seeded(database) == 0


async def test_a_decree_replaces_what_was_computed_and_stays(database: Database) -> None:
    await seeded(database)
    async with database.write() as session:
        span = await workdays.save_decree(session, DECREE)
    assert span == (date(2027, 1, 1), date(2027, 12, 31))
    await seeded(database, date(2027, 1, 4))
    table = await loaded(database)
    assert table.is_workday(date(2027, 2, 14))
    assert not table.is_provisional(date(2027, 3, 1))
    assert not table.is_workday(date(2027, 3, 6))


@pytest.mark.parametrize(("today", "year"), [(date(2026, 11, 30), None), (date(2026, 12, 1), 2027)])
async def test_a_missing_year_is_told_from_december_on(
    database: Database, today: date, year: int | None
) -> None:
    await seeded(database)
    async with database.write() as session:
        assert await workdays.missing_year(session, today=today) == year
        await workdays.save_decree(session, DECREE)
        assert await workdays.missing_year(session, today=today) is None


@given(st.dates(), st.integers(-30, 30))
def test_no_date_at_all_raises(day: date, count: int) -> None:
    table = Workdays({})
    table.is_workday(day)
    assert table.is_provisional(day)
    assert table.on_or_before(day) <= day <= table.on_or_after(day)
    table.add(day, count)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(1, 30))
def test_counting_there_and_back_ends_on_the_same_workday(day: date, count: int) -> None:
    table = Workdays({})
    start = table.on_or_after(day)
    assert table.add(table.add(start, count), -count) == start
