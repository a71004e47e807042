"""What is done to a duty: each act is one conditional change, on record, and mends the queue.

An act that comes too late (somebody else was quicker) changes nothing and raises. Rights are
judged by the caller. `now` is the calendar's time, `sent_at` the real one, by which the queue
goes. A sweep time that has come is always right: the sweep works out the true one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Duty, DutyEvent, DutyState, Evidence, Postponement
from scheduler import corrections, notices
from scheduler.periods import add, due_at
from scheduler.rulebook.model import Rule
from scheduler.workdays import Workdays

# A day entered later than this is marked as entered late.
LATE_AFTER = timedelta(days=14)
# What closes a duty, and how it stands after that.
CLOSING = {
    "completed": DutyState.DONE,
    "submitted": DutyState.SUBMITTED,
    "waived": DutyState.WAIVED,
}


class DutyError(Exception):
    """An act on a duty is refused.

    NotOpen         it is done, waived, handed in or withdrawn already
    NotHandedIn     nothing waits for acceptance
    InFuture        the actual day has not come
    TooEarly        the actual day is before the earliest one, or before the period
    OutOfOrder      the actual day is before the step that leads to it
    OwnWork         nobody accepts what they handed in themselves
    NotUndoable     somebody else closed it, or it is too long ago
    NotPostponable  no organisation may move this limit, or not so far
    """


class NotOpen(DutyError): ...


class NotHandedIn(DutyError): ...


class InFuture(DutyError): ...


class TooEarly(DutyError): ...


class OutOfOrder(DutyError): ...


class OwnWork(DutyError): ...


class NotUndoable(DutyError): ...


class NotPostponable(DutyError): ...


async def see(session: AsyncSession, duty_id: int, *, actor_id: int, now: datetime) -> bool:
    """Note that whoever owes an open duty has looked at it; False if that was noted before."""
    seen = await _change(
        session,
        duty_id,
        {"seen_at": now},
        Duty.seen_at.is_(None),
        states=(DutyState.OPEN,),
    )
    if seen is not None:
        record(session, duty_id, "seen", now=now, actor_id=actor_id)
    return seen is not None


async def acknowledge(session: AsyncSession, duty_id: int, *, actor_id: int, now: datetime) -> Duty:
    """Note that whoever owes a duty knows of it. The ladder goes on. Raises `NotOpen`."""
    await see(session, duty_id, actor_id=actor_id, now=now)
    duty = await _open_change(session, duty_id, {"acknowledged_at": now})
    record(session, duty_id, "acknowledged", now=now, actor_id=actor_id)
    return duty


async def snooze(
    session: AsyncSession,
    duty_id: int,
    *,
    until: date,
    actor_id: int,
    now: datetime,
    sent_at: datetime,
) -> Duty:
    """Let the next reminder come on a day; the caller has seen that it is not past the limit."""
    await see(session, duty_id, actor_id=actor_id, now=now)
    values = {"snoozed_until": until, "next_at": now}
    duty = await _open_change(session, duty_id, values)
    await notices.take_back(session, duty_id, now=sent_at)
    record(session, duty_id, "snoozed", now=now, actor_id=actor_id, until=until.isoformat())
    return duty


async def complete(
    session: AsyncSession,
    duty_id: int,
    *,
    on: date,
    today: date,
    actor_id: int,
    now: datetime,
    sent_at: datetime,
    text: str = "",
    file_id: int | None = None,
    decision: str = "",
    accept: bool = False,
) -> Duty:
    """Close a duty as done on an actual day, or hand it up where it must be accepted.

    The ladder stops at once, also for what is queued. Raises `NotOpen`, `InFuture`, `TooEarly`,
    `OutOfOrder`.
    """
    duty = await session.get_one(Duty, duty_id, populate_existing=True)
    await _judge_day(session, duty, on, today)
    state = DutyState.SUBMITTED if accept else DutyState.DONE
    values = {
        "state": state.value,
        "done_on": on,
        "late_entered": today - on > LATE_AFTER,
        "next_at": now if accept else None,
        "submitted_at": now,
        "closed_at": None if accept else now,
        "returned_at": None,
    }
    duty = await _open_change(session, duty_id, values)
    if text or file_id is not None:
        session.add(Evidence(duty_id=duty_id, at=now, by_id=actor_id, text=text, file_id=file_id))
    data: dict[str, Any] = {"on": on.isoformat()}
    if decision:
        data["decision"] = decision
    if duty.late_entered:
        data["late"] = True
    kind = "submitted" if accept else "completed"
    record(session, duty_id, kind, now=now, actor_id=actor_id, **data)
    await notices.take_back(session, duty_id, now=sent_at)
    await corrections.tell(session, duty, closed_by=actor_id, now=sent_at)
    return duty


async def accept(
    session: AsyncSession, duty_id: int, *, actor_id: int, now: datetime, sent_at: datetime
) -> Duty:
    """Accept what was handed in. Raises `NotHandedIn`, `OwnWork`."""
    await _not_own(session, duty_id, actor_id)
    values = {"state": DutyState.DONE.value, "closed_at": now, "next_at": None}
    duty = await _change(session, duty_id, values, states=(DutyState.SUBMITTED,))
    if duty is None:
        raise NotHandedIn
    record(session, duty_id, "accepted", now=now, actor_id=actor_id)
    await notices.take_back(session, duty_id, now=sent_at)
    await corrections.tell(session, duty, closed_by=actor_id, now=sent_at)
    return duty


async def give_back(
    session: AsyncSession,
    duty_id: int,
    *,
    reason: str,
    actor_id: int,
    now: datetime,
    sent_at: datetime,
) -> Duty:
    """Return what was handed in; the duty is open again. Raises `NotHandedIn`, `OwnWork`."""
    await _not_own(session, duty_id, actor_id)
    values = {
        "state": DutyState.OPEN.value,
        "returned_at": now,
        "submitted_at": None,
        "done_on": None,
        "next_at": now,
    }
    duty = await _change(session, duty_id, values, states=(DutyState.SUBMITTED,))
    if duty is None:
        raise NotHandedIn
    record(session, duty_id, "returned", now=now, actor_id=actor_id, reason=reason)
    await notices.take_back(session, duty_id, now=sent_at)
    await notices.put_back(session, duty_id, now=sent_at)
    return duty


async def waive(
    session: AsyncSession,
    duty_id: int,
    *,
    reason: str,
    actor_id: int,
    now: datetime,
    sent_at: datetime,
) -> Duty:
    """Release from a duty, with the reason on record. Raises `NotOpen`.

    Whom to tell, also after what is just being sent, is the caller's (`releases`).
    """
    values = {"state": DutyState.WAIVED.value, "closed_at": now, "next_at": None}
    duty = await _open_change(session, duty_id, values)
    record(session, duty_id, "waived", now=now, actor_id=actor_id, reason=reason)
    await notices.take_back(session, duty_id, now=sent_at)
    return duty


async def reopen(
    session: AsyncSession,
    duty_id: int,
    *,
    within: timedelta,
    actor_id: int,
    now: datetime,
    sent_at: datetime,
) -> Duty:
    """Take back one's own closing of a duty, not longer ago than `within`.

    Raises `NotUndoable`, also where what was handed in is accepted meanwhile.
    """
    last = await session.scalar(
        select(DutyEvent)
        .where(DutyEvent.duty_id == duty_id, DutyEvent.kind.in_((*CLOSING, "accepted")))
        .order_by(DutyEvent.id.desc())
        .limit(1)
    )
    if last is None or last.kind not in CLOSING or last.actor_id != actor_id:
        raise NotUndoable
    if now - last.at > within:
        raise NotUndoable
    values = {
        "state": DutyState.OPEN.value,
        "done_on": None,
        "closed_at": None,
        "submitted_at": None,
        "late_entered": False,
        "next_at": now,
    }
    duty = await _change(session, duty_id, values, states=(CLOSING[last.kind],))
    if duty is None:
        raise NotUndoable
    record(session, duty_id, "reopened", now=now, actor_id=actor_id)
    await notices.take_back(session, duty_id, now=sent_at)
    await notices.put_back(session, duty_id, now=sent_at)
    return duty


async def postpone(
    session: AsyncSession,
    duty_id: int,
    *,
    rule: Rule | None,
    to: date,
    paper: str,
    zone: ZoneInfo,
    actor_id: int,
    now: datetime,
    sent_at: datetime,
) -> Duty:
    """Move a limit by what an organisation has allowed; the old day and its paper are kept.

    Raises `NotOpen`, or `NotPostponable` where the rule has no such thing or not so far.
    """
    duty = await session.get_one(Duty, duty_id, populate_existing=True)
    old = duty.due_on
    first = await session.scalar(
        select(Postponement.old_due_on)
        .where(Postponement.duty_id == duty_id)
        .order_by(Postponement.id)
        .limit(1)
    )
    if rule is None or rule.postpone is None or old is None:
        raise NotPostponable
    if not old < to <= add(first or old, rule.postpone, Workdays({})):
        raise NotPostponable
    values: dict[str, Any] = {
        "due_on": to,
        "due_at": due_at(to, zone),
        "stage": "",
        "next_at": now,
        "snoozed_until": None,
    }
    duty = await _open_change(session, duty_id, values)
    session.add(
        Postponement(
            duty_id=duty_id, old_due_on=old, new_due_on=to, paper=paper, by_id=actor_id, at=now
        )
    )
    days = {"old": old.isoformat(), "new": to.isoformat()}
    record(session, duty_id, "postponed", now=now, actor_id=actor_id, paper=paper, **days)
    await notices.take_back(session, duty_id, now=sent_at)
    return duty


def record(
    session: AsyncSession,
    duty_id: int,
    kind: str,
    *,
    now: datetime,
    actor_id: int | None = None,
    **data: Any,
) -> None:
    """Write a line of what happened to a duty; without an actor it was the clock."""
    session.add(DutyEvent(duty_id=duty_id, at=now, kind=kind, actor_id=actor_id, data=data))


async def _judge_day(session: AsyncSession, duty: Duty, on: date, today: date) -> None:
    if on > today:
        raise InFuture
    if duty.earliest_on is not None and on < duty.earliest_on:
        raise TooEarly
    if duty.case_id is None:
        if on < duty.starts_on:
            raise TooEarly
        return
    behind = select(func.max(Duty.done_on)).where(Duty.case_id == duty.case_id, Duty.id < duty.id)
    last = await session.scalar(behind)
    if last is not None and on < last:
        raise OutOfOrder


async def _not_own(session: AsyncSession, duty_id: int, actor_id: int) -> None:
    last = await session.scalar(
        select(DutyEvent.actor_id)
        .where(DutyEvent.duty_id == duty_id, DutyEvent.kind == "submitted")
        .order_by(DutyEvent.id.desc())
        .limit(1)
    )
    if last == actor_id:
        raise OwnWork


async def _open_change(session: AsyncSession, duty_id: int, values: dict[str, Any]) -> Duty:
    duty = await _change(session, duty_id, values, states=(DutyState.OPEN,))
    if duty is None:
        raise NotOpen
    return duty


async def _change(
    session: AsyncSession,
    duty_id: int,
    values: dict[str, Any],
    *conditions: Any,
    states: tuple[DutyState, ...],
) -> Duty | None:
    """Change a duty if it still stands in one of the states; None if it does not."""
    changed = await session.scalars(
        update(Duty)
        .where(Duty.id == duty_id, Duty.state.in_([state.value for state in states]), *conditions)
        .values(**values)
        .returning(Duty),
        execution_options={"populate_existing": True},
    )
    return changed.one_or_none()
