"""Material to study: published to units, listed, opened and marked learned.

A link is kept and shown, never fetched. Who is in a unit, or below it, sees what is published
to it, whenever they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.access import Scope
from db.numbers import BadValue
from db.tables import Material, MaterialUnit, Reading, Unit
from db.types import insert_new
from knowledge.study import check_ins

TITLE_LIMIT, TEXT_LIMIT, LINK_LIMIT = 80, 6_000, 2_000
LEAST_MINUTES, MOST_MINUTES = 1, 600


@dataclass(frozen=True, slots=True)
class Draft:
    """A material before it is published; `minutes` is how long learning it takes."""

    kind: str
    title: str
    text: str = ""
    link: str = ""
    file_id: int | None = None
    minutes: int = 0
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A material as somebody sees it, and what they have done with it so far."""

    material: Material
    reading: Reading | None

    @property
    def learned(self) -> bool:
        """Whether it was marked learned."""
        return self.reading is not None and self.reading.learned_at is not None


def parse_link(text: str) -> str:
    """Return a web address as it may be published; raises `BadValue` for anything else."""
    plain = text.strip()
    hidden = any(character.isspace() or not character.isprintable() for character in plain)
    if hidden or not 0 < len(plain) <= LINK_LIMIT:
        raise BadValue("链接里不能有空格，也不能太长")
    try:
        parts = urlsplit(plain)
        port = parts.port
    except ValueError as error:
        raise BadValue("看不懂这个链接") from error
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or port == 0:
        raise BadValue("链接要以 http:// 或 https:// 开头")
    if parts.username is not None or parts.password is not None:
        raise BadValue("链接里不能带用户名和密码")
    return plain


async def publish(
    session: AsyncSession,
    draft: Draft,
    *,
    unit_id: int,
    to: Sequence[int],
    by_id: int,
    now: datetime,
) -> Material:
    """Publish a material in the name of a unit to units that the caller has judged."""
    material = Material(
        unit_id=unit_id,
        kind=draft.kind,
        title=draft.title,
        text=draft.text,
        link=draft.link,
        file_id=draft.file_id,
        minutes=draft.minutes,
        due_on=draft.due_on,
        published_by=by_id,
        published_at=now,
    )
    session.add(material)
    await session.flush()
    session.add_all(MaterialUnit(material_id=material.id, unit_id=each) for each in set(to))
    await session.flush()
    return material


async def withdraw(session: AsyncSession, material_id: int, *, now: datetime) -> bool:
    """Take a material back; False if that was done before."""
    gone = await session.scalars(
        update(Material)
        .where(Material.id == material_id, Material.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
        .returning(Material.id)
    )
    return gone.first() is not None


async def listed(
    session: AsyncSession, *, person_id: int, unit_path: str, limit: int, skip: int = 0
) -> list[Item]:
    """Return what is published to a person: to be learned first, by limit, then the newest."""
    unlearned = Reading.learned_at.is_(None)
    statement = (
        _seen_by(person_id, unit_path)
        .order_by(unlearned.desc(), Material.due_on.is_(None), Material.due_on, Material.id.desc())
        .limit(limit)
        .offset(skip)
    )
    return [Item(material, reading) for material, reading in await session.execute(statement)]


async def count(session: AsyncSession, *, person_id: int, unit_path: str) -> int:
    """Return how many materials are published to a person."""
    found = _seen_by(person_id, unit_path).with_only_columns(Material.id).subquery()
    return await session.scalar(select(func.count()).select_from(found)) or 0


async def find(
    session: AsyncSession, material_id: int, *, person_id: int, unit_path: str
) -> Item | None:
    """Return a material that is published to a person."""
    statement = _seen_by(person_id, unit_path).where(Material.id == material_id)
    row = (await session.execute(statement)).one_or_none()
    return Item(row[0], row[1]) if row is not None else None


async def of_publisher(session: AsyncSession, material_id: int, within: Scope) -> Material | None:
    """Return a material that a unit of a scope has published."""
    statement = (
        select(Material)
        .join(Unit, Unit.id == Material.unit_id)
        .where(Material.id == material_id, within.units())
    )
    return (await session.scalars(statement)).one_or_none()


async def open_(
    session: AsyncSession, material_id: int, *, person_id: int, now: datetime
) -> Reading:
    """Note that a person has opened a material; the first time counts."""
    values = {
        "material_id": material_id,
        "person_id": person_id,
        "opened_at": now,
        "minutes": 0,
        "thought": "",
    }
    await insert_new(session, Reading, values)
    return (await session.scalars(_reading(material_id, person_id))).one()


async def learn(
    session: AsyncSession,
    material: Material,
    *,
    person_id: int,
    on: date,
    thought: str,
    now: datetime,
) -> int | None:
    """Mark a material learned and return the minutes that count: a day has no more than 24 hours.

    None if it was learned before; then only the thought is new.
    """
    await open_(session, material.id, person_id=person_id, now=now)
    left = await check_ins.left_on(session, person_id, on)
    mine = Reading.material_id == material.id, Reading.person_id == person_id
    first = await session.scalars(
        update(Reading)
        .where(*mine, Reading.learned_at.is_(None))
        .values(learned_at=now, learned_on=on, minutes=min(material.minutes, left), thought=thought)
        .returning(Reading.minutes)
    )
    counted = first.first()
    if counted is None and thought:
        await session.execute(update(Reading).where(*mine).values(thought=thought))
    return counted


async def learned_in(session: AsyncSession, person_id: int, *, since: date, until: date) -> int:
    """Return how many materials a person has learned from a day to another, inclusive."""
    statement = select(func.count()).where(
        Reading.person_id == person_id, Reading.learned_on >= since, Reading.learned_on <= until
    )
    return await session.scalar(statement) or 0


def is_for(unit_path: str) -> ColumnElement[bool]:
    """Return the condition under which a material is published to a unit or one above it."""
    line = [int(part) for part in unit_path.split("/") if part]
    return Material.id.in_(select(MaterialUnit.material_id).where(MaterialUnit.unit_id.in_(line)))


def _seen_by(person_id: int, unit_path: str) -> Select[Material, Reading | None]:
    """What a person has learned stays in view after they have moved on."""
    mine = (Reading.material_id == Material.id) & (Reading.person_id == person_id)
    return (
        select(Material, Reading)
        .outerjoin(Reading, mine)
        .where(
            Material.withdrawn_at.is_(None),
            or_(is_for(unit_path), Reading.learned_at.is_not(None)),
        )
    )


def _reading(material_id: int, person_id: int) -> Select[Reading]:
    return select(Reading).where(Reading.material_id == material_id, Reading.person_id == person_id)
