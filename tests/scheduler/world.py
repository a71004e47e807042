"""A small organisation whose people owe something, for the tests of the clock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.organisation import add_unit
from db.tables import (
    Account,
    Duty,
    DutyEvent,
    Notice,
    Outbox,
    Person,
    Post,
    Stage,
    Title,
    Unit,
    UnitKind,
)
from scheduler import sweep
from scheduler.periods import due_at
from scheduler.rulebook.model import (
    Anchor,
    AnchorKind,
    Audience,
    Force,
    Owner,
    Rule,
    RuleBook,
    Rung,
)

ZONE = ZoneInfo("Asia/Shanghai")
# A Monday, all of November is decreed or plain; the limit is the Monday after.
MONDAY = date(2026, 11, 23)
LIMIT = date(2026, 11, 30)
DUES = Rule(
    id="dues",
    title="交纳党费",
    owner=Owner.MEMBERS,
    anchor=Anchor(AnchorKind.PERIOD, rrule="FREQ=MONTHLY", dtstart=date(2026, 1, 1)),
    regulation="党费规定",
    article="第一条",
    version="2008",
    effective_from=date(2008, 4, 1),
    effective_until=None,
    force=Force.SHALL,
    certainty="甲",
    remind=(7, 3),
    ladder=(
        Rung(1, Audience.OWNER),
        Rung(2, Audience.GROUP_LEADER),
        Rung(3, Audience.SECRETARY),
        Rung(7, Audience.SUPERIOR_ORGANISATION),
    ),
    hand_in="交费凭证",
)
MEETING = replace(DUES, id="meeting", title="支委会会议", owner=Owner.BRANCH, accept=True)
BOOK = RuleBook("digest", (DUES, MEETING))
COMMITTEE, BRANCH, GROUP = "某党委", "第一党支部", "一班党小组"
# Name, unit, post.
PEOPLE = (
    ("上书记", COMMITTEE, Title.SECRETARY),
    ("上组织", COMMITTEE, Title.ORGANISATION),
    ("支书记", BRANCH, Title.SECRETARY),
    ("支组织", BRANCH, Title.ORGANISATION),
    ("王小明", BRANCH, None),
    ("组长", GROUP, Title.GROUP_LEADER),
    ("李小红", GROUP, None),
)


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = ZONE) -> datetime:
    """Return a local time as an instant."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


# When the steps of a day have come, whatever the unit's own minute is.
def after_all(day: date) -> datetime:
    """Return a time on a day when everybody has been told."""
    return at(day, 11)


async def plant(session: AsyncSession, *, bound: bool = True) -> None:
    """Make a committee, a branch and a 党小组 with their people, each with an account."""
    above: Unit | None = None
    units = {}
    for name, kind in (
        (COMMITTEE, UnitKind.COMMITTEE),
        (BRANCH, UnitKind.BRANCH),
        (GROUP, UnitKind.GROUP),
    ):
        above = units[name] = await add_unit(session, name=name, kind=kind, parent=above)
    for name, unit, title in PEOPLE:
        await add_person(session, units[unit], name, title, bound=bound)


async def add_person(
    session: AsyncSession, unit: Unit, name: str, title: Title | None = None, *, bound: bool = True
) -> Person:
    """Put somebody on the roster, reachable if `bound`."""
    person = Person(unit_id=unit.id, number=name, name=name, stage=Stage.MEMBER.value)
    session.add(person)
    await session.flush()
    if title:
        since = date(2024, 1, 1)
        session.add(Post(person_id=person.id, unit_id=unit.id, title=title.value, since=since))
    if bound:
        account = {"external": name, "chat": name, "person_id": person.id}
        session.add(Account(channel="test", **account, seen_at=at(MONDAY, 1)))
    await session.flush()
    return person


async def unit_named(session: AsyncSession, name: str) -> Unit:
    """Return a unit."""
    return (await session.scalars(select(Unit).where(Unit.name == name))).one()


async def person_named(session: AsyncSession, name: str) -> Person:
    """Return a person."""
    return (await session.scalars(select(Person).where(Person.name == name))).one()


async def owe(
    session: AsyncSession, owner: str, *, rule: Rule = DUES, due_on: date = LIMIT, period: str = ""
) -> Duty:
    """Make a duty of a person or a unit, planned long ago and to be looked at now."""
    named = select(Unit).where(Unit.name == owner)
    unit = (await session.scalars(named)).one_or_none()
    person = None if unit else await person_named(session, owner)
    duty = Duty(
        rule=rule.id,
        edition=rule.version,
        owner=f"unit:{unit.id}" if unit else f"person:{person.id if person else 0}",
        period=period or due_on.isoformat(),
        unit_id=unit.id if unit else person.unit_id if person else 0,
        person_id=person.id if person else None,
        title=rule.title,
        label="2026年11月",
        starts_on=due_on - timedelta(days=29),
        due_on=due_on,
        due_at=due_at(due_on, ZONE),
        next_at=at(due_on - timedelta(days=40), 9),
        created_at=at(due_on - timedelta(days=60), 9),
    )
    session.add(duty)
    await session.flush()
    return duty


async def swept(
    database: Database, now: datetime, *, book: RuleBook = BOOK, limit: int = 100
) -> int:
    """Sweep at a time of the calendar that is also the real one."""
    return await sweep.sweep(database, book, now=now, sent_at=now, zone=ZONE, limit=limit)


async def told(database: Database) -> list[tuple[str, str]]:
    """Return who was told which stage, in order."""
    statement = (
        select(Person.name, Notice.stage)
        .join(Person, Person.id == Notice.person_id)
        .where(Notice.outbox_id.is_not(None))
        .order_by(Notice.id)
    )
    async with database.read() as session:
        return [(name, stage) for name, stage in await session.execute(statement)]


async def messages(database: Database) -> list[Outbox]:
    """Return everything in the outbox."""
    async with database.read() as session:
        return list(await session.scalars(select(Outbox).order_by(Outbox.id)))


async def events(database: Database, duty_id: int) -> list[tuple[str, str]]:
    """Return kind and stage of what the clock noted about a duty."""
    statement = select(DutyEvent).where(DutyEvent.duty_id == duty_id).order_by(DutyEvent.id)
    async with database.read() as session:
        return [(e.kind, e.data.get("stage", "")) for e in await session.scalars(statement)]


async def fetch(database: Database, duty_id: int) -> Duty:
    """Return a duty as it is in the store now."""
    async with database.read() as session:
        return await session.get_one(Duty, duty_id)


async def until_somebody_waits(database: Database) -> None:
    """Wait until a transaction waits for another's lock; PostgreSQL only."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(1000):
        async with database.read() as session:
            if await session.scalar(waiting):
                return
        await asyncio.sleep(0.005)
    raise AssertionError("nobody waits")
