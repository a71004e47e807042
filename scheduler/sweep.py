"""Looks at every duty whose time has come, and tells whoever is to be told.

What is due is found by an index on `next_at`; the duties of a batch are locked while it is
worked on, notices and the next time are written in one transaction, and a notice is unique: so
however many processes sweep and whenever they are killed, each stage is told once. After a
pause only the newest missed stage is told. `now` is the calendar's time, `sent_at` the real one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.tables import Duty, DutyEvent, DutyState, Notice, NoticeState
from scheduler import ladder, notices, outbox, quiet, silences
from scheduler.ladder import LINE, Stage, Timetable
from scheduler.messages import Message
from scheduler.notices import Telling, limit_of
from scheduler.recipients import Directory, directory
from scheduler.rulebook.model import Audience, RuleBook
from scheduler.workdays import Workdays

log = logging.getLogger(__name__)

# A transaction holds SQLite's right to write for about a millisecond a duty.
BATCH = 100
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(minutes=1), timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Desk:
    """What duties are judged by, loaded once a round."""

    book: RuleBook
    workdays: Workdays
    hours: Mapping[int, quiet.Hours]
    silent: dict[str, date]

    @classmethod
    async def load(
        cls, session: AsyncSession, book: RuleBook, *, now: datetime, zone: ZoneInfo
    ) -> Desk:
        """Read the days, the quiet hours and the silences of today."""
        return cls(
            book,
            await Workdays.load(session),
            await quiet.of_units(session, zone=zone),
            await silences.covering(session, now.astimezone(zone).date()),
        )

    def timetable(self, unit_id: int) -> Timetable:
        """Return when the people of a unit may be told."""
        hours = self.hours[unit_id]
        return Timetable(self.workdays, hours.quiet, hours.zone, ladder.jitter(unit_id))

    def closing(self, sent_at: datetime) -> Callable[[int], tuple[datetime, datetime] | None]:
        """Return the function that says when a unit's quiet hours come, counted in real time."""

        def of_unit(unit_id: int) -> tuple[datetime, datetime] | None:
            hours = self.hours[unit_id]
            works = self.workdays.is_workday
            return hours.quiet.closing_after(sent_at, hours.zone, works)

        return of_unit


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


def due(now: datetime, limit: int) -> Select[Duty]:
    """Return the query for the duties to look at, the longest waiting first."""
    return select(Duty).where(Duty.next_at <= now).order_by(Duty.next_at, Duty.id).limit(limit)


async def sweep(
    database: Database,
    book: RuleBook,
    *,
    now: datetime,
    sent_at: datetime,
    zone: ZoneInfo,
    limit: int = BATCH,
    after_batch: Callable[[], None] = lambda: None,
) -> int:
    """Look at all that is due, a transaction for each `limit` duties; return how many were told.

    `after_batch` is called after each transaction: the sweep is alive.
    """
    if not await _anything(database, now):
        return 0
    async with database.read() as session:
        desk = await Desk.load(session, book, now=now, zone=zone)
    told, more = 0, True
    while more:
        async with database.write() as session:
            duties = list(await session.scalars(due(now, limit).with_for_update(skip_locked=True)))
            told += await _batch(session, duties, desk, now=now, sent_at=sent_at, zone=zone)
        after_batch()
        more = len(duties) == limit
    return told


def look(duty: Duty, path: str, desk: Desk, now: datetime) -> Look:
    """Judge a duty of the unit of a path. Raises `LookupError` if its rule is unknown."""
    timetable = desk.timetable(duty.unit_id)
    if duty.state not in (DutyState.OPEN.value, DutyState.SUBMITTED.value):
        return Look(None)
    if (silent := silences.until(desk.silent, path)) is not None:
        again = timetable.morning(timetable.after(silent + timedelta(days=1)))
        if again > now:
            return Look(again)
    opening = timetable.opening(now)
    if duty.state == DutyState.SUBMITTED.value:
        return _look_at_submitted(duty, timetable, opening, now)
    return _look_at_open(duty, desk.book, timetable, opening, now)


def expected(duty: Duty, book: RuleBook, timetable: Timetable) -> list[Stage]:
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


def reach(duty: Duty, audience: Audience, who: Directory) -> Reached:
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
    duty: Duty, book: RuleBook, timetable: Timetable, opening: datetime, now: datetime
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


def _look_at_submitted(duty: Duty, timetable: Timetable, opening: datetime, now: datetime) -> Look:
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


async def _anything(database: Database, now: datetime) -> bool:
    """Look without the right to write, so that an empty round waits for nobody."""
    async with database.read() as session:
        return await session.scalar(due(now, 1).with_only_columns(Duty.id)) is not None


async def _batch(
    session: AsyncSession,
    duties: Sequence[Duty],
    desk: Desk,
    *,
    now: datetime,
    sent_at: datetime,
    zone: ZoneInfo,
) -> int:
    """Look at locked duties.

    Another process skips them, and judges `next_at` anew where it waits for a row that was
    changed meanwhile: so what is written here is still true.
    """
    who = await directory(session, duties, now.astimezone(zone).date())
    tellings: list[Telling] = []
    for duty in duties:
        seen = _look_safely(duty, desk, who, now)
        duty.next_at = seen.next_at
        tellings += await _settle(session, duty, seen, desk=desk, who=who, now=now, sent_at=sent_at)
    return await notices.tell(
        session,
        tellings,
        book=desk.book,
        who=who,
        now=now,
        sent_at=sent_at,
        closing=desk.closing(sent_at),
    )


def _look_safely(duty: Duty, desk: Desk, who: Directory, now: datetime) -> Look:
    """Judge a duty; one that cannot be judged backs off alone and the others go on."""
    try:
        found = look(duty, who.units[duty.unit_id].path, desk, now)
    except Exception:
        duty.failures += 1
        wait = min(FIRST_BACKOFF * 2 ** min(duty.failures, 16), LONGEST_BACKOFF)
        log.exception("duty %s cannot be judged; trying again in %s", duty.id, wait)
        return Look(now + wait)
    duty.failures = 0
    return found


async def _settle(
    session: AsyncSession,
    duty: Duty,
    seen: Look,
    *,
    desk: Desk,
    who: Directory,
    now: datetime,
    sent_at: datetime,
) -> list[Telling]:
    """Write down what becomes of each stage of a duty; return who is to be told."""
    zone = desk.hours[duty.unit_id].zone
    for stage in seen.missed:
        _record(session, duty, "superseded", stage, now)
    if duty.state == DutyState.OPEN.value and seen.tell:
        duty.stage = seen.tell[-1].key
    tellings: list[Telling] = []
    for stage in seen.tell:
        reached = reach(duty, stage.audience, who)
        late = now - stage.at if stage.at >= duty.created_at else timedelta(0)
        on = now.astimezone(zone).date()
        if not reached.applies:
            _record(session, duty, "skipped", stage, now)
            continue
        if reached.missing:
            await _unreachable(session, duty, stage, reached, who=who, now=now, sent_at=sent_at)
        if reached.persons:
            told = {"on": on.isoformat(), "late": int(late.total_seconds())}
            _record(session, duty, "told", stage, now, **told)
        tellings += [Telling(duty, stage.key, person, on, late) for person in reached.persons]
    return tellings


async def _unreachable(
    session: AsyncSession,
    duty: Duty,
    stage: Stage,
    reached: Reached,
    *,
    who: Directory,
    now: datetime,
    sent_at: datetime,
) -> None:
    """Put on record who was meant, and tell the branch's secretary once a day."""
    meant = [audience.value for audience in reached.missing]
    _record(session, duty, "unreachable", stage, now, audiences=meant)
    persons = _persons(duty, reached.missing, who)
    known = select(Notice.person_id).where(
        Notice.duty_id == duty.id, Notice.stage == stage.key, Notice.due == limit_of(duty)
    )
    for person_id in sorted(persons - set(await session.scalars(known))):
        session.add(
            Notice(
                duty_id=duty.id,
                stage=stage.key,
                due=limit_of(duty),
                person_id=person_id,
                at=now,
                state=NoticeState.UNREACHABLE.value,
            )
        )
    secretaries = set(reach(duty, Audience.SECRETARY, who).persons)
    if secretaries & set(reached.persons):
        return
    unit = who.units[duty.unit_id]
    for secretary in sorted(secretaries):
        words = f"{unit.name}有任务提醒送不到{'、'.join(meant)}：职务空缺或没有绑定账号。"
        await outbox.notify(
            session,
            secretary,
            Message(f"{words}请补齐职务，或请本人绑定账号。"),
            key=f"unreachable:{unit.id}:{secretary}:{now:%Y-%m-%d}",
            kind="unreachable",
            now=sent_at,
        )


def _persons(duty: Duty, audiences: Sequence[Audience], who: Directory) -> set[int]:
    choices = (choice for a in audiences for choice in who.candidates(duty, a) or [])
    return {person_id for choice in choices for person_id in choice}


def _record(
    session: AsyncSession, duty: Duty, kind: str, stage: Stage, now: datetime, **more: object
) -> None:
    data = {"stage": stage.key, "due": limit_of(duty), **more}
    session.add(DutyEvent(duty_id=duty.id, at=now, kind=kind, data=data))
