"""What is told of study unasked: new material, and in the last quarter who is short of hours.

Each is told once, to who can be reached and has not muted it, on workdays and outside the quiet
hours of the unit. It is an offer and no reminder: nobody above hears of it by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from db import organisation
from db.engine import Database
from db.tables import Material, Outbox, Title, Unit
from knowledge.study import mutes
from knowledge.study.standing import Standing, standings
from scheduler import outbox, quiet, recipients, study_duties
from scheduler.channels import Lane
from scheduler.messages import Button, Message
from scheduler.rulebook.model import RuleBook
from scheduler.workdays import Workdays

KIND = "study"
BATCH = 100
# So many people are asked about by one statement.
TOGETHER = 1000
# A material is news for so long.
FRESH = timedelta(days=3)
# Month and day from which who is short of hours is told, and for how many days it may be late.
SHORT_DAYS = ((10, 15), (11, 15), (12, 10))
SHORT_LATE = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class News:
    """A message for one person of a unit, under the key that lets it be told once."""

    person_id: int
    unit_id: int
    key: str
    message: Message


async def look(
    database: Database,
    book: RuleBook,
    *,
    now: datetime,
    sent_at: datetime,
    zone: ZoneInfo,
    batch: int = BATCH,
) -> int:
    """Let duties follow the people and tell the news; return how many messages were written.

    `now` is the calendar's time, `sent_at` the real one.
    """
    today = now.astimezone(zone).date()
    async with database.write() as session:
        await study_duties.follow(session, book, today=today, now=now, sent_at=sent_at, zone=zone)
    async with database.read() as session:
        workdays = await Workdays.load(session)
        news = await _materials(session, today=today, sent_at=sent_at)
        news += await _short(session, today=today, workdays=workdays)
        news = [
            one
            for first in range(0, len(news), TOGETHER)
            for one in await _tellable(
                session, news[first : first + TOGETHER], now=now, zone=zone, workdays=workdays
            )
        ]
    told = 0
    for first in range(0, len(news), batch):
        async with database.write() as session:
            for one in news[first : first + batch]:
                told += await outbox.notify(
                    session,
                    one.person_id,
                    one.message,
                    key=one.key,
                    kind=KIND,
                    lane=Lane.BROADCAST,
                    now=sent_at,
                )
    return told


def notice_day(today: date, workdays: Workdays) -> date | None:
    """Return the day of the year's last quarter whose notice may be told today, if there is one.

    A day off is moved to the next workday.
    """
    for month, day in SHORT_DAYS:
        meant = date(today.year, month, day)
        if workdays.on_or_after(meant) <= today <= meant + SHORT_LATE:
            return meant
    return None


async def _materials(session: AsyncSession, *, today: date, sent_at: datetime) -> list[News]:
    fresh = await session.scalars(
        select(Material).where(
            Material.published_at > sent_at - FRESH, Material.withdrawn_at.is_(None)
        )
    )
    news = []
    for material in fresh.all():
        due = f"，请在 {material.due_on:%m-%d} 前学完" if material.due_on else ""
        message = Message(
            f"新的学习资料《{material.title}》{due}。",
            buttons=((Button("打开", f"/material {material.id}"),),),
        )
        members = await study_duties.people(session, material.id, today)
        news += [
            News(person, unit, f"material:{material.id}:{person}", message)
            for person, unit in members.items()
            if person != material.published_by
        ]
    return news


async def _short(session: AsyncSession, *, today: date, workdays: Workdays) -> list[News]:
    day = notice_day(today, workdays)
    if day is None:
        return []
    short = [one for one in await standings(session, true(), today=today) if one.missing]
    news = [
        News(one.person_id, one.unit_id, f"study-hours:{day}:{one.person_id}", _friendly(one))
        for one in short
    ]
    return news + await _for_secretaries(session, short, day, today)


def _friendly(one: Standing) -> Message:
    assert one.requirement is not None  # or nothing is missing
    return Message(
        f"温馨提示：你今年已记 {one.hours:g} 学时，离一般要求的 {one.requirement.hours} 学时还差 "
        f"{one.missing:g}。线下参加的集中学习也可以补签；有困难请和支部说一声。"
        "不想收到这类消息，发送“静音 学习”。",
        buttons=((Button("我的学习", "/mystudy"), Button("学习资料", "/materials")),),
    )


async def _for_secretaries(
    session: AsyncSession, short: Sequence[Standing], day: date, today: date
) -> list[News]:
    """Tell the secretaries how many it is; the names are shown to them where they ask for them."""
    news = []
    for unit_id, count in Counter(one.unit_id for one in short).items():
        unit = await session.get_one(Unit, unit_id)
        message = Message(
            f"{unit.name}还有 {count} 名党员今年学时没有达到要求，已提醒本人。"
            "名单请私聊发送“学习情况”。",
            buttons=((Button("学习情况", f"/studyreport {unit.name}"),),),
        )
        for person in await organisation.holders(
            session, unit_id=unit_id, title=Title.SECRETARY, today=today
        ):
            key = f"study-hours:{day}:secretary:{unit_id}:{person.id}"
            news.append(News(person.id, unit_id, key, message))
    return news


async def _tellable(
    session: AsyncSession,
    news: Sequence[News],
    *,
    now: datetime,
    zone: ZoneInfo,
    workdays: Workdays,
) -> list[News]:
    """Leave out what was told, who cannot be reached or has muted it, and who has quiet hours."""
    if not news:
        return []
    people = {one.person_id for one in news}
    reached = await recipients.seats(session, people)
    silent = await mutes.muted(session, people, mutes.STUDY)
    hours = await quiet.of_units(session, zone=zone)
    told = await _told(session, [one.key for one in news])
    return [
        one
        for one in news
        if one.key not in told
        and one.person_id in reached
        and one.person_id not in silent
        and _is_open(hours, one.unit_id, now, workdays)
    ]


def _is_open(
    hours: Mapping[int, quiet.Hours], unit_id: int, now: datetime, workdays: Workdays
) -> bool:
    own = hours[unit_id]
    return own.quiet.is_open(now.astimezone(own.zone), workdays.is_workday)


async def _told(session: AsyncSession, keys: Iterable[str]) -> set[str]:
    statement = select(Outbox.dedup_key).where(Outbox.dedup_key.in_(list(keys)))
    return set(await session.scalars(statement))
