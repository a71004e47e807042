"""Learning a published material by its limit is a duty of each member of the units it is for.

Such duties are handed out, not planned ("+" periods, which planning leaves alone); here they
follow the people: who joins a unit owes what is open there, who leaves it owes it no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.accounts import present
from db.tables import Duty, DutyState, Material, MaterialUnit, Person, Reading, Stage, Unit
from db.types import insert_new_ids
from scheduler import duties, notices, quiet
from scheduler.periods import due_at
from scheduler.rulebook.model import Rule, RuleBook

RULE = "study-material"
STAGES = (Stage.MEMBER.value, Stage.PROBATIONARY.value)


def period(material_id: int) -> str:
    """Return the period of the duties of a material."""
    return f"+material:{material_id}"


def material_of(duty: Duty) -> int | None:
    """Return the material that a duty is about, if it is one of these."""
    number = duty.period.removeprefix("+material:")
    return int(number) if duty.rule == RULE and number.isdecimal() else None


async def owe(
    session: AsyncSession,
    material: Material,
    book: RuleBook,
    *,
    today: date,
    now: datetime,
    zone: ZoneInfo,
) -> int:
    """Hand out a material's duties to whoever has none yet; return how many were new.

    Who comes when the limit is over, or has learned it already, owes nothing. `now` and `today`
    are the calendar's.
    """
    rule = book.version(RULE, today)
    if rule is None or material.due_on is None or material.due_on < today:
        return 0
    members = await people(session, material.id, today)
    learned = set(
        await session.scalars(
            select(Reading.person_id).where(
                Reading.material_id == material.id, Reading.learned_at.is_not(None)
            )
        )
    )
    there = {
        duty.person_id: duty
        for duty in await session.scalars(select(Duty).where(*_of(material.id)))
    }
    zones = await quiet.of_units(session, zone=zone)
    rows = [
        _row(rule, material, person, unit, today=today, now=now, zone=zones[unit].zone)
        for person, unit in members.items()
        if person not in there and person not in learned
    ]
    made = await insert_new_ids(session, Duty, rows)
    for number in made:
        duties.record(session, number, "planned", now=now, material=material.id)
    await session.flush()
    back = [
        duty.id
        for person, duty in there.items()
        if person in members and person not in learned and duty.state == DutyState.WITHDRAWN.value
    ]
    return len(made) + await _again(session, back, now)


async def follow(
    session: AsyncSession,
    book: RuleBook,
    *,
    today: date,
    now: datetime,
    sent_at: datetime,
    zone: ZoneInfo,
) -> int:
    """Let the duties of all materials follow the people; return how many were handed out."""
    standing = await session.scalars(
        select(Material).where(Material.due_on >= today, Material.withdrawn_at.is_(None))
    )
    new = 0
    for material in standing.all():
        new += await owe(session, material, book, today=today, now=now, zone=zone)
        members = await people(session, material.id, today)
        for duty in await session.scalars(select(Duty).where(*_of(material.id), *_open())):
            unit = members.get(duty.person_id or 0)
            if unit is None:
                await _take_back(session, [duty.id], now=now, sent_at=sent_at)
            elif unit != duty.unit_id:
                # The next round of the sweep tells whoever stands above it now.
                old, duty.unit_id, duty.next_at = duty.unit_id, unit, now
                duties.record(session, duty.id, "moved", now=now, unit_id=[str(old), str(unit)])
    await session.flush()
    return new


async def withdraw(
    session: AsyncSession, material_id: int, *, now: datetime, sent_at: datetime
) -> int:
    """Take back what is still open of a material; return how many duties that were."""
    found = await session.scalars(select(Duty.id).where(*_of(material_id), *_open()))
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


async def people(session: AsyncSession, material_id: int, today: date) -> dict[int, int]:
    """Return the members who are to learn a material, each with the unit they belong to."""
    target = aliased(Unit)
    statement = (
        select(Person.id, Person.unit_id)
        .join(Unit, Unit.id == Person.unit_id)
        .join(MaterialUnit, MaterialUnit.material_id == material_id)
        .join(target, target.id == MaterialUnit.unit_id)
        .where(
            # A path holds digits and slashes only.
            Unit.path.like(target.path.concat("%")),
            Person.stage.in_(STAGES),
            present(today),
        )
        .order_by(Person.id)
        .distinct()
    )
    return dict((await session.execute(statement)).all())


def _row(
    rule: Rule,
    material: Material,
    person_id: int,
    unit_id: int,
    *,
    today: date,
    now: datetime,
    zone: ZoneInfo,
) -> dict[str, object]:
    assert material.due_on is not None  # seen to by `owe`
    return {
        "rule": rule.id,
        "edition": rule.version,
        "owner": f"person:{person_id}",
        "period": period(material.id),
        "unit_id": unit_id,
        "person_id": person_id,
        "title": f"学习《{material.title}》",
        "label": "",
        "starts_on": today,
        "due_on": material.due_on,
        "due_at": due_at(material.due_on, zone),
        "provisional": False,
        "state": DutyState.OPEN.value,
        "stage": "",
        "next_at": now,
        "late_entered": False,
        "failures": 0,
        "created_at": now,
    }


async def _again(session: AsyncSession, ids: Sequence[int], now: datetime) -> int:
    if ids:
        await session.execute(
            update(Duty)
            .where(Duty.id.in_(ids), Duty.state == DutyState.WITHDRAWN.value)
            .values(state=DutyState.OPEN.value, closed_at=None, stage="", next_at=now)
        )
    for number in ids:
        duties.record(session, number, "planned", now=now, again=True)
    return len(ids)


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
