"""Cases: a sequence of duties for one person or unit, each counted from what was really done.

The version of a step is the one in force on the day of the event that leads to it, so that a
case that began under the 2014 rules goes on under those of 2026. A step that an organisation
decides is closed with its decision; no date and no decision is ever inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Case, CaseState, Duty, DutyEvent, DutyState, Person, Stage, Unit
from db.types import insert_new, lock_chain
from scheduler import terms
from scheduler.duties import LATE_AFTER, record
from scheduler.periods import add
from scheduler.rulebook.model import Rule, Span
from scheduler.steps import Calendar, done_days, following_step, is_made, make, step_at

JOINING, ELECTION, TRANSFER = "发展党员", "换届", "组织关系转接"
AGREED, REFUSED, EXTENDED = "同意", "不同意", "延长"
# How long a decision may be put off, in months (发展党员细则：不少于半年、不超过一年).
EXTENSIONS = (6, 12)
# The last step that a person of a stage has behind them: whoever opens a case enters its day.
BEHIND: Mapping[Stage, float] = {
    Stage.STAFF: 1,
    Stage.APPLICANT: 1,
    Stage.ACTIVIST: 3,
    Stage.CANDIDATE: 7,
    Stage.PROBATIONARY: 15,
}


class CaseError(Exception):
    """A case cannot be opened or moved on; `code` names why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def open_for_person(
    session: AsyncSession,
    person: Person,
    kind: str,
    *,
    behind: float,
    on: date,
    actor_id: int,
    calendar: Calendar,
) -> Duty:
    """Open a case for a person whose step `behind` was done on a day; return the next step.

    Raises `CaseError`: "running" when one is open, "future" for a day to come, "no-step".
    """
    rule = _behind(calendar, kind, behind, on)
    case = await _open(
        session,
        kind,
        f"person:{person.id}",
        unit_id=person.unit_id,
        person_id=person.id,
        actor_id=actor_id,
        calendar=calendar,
    )
    return await _begin(session, case, rule, on=on, actor_id=actor_id, calendar=calendar)


async def open_for_unit(
    session: AsyncSession,
    unit: Unit,
    kind: str,
    *,
    on: date,
    actor_id: int,
    calendar: Calendar,
) -> Duty:
    """Open a case for a unit whose first step happened on a day; raises as `open_for_person`."""
    rule = _behind(calendar, kind, 1, on)
    case = await _open(
        session,
        kind,
        f"unit:{unit.id}",
        unit_id=unit.id,
        person_id=None,
        actor_id=actor_id,
        calendar=calendar,
    )
    return await _begin(session, case, rule, on=on, actor_id=actor_id, calendar=calendar)


async def open_election(
    session: AsyncSession, unit: Unit, *, actor_id: int, calendar: Calendar
) -> Duty:
    """Open 换届 for a unit and return its first step.

    Raises `CaseError`: "running", "no-step", or "no-term" when the election day is not known.
    """
    if await terms.current(session, unit.id) is None:
        raise CaseError("no-term")
    case = await _open(
        session,
        ELECTION,
        f"unit:{unit.id}",
        unit_id=unit.id,
        person_id=None,
        actor_id=actor_id,
        calendar=calendar,
    )
    steps = calendar.book.steps(ELECTION, calendar.today)
    first = next((rule for rule in steps if not rule.optional), None)
    if first is None:
        raise CaseError("no-step")
    return await make(session, case, first, calendar=calendar, done={})


async def advance(
    session: AsyncSession, duty: Duty, *, decision: str, calendar: Calendar
) -> Duty | None:
    """Make the next step of a case after one was done; None when the case has ended.

    `duty` is the step that was just closed, `decision` what the organisation decided in it
    ("延长6个月" with the months). A step that recurs is planned again until the next one is done.
    """
    case = await session.get_one(Case, duty.case_id)
    rule = calendar.book.edition(duty.rule, duty.edition)
    if rule is None or duty.done_on is None or case.state != CaseState.OPEN.value:
        return None
    if decision == REFUSED:
        await end(session, case, CaseState.STOPPED, now=calendar.now)
        return None
    done = await done_days(session, case.id)
    if decision.startswith(EXTENDED):
        return await _extend(session, case, rule, duty, decision, calendar=calendar)
    await _end_repeats(session, case, rule, calendar=calendar)
    following = following_step(calendar.book, rule, duty.done_on)
    if following is None:
        await end(session, case, CaseState.CLOSED, now=calendar.now)
        return None
    if rule.repeat is not None:
        again = await _repeat(session, case, rule, duty.done_on, calendar=calendar)
        if await is_made(session, case, following):
            return again
    return await make(session, case, following, calendar=calendar, done=done)


async def take_back(session: AsyncSession, duty: Duty, *, actor_id: int, now: datetime) -> bool:
    """Undo what `advance` made, before its step is open again; False if it has gone on since.

    Raises `CaseError`: "running" when the case had ended and another one was opened.
    """
    case = await session.get_one(Case, duty.case_id)
    if case.state != CaseState.OPEN.value:
        await lock_chain(session)
        if await running(session, case.kind, case.subject) is not None:
            raise CaseError("running")
    later = select(Duty).where(Duty.case_id == case.id, Duty.id > duty.id)
    made = list(await session.scalars(later))
    if any(other.state in (DutyState.DONE.value, DutyState.SUBMITTED.value) for other in made):
        return False
    for other in made:
        if other.state == DutyState.OPEN.value:
            record(session, other.id, "withdrawn", now=now, actor_id=actor_id)
        other.state, other.next_at = DutyState.WITHDRAWN.value, None
        other.period = f"{other.period}:taken-back-{other.id}"
    case.state, case.closed_at = CaseState.OPEN.value, None
    await session.flush()
    return True


async def end(
    session: AsyncSession,
    case: Case,
    state: CaseState,
    *,
    now: datetime,
    actor_id: int | None = None,
    reason: str = "",
) -> None:
    """Close or stop a case; steps that are still open are withdrawn."""
    withdrawn = await session.scalars(
        update(Duty)
        .where(Duty.case_id == case.id, Duty.state == DutyState.OPEN.value)
        .values(state=DutyState.WITHDRAWN.value, next_at=None, closed_at=now)
        .returning(Duty.id)
    )
    for duty_id in withdrawn.all():
        record(session, duty_id, "withdrawn", now=now, actor_id=actor_id, reason=reason)
    case.state, case.closed_at = state.value, now
    await session.flush()


async def resume(session: AsyncSession, case: Case, *, actor_id: int, now: datetime) -> bool:
    """Take a stopped case up again; False if it was not stopped, or another one runs since."""
    if case.state != CaseState.STOPPED.value:
        return False
    if await running(session, case.kind, case.subject) is not None:
        return False
    again = await session.scalars(
        update(Duty)
        .where(
            Duty.case_id == case.id,
            Duty.state == DutyState.WITHDRAWN.value,
            Duty.closed_at == case.closed_at,
        )
        .values(state=DutyState.OPEN.value, closed_at=None, next_at=now)
        .returning(Duty.id)
    )
    for duty_id in again.all():
        record(session, duty_id, "resumed", now=now, actor_id=actor_id)
    case.state, case.closed_at = CaseState.OPEN.value, None
    await session.flush()
    return True


def is_late(on: date, today: date) -> bool:
    """Tell whether a day is so long past that it is marked as entered late."""
    return today - on > LATE_AFTER


async def running(session: AsyncSession, kind: str, subject: str) -> Case | None:
    """Return the open case of a subject."""
    statement = select(Case).where(
        Case.kind == kind, Case.subject == subject, Case.state == CaseState.OPEN.value
    )
    return (await session.scalars(statement)).one_or_none()


async def steps_of(session: AsyncSession, case_id: int) -> list[Duty]:
    """Return the steps of a case in the order in which they were made."""
    statement = select(Duty).where(Duty.case_id == case_id).order_by(Duty.id)
    return list(await session.scalars(statement))


def _behind(calendar: Calendar, kind: str, step: float, on: date) -> Rule:
    """Return the step that was done on a day; a day to come is refused first."""
    if on > calendar.today:
        raise CaseError("future")
    rule = step_at(calendar.book, kind, step, on)
    if rule is None:
        raise CaseError("no-step")
    return rule


async def _open(
    session: AsyncSession,
    kind: str,
    subject: str,
    *,
    unit_id: int,
    person_id: int | None,
    actor_id: int,
    calendar: Calendar,
) -> Case:
    """Write the case; the unique index lets one of two win."""
    await lock_chain(session)
    values = {
        "kind": kind,
        "subject": subject,
        "unit_id": unit_id,
        "person_id": person_id,
        "state": CaseState.OPEN.value,
        "opened_by": actor_id,
        "opened_at": calendar.now,
    }
    if not await insert_new(session, Case, values):
        raise CaseError("running")
    case = await running(session, kind, subject)
    assert case is not None  # it was written in this transaction
    return case


async def _begin(
    session: AsyncSession, case: Case, rule: Rule, *, on: date, actor_id: int, calendar: Calendar
) -> Duty:
    """Note the step that is behind, on its actual day, and make the next one."""
    made = await make(session, case, rule, calendar=calendar, done={})
    made.state, made.done_on, made.next_at = DutyState.DONE.value, on, None
    made.closed_at, made.late_entered = calendar.now, is_late(on, calendar.today)
    data: dict[str, Any] = {"on": on.isoformat()} | ({"late": True} if made.late_entered else {})
    record(session, made.id, "completed", now=calendar.now, actor_id=actor_id, **data)
    await session.flush()
    following = await advance(session, made, decision=AGREED, calendar=calendar)
    if following is None:
        raise CaseError("no-step")
    return following


async def _repeat(
    session: AsyncSession, case: Case, rule: Rule, done_on: date, *, calendar: Calendar
) -> Duty:
    """Plan a recurring step again, so long after it was done."""
    assert rule.repeat is not None  # the caller has looked
    due = add(done_on, rule.repeat, calendar.workdays)
    return await make(session, case, rule, calendar=calendar, done={}, due=due)


async def _end_repeats(
    session: AsyncSession, case: Case, rule: Rule, *, calendar: Calendar
) -> None:
    """Take back recurring steps that lie behind one that was done."""
    book = calendar.book
    open_steps = select(Duty).where(Duty.case_id == case.id, Duty.state == DutyState.OPEN.value)
    for duty in await session.scalars(open_steps):
        other = book.edition(duty.rule, duty.edition)
        if other is not None and other.repeat is not None and other.step < rule.step:
            duty.state, duty.next_at = DutyState.WITHDRAWN.value, None
            duty.closed_at = calendar.now
    await session.flush()


async def _extend(
    session: AsyncSession,
    case: Case,
    rule: Rule,
    duty: Duty,
    decision: str,
    *,
    calendar: Calendar,
) -> Duty:
    """Let a step be decided again so many months after the limit that it had."""
    months = int(decision.removeprefix(EXTENDED).removesuffix("个月"))
    limit = duty.due_on or calendar.today
    due = add(limit, Span(months=months), calendar.workdays)
    again = await make(session, case, rule, calendar=calendar, done={}, due=due)
    again.earliest_on = due
    await session.flush()
    return again


async def is_extended(session: AsyncSession, duty: Duty) -> bool:
    """Tell whether the step of a case was extended before: that may be done once."""
    before = select(DutyEvent.data).join(Duty, Duty.id == DutyEvent.duty_id)
    events = await session.scalars(
        before.where(Duty.case_id == duty.case_id, Duty.rule == duty.rule)
    )
    return any(str(data.get("decision", "")).startswith(EXTENDED) for data in events)
