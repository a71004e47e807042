"""Derives again what should have been told, compares it with what is there, repairs, reports.

It trusts neither the sweep nor the outbox. What was told in the last two days must still be in
the outbox; every open duty must be looked at when its next step comes. The second is checked a
stretch of the duties at a time, so that a round costs the same however many there are.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.engine import Database
from db.tables import (
    Duty,
    DutyEvent,
    DutyState,
    Hold,
    Notice,
    NoticeState,
    Outbox,
    OutboxState,
    Unit,
)
from scheduler import heartbeat, ladder, silences
from scheduler.judging import Desk, expected
from scheduler.rulebook.model import RuleBook

log = logging.getLogger(__name__)

LOOP = "audit"
# How far back it looks, and at how many of the newest lines of the duties' history.
SPAN = timedelta(hours=48)
NEWEST_EVENTS = 10_000
# The sweep's period; something that waits for two of them is stuck.
TICK = timedelta(seconds=10)
LEASE_GRACE = timedelta(minutes=5)
PENDING_GRACE = timedelta(minutes=30)
MOST_REPORTED = 1000
# Ids in a stretch for each open duty that may be in it.
STRETCH = 10


@dataclass(frozen=True, slots=True)
class Findings:
    """What an audit found: counts, ids of duties, and where the next one begins.

    `waiting` duties are due and not looked at, `lost` notices have no message any more and
    `forgotten` duties would never have been looked at again (both are repaired), `failing`
    duties cannot be judged. `stuck_leases` are messages in flight for too long, `oldest` is how
    long the oldest message has waited, `silent` are loops that no process runs.
    """

    waiting: int = 0
    lost: int = 0
    forgotten: tuple[int, ...] = ()
    failing: tuple[int, ...] = ()
    stuck_leases: int = 0
    oldest: timedelta = timedelta(0)
    silent: tuple[str, ...] = ()
    looked_at: int = 0
    resume_after: int = 0

    def problems(self) -> list[str]:
        """Return what is wrong, a line each."""
        lines = (
            (self.waiting, f"{self.waiting} duties are due and nobody looks at them"),
            (self.lost, f"{self.lost} notices had lost their message; they are told again"),
            (self.forgotten, f"duties {_some(self.forgotten)} were forgotten; looked at again"),
            (self.failing, f"duties {_some(self.failing)} cannot be judged"),
            (self.stuck_leases, f"{self.stuck_leases} messages are stuck on their way"),
            (self.oldest > PENDING_GRACE, f"a message has been waiting for {self.oldest}"),
            (self.silent, f"loops are silent: {', '.join(self.silent)}"),
        )
        return [line for wrong, line in lines if wrong]


async def audit(
    database: Database,
    book: RuleBook,
    *,
    now: datetime,
    sent_at: datetime,
    zone: ZoneInfo,
    periods: Mapping[str, timedelta],
    resume_after: int = 0,
    budget: int = 1000,
    tick: timedelta = TICK,
) -> Findings:
    """Check, repair, beat; `budget` is how many open duties are derived again in this round.

    `now` is the calendar's time, `sent_at` the real one, `periods` how often each loop runs and
    `tick` how far the calendar goes between two sweeps. The next round goes on where
    `resume_after` of the findings says.
    """
    async with database.read() as session:
        found = Findings(
            waiting=await _waiting(session, now - 2 * tick),
            stuck_leases=await _stuck_leases(session, sent_at),
            oldest=await _oldest(session, sent_at),
            silent=tuple(await heartbeat.silent(session, periods, sent_at)),
        )
        lost = await _lost(session, now)
        derived = await _derive(
            session, book, now=now, zone=zone, resume_after=resume_after, budget=budget, tick=tick
        )
    found = replace(
        found,
        lost=len(lost),
        forgotten=derived.forgotten,
        failing=derived.failing,
        looked_at=derived.looked_at,
        resume_after=derived.resume_after,
    )
    async with database.write() as session:
        await _tell_again(session, lost, book, now=now, zone=zone)
        await _look_again(session, found.forgotten, now)
        await heartbeat.beat(session, LOOP, sent_at, "; ".join(found.problems()))
    for problem in found.problems():
        log.error("audit: %s", problem)
    return found


async def _waiting(session: AsyncSession, since: datetime) -> int:
    late = select(Duty.id).where(Duty.next_at <= since).limit(MOST_REPORTED)
    return await session.scalar(select(func.count()).select_from(late.subquery())) or 0


async def _stuck_leases(session: AsyncSession, sent_at: datetime) -> int:
    stuck = and_(
        Outbox.state == OutboxState.LEASED.value, Outbox.send_after <= sent_at - LEASE_GRACE
    )
    return await session.scalar(select(func.count()).select_from(Outbox).where(stuck)) or 0


async def _oldest(session: AsyncSession, sent_at: datetime) -> timedelta:
    """Return how long the oldest message waits that could be sent, from when it could be.

    While everything is held, nothing could be; the hold speaks for itself.
    """
    could_be = (
        Outbox.state == OutboxState.PENDING.value,
        Outbox.send_after <= sent_at,
        or_(Outbox.closes_at.is_(None), Outbox.closes_at > sent_at, Outbox.reopens_at <= sent_at),
        ~exists(select(Hold.name)),
    )
    row = await session.scalar(select(Outbox).where(*could_be).order_by(Outbox.id).limit(1))
    if row is None:
        return timedelta(0)
    reopened = row.reopens_at if row.reopens_at and row.reopens_at <= sent_at else row.created_at
    return sent_at - max(row.created_at, row.send_after, reopened)


async def _lost(session: AsyncSession, now: datetime) -> list[tuple[int, str]]:
    """Return duty and stage of what was told lately and has no notice or message any more."""
    message = exists().where(Outbox.id == Notice.outbox_id)
    queued = Notice.state == NoticeState.QUEUED.value
    orphans = select(Notice.duty_id, Notice.stage).where(Notice.at > now - SPAN, queued, ~message)
    stage, limit = DutyEvent.data["stage"].as_string(), DutyEvent.data["due"].as_string()
    noticed = exists().where(
        Notice.duty_id == DutyEvent.duty_id, Notice.stage == stage, Notice.due == limit
    )
    later = aliased(DutyEvent)
    found_before = exists().where(
        later.duty_id == DutyEvent.duty_id,
        later.kind == "lost",
        later.data["stage"].as_string() == stage,
        later.id > DutyEvent.id,
    )
    newest = select(func.max(DutyEvent.id)).scalar_subquery()
    traceless = select(DutyEvent.duty_id, stage).where(
        DutyEvent.id > newest - NEWEST_EVENTS,
        DutyEvent.kind == "told",
        DutyEvent.at > now - SPAN,
        ~noticed,
        ~found_before,
    )
    rows = [*await session.execute(orphans), *await session.execute(traceless)]
    return sorted({(duty_id, key) for duty_id, key in rows})


async def _derive(
    session: AsyncSession,
    book: RuleBook,
    *,
    now: datetime,
    zone: ZoneInfo,
    resume_after: int,
    budget: int,
    tick: timedelta,
) -> Findings:
    """Derive the steps of a stretch of the open duties; after the last one it starts again.

    A stretch is also so many ids, for where nearly all duties are closed.
    """
    end = resume_after + STRETCH * budget
    statement = (
        select(Duty, Unit.path)
        .join(Unit, Unit.id == Duty.unit_id)
        .where(
            Duty.id > resume_after,
            Duty.id <= end,
            Duty.state == DutyState.OPEN.value,
            Duty.due_on.is_not(None),
        )
        .order_by(Duty.id)
        .limit(budget)
    )
    pairs = [(duty, path) for duty, path in await session.execute(statement)]
    newest = await session.scalar(select(func.max(Duty.id))) or 0
    last = pairs[-1][0].id if len(pairs) == budget else end
    resume = last if last < newest else 0
    if not pairs:
        return Findings(resume_after=resume)
    desk = await Desk.load(session, book, now=now, zone=zone)
    failing = tuple(duty.id for duty, _ in pairs if duty.failures)
    forgotten = tuple(
        duty.id
        for duty, path in pairs
        if not duty.failures and _is_forgotten(duty, path, desk, now, tick)
    )
    return Findings(forgotten=forgotten, failing=failing, looked_at=len(pairs), resume_after=resume)


def _is_forgotten(duty: Duty, path: str, desk: Desk, now: datetime, tick: timedelta) -> bool:
    """Tell whether a step has come, or will, and nobody is going to look at the duty for it."""
    if silences.until(desk.silent, path) is not None:
        return False
    timetable = desk.timetable(duty.unit_id)
    try:
        pending = ladder.pending(expected(duty, desk.book, timetable), duty.stage)
    except Exception:
        # The sweep backs off and logs the reason, if only it looks at it.
        return duty.next_at is None
    if not pending or duty.next_at is None:
        return bool(pending)
    # What waited for the end of a night or a silence is looked at in the morning.
    morning = timetable.morning(now.astimezone(timetable.zone).date())
    come = pending[0].at <= now - 2 * tick and timetable.opening(now) == now
    return come and duty.next_at > max(now, morning)


async def _tell_again(
    session: AsyncSession,
    lost: Sequence[tuple[int, str]],
    book: RuleBook,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """Set the ladder of each duty back to before a lost stage, unless it has gone on since."""
    if not lost:
        return
    desk = await Desk.load(session, book, now=now, zone=zone)
    for duty_id, stage in lost:
        duty = await session.get_one(Duty, duty_id, with_for_update=True)
        await _forget(session, duty_id, stage)
        if duty.state == DutyState.OPEN.value and duty.stage == stage:
            keys = [s.key for s in expected(duty, book, desk.timetable(duty.unit_id))]
            place = keys.index(stage) if stage in keys else 0
            duty.stage = keys[place - 1] if place else ""
        if duty.state in (DutyState.OPEN.value, DutyState.SUBMITTED.value):
            duty.next_at = now
        session.add(DutyEvent(duty_id=duty_id, at=now, kind="lost", data={"stage": stage}))
    await session.flush()


async def _forget(session: AsyncSession, duty_id: int, stage: str) -> None:
    """Remove the notices of a stage that have no message."""
    message = exists().where(Outbox.id == Notice.outbox_id)
    queued = Notice.state == NoticeState.QUEUED.value
    await session.execute(
        delete(Notice).where(Notice.duty_id == duty_id, Notice.stage == stage, queued, ~message)
    )


async def _look_again(session: AsyncSession, duty_ids: Sequence[int], now: datetime) -> None:
    for duty_id in duty_ids:
        duty = await session.get_one(Duty, duty_id, with_for_update=True)
        if duty.state == DutyState.OPEN.value:
            duty.next_at = now
    await session.flush()


def _some(ids: Sequence[int]) -> str:
    shown = ", ".join(str(each) for each in ids[:10])
    return f"{shown} … ({len(ids)})" if len(ids) > 10 else shown
