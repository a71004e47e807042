"""The steps of a case: which one follows, who owes it, and when it is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import organisation
from db.tables import Case, Duty, DutyState, Person, Unit, UnitKind
from scheduler import terms
from scheduler.duties import record
from scheduler.periods import add, due_at
from scheduler.rulebook.model import AnchorKind, Owner, Rule, RuleBook
from scheduler.workdays import Workdays

# Kinds of units that an owner of a step may be; where there is none, whoever carries the case.
ABOVE = {
    Owner.BRANCH: UnitKind.BRANCH,
    Owner.COMMITTEE: UnitKind.COMMITTEE,
    Owner.GENERAL_BRANCH: UnitKind.GENERAL_BRANCH,
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """What dates are counted by."""

    book: RuleBook
    workdays: Workdays
    zone: ZoneInfo
    now: datetime

    @property
    def today(self) -> date:
        """The local date."""
        return self.now.astimezone(self.zone).date()


async def done_days(session: AsyncSession, case_id: int) -> dict[str, date]:
    """Return the actual day of each step that was done, by rule; the last one counts."""
    days = await session.execute(
        select(Duty.rule, func.max(Duty.done_on))
        .where(Duty.case_id == case_id, Duty.done_on.is_not(None))
        .group_by(Duty.rule)
    )
    return {rule: day for rule, day in days if day is not None}


def step_at(book: RuleBook, kind: str, step: float, day: date) -> Rule | None:
    """Return a step of a kind of case as in force on a day."""
    return next((rule for rule in book.steps(kind, day) if rule.step == step), None)


def following_step(book: RuleBook, rule: Rule, day: date) -> Rule | None:
    """Return the step after one that was done on a day; optional ones are opened by hand."""
    steps = book.steps(rule.case, day)
    return next((other for other in steps if other.step > rule.step and not other.optional), None)


async def make(
    session: AsyncSession,
    case: Case,
    rule: Rule,
    *,
    calendar: Calendar,
    done: Mapping[str, date],
    due: date | None = None,
) -> Duty:
    """Write the duty of a step. Its sweep time is set by the planner's next round."""
    due = due or await _due(session, case, rule, calendar=calendar, done=done)
    made = await session.scalar(
        select(func.count()).select_from(Duty).where(Duty.case_id == case.id, Duty.rule == rule.id)
    )
    owner, unit_id, person_id = await owner_of(session, case, rule)
    duty = Duty(
        rule=rule.id,
        edition=rule.version,
        owner=owner,
        period=f"case:{case.id}:{(made or 0) + 1}",
        unit_id=unit_id,
        person_id=person_id,
        case_id=case.id,
        subject_person_id=case.person_id,
        subject_unit_id=None if case.person_id else case.unit_id,
        title=rule.title,
        label=await _subject(session, case),
        starts_on=calendar.today,
        due_on=due,
        due_at=due_at(due, calendar.zone) if due else None,
        earliest_on=_earliest(rule, done, calendar.workdays),
        next_at=calendar.now if due else None,
        created_at=calendar.now,
    )
    session.add(duty)
    await session.flush()
    record(session, duty.id, "planned", now=calendar.now, case=case.id)
    await session.flush()
    return duty


async def _due(
    session: AsyncSession, case: Case, rule: Rule, *, calendar: Calendar, done: Mapping[str, date]
) -> date | None:
    """Return the legal limit; None where no regulation sets one or its first day is not known."""
    if rule.anchor.kind is AnchorKind.TERM:
        term = await terms.current(session, case.unit_id)
        if term is None:
            return None
        unit = await session.get_one(Unit, case.unit_id)
        end = terms.ends_on(term, _years(calendar.book, unit, rule), calendar.workdays)
        return add(end, rule.limit, calendar.workdays) if rule.limit else end
    start = done.get(rule.anchor.event)
    if start is None or rule.limit is None:
        return None
    return add(start, rule.limit, calendar.workdays)


def _years(book: RuleBook, unit: Unit, step: Rule) -> int:
    """Return how long the terms of such a unit are, by its own rule; else by the step's."""
    for rule in book.standing():
        if rule.anchor.kind is AnchorKind.TERM and rule.owner.value == unit.kind:
            return rule.anchor.years
    return step.anchor.years


def _earliest(rule: Rule, done: Mapping[str, date], workdays: Workdays) -> date | None:
    start = done.get(rule.earliest_after)
    return add(start, rule.earliest, workdays) if start and rule.earliest else None


async def owner_of(session: AsyncSession, case: Case, rule: Rule) -> tuple[str, int, int | None]:
    """Return owner, unit in scope and person of a step."""
    if rule.owner is Owner.SUBJECT and case.person_id is not None:
        return f"person:{case.person_id}", case.unit_id, case.person_id
    whole = await organisation.line_up(session, case.unit_id)
    # A 党小组 decides nothing by itself: the case of one of its people is its branch's.
    line = [unit for unit in whole if unit.kind != UnitKind.GROUP.value] or whole
    unit = line[0]
    if rule.owner is Owner.SUPERIOR and len(line) > 1:
        unit = line[1]
    elif kind := ABOVE.get(rule.owner):
        unit = next((above for above in line if above.kind == kind.value), unit)
    return f"unit:{unit.id}", unit.id, None


async def _subject(session: AsyncSession, case: Case) -> str:
    if case.person_id is not None:
        return (await session.get_one(Person, case.person_id)).name
    return (await session.get_one(Unit, case.unit_id)).name


async def is_made(session: AsyncSession, case: Case, rule: Rule) -> bool:
    """Tell whether a step of a case was made already."""
    made = select(Duty.id).where(
        Duty.case_id == case.id,
        Duty.rule == rule.id,
        Duty.state != DutyState.WITHDRAWN.value,
    )
    return await session.scalar(made.limit(1)) is not None
