"""Looks at every duty whose time has come, and tells whoever is to be told.

What is due is found by an index on `next_at`; the duties of a batch are locked while it is
worked on, and what becomes of them all is written at once, in one transaction with the notices
and the next times. A notice is unique: so however many processes sweep and whenever they are
killed, each stage is told once. After a pause only the newest missed stage is told. `now` is
the calendar's time, `sent_at` the real one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Table, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.tables import Duty, DutyEvent, DutyRow, DutyState, Notice, NoticeState
from db.types import insert_rows, write_rows
from scheduler import notices, outbox
from scheduler.judging import Desk, Look, Reached, reach
from scheduler.ladder import Stage
from scheduler.messages import Message
from scheduler.notices import Telling, limit_of
from scheduler.recipients import Directory, directory
from scheduler.rulebook.model import Audience, RuleBook

log = logging.getLogger(__name__)

# A transaction holds SQLite's right to write for about half a millisecond a duty.
BATCH = 500
FIRST_BACKOFF, LONGEST_BACKOFF = timedelta(minutes=1), timedelta(hours=6)
DUTY = cast(Table, Duty.__table__)
READ = [DUTY.c[name] for name, held in vars(DutyRow).items() if isinstance(held, property)]
# Made once: making it takes as long as running it.
ANYTHING = (
    select(DUTY.c.id).where(DUTY.c.next_at <= bindparam("now", type_=DUTY.c.next_at.type)).limit(1)
)
RECORD = insert(cast(Table, DutyEvent.__table__))
MOVE = (
    update(DUTY)
    .where(DUTY.c.id == bindparam("number"))
    .values(next_at=bindparam("at"), stage=bindparam("told"), failures=bindparam("failed"))
)


@dataclass(slots=True)
class Minutes:
    """What a batch comes to, before it is written: rows, and who is to be told.

    `warnings` are words for secretaries, by key: the person and the text.
    """

    moves: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    unreachable: list[dict[str, Any]] = field(default_factory=list)
    warnings: dict[str, tuple[int, str]] = field(default_factory=dict)
    tellings: list[Telling] = field(default_factory=list)

    def record(self, duty: DutyRow, kind: str, stage: Stage, now: datetime, **more: object) -> None:
        """Note a line of a duty's history."""
        data = {"stage": stage.key, "due": limit_of(duty), **more}
        self.events.append({"duty_id": duty.id, "at": now, "kind": kind, "data": data})


def due(now: datetime, limit: int) -> Select[Any]:
    """Return the query for the duties to look at, the longest waiting first."""
    come = select(*READ).where(DUTY.c.next_at <= now)
    return come.order_by(DUTY.c.next_at, DUTY.c.id).limit(limit)


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
            # One more tells whether another transaction is needed.
            taken = due(now, limit + 1).with_for_update(skip_locked=True)
            duties: Sequence[Any] = (await session.execute(taken)).all()
            if duties:
                told += await _batch(session, duties[:limit], desk, sent_at=sent_at, zone=zone)
        after_batch()
        more = len(duties) > limit
    return told


async def _anything(database: Database, now: datetime) -> bool:
    """Look without the right to write, so that an empty round waits for nobody."""
    async with database.read() as session:
        return await session.scalar(ANYTHING, {"now": now}) is not None


async def _batch(
    session: AsyncSession,
    duties: Sequence[DutyRow],
    desk: Desk,
    *,
    sent_at: datetime,
    zone: ZoneInfo,
) -> int:
    """Look at locked duties.

    Another process skips them, and judges `next_at` anew where it waits for a row that was
    changed meanwhile: so what is written here is still true.
    """
    who = await directory(session, duties, desk.now.astimezone(zone).date())
    minutes = Minutes()
    for duty in duties:
        seen, failures = _look_safely(duty, desk, who)
        stage = seen.tell[-1].key if duty.state == DutyState.OPEN.value and seen.tell else ""
        minutes.moves.append(
            {
                "number": duty.id,
                "at": seen.next_at,
                "told": stage or duty.stage,
                "failed": failures,
            }
        )
        _settle(minutes, duty, seen, desk, who)
    await _write(session, minutes, sent_at)
    return await notices.tell(
        session,
        minutes.tellings,
        book=desk.book,
        who=who,
        now=desk.now,
        sent_at=sent_at,
        closing=desk.closing(sent_at),
    )


def _look_safely(duty: DutyRow, desk: Desk, who: Directory) -> tuple[Look, int]:
    """Judge a duty; one that cannot be judged backs off alone and the others go on.

    Returns also how often that has failed in a row.
    """
    try:
        return desk.look(duty, who.units[duty.unit_id].path), 0
    except Exception:
        failures = duty.failures + 1
        wait = min(FIRST_BACKOFF * 2 ** min(failures, 16), LONGEST_BACKOFF)
        log.exception("duty %s cannot be judged; trying again in %s", duty.id, wait)
        return Look(desk.now + wait), failures


def _settle(minutes: Minutes, duty: DutyRow, seen: Look, desk: Desk, who: Directory) -> None:
    """Note what becomes of each stage of a duty, and who is to be told."""
    now = desk.now
    for stage in seen.missed:
        minutes.record(duty, "superseded", stage, now)
    for stage in seen.tell:
        reached = reach(duty, stage.audience, who)
        if not reached.applies:
            minutes.record(duty, "skipped", stage, now)
            continue
        if reached.missing:
            _unreachable(minutes, duty, stage, reached, who, now)
        if reached.persons:
            late = now - stage.at if stage.at >= duty.created_at else timedelta(0)
            on = desk.today(duty.unit_id)
            told = {"on": on.isoformat(), "late": int(late.total_seconds())}
            minutes.record(duty, "told", stage, now, **told)
            minutes.tellings += [Telling(duty, stage.key, p, on, late) for p in reached.persons]


def _unreachable(
    minutes: Minutes, duty: DutyRow, stage: Stage, reached: Reached, who: Directory, now: datetime
) -> None:
    """Put on record who was meant, and tell the branch's secretary once a day."""
    meant = [audience.value for audience in reached.missing]
    minutes.record(duty, "unreachable", stage, now, audiences=meant)
    minutes.unreachable += [
        {
            "duty_id": duty.id,
            "stage": stage.key,
            "due": limit_of(duty),
            "person_id": person_id,
            "at": now,
            "state": NoticeState.UNREACHABLE.value,
        }
        for person_id in sorted(_persons(duty, reached.missing, who))
    ]
    secretaries = set(reach(duty, Audience.SECRETARY, who).persons)
    if secretaries & set(reached.persons):
        return
    unit = who.units[duty.unit_id]
    words = f"{unit.name}有任务提醒送不到{'、'.join(meant)}：职务空缺或没有绑定账号。"
    for secretary in secretaries:
        key = f"unreachable:{unit.id}:{secretary}:{now:%Y-%m-%d}"
        minutes.warnings.setdefault(key, (secretary, f"{words}请补齐职务，或请本人绑定账号。"))


def _persons(duty: DutyRow, audiences: Sequence[Audience], who: Directory) -> set[int]:
    choices = (choice for a in audiences for choice in who.candidates(duty, a) or [])
    return {person_id for choice in choices for person_id in choice}


async def _write(session: AsyncSession, minutes: Minutes, sent_at: datetime) -> None:
    await write_rows(session, MOVE, minutes.moves)
    await write_rows(session, RECORD, minutes.events)
    await insert_rows(session, Notice, minutes.unreachable)
    for key, (person_id, words) in sorted(minutes.warnings.items()):
        await outbox.notify(
            session, person_id, Message(words), key=key, kind="unreachable", now=sent_at
        )
