"""What is told of study unasked: new material, and in the last quarter who is short of hours.

Each is told once, to who can be reached and has not muted it, on workdays and outside the quiet
hours of the unit. It is an offer and no reminder: nobody above hears of it by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import String, and_, cast, exists, false, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.accounts import in_force, present
from db.engine import Database
from db.tables import Material, Outbox, Person, Post, Title, Unit
from knowledge.study import mutes
from knowledge.study.hours import MEMBER, OFFICER
from knowledge.study.standing import Standing, standings
from scheduler import outbox, quiet, recipients, study_duties
from scheduler.channels import Lane
from scheduler.messages import Button, Message
from scheduler.rulebook.model import RuleBook
from scheduler.study_duties import Times
from scheduler.workdays import Workdays

KIND = "study"
AS_COUNTED = (
    f"党员按 {MEMBER.hours} 学时算；书记、委员按 {OFFICER.hours} 学时算，所依据的{OFFICER.remark}。"
)
# So many people are looked at together.
BATCH = 500
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

    `now` is the calendar's time, `sent_at` the real one. People are looked at `batch` by
    `batch`; who was told is not told again, so that one that is killed midway goes on.
    """
    times = Times(now.astimezone(zone).date(), now, sent_at, zone)
    await study_duties.follow(database, book, times)
    async with database.read() as session:
        workdays = await Workdays.load(session)
    told = 0
    async for news in _pages(database, times, workdays, batch):
        async with database.read() as session:
            news = await _tellable(session, news, times, workdays)
        if not news:
            continue
        async with database.write() as session:
            for one in news:
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


async def _pages(
    database: Database, times: Times, workdays: Workdays, batch: int
) -> AsyncIterator[list[News]]:
    async with database.read() as session:
        fresh = await session.scalars(
            select(Material).where(
                Material.published_at > times.sent_at - FRESH, Material.withdrawn_at.is_(None)
            )
        )
    for material in fresh.all():
        async for page in _of_material(database, material, times.today, batch):
            yield page
    day = notice_day(times.today, workdays)
    if day is not None:
        async for page in _short(database, day, times.today, batch):
            yield page


async def _of_material(
    database: Database, material: Material, today: date, batch: int
) -> AsyncIterator[list[News]]:
    """Yield the news of a material for whoever was not told yet, page by page."""
    due = f"，请在 {material.due_on:%m-%d} 前学完" if material.due_on else ""
    message = Message(
        f"新的学习资料《{material.title}》{due}。",
        buttons=((Button("打开", f"/material {material.id}"),),),
    )
    key = f"material:{material.id}:"
    told = exists().where(Outbox.dedup_key == literal(key).concat(cast(Person.id, String)))
    untold = study_duties.people(material.id, today).where(
        Person.id != material.published_by, ~told
    )
    after: int | None = 0
    while after is not None:
        async with database.read() as session:
            found = await session.execute(untold.where(Person.id > after).limit(batch))
            members = found.all()
        yield [News(person, unit, f"{key}{person}", message) for person, unit in members]
        after = members[-1][0] if len(members) == batch else None


async def _short(
    database: Database, day: date, today: date, batch: int
) -> AsyncIterator[list[News]]:
    """Yield the notices for who is short of hours, page by page, then those for the secretaries."""
    counts: Counter[int] = Counter()
    after: int | None = 0
    while after is not None:
        async with database.read() as session:
            ids = await session.scalars(
                select(Person.id).where(Person.id > after).order_by(Person.id).limit(batch)
            )
            page = ids.all()
            within = and_(Person.id > after, Person.id <= page[-1]) if page else false()
            short = [one for one in await standings(session, within, today=today) if one.missing]
        counts.update(one.unit_id for one in short)
        yield [
            News(one.person_id, one.unit_id, f"study-hours:{day}:{one.person_id}", _friendly(one))
            for one in short
        ]
        after = page[-1] if len(page) == batch else None
    units = sorted(counts)
    for first in range(0, len(units), batch):
        some = {unit_id: counts[unit_id] for unit_id in units[first : first + batch]}
        async with database.read() as session:
            news = await _for_secretaries(session, some, day, today)
        yield news


def _friendly(one: Standing) -> Message:
    wanted = one.requirement
    assert wanted is not None  # or nothing is missing
    leading = "，以上级组织的要求为准" if wanted is OFFICER else ""
    return Message(
        f"温馨提示：你今年已记 {one.hours:g} 学时，离{wanted.regulation}{wanted.article}的 "
        f"{wanted.hours} 学时（{wanted.remark}{leading}）还差 {one.missing:g}。"
        "线下参加的集中学习也可以补签；有困难请和支部说一声。"
        "不想收到这类消息，发送“静音 学习”。",
        buttons=((Button("我的学习", "/mystudy"), Button("学习资料", "/materials")),),
    )


async def _for_secretaries(
    session: AsyncSession, short: Mapping[int, int], day: date, today: date
) -> list[News]:
    """Tell the secretaries how many it is; the names are shown to them where they ask for them."""
    rows = await session.execute(
        select(Unit.id, Unit.name, Post.person_id)
        .join(Post, Post.unit_id == Unit.id)
        .join(Person, Person.id == Post.person_id)
        .where(
            Unit.id.in_(short),
            Post.title == Title.SECRETARY.value,
            present(today),
            *in_force(today),
        )
        .order_by(Unit.id, Post.id)
    )
    return [
        News(
            person_id,
            unit_id,
            f"study-hours:{day}:secretary:{unit_id}:{person_id}",
            Message(
                f"{name}还有 {short[unit_id]} 名党员今年学时没有达到要求，已提醒本人。{AS_COUNTED}"
                "名单请私聊发送“学习情况”。",
                buttons=((Button("学习情况", f"/studyreport {name}"),),),
            ),
        )
        for unit_id, name, person_id in rows
    ]


async def _tellable(
    session: AsyncSession, news: Sequence[News], times: Times, workdays: Workdays
) -> list[News]:
    """Leave out what was told, who cannot be reached or has muted it, and who has quiet hours."""
    if not news:
        return []
    people = {one.person_id for one in news}
    reached = await recipients.seats(session, people)
    silent = await mutes.muted(session, people, mutes.STUDY)
    hours = await quiet.of_units(session, zone=times.zone)
    told = await _told(session, [one.key for one in news])
    return [
        one
        for one in news
        if one.key not in told
        and one.person_id in reached
        and one.person_id not in silent
        and _is_open(hours, one.unit_id, times.now, workdays)
    ]


def _is_open(
    hours: Mapping[int, quiet.Hours], unit_id: int, now: datetime, workdays: Workdays
) -> bool:
    own = hours[unit_id]
    return own.quiet.is_open(now.astimezone(own.zone), workdays.is_workday)


async def _told(session: AsyncSession, keys: Iterable[str]) -> set[str]:
    statement = select(Outbox.dedup_key).where(Outbox.dedup_key.in_(list(keys)))
    return set(await session.scalars(statement))
