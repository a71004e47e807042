"""What is to be told of a duty now: a judgement of its rule, its limit, the days and the hours.

Nothing is read or written here. Duties of one rule, limit and unit are judged alike, so that a
thousand of them cost little more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import DutyRow, DutyState
from scheduler import ladder, quiet, silences
from scheduler.ladder import LINE, Stage, Timetable
from scheduler.recipients import Directory
from scheduler.rulebook.model import Audience, RuleBook
from scheduler.workdays import Workdays

# Which days before were worked on matters to no stage that is still to be told.
REMEMBERED = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Look:
    """What looking at a duty came to: stages to tell, stages that were missed, the next time."""

    next_at: datetime | None
    tell: tuple[Stage, ...] = ()
    missed: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Reached:
    """Who can be told of a stage, and who was meant and cannot; no audience: it is left out."""

    persons: tuple[int, ...] = ()
    missing: tuple[Audience, ...] = ()
    applies: bool = True


@dataclass(frozen=True, slots=True)
class Desk:
    """What duties are judged by at a moment, loaded once a round; what was judged is kept."""

    book: RuleBook
    workdays: Workdays
    hours: Mapping[int, quiet.Hours]
    silent: dict[str, date]
    now: datetime
    _timetables: dict[int, Timetable] = field(default_factory=dict)
    _openings: dict[int, datetime] = field(default_factory=dict)
    _looks: dict[tuple[Any, ...], Look] = field(default_factory=dict)

    @classmethod
    async def load(
        cls, session: AsyncSession, book: RuleBook, *, now: datetime, zone: ZoneInfo
    ) -> Desk:
        """Read the days, the quiet hours and the silences of today."""
        today = now.astimezone(zone).date()
        return cls(
            book,
            await Workdays.load(session, today - REMEMBERED),
            await quiet.of_units(session, zone=zone),
            await silences.covering(session, today),
            now,
        )

    def timetable(self, unit_id: int) -> Timetable:
        """Return when the people of a unit may be told."""
        found = self._timetables.get(unit_id)
        if found is None:
            hours = self.hours[unit_id]
            found = Timetable(self.workdays, hours.quiet, hours.zone, ladder.jitter(unit_id))
            self._timetables[unit_id] = found
        return found

    def opening(self, unit_id: int) -> datetime:
        """Return the moment if the people of a unit may be told now, else their next opening."""
        found = self._openings.get(unit_id)
        if found is None:
            found = self._openings[unit_id] = self.timetable(unit_id).opening(self.now)
        return found

    def today(self, unit_id: int) -> date:
        """Return the local day of a unit."""
        return self.now.astimezone(self.hours[unit_id].zone).date()

    def closing(self, sent_at: datetime) -> Callable[[int], tuple[datetime, datetime] | None]:
        """Return the function that says when a unit's quiet hours come, counted in real time."""
        known: dict[int, tuple[datetime, datetime] | None] = {}

        def of_unit(unit_id: int) -> tuple[datetime, datetime] | None:
            if unit_id not in known:
                hours = self.hours[unit_id]
                works = self.workdays.is_workday
                known[unit_id] = hours.quiet.closing_after(sent_at, hours.zone, works)
            return known[unit_id]

        return of_unit

    def look(self, duty: DutyRow, path: str) -> Look:
        """Judge a duty of the unit of a path. Raises `LookupError` if its rule is unknown."""
        if duty.state not in (DutyState.OPEN.value, DutyState.SUBMITTED.value):
            return Look(None)
        timetable = self.timetable(duty.unit_id)
        if (silent := silences.until(self.silent, path)) is not None:
            again = timetable.morning(timetable.after(silent + timedelta(days=1)))
            if again > self.now:
                return Look(again)
        opening = self.opening(duty.unit_id)
        if duty.state == DutyState.SUBMITTED.value:
            return _look_at_submitted(duty, timetable, opening, self.now)
        alike = duty.rule, duty.edition, duty.due_on, duty.unit_id, duty.snoozed_until, duty.stage
        found = self._looks.get(alike)
        if found is None:
            found = _look_at_open(duty, self.book, timetable, opening, self.now)
            self._looks[alike] = found
        return found


def expected(duty: DutyRow, book: RuleBook, timetable: Timetable) -> list[Stage]:
    """Return all stages of a duty with a limit. Raises `LookupError` if its rule is unknown."""
    rule = book.edition(duty.rule, duty.edition)
    if rule is None:
        raise LookupError(f"duty {duty.id}: no rule {duty.rule} of {duty.edition}")
    if duty.due_on is None:
        return []
    return ladder.stages(
        rule,
        duty.due_on,
        workdays=timetable.workdays,
        quiet=timetable.quiet,
        zone=timetable.zone,
        jitter=timetable.jitter,
        snoozed_until=duty.snoozed_until,
    )


def reach(duty: DutyRow, audience: Audience, who: Directory) -> Reached:
    """Find who is told: an audience that nobody can be reached in passes it up the line."""
    if who.candidates(duty, audience) is None:
        return Reached(applies=False)
    missing: list[Audience] = []
    for above in LINE[LINE.index(audience) :]:
        choices = who.candidates(duty, above)
        if choices is None:
            continue
        for choice in choices:
            if persons := who.reachable(choice):
                return Reached(tuple(persons), tuple(missing))
        missing.append(above)
    return Reached((), tuple(missing))


def _look_at_open(
    duty: DutyRow, book: RuleBook, timetable: Timetable, opening: datetime, now: datetime
) -> Look:
    pending = ladder.pending(expected(duty, book, timetable), duty.stage)
    come = [stage for stage in pending if stage.at <= now]
    if not come:
        return Look(pending[0].at if pending else None)
    if opening > now:
        return Look(opening)
    newest = come[-1].day
    following = pending[len(come)].at if len(come) < len(pending) else None
    return Look(
        following,
        tell=tuple(stage for stage in come if stage.day == newest),
        missed=tuple(stage for stage in come if stage.day != newest),
    )


def _look_at_submitted(
    duty: DutyRow, timetable: Timetable, opening: datetime, now: datetime
) -> Look:
    """Whoever accepts: the level above the unit, or the secretary of the person's branch."""
    assert duty.submitted_at is not None  # set with the state
    personal = duty.person_id is not None
    audience = Audience.SECRETARY if personal else Audience.SUPERIOR_ORGANISATION
    submitted_on = duty.submitted_at.astimezone(timetable.zone).date()
    newest, following = ladder.acceptance(submitted_on, audience, timetable, now=now)
    if newest is None:
        return Look(following)
    if opening > now:
        return Look(opening)
    return Look(following, tell=(newest,))
