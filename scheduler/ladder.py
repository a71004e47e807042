"""The steps at which somebody is told about a duty: before the limit, then up the line.

Everything here is a pure function of a rule, a limit and the calendar. A reminder moves earlier
to a workday, a step after the limit later to one. The people of one unit are told in the same
minute, so that what one person is told in a morning makes one message; the units are spread
over an hour and a half. Whoever sits above is told when that has passed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.periods import due_at
from scheduler.quiet import Quiet
from scheduler.rulebook.model import Audience, Rule
from scheduler.workdays import Workdays

MORNING = time(9)
ABOVE_MORNING = time(10, 30)
SPREAD = timedelta(minutes=90)
ABOVE = frozenset({Audience.SUPERIOR_ORGANISATION, Audience.SUPERIOR_SECRETARY})
# From the owner upward.
LINE = tuple(Audience)
ACCEPT, ACCEPT_EVERY = "接收", 3


@dataclass(frozen=True, slots=True)
class Stage:
    """One step: `offset` days from the last day in time, `audience` told at `at` (UTC).

    `day` is the local day of `at`. `key` names the step in records; "-14:本人", "+3:书记".
    A reminder to accept is the `offset`th one: "接收2:上级组织委员".
    """

    key: str
    offset: int
    audience: Audience
    at: datetime
    day: date
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Timetable:
    """When the people of a unit may be told: its days, quiet timetable, zone and minute."""

    workdays: Workdays
    quiet: Quiet
    zone: ZoneInfo
    jitter: timedelta = timedelta(0)

    def morning(self, day: date, audience: Audience = Audience.OWNER) -> datetime:
        """Return when an audience is told on a day, or the first opening after that."""
        above = audience in ABOVE
        local = datetime.combine(day, ABOVE_MORNING if above else MORNING, self.zone)
        at = local.astimezone(UTC) + (timedelta(0) if above else self.jitter)
        return self.quiet.next_opening(at, self.zone, self.workdays.is_workday)

    def before(self, day: date) -> date:
        """Return the day, or the last one before it on which people are told."""
        return day if self.quiet.rest_days else self.workdays.on_or_before(day)

    def after(self, day: date) -> date:
        """Return the day, or the first one after it on which people are told."""
        return day if self.quiet.rest_days else self.workdays.on_or_after(day)

    def opening(self, now: datetime) -> datetime:
        """Return `now` if people may be told now, else the next opening.

        On a later day that is not the end of the quiet hours but the morning, so that what
        waited and what belongs to that day make one message.
        """
        opening = self.quiet.next_opening(now, self.zone, self.workdays.is_workday)
        day = opening.astimezone(self.zone).date()
        return opening if day == now.astimezone(self.zone).date() else self.morning(day)

    def in_time(self, day: date, due_on: date) -> datetime:
        """Return the morning of a day, or the last opening before the limit if that is earlier."""
        at, deadline = self.morning(day), due_at(due_on, self.zone)
        if at < deadline:
            return at
        last = deadline - timedelta(minutes=1)
        return self.quiet.last_opening(last, self.zone, self.workdays.is_workday)


def jitter(unit_id: int) -> timedelta:
    """Return a unit's own delay within `SPREAD`, always the same one."""
    return timedelta(seconds=zlib.crc32(str(unit_id).encode()) % int(SPREAD.total_seconds()))


def stages(
    rule: Rule,
    due_on: date,
    *,
    workdays: Workdays,
    quiet: Quiet,
    zone: ZoneInfo,
    jitter: timedelta,
    snoozed_until: date | None = None,
) -> list[Stage]:
    """Return the steps of a duty in the order in which they come.

    Until `snoozed_until` the owner is left in peace and then reminded once more; the line
    above is not held up by that. Of steps that fall together for one audience the later stays.
    """
    timetable = Timetable(workdays, quiet, zone, jitter)
    steps = list(_steps(rule, due_on, timetable))
    if snoozed_until is not None:
        steps = _snoozed(steps, due_on, timetable.after(snoozed_until), timetable)
    steps.sort(key=_place)
    last = {(step.at, step.audience): step for step in steps}
    return sorted(last.values(), key=lambda step: (step.at, _place(step)))


def pending(steps: Sequence[Stage], told: str) -> list[Stage]:
    """Return the steps after the one of the key `told`; all of them for an empty key.

    A key that is no step any more (the rule has changed) stands where it would have stood.
    """
    if not told:
        return list(steps)
    for number, step in enumerate(steps):
        if step.key == told:
            return list(steps[number + 1 :])
    offset, _, audience = told.partition(":")
    place = int(offset), LINE.index(Audience(audience))
    return [step for step in steps if _place(step) > place]


def next_at(
    rule: Rule,
    due_on: date,
    *,
    told: str,
    workdays: Workdays,
    quiet: Quiet,
    zone: ZoneInfo,
    jitter: timedelta,
    snoozed_until: date | None = None,
) -> datetime | None:
    """Return when the next step comes after the one of the key `told`; None after the last."""
    steps = stages(
        rule,
        due_on,
        workdays=workdays,
        quiet=quiet,
        zone=zone,
        jitter=jitter,
        snoozed_until=snoozed_until,
    )
    return next((step.at for step in pending(steps, told)), None)


def acceptance(
    submitted_on: date, audience: Audience, timetable: Timetable, *, now: datetime
) -> tuple[Stage | None, datetime]:
    """Return the newest step at which whoever accepts is reminded, and when the next one comes.

    They are reminded every third workday from the one after the result was handed in.
    """
    newest, coming = None, _acceptance(submitted_on, 1, audience, timetable)
    while coming.at <= now:
        newest, coming = coming, _acceptance(coming.day, coming.offset + 1, audience, timetable)
    return newest, coming.at


def _acceptance(day: date, offset: int, audience: Audience, timetable: Timetable) -> Stage:
    later = timetable.workdays.add(day, ACCEPT_EVERY)
    key = f"{ACCEPT}{offset}:{audience.value}"
    return Stage(key, offset, audience, timetable.morning(later, audience), later)


def _steps(rule: Rule, due_on: date, timetable: Timetable) -> Iterator[Stage]:
    for before in rule.remind:
        day = timetable.before(due_on - timedelta(days=before))
        yield _stage(-before, Audience.OWNER, timetable.in_time(day, due_on), timetable)
    for rung in rule.ladder:
        day = timetable.after(due_on + timedelta(days=rung.after))
        yield _stage(rung.after, rung.to, timetable.morning(day, rung.to), timetable)


def _snoozed(
    steps: Sequence[Stage], due_on: date, until: date, timetable: Timetable
) -> list[Stage]:
    kept = [step for step in steps if step.audience is not Audience.OWNER or step.day >= until]
    offset = (until - due_on).days
    return [*kept, _stage(offset, Audience.OWNER, timetable.morning(until), timetable)]


def _stage(offset: int, audience: Audience, at: datetime, timetable: Timetable) -> Stage:
    day = at.astimezone(timetable.zone).date()
    return Stage(f"{offset:+d}:{audience.value}", offset, audience, at, day, overdue=offset > 0)


def _place(step: Stage) -> tuple[int, int]:
    return step.offset, LINE.index(step.audience)
