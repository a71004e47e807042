"""Periods, spans and the end of a day, with the days on which arithmetic usually fails."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.periods import add, due_at, occurrences
from scheduler.rulebook.model import Anchor, AnchorKind, Span
from scheduler.workdays import Workdays

PLAIN = Workdays({})


def every(rrule: str, dtstart: date = date(2019, 1, 1)) -> Anchor:
    return Anchor(AnchorKind.PERIOD, rrule=rrule, dtstart=dtstart)


@pytest.mark.parametrize(
    ("day", "span", "expected"),
    [
        (date(2026, 1, 31), Span(months=1), date(2026, 2, 28)),
        (date(2028, 1, 31), Span(months=1), date(2028, 2, 29)),
        (date(2028, 2, 29), Span(years=1), date(2029, 2, 28)),
        (date(2026, 8, 31), Span(months=6), date(2027, 2, 28)),
        (date(2027, 6, 18), Span(months=-6), date(2026, 12, 18)),
        (date(2026, 11, 20), Span(workdays=5), date(2026, 11, 27)),
        (date(2026, 12, 31), Span(days=1), date(2027, 1, 1)),
        (date(9999, 12, 31), Span(days=1), date.max),
    ],
)
def test_spans_are_added(day: date, span: Span, expected: date) -> None:
    assert add(day, span, PLAIN) == expected


@pytest.mark.parametrize(
    ("rrule", "key", "label", "ends"),
    [
        ("FREQ=MONTHLY", "2026-11", "2026年11月", date(2026, 11, 30)),
        ("FREQ=MONTHLY;INTERVAL=3", "2026Q4", "2026年第四季度", date(2026, 12, 31)),
        ("FREQ=MONTHLY;INTERVAL=6", "2026H2", "2026年下半年", date(2026, 12, 31)),
        ("FREQ=YEARLY", "2026", "2026年", date(2026, 12, 31)),
    ],
)
def test_a_period_is_named_by_its_length(rrule: str, key: str, label: str, ends: date) -> None:
    day = date(2026, 11, 23)
    (period,) = occurrences(every(rrule), after=day, before=day)
    assert (period.key, period.label, period.ends_on) == (key, label, ends)


def test_february_of_a_leap_year_ends_on_the_29th() -> None:
    day = date(2028, 2, 10)
    (period,) = occurrences(every("FREQ=MONTHLY"), after=day, before=day)
    assert period.ends_on == date(2028, 2, 29)


def test_nothing_begins_before_dtstart() -> None:
    anchor = every("FREQ=MONTHLY", date(2027, 1, 1))
    assert list(occurrences(anchor, after=date(2026, 1, 1), before=date(2027, 1, 1))) == []


def test_a_recurrence_that_ends_has_a_last_period() -> None:
    anchor = every("FREQ=YEARLY;COUNT=2", date(2025, 1, 1))
    found = list(occurrences(anchor, after=date(2020, 1, 1), before=date(2030, 1, 1)))
    assert [period.starts_on.year for period in found] == [2025, 2026]


@given(st.dates(date(2019, 1, 1), date(2060, 1, 1)), st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_periods_follow_each_other_without_gap(day: date, months: int) -> None:
    anchor = every(f"FREQ=MONTHLY;INTERVAL={months}")
    until = add(day, Span(years=3), PLAIN)
    found = list(occurrences(anchor, after=day, before=until))
    assert found[0].starts_on <= day <= found[0].ends_on
    assert len({period.key for period in found}) == len(found)
    for earlier, later in pairwise(found):
        assert (later.starts_on - earlier.ends_on).days == 1


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        (date(2026, 11, 30), "Asia/Shanghai", datetime(2026, 11, 30, 16, tzinfo=UTC)),
        (date(2026, 3, 29), "Europe/Berlin", datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (date(2026, 10, 25), "Europe/Berlin", datetime(2026, 10, 25, 23, tzinfo=UTC)),
        (date(2018, 11, 3), "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_the_next_local_midnight(day: date, zone: str, expected: datetime) -> None:
    """In São Paulo the clocks skipped the midnight that began 4 November 2018."""
    assert due_at(day, ZoneInfo(zone)) == expected
