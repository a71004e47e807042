"""When the steps of a duty come: a table of cases, then what holds for every rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import ladder, quiet
from scheduler.ladder import Stage, Timetable
from scheduler.periods import due_at
from scheduler.quiet import Quiet
from scheduler.rulebook.model import Anchor, AnchorKind, Audience, Force, Owner, Rule, Rung
from scheduler.workdays import Kind, Workdays

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
# Beyond the table days are computed: Saturdays, Sundays and statutory holidays are off.
COMPUTED = Workdays({})
MADE_UP = Workdays({date(2026, 11, 28): Kind(workday=True, provisional=False)})
RULE = Rule(
    id="dues",
    title="交纳党费",
    owner=Owner.MEMBERS,
    anchor=Anchor(AnchorKind.PERIOD, rrule="FREQ=MONTHLY", dtstart=date(2026, 1, 1)),
    regulation="党费规定",
    article="第一条",
    version="2008",
    effective_from=date(2008, 4, 1),
    effective_until=None,
    force=Force.SHALL,
    certainty="甲",
    remind=(7, 1),
    ladder=(
        Rung(1, Audience.OWNER),
        Rung(3, Audience.SECRETARY),
        Rung(7, Audience.SUPERIOR_ORGANISATION),
    ),
)


def steps(
    due_on: date,
    *,
    remind: tuple[int, ...] = (),
    rungs: tuple[Rung, ...] = (),
    workdays: Workdays = COMPUTED,
    hours: Quiet = quiet.DEFAULT,
    zone: ZoneInfo = SHANGHAI,
    jitter: timedelta = timedelta(0),
    snoozed_until: date | None = None,
) -> list[Stage]:
    return ladder.stages(
        replace(RULE, remind=remind, ladder=rungs),
        due_on,
        workdays=workdays,
        quiet=hours,
        zone=zone,
        jitter=jitter,
        snoozed_until=snoozed_until,
    )


def local(stages: Sequence[Stage], zone: ZoneInfo = SHANGHAI) -> list[str]:
    return [f"{s.key} {s.at.astimezone(zone):%m-%d %H:%M}" for s in stages]


FRIDAY, SUNDAY, MONDAY = date(2026, 11, 27), date(2026, 11, 29), date(2026, 11, 30)
ALWAYS = quiet.parse("always")
OWNER, SECRETARY = Audience.OWNER, Audience.SECRETARY


@pytest.mark.parametrize(
    ("due_on", "more", "expected"),
    [
        # A workday stays.
        (MONDAY, {"remind": (7, 0)}, ["-7:本人 11-23 09:00", "+0:本人 11-30 09:00"]),
        # A reminder moves to the workday before, a step after the limit to the one after.
        (MONDAY, {"remind": (1,)}, ["-1:本人 11-27 09:00"]),
        (FRIDAY, {"rungs": (Rung(1, OWNER),)}, ["+1:本人 11-30 09:00"]),
        # A make-up Saturday is a workday.
        (MONDAY, {"remind": (2,), "workdays": MADE_UP}, ["-2:本人 11-28 09:00"]),
        # Steps that fall together for one audience: the later one stays.
        (SUNDAY, {"remind": (2, 1, 0)}, ["+0:本人 11-27 09:00"]),
        (
            FRIDAY,
            {"rungs": (Rung(1, OWNER), Rung(2, OWNER), Rung(3, SECRETARY))},
            ["+2:本人 11-30 09:00", "+3:书记 11-30 09:00"],
        ),
        # Where rest days are open nothing moves.
        (MONDAY, {"remind": (1,), "hours": ALWAYS}, ["-1:本人 11-29 09:00"]),
        # The unit's own minute; whoever is above hears later, without it.
        (
            MONDAY,
            {
                "remind": (0,),
                "rungs": (Rung(1, Audience.SUPERIOR_SECRETARY),),
                "jitter": timedelta(minutes=20),
            },
            ["+0:本人 11-30 09:20", "+1:上级书记 12-01 10:30"],
        ),
        # Quiet hours until noon: the next opening.
        (MONDAY, {"remind": (0,), "hours": quiet.parse("21:30-12:00")}, ["+0:本人 11-30 12:00"]),
        # Open after midnight only: the limit comes first, so the last opening before it.
        (MONDAY, {"remind": (0,), "hours": quiet.parse("02:00-24:00")}, ["+0:本人 11-30 00:00"]),
        # A limit on New Year's Day, which is off.
        (date(2027, 1, 1), {"remind": (0,)}, ["+0:本人 12-31 09:00"]),
        (date(2028, 2, 29), {"remind": (7,)}, ["-7:本人 02-22 09:00"]),
    ],
)
def test_the_steps_of_a_duty(due_on: date, more: dict[str, object], expected: list[str]) -> None:
    assert local(steps(due_on, **more)) == expected  # type: ignore[arg-type]  # one table for all


def test_nine_in_the_morning_is_local_on_both_sides_of_a_clock_change() -> None:
    """New York puts its clocks back on 2026-11-01."""
    found = steps(date(2026, 11, 2), remind=(3, 0), zone=NEW_YORK)
    assert [s.at for s in found] == [
        datetime(2026, 10, 30, 13, tzinfo=UTC),
        datetime(2026, 11, 2, 14, tzinfo=UTC),
    ]


def test_a_step_is_overdue_from_the_day_after_the_limit() -> None:
    found = steps(MONDAY, remind=(0,), rungs=(Rung(1, OWNER),))
    assert [s.overdue for s in found] == [False, True]


def test_a_snooze_replaces_the_owners_steps_until_then() -> None:
    found = steps(
        MONDAY,
        remind=(7, 5),
        rungs=(Rung(1, OWNER), Rung(3, SECRETARY)),
        snoozed_until=date(2026, 11, 26),
    )
    assert local(found) == [
        "-4:本人 11-26 09:00",
        "+1:本人 12-01 09:00",
        "+3:书记 12-03 09:00",
    ]


def test_a_snooze_does_not_hold_up_the_line_above() -> None:
    rungs = (Rung(1, OWNER), Rung(3, SECRETARY))
    found = steps(MONDAY, rungs=rungs, snoozed_until=date(2026, 12, 4))
    assert local(found) == ["+3:书记 12-03 09:00", "+4:本人 12-04 09:00"]


def test_what_was_told_and_all_before_it_is_not_pending() -> None:
    found = steps(MONDAY, remind=(7, 1), rungs=(Rung(3, SECRETARY),))
    assert ladder.pending(found, "") == found
    assert ladder.pending(found, "-1:本人") == found[2:]
    assert ladder.pending(found, "+3:书记") == []


def test_a_step_that_the_rule_no_longer_has_keeps_its_place() -> None:
    found = steps(MONDAY, remind=(7, 1), rungs=(Rung(3, SECRETARY),))
    assert ladder.pending(found, "-5:本人") == found[1:]


def test_whoever_accepts_is_reminded_every_third_workday() -> None:
    timetable = Timetable(COMPUTED, quiet.DEFAULT, SHANGHAI)
    submitted = date(2026, 11, 24)  # a Tuesday
    at = datetime(2026, 11, 27, 9, tzinfo=SHANGHAI)
    early = ladder.acceptance(submitted, SECRETARY, timetable, now=at - timedelta(seconds=1))
    assert early == (None, at)
    stage, following = ladder.acceptance(submitted, SECRETARY, timetable, now=at)
    assert stage is not None
    assert (stage.key, stage.overdue) == ("接收1:书记", False)
    assert following == datetime(2026, 12, 2, 9, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ((27, 15, 0), (27, 15, 0)),  # open
        ((27, 7, 59), (27, 8, 0)),  # the quiet hours end today
        ((26, 21, 30), (27, 9, 20)),  # overnight: with the morning's own
        ((27, 22, 0), (30, 9, 20)),  # over the weekend
        ((28, 12, 0), (30, 9, 20)),  # on a rest day
    ],
)
def test_what_is_late_waits_for_the_next_opening(
    now: tuple[int, int, int], expected: tuple[int, int, int]
) -> None:
    timetable = Timetable(COMPUTED, quiet.DEFAULT, SHANGHAI, timedelta(minutes=20))
    opening = timetable.opening(datetime(2026, 11, *now, tzinfo=SHANGHAI))
    assert opening == datetime(2026, 11, *expected, tzinfo=SHANGHAI)


def test_the_minute_of_a_unit_lies_within_the_window_and_units_differ() -> None:
    minutes = [ladder.jitter(unit_id) for unit_id in range(1, 200)]
    assert all(timedelta(0) <= minute < ladder.SPREAD for minute in minutes)
    assert len(set(minutes)) > 150
    assert ladder.jitter(7) == ladder.jitter(7)


@given(
    due_on=st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    remind=st.lists(st.integers(0, 60), max_size=4, unique=True),
    after=st.lists(st.integers(1, 30), max_size=4, unique=True),
    hours=st.sampled_from(["21:30-08:00", "", "always", "08:00-20:00", "23:00-22:00"]),
    zone=st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("Europe/London")]),
    minute=st.integers(0, 89),
)
def test_reminders_come_in_time_steps_after_the_limit_late_and_none_in_quiet_hours(
    due_on: date,
    remind: list[int],
    after: list[int],
    hours: str,
    zone: ZoneInfo,
    minute: int,
) -> None:
    """Fault 70."""
    allowed = quiet.parse(hours)
    found = steps(
        due_on,
        remind=tuple(remind),
        rungs=tuple(Rung(days, OWNER) for days in after),
        hours=allowed,
        zone=zone,
        jitter=timedelta(minutes=minute),
    )
    assert bool(found) == bool(remind or after)
    assert [s.at for s in found] == sorted(s.at for s in found)
    assert len({(s.at, s.audience) for s in found}) == len(found)
    for step in found:
        assert (step.at >= due_at(due_on, zone)) == step.overdue
        assert allowed.is_open(step.at.astimezone(zone), COMPUTED.is_workday)
