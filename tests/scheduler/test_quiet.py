"""Quiet hours: over midnight, none, all day, on days when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.engine import Database
from db.numbers import BadValue
from db.tables import Unit, UnitKind
from scheduler.quiet import ALWAYS, DEFAULT, Quiet, of_units, parse

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 23)


def at(hour: int, minute: int = 0, *, day: date = MONDAY, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


def weekday(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("", 0),
        ("21:30-08:00", 630),
        ("12:00-13:30", 90),
        ("21:30-08:00,12:00-13:30", 720),
        ("21:30-24:00, 00:00-08:00", 630),
        ("07:00-09:00,08:00-10:00", 180),
        ("08:00-08:00", 0),
    ],
)
def test_hours_are_read(text: str, minutes: int) -> None:
    assert sum(end - start for start, end in parse(text).stretches) == minutes


@pytest.mark.parametrize(
    "text", ["00:00-24:00", "00:00-12:00,12:00-24:00", "25:00-08:00", "21:61-08:00", "night", "8-9"]
)
def test_hours_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(BadValue):
        parse(text)


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        (at(10), at(10)),
        (at(21, 29), at(21, 29)),
        (at(21, 30), at(8, day=date(2026, 11, 24))),
        (at(7, 59), at(8)),
        (at(22, day=date(2026, 11, 27)), at(8, day=date(2026, 11, 30))),
        (at(12, day=date(2026, 11, 28)), at(8, day=date(2026, 11, 30))),
    ],
)
def test_the_next_opening_is_on_a_workday_outside_them(now: datetime, opening: datetime) -> None:
    assert DEFAULT.next_opening(now, SHANGHAI, weekday) == opening


def test_the_last_opening_lies_before_a_limit_in_the_night() -> None:
    assert DEFAULT.last_opening(at(23), SHANGHAI, weekday) == at(8)


def test_always_knows_no_rest() -> None:
    sunday = at(2, day=date(2026, 11, 22))
    assert parse(ALWAYS).next_opening(sunday, SHANGHAI, weekday) == sunday


def test_a_backlog_waits_for_the_next_opening_when_the_hours_begin() -> None:
    closing = DEFAULT.closing_after(at(20), SHANGHAI, weekday)
    assert closing == (at(21, 30), at(8, day=date(2026, 11, 24)))


def test_without_quiet_hours_the_week_end_closes() -> None:
    friday = at(20, day=date(2026, 11, 27))
    closing = parse("").closing_after(friday, SHANGHAI, weekday)
    assert closing == (at(0, day=date(2026, 11, 28)), at(0, day=date(2026, 11, 30)))
    assert parse(ALWAYS).closing_after(friday, SHANGHAI, weekday) is None


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_an_opening_on_a_day_of_changed_clocks_is_once(day: date) -> None:
    """At 02:00 or 03:00 the clocks change; quiet hours end at 02:30, which is never or twice."""
    quiet = parse("21:00-02:30")
    opening = quiet.next_opening(at(1, day=day, zone=BERLIN), BERLIN, lambda _: True)
    local = opening.astimezone(BERLIN)
    assert local.date() == day
    assert quiet.is_open(local, lambda _: True)


TEXTS = st.lists(
    st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(0, 23), st.integers(0, 59)),
    max_size=3,
).map(lambda all_: ",".join(f"{a:02}:{b:02}-{c:02}:{d:02}" for a, b, c, d in all_))


@given(TEXTS, st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)))
def test_an_opening_is_open_and_never_before(text: str, naive: datetime) -> None:
    try:
        quiet = parse(text)
    except BadValue:
        return
    now = naive.replace(tzinfo=UTC)
    for zone in (SHANGHAI, BERLIN):
        opening = quiet.next_opening(now, zone, weekday)
        assert opening >= now
        assert quiet.is_open(opening.astimezone(zone), weekday)
        assert opening - now < timedelta(days=5)


async def test_a_unit_has_its_own_hours_or_those_above(database: Database) -> None:
    async with database.write() as session:
        for number, path, zone, hours in (
            (1, "/1/", "Asia/Shanghai", "22:00-07:00"),
            (2, "/1/2/", None, None),
            (3, "/1/2/3/", "Europe/Berlin", ""),
        ):
            session.add(
                Unit(
                    id=number,
                    name=path,
                    path=path,
                    kind=UnitKind.BRANCH.value,
                    zone=zone,
                    quiet=hours,
                )
            )
    async with database.read() as session:
        found = await of_units(session, zone=SHANGHAI)
    assert found[2].quiet == parse("22:00-07:00")
    assert (found[3].zone, found[3].quiet) == (BERLIN, Quiet())
