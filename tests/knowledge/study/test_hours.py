"""Hours, days and the streak."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.tables import Stage, Title
from knowledge.study.hours import MEMBER, OFFICER, required, streak
from scheduler.workdays import Kind, Workdays

MONDAY = date(2026, 11, 23)
PLAIN = Workdays({})
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))


def decreed(*days: tuple[date, bool], first: date = date(2026, 1, 1), count: int = 730) -> Workdays:
    """Return a table in which week-ends are off, except for some days."""
    table = {}
    for number in range(count):
        day = first + timedelta(days=number)
        table[day] = Kind(day.weekday() < 5, False)
    return Workdays({**table, **{day: Kind(works, False) for day, works in days}})


def test_workdays_in_a_row_are_counted_over_the_week_end() -> None:
    studied = {MONDAY, MONDAY - timedelta(days=3), MONDAY - timedelta(days=4)}
    assert streak(studied, today=MONDAY, days=decreed()) == 3


def test_today_does_not_break_it_while_it_lasts() -> None:
    assert streak({MONDAY - timedelta(days=3)}, today=MONDAY, days=decreed()) == 1
    assert (
        streak({MONDAY - timedelta(days=3)}, today=MONDAY + timedelta(days=1), days=decreed()) == 0
    )


def test_a_make_up_workday_is_a_workday() -> None:
    """2026-09-20 is a Sunday on which people work."""
    sunday = date(2026, 9, 20)
    friday, monday = sunday - timedelta(days=2), sunday + timedelta(days=1)
    table = decreed((sunday, True))
    assert streak({friday, monday}, today=monday, days=table) == 1
    assert streak({friday, sunday, monday}, today=monday, days=table) == 3


def test_a_holiday_on_a_weekday_neither_breaks_nor_adds() -> None:
    friday = date(2026, 5, 1)
    thursday, monday = friday - timedelta(days=1), friday + timedelta(days=3)
    table = decreed((friday, False))
    assert streak({thursday, monday}, today=monday, days=table) == 2
    assert streak({thursday, friday, monday}, today=monday, days=table) == 2


def test_a_leap_day_is_a_day_like_any_other() -> None:
    leap = date(2024, 2, 29)
    table = decreed(first=date(2024, 1, 1), count=100)
    around = {leap - timedelta(days=1), leap, leap + timedelta(days=1)}
    assert streak(around, today=leap + timedelta(days=1), days=table) == 3


def test_a_year_without_data_never_breaks_it() -> None:
    """Whether people work on 2027-01-04 to 08 is only computed: a gap there is forgiven."""
    table = decreed(count=365)
    studied = {date(2026, 12, 31), date(2027, 1, 11)}
    assert streak(studied, today=date(2027, 1, 11), days=table) == 2
    assert streak({date(2026, 12, 30)}, today=date(2027, 1, 11), days=table) == 0


@given(st.sets(DAYS, max_size=40), DAYS)
def test_a_streak_is_never_longer_than_the_days_of_study(studied: set[date], today: date) -> None:
    table = decreed(first=date(2024, 1, 1), count=1000)
    run = streak(studied, today=today, days=table)
    assert 0 <= run <= len({day for day in studied if day <= today})


@given(st.sets(DAYS, max_size=40), DAYS, DAYS)
def test_studying_one_day_more_never_shortens_a_streak(
    studied: set[date], today: date, more: date
) -> None:
    table = decreed(first=date(2024, 1, 1), count=1000)
    before = streak(studied, today=today, days=table)
    assert streak(studied | {more}, today=today, days=table) >= before


@given(st.sets(DAYS, max_size=40), DAYS)
def test_a_decree_can_only_shorten_what_was_provisional(studied: set[date], today: date) -> None:
    known = decreed(first=date(2024, 1, 1), count=2000)
    assert streak(studied, today=today, days=PLAIN) >= 0
    table = {day: known._days[day] for day in known._days}
    provisional = Workdays({day: Kind(kind.workday, True) for day, kind in table.items()})
    assert streak(studied, today=today, days=provisional) >= streak(
        studied, today=today, days=known
    )


@pytest.mark.parametrize(
    ("titles", "stage", "wanted"),
    [
        ((), Stage.MEMBER, MEMBER),
        ((), Stage.PROBATIONARY, MEMBER),
        ((), Stage.ACTIVIST, None),
        ((Title.GROUP_LEADER,), Stage.MEMBER, MEMBER),
        ((Title.STAFF, Title.PUBLICITY), Stage.MEMBER, OFFICER),
        ((Title.SECRETARY,), Stage.MEMBER, OFFICER),
    ],
)
def test_who_owes_how_many_hours(titles: tuple[Title, ...], stage: Stage, wanted: object) -> None:
    assert required(titles, stage.value) is wanted


def test_the_requirements_are_those_of_the_verified_facts() -> None:
    assert (MEMBER.hours, MEMBER.article, MEMBER.version) == (32, "第二十条", "2019")
    assert OFFICER.hours == 56
    assert "待核" in OFFICER.remark
