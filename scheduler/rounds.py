"""Rounds of questions in groups: opened at their minute, closed at theirs, each slot once.

What is due is found by two indexes; the rows of a batch are locked while it is worked on, and a
round is unique by group, local date, kind and number: so however many processes look, whenever
they are killed and however late they come, a slot is held at most once. A daily round that is
late is held all the same, with its end moved by the delay, unless it is more than `LATEST` late
or would be over by now: then it is left out and whoever answers for the group is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.tables import QuizAnswer, QuizGroup, QuizPost, QuizRound, RoundKind, RoundState, Unit
from db.types import insert_new_ids
from scheduler import opening, quiz_groups, races, round_posts, round_words, standings
from scheduler.opening import Slot
from scheduler.quiz_groups import Almanac
from scheduler.quiz_times import Course

log = logging.getLogger(__name__)

LATEST = timedelta(minutes=30)
# A transaction holds SQLite's right to write for some milliseconds a group.
BATCH = 20
# What cannot be worked on is looked at again after this.
BACKOFF = timedelta(minutes=1)


class NoQuestions(Exception):
    """There is nothing in the bank that a round could ask."""


async def tick(
    database: Database,
    *,
    now: datetime,
    zone: ZoneInfo,
    limit: int = BATCH,
    after_batch: Callable[[], None] = lambda: None,
) -> int:
    """Close what is over and open what is due; return how many groups and rounds had their turn.

    `after_batch` is called after each transaction: the clock is alive, and there is something
    to send.
    """
    async with database.read() as session:
        is_due = exists(_due_groups(now, 1).with_only_columns(QuizGroup.id))
        is_ripe = exists(_ripe_rounds(now, 1).with_only_columns(QuizRound.id))
        found = (await session.execute(select(is_due.label("due"), is_ripe.label("ripe")))).one()
        if not (found.due or found.ripe):
            return 0
        almanac = await Almanac.load(session, now=now, zone=zone)
    looked_at = 0
    for wanted in ([_close_some] if found.ripe else []) + ([_open_some] if found.due else []):
        more = True
        while more:
            async with database.write() as session:
                number = await wanted(session, almanac, now=now, limit=limit)
            looked_at += number
            more = number == limit
            after_batch()
    return looked_at


async def start(
    session: AsyncSession,
    group: QuizGroup,
    *,
    kind: RoundKind,
    count: int,
    topic: str,
    by_id: int,
    now: datetime,
    zone: ZoneInfo,
) -> QuizRound:
    """Open a round that somebody asks for; `group` is locked, `zone` its unit's.

    Raises `NoQuestions` if there is nothing to ask.
    """
    day = now.astimezone(zone).date()
    same_day = (QuizRound.group_id == group.id, QuizRound.local_date == day)
    numbers = select(func.max(QuizRound.number)).where(*same_day, QuizRound.kind == kind.value)
    number = (await session.scalar(numbers) or 0) + 1
    minutes = timedelta(minutes=group.minutes)
    length = races.LENGTH if kind is RoundKind.RACE else minutes
    wanted = Slot(
        group,
        kind,
        number,
        day=day,
        due_at=now,
        closes_at=now + length,
        topic=topic,
        count=count,
        zone=zone,
        asked_by=by_id,
    )
    held = await opening.hold(session, [wanted], now=now)
    if not held or held[0].state != RoundState.OPEN.value:
        raise NoQuestions
    return held[0]


async def running(session: AsyncSession, group: QuizGroup, *kinds: RoundKind) -> QuizRound | None:
    """Return the newest open round of a group, of some kinds or of any."""
    wanted = [kind.value for kind in kinds or RoundKind]
    statement = (
        select(QuizRound)
        .where(
            QuizRound.group_id == group.id,
            QuizRound.state == RoundState.OPEN.value,
            QuizRound.kind.in_(wanted),
        )
        .order_by(QuizRound.id.desc())
        .limit(1)
    )
    return (await session.scalars(statement)).first()


async def hurry(session: AsyncSession, round_id: int, *, now: datetime) -> QuizRound:
    """Let an open round, or the question of a race, end at the clock's next look."""
    round_ = await session.get_one(QuizRound, round_id, with_for_update=True)
    if round_.state == RoundState.OPEN.value:
        round_.closes_at = round_.next_at = now
    await session.flush()
    return round_


async def skip_today(
    session: AsyncSession, group: QuizGroup, *, now: datetime, zone: ZoneInfo
) -> bool:
    """Leave out today's daily round if it is still to come; False if there is none."""
    day = now.astimezone(zone).date()
    if group.next_at is None or group.next_at.astimezone(zone).date() != day:
        return False
    await _leave_out(session, group, day, group.next_at, now=now)
    await quiz_groups.reckon(session, group, now=now, zone=zone)
    return True


def _due_groups(now: datetime, limit: int) -> Select[QuizGroup]:
    return (
        select(QuizGroup)
        .where(QuizGroup.next_at <= now)
        .order_by(QuizGroup.next_at, QuizGroup.id)
        .limit(limit)
    )


def _ripe_rounds(now: datetime, limit: int) -> Select[QuizRound]:
    """Return the query for rounds whose end has come, and races with a right answer."""
    ripe = or_(QuizRound.next_at <= now, _has_winner())
    return (
        select(QuizRound)
        .where(QuizRound.next_at.is_not(None), ripe)
        .order_by(QuizRound.next_at, QuizRound.id)
        .limit(limit)
    )


def _has_winner() -> ColumnElement[bool]:
    right = and_(
        QuizPost.round_id == QuizRound.id,
        QuizPost.closed_at.is_(None),
        QuizAnswer.post_id == QuizPost.id,
        QuizAnswer.correct.is_(True),
    )
    found = select(QuizAnswer.id).select_from(QuizPost, QuizAnswer).where(right)
    return and_(QuizRound.kind == RoundKind.RACE.value, found.correlate(QuizRound).exists())


async def _open_some(session: AsyncSession, almanac: Almanac, *, now: datetime, limit: int) -> int:
    due = _due_groups(now, limit).with_for_update(skip_locked=True)
    groups = list(await session.scalars(due))
    if not groups or await _opened(session, groups, almanac, now=now):
        return len(groups)
    # One group that cannot be worked on holds up no other.
    for group in groups:
        await session.refresh(group)
        if not await _opened(session, [group], almanac, now=now):
            await session.refresh(group)
            group.next_at = now + BACKOFF
    return len(groups)


async def _opened(
    session: AsyncSession, groups: Sequence[QuizGroup], almanac: Almanac, *, now: datetime
) -> bool:
    """Work on groups together; False, and nothing done, if that fails."""
    ids = [group.id for group in groups]
    try:
        async with session.begin_nested():
            await _catch_up(session, groups, almanac, now=now)
    except Exception:
        log.exception("the rounds of groups %s cannot be opened", ids)
        return False
    return True


async def _close_some(session: AsyncSession, almanac: Almanac, *, now: datetime, limit: int) -> int:
    ripe = _ripe_rounds(now, limit).with_for_update(skip_locked=True, of=QuizRound)
    found = list(await session.scalars(ripe))
    for round_ in found:
        try:
            async with session.begin_nested():
                await _close(session, round_, almanac, now=now)
        except Exception:
            log.exception("round %s cannot be closed", round_.id)
            await session.refresh(round_)
            round_.next_at = now + BACKOFF
    return len(found)


async def _catch_up(
    session: AsyncSession, groups: Sequence[QuizGroup], almanac: Almanac, *, now: datetime
) -> None:
    """Hold the rounds that are due; those that are too late by now are left out, with a notice."""
    slots = [slot for group in groups for slot in await _slots(session, group, almanac, now=now)]
    await opening.hold(session, slots, now=now)
    await session.flush()


async def _slots(
    session: AsyncSession, group: QuizGroup, almanac: Almanac, *, now: datetime
) -> list[Slot]:
    """Return the round that is due, and see to those that are too late and to the next time."""
    zone, missed, slots = almanac.zones[group.unit_id], list[date](), list[Slot]()
    while group.next_at is not None and group.next_at <= now:
        course = Course(group.daily_at or "", group.days)
        day, due = course.latest(group.next_at, zone)
        # The end moves with the beginning.
        closes_at = now + timedelta(minutes=group.minutes)
        if not course.falls_on(day, almanac.workdays):
            log.info("group %s has no round on %s any more", group.id, day)
        elif now - due <= LATEST and now - due < timedelta(minutes=group.minutes):
            slots.append(
                Slot(
                    group,
                    RoundKind.DAILY,
                    day=day,
                    due_at=due,
                    closes_at=closes_at,
                    topic=group.topic,
                    count=group.count,
                    zone=zone,
                )
            )
        elif await _leave_out(session, group, day, due, now=now):
            missed.append(day)
        group.next_at = almanac.next_of(group, after=due, taken=day)
    if missed:
        await _tell_missed(session, group, missed, now=now, zone=zone)
    return slots


async def _close(
    session: AsyncSession, round_: QuizRound, almanac: Almanac, *, now: datetime
) -> None:
    """End a round, or go on with a race, unless a poll in it still counts down by itself."""
    group = await session.get_one(QuizGroup, round_.group_id)
    zone = almanac.zones[group.unit_id]
    if round_.kind == RoundKind.RACE:
        unit = await session.get_one(Unit, group.unit_id)
        await races.step(session, group, round_, unit.path, now=now, zone=zone)
        return
    until = await _still_counting(session, round_, now=now)
    if until is not None:
        round_.next_at = until
        return
    await _conclude(session, group, round_, now=now, zone=zone)


async def _still_counting(
    session: AsyncSession, round_: QuizRound, *, now: datetime
) -> datetime | None:
    """Return when the last poll that ends by itself does so, if that is still to come.

    A poll that went out late ends late; what its messenger takes until then must count. A round
    that was cut short waits for nobody.
    """
    ends = [
        at
        for one in await round_posts.of_round(session, round_.id)
        if (at := one.ends_itself_at()) is not None and not one.was_cut_short(round_)
    ]
    latest = max(ends, default=now)
    return latest if now < latest <= round_.closes_at + LATEST else None


async def _conclude(
    session: AsyncSession, group: QuizGroup, round_: QuizRound, *, now: datetime, zone: ZoneInfo
) -> None:
    """Close a round and post its result, or tell that nothing of it got out."""
    questions = await round_posts.shut(session, group, round_, now=now)
    seen = [(one.post, one.question) for one in questions if one.was_seen]
    round_.closed_at, round_.next_at = now, None
    if not seen:
        round_.state = RoundState.SKIPPED.value
        text = f"{round_words.title(round_)}没有一题发到{quiz_groups.name_of(group)}，这一轮作废。"
        key = f"quiz-unsent:{round_.id}"
        await quiz_groups.tell(session, group, text, key=key, now=now, zone=zone)
        return
    round_.state = RoundState.CLOSED.value
    counted = await standings.of_round(session, round_.id, seen)
    message = round_words.result(round_, counted, names=group.names)
    await round_posts.say(session, group, message, key=f"round:{round_.id}:result", now=now)


async def _leave_out(
    session: AsyncSession, group: QuizGroup, day: date, due: datetime, *, now: datetime
) -> bool:
    """Take the slot of a day without holding its round; False if it is taken."""
    values = {
        "group_id": group.id,
        "local_date": day,
        "kind": RoundKind.DAILY.value,
        "number": 1,
        "topic": group.topic,
        "count": 0,
        "state": RoundState.SKIPPED.value,
        "due_at": due,
        "opened_at": now,
        "closes_at": now,
    }
    return bool(await insert_new_ids(session, QuizRound, [values]))


async def _tell_missed(
    session: AsyncSession, group: QuizGroup, days: list[date], *, now: datetime, zone: ZoneInfo
) -> None:
    stretch = f"{days[0]:%m-%d}" if len(days) == 1 else f"{days[0]:%m-%d} 至 {days[-1]:%m-%d}"
    text = (
        f"{quiz_groups.name_of(group)}{stretch} 的每日答题（共 {len(days)} 次）因系统停机错过，"
        "没有补发，不影响大家的成绩。"
    )
    key = f"quiz-missed:{group.id}:{days[-1]}"
    await quiz_groups.tell(session, group, text, key=key, now=now, zone=zone)
