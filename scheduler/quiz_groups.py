"""The groups that quizzes are held in: their settings, and telling whoever answers for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import access, accounts, organisation
from db.access import Scope
from db.engine import Database
from db.tables import (
    Outbox,
    OutboxState,
    QuizGroup,
    QuizPost,
    QuizRound,
    RoundKind,
    RoundState,
    Title,
    Unit,
)
from db.types import insert_new
from scheduler import outbox
from scheduler.messages import Message
from scheduler.quiz_times import Course
from scheduler.workdays import Workdays

KIND = "quiz"


@dataclass(frozen=True, slots=True)
class Almanac:
    """What says when a group's round is due: the days, and the zone of each unit."""

    workdays: Workdays
    zones: dict[int, ZoneInfo]

    @classmethod
    async def load(
        cls, session: AsyncSession, *, now: datetime, zone: ZoneInfo, units: Iterable[int] = ()
    ) -> Almanac:
        """Read the days around now, and the zones of all units or of these."""
        first, last = (now + timedelta(days=days) for days in (-31, 92))
        workdays = await Workdays.load(session, first.date(), last.date())
        return cls(workdays, await _zones(session, zone, set(units)))

    def next_of(self, group: QuizGroup, *, after: datetime, taken: date | None) -> datetime | None:
        """Return the first time from `after` on when the group's round is due."""
        if group.daily_at is None or group.paused_at is not None:
            return None
        course = Course(group.daily_at, group.days)
        return course.following(after, self.zones[group.unit_id], self.workdays, taken=taken)


async def of_chat(
    session: AsyncSession, *, channel: str, chat: str, lock: bool = False
) -> QuizGroup | None:
    """Return the group of a chat, if anybody has set it up; with `lock` for changing it."""
    statement = select(QuizGroup).where(QuizGroup.channel == channel, QuizGroup.chat == chat)
    if lock:
        statement = statement.with_for_update()
    return (await session.scalars(statement)).one_or_none()


async def within(session: AsyncSession, scope: Scope) -> list[QuizGroup]:
    """Return the groups of the units of a scope."""
    statement = (
        select(QuizGroup)
        .join(Unit, Unit.id == QuizGroup.unit_id)
        .where(scope.units())
        .order_by(Unit.path, QuizGroup.id)
    )
    return list(await session.scalars(statement))


async def find(session: AsyncSession, group_id: int, scope: Scope) -> QuizGroup | None:
    """Return a group of the units of a scope, for changing it."""
    statement = (
        select(QuizGroup)
        .join(Unit, Unit.id == QuizGroup.unit_id)
        .where(QuizGroup.id == group_id, scope.units())
        .with_for_update(of=QuizGroup)
    )
    return (await session.scalars(statement)).one_or_none()


async def enter(
    session: AsyncSession,
    *,
    channel: str,
    chat: str,
    thread: str | None,
    title: str,
    unit_id: int,
    by_id: int,
    now: datetime,
) -> QuizGroup:
    """Bind a chat to a unit, unless it is bound already; returns what is there, locked."""
    values = {
        "channel": channel,
        "chat": chat,
        "thread": thread,
        "title": title,
        "unit_id": unit_id,
        "set_by": by_id,
        "set_at": now,
        "days": "workdays",
        "count": 5,
        "topic": "",
        "minutes": 30,
        "names": False,
    }
    await insert_new(session, QuizGroup, values)
    group = await of_chat(session, channel=channel, chat=chat, lock=True)
    assert group is not None  # it was just there, and nobody removes groups
    return group


async def reckon(
    session: AsyncSession, group: QuizGroup, *, now: datetime, zone: ZoneInfo
) -> datetime | None:
    """Work out anew when the group's next round is due."""
    almanac = await Almanac.load(session, now=now, zone=zone, units=[group.unit_id])
    taken = await last_slot(session, group.id)
    group.next_at = almanac.next_of(group, after=now, taken=taken)
    await session.flush()
    return group.next_at


async def reckon_all(database: Database, *, now: datetime, zone: ZoneInfo) -> int:
    """Follow the table of days and the zones of the units; return how many times moved."""
    async with database.read() as session:
        groups = list(await session.scalars(select(QuizGroup).where(QuizGroup.next_at > now)))
        if not groups:
            return 0
        almanac = await Almanac.load(session, now=now, zone=zone)
        days = select(QuizRound.group_id, func.max(QuizRound.local_date))
        daily = days.where(QuizRound.kind == RoundKind.DAILY.value).group_by(QuizRound.group_id)
        taken = dict((await session.execute(daily)).all())
    moved = 0
    for group in groups:
        fresh = almanac.next_of(group, after=now, taken=taken.get(group.id))
        if fresh == group.next_at:
            continue
        # Somebody may have set it, or the clock looked at it, since it was read.
        same = (QuizGroup.id == group.id, QuizGroup.next_at == group.next_at)
        async with database.write() as session:
            await session.execute(update(QuizGroup).where(*same).values(next_at=fresh))
        moved += 1
    return moved


async def last_slot(session: AsyncSession, group_id: int) -> date | None:
    """Return the last local date whose daily round was held or skipped."""
    return await session.scalar(
        select(func.max(QuizRound.local_date)).where(
            QuizRound.group_id == group_id, QuizRound.kind == RoundKind.DAILY.value
        )
    )


async def zone_of(session: AsyncSession, unit_id: int, default: ZoneInfo) -> ZoneInfo:
    """Return the zone in which a unit's days begin and end."""
    line = await organisation.line_up(session, unit_id)
    named = next((unit.zone for unit in line if unit.zone), None)
    return ZoneInfo(named) if named else default


async def lost(
    session: AsyncSession, *, channel: str, chat: str, now: datetime, zone: tzinfo
) -> None:
    """Hold no more rounds in a chat that cannot be reached, and tell who answers for it, once."""
    group = await of_chat(session, channel=channel, chat=chat, lock=True)
    if group is None:
        return
    ended = await end_rounds(session, group, now=now)
    if group.paused_at is not None or (group.daily_at is None and not ended):
        return
    group.paused_at, group.next_at = now, None
    await session.flush()
    text = (
        f"{name_of(group)}里已经没有我（被移出或不能发言），群里的答题已暂停。"
        "把我请回群里并允许发言后，在群里发送“继续答题”。"
    )
    await tell(
        session, group, text, key=f"quiz-lost:{group.id}:{now:%Y%m%d%H%M}", now=now, zone=zone
    )


async def refused(
    session: AsyncSession, *, channel: str, chat: str, now: datetime, zone: tzinfo
) -> None:
    """Tell, once a day, that what a round had to post was not taken by the messenger."""
    group = await of_chat(session, channel=channel, chat=chat)
    if group is not None:
        day = now.astimezone(zone).date()
        text = f"答题发不进{name_of(group)}，请检查我在群里的发言、发起投票权限。"
        await tell(session, group, text, key=f"quiz-refused:{group.id}:{day}", now=now, zone=zone)


async def end_rounds(session: AsyncSession, group: QuizGroup, *, now: datetime) -> int:
    """Close what is open in a group without a word in it; return how many rounds that were."""
    running = (QuizRound.group_id == group.id, QuizRound.state == RoundState.OPEN.value)
    unsynced = {"synchronize_session": False}
    closed = update(QuizRound).where(*running).returning(QuizRound.id)
    rounds = list(
        await session.scalars(
            closed.values(state=RoundState.CLOSED.value, closed_at=now, next_at=None),
            execution_options=unsynced,
        )
    )
    posts = update(QuizPost).where(QuizPost.round_id.in_(rounds), QuizPost.closed_at.is_(None))
    await session.execute(posts.values(closed_at=now), execution_options=unsynced)
    carried = select(QuizPost.outbox_id).where(QuizPost.round_id.in_(rounds))
    waiting = (Outbox.id.in_(carried), Outbox.state == OutboxState.PENDING.value)
    cancelled = update(Outbox).where(*waiting).values(state=OutboxState.CANCELLED.value)
    await session.execute(cancelled, execution_options=unsynced)
    return len(rounds)


async def tell(
    session: AsyncSession, group: QuizGroup, text: str, *, key: str, now: datetime, zone: tzinfo
) -> bool:
    """Write to whoever set the group up, or else to the secretary in charge; False if nobody."""
    today = now.astimezone(zone).date()
    unit = await session.get_one(Unit, group.unit_id)
    for person_id in await _in_charge(session, group, unit, today):
        if await outbox.notify(session, person_id, Message(text), key=key, kind=KIND, now=now):
            return True
    return False


def name_of(group: QuizGroup) -> str:
    """Name a group to whoever runs it."""
    return f"“{group.title}”" if group.title else f"群 {group.id} "


async def _in_charge(session: AsyncSession, group: QuizGroup, unit: Unit, today: date) -> list[int]:
    """Return who is to be told, the first choice first."""
    found: list[int] = []
    setter = await accounts.person_today(session, group.set_by, today=today)
    if setter is not None:
        actor = await accounts.as_actor(session, setter, today=today)
        if access.decide(actor, access.RUN_QUIZ, unit_path=unit.path).allowed:
            found.append(setter.id)
    for above in await organisation.line_up(session, unit.id):
        holders = await organisation.holders(
            session, unit_id=above.id, title=Title.SECRETARY, today=today
        )
        found += [holder.id for holder in holders if holder.id not in found]
    return found


async def _zones(session: AsyncSession, default: ZoneInfo, units: set[int]) -> dict[int, ZoneInfo]:
    """Return each unit's zone: its own, or that of the nearest unit above that has one."""
    if len(units) == 1:
        [only] = units
        return {only: await zone_of(session, only, default)}
    rows = (
        await session.execute(select(Unit.id, Unit.parent_id, Unit.zone).order_by(Unit.path))
    ).all()
    found: dict[int, ZoneInfo] = {}
    for row in rows:
        # A unit comes after the one above it: its path is longer.
        above = found[row.parent_id] if row.parent_id is not None else default
        found[row.id] = ZoneInfo(row.zone) if row.zone else above
    return found
