"""Learning a published material by its limit is a duty of each member of the units it is for.

Such duties are handed out, not planned ("+" periods, which planning leaves alone); here they
follow the people: who joins a unit owes what is open there, who leaves it owes it no more.

However many people a material is for, one transaction looks after `BATCH` of them. What is still
to be done is found by what is there and what is not, so that a batch done is never done again
and whoever is killed between two is followed up by the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.accounts import present
from db.engine import Database
from db.tables import Duty, DutyState, Material, MaterialUnit, Person, Reading, Stage, Unit
from db.types import insert_new_ids
from scheduler import duties, notices, quiet
from scheduler.periods import due_at
from scheduler.rulebook.model import Rule, RuleBook

RULE = "study-material"
STAGES = (Stage.MEMBER.value, Stage.PROBATIONARY.value)
# So many people are looked after in one transaction.
BATCH = 500
# For so long after a material is taken back, duties that are still open are looked for.
AFTERMATH = timedelta(days=3)


class Behind(NamedTuple):
    """Somebody whose duty is not as it should be: missing, taken back, or of another unit."""

    person_id: int
    unit_id: int
    duty_id: int | None
    state: str | None


class Handed(NamedTuple):
    """How many duties were handed out, and how many moved with their people."""

    new: int
    moved: int


@dataclass(frozen=True, slots=True)
class Times:
    """The calendar's day and time, the real time, and the zone of the organisation."""

    today: date
    now: datetime
    sent_at: datetime
    zone: ZoneInfo


def period(material_id: int) -> str:
    """Return the period of the duties of a material."""
    return f"+material:{material_id}"


def material_of(duty: Duty) -> int | None:
    """Return the material that a duty is about, if it is one of these."""
    number = duty.period.removeprefix("+material:")
    return int(number) if duty.rule == RULE and number.isdecimal() else None


async def owe(
    session: AsyncSession, material: Material, book: RuleBook, times: Times, *, batch: int = BATCH
) -> Handed:
    """Hand out a material's duties to up to `batch` people who owe it and have none.

    Who comes when the limit is over, or has learned it already, owes nothing. The duty of who has
    moved moves too.
    """
    rule = book.version(RULE, times.today)
    if rule is None or material.due_on is None or material.due_on < times.today:
        return Handed(0, 0)
    found = await session.execute(_behind(material.id, times.today).limit(batch))
    behind = [Behind(*row) for row in found]
    if not behind:
        return Handed(0, 0)
    zones = await quiet.of_units(session, zone=times.zone)
    rows = [
        _row(rule, material, one, times, zone=zones[one.unit_id].zone)
        for one in behind
        if one.duty_id is None
    ]
    made = await insert_new_ids(session, Duty, rows)
    for number in made:
        duties.record(session, number, "planned", now=times.now, material=material.id)
    back = await _again(session, behind, times.now)
    moved = await _move(session, behind, times.now)
    await session.flush()
    return Handed(len(made) + back, moved)


async def follow(database: Database, book: RuleBook, times: Times, *, batch: int = BATCH) -> int:
    """Let the duties of all materials follow the people; return how many were handed out."""
    async with database.read() as session:
        standing = await session.scalars(
            select(Material.id).where(
                Material.due_on >= times.today, Material.withdrawn_at.is_(None)
            )
        )
        gone = await session.scalars(
            select(Material.id).where(Material.withdrawn_at > times.sent_at - AFTERMATH)
        )
        materials, withdrawn = standing.all(), gone.all()
    new = 0
    for number in materials:
        while await _finds(database, _behind(number, times.today).limit(1)):
            handed = await _owe_some(database, number, book, times, batch)
            new += handed.new
            if not any(handed):
                break
    for number in (*materials, *withdrawn):
        while await _finds(database, _left(number, times.today).limit(1)):
            if not await _take_back_left(database, number, times, batch):
                break
    return new


async def withdraw(
    session: AsyncSession,
    material_id: int,
    *,
    now: datetime,
    sent_at: datetime,
    batch: int = BATCH,
) -> int:
    """Take back what is still open of a material, up to `batch` duties; return how many it was.

    `follow` takes the others.
    """
    found = await session.scalars(
        select(Duty.id).where(*_of(material_id), *_open()).order_by(Duty.id).limit(batch)
    )
    return await _take_back(session, found.all(), now=now, sent_at=sent_at)


async def close(
    session: AsyncSession,
    material_id: int,
    *,
    person_id: int,
    thought: str,
    today: date,
    now: datetime,
    sent_at: datetime,
) -> bool:
    """Close a person's duty to learn a material; False if none is open."""
    mine = select(Duty).where(*_of(material_id), *_open(), Duty.person_id == person_id)
    duty = (await session.scalars(mine)).one_or_none()
    if duty is None:
        return False
    try:
        await duties.complete(
            session,
            duty.id,
            on=today,
            today=today,
            actor_id=person_id,
            now=now,
            sent_at=sent_at,
            text=thought,
        )
    except duties.NotOpen:
        return False
    return True


async def rates(
    session: AsyncSession, within: ColumnElement[bool], *, since: date
) -> dict[int, tuple[int, int]]:
    """Return for each unit how many study duties are due from a day on, and how many are done.

    `within` is a condition on `Unit`; what was waived or taken back counts in neither.
    """
    done = Duty.state == DutyState.DONE.value
    counted = (DutyState.OPEN.value, DutyState.DONE.value)
    rows = await session.execute(
        select(Duty.unit_id, func.count(), func.sum(case((done, 1), else_=0)))
        .join(Unit, Unit.id == Duty.unit_id)
        .where(within, Duty.rule == RULE, Duty.due_on >= since, Duty.state.in_(counted))
        .group_by(Duty.unit_id)
    )
    return {unit_id: (int(owed), int(finished)) for unit_id, owed, finished in rows}


def people(material_id: int, today: date) -> Select[int, int]:
    """Return the query for the members who are to learn a material: person and unit."""
    return (
        select(Person.id, Person.unit_id)
        .join(Unit, Unit.id == Person.unit_id)
        .where(*_is_to_learn(material_id, today))
        .order_by(Person.id)
    )


def _is_to_learn(material_id: int, today: date) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on `Person` and `Unit` under which somebody is to learn a material."""
    target = aliased(Unit)
    # A path holds digits and slashes only.
    published = (
        select(MaterialUnit.unit_id)
        .join(target, target.id == MaterialUnit.unit_id)
        .join(Material, Material.id == MaterialUnit.material_id)
        .where(
            MaterialUnit.material_id == material_id,
            Material.withdrawn_at.is_(None),
            Unit.path.like(target.path.concat("%")),
        )
        .correlate(Unit)
    )
    return exists(published), Person.stage.in_(STAGES), present(today)


def _behind(material_id: int, today: date) -> Select[int, int, int | None, str | None]:
    """Find whose duty is missing, taken back or of another unit than the person."""
    mine = and_(
        Duty.rule == RULE,
        Duty.owner == literal("person:").concat(cast(Person.id, String)),
        Duty.period == period(material_id),
    )
    learned = exists().where(
        Reading.material_id == material_id,
        Reading.person_id == Person.id,
        Reading.learned_at.is_not(None),
    )
    lacks = or_(Duty.id.is_(None), Duty.state == DutyState.WITHDRAWN.value)
    moved = and_(Duty.state == DutyState.OPEN.value, Duty.unit_id != Person.unit_id)
    return (
        select(Person.id, Person.unit_id, Duty.id, Duty.state)
        .select_from(Person)
        .join(Unit, Unit.id == Person.unit_id)
        .outerjoin(Duty, mine)
        .where(*_is_to_learn(material_id, today), or_(and_(lacks, ~learned), moved))
        .order_by(Person.id)
    )


def _left(material_id: int, today: date) -> Select[int]:
    """Find the open duties of who is to learn a material no more."""
    still = and_(*_is_to_learn(material_id, today))
    return (
        select(Duty.id)
        .join(Person, Person.id == Duty.person_id)
        .join(Unit, Unit.id == Person.unit_id)
        .where(*_of(material_id), *_open(), ~still)
        .order_by(Duty.id)
    )


async def _finds(database: Database, statement: Executable) -> bool:
    """Tell whether a query finds anything, without keeping others from writing."""
    async with database.read() as session:
        return (await session.execute(statement)).first() is not None


async def _owe_some(
    database: Database, number: int, book: RuleBook, times: Times, batch: int
) -> Handed:
    async with database.write() as session:
        material = await session.get_one(Material, number)
        return await owe(session, material, book, times, batch=batch)


async def _take_back_left(database: Database, number: int, times: Times, batch: int) -> int:
    async with database.write() as session:
        found = await session.scalars(_left(number, times.today).limit(batch))
        return await _take_back(session, found.all(), now=times.now, sent_at=times.sent_at)


def _row(
    rule: Rule, material: Material, who: Behind, times: Times, *, zone: ZoneInfo
) -> dict[str, object]:
    assert material.due_on is not None  # seen to by `owe`
    return {
        "rule": rule.id,
        "edition": rule.version,
        "owner": f"person:{who.person_id}",
        "period": period(material.id),
        "unit_id": who.unit_id,
        "person_id": who.person_id,
        "title": f"学习《{material.title}》",
        "label": "",
        "starts_on": times.today,
        "due_on": material.due_on,
        "due_at": due_at(material.due_on, zone),
        "provisional": False,
        "state": DutyState.OPEN.value,
        "stage": "",
        "next_at": times.now,
        "late_entered": False,
        "failures": 0,
        "created_at": times.now,
    }


async def _move(session: AsyncSession, behind: Sequence[Behind], now: datetime) -> int:
    """Let open duties be of the unit that their person has moved to."""
    moved = {o.duty_id: o.unit_id for o in behind if o.state == DutyState.OPEN.value}
    for duty in await session.scalars(select(Duty).where(Duty.id.in_(moved), *_open())):
        # The next round of the sweep tells whoever stands above it now.
        old, duty.unit_id, duty.next_at = duty.unit_id, moved[duty.id], now
        duties.record(session, duty.id, "moved", now=now, unit_id=[str(old), str(duty.unit_id)])
    return len(moved)


async def _again(session: AsyncSession, behind: Sequence[Behind], now: datetime) -> int:
    """Let those owe it again from whom it was taken back."""
    ids = [one.duty_id for one in behind if one.state == DutyState.WITHDRAWN.value]
    again = await session.scalars(
        update(Duty)
        .where(Duty.id.in_(ids), Duty.state == DutyState.WITHDRAWN.value)
        .values(state=DutyState.OPEN.value, closed_at=None, stage="", next_at=now)
        .returning(Duty.id)
    )
    for number in (taken := sorted(again.all())):
        duties.record(session, number, "planned", now=now, again=True)
    return len(taken)


async def _take_back(
    session: AsyncSession, ids: Sequence[int], *, now: datetime, sent_at: datetime
) -> int:
    values = {"state": DutyState.WITHDRAWN.value, "next_at": None, "closed_at": now}
    gone = await session.scalars(
        update(Duty).where(Duty.id.in_(ids), *_open()).values(**values).returning(Duty.id)
    )
    for number in (taken := sorted(gone.all())):
        duties.record(session, number, "withdrawn", now=now)
        await notices.take_back(session, number, now=sent_at)
    return len(taken)


def _of(material_id: int) -> tuple[ColumnElement[bool], ...]:
    return Duty.rule == RULE, Duty.period == period(material_id)


def _open() -> tuple[ColumnElement[bool], ...]:
    return (Duty.state == DutyState.OPEN.value,)
