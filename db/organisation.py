"""The tree of units, and finding people in it."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import cast

from sqlalchemy import Column, Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.access import Scope
from db.accounts import in_force, present
from db.tables import Base, Person, Post, Title, Unit, UnitKind

ROOT = "/"


async def add_unit(
    session: AsyncSession, *, name: str, kind: UnitKind, parent: Unit | None
) -> Unit:
    """Add a unit below `parent`, or a root."""
    unit = Unit(name=name, kind=kind.value, parent_id=parent.id if parent else None, path=name)
    session.add(unit)
    await session.flush()
    unit.path = f"{parent.path if parent else ROOT}{unit.id}/"
    await session.flush()
    return unit


async def find_unit(session: AsyncSession, name: str, within: Scope) -> Unit | None:
    """Return the unit of that name, if it lies within the scope."""
    statement = select(Unit).where(Unit.name == name, within.units())
    return (await session.scalars(statement)).one_or_none()


async def is_taken(session: AsyncSession, name: str) -> bool:
    """Tell whether a unit of that name exists anywhere."""
    return await session.scalar(select(Unit.id).where(Unit.name == name)) is not None


async def remove_unit(session: AsyncSession, unit: Unit) -> bool:
    """Remove a unit; False if anybody, any unit or any record still belongs to it."""
    for column in _naming_a_unit():
        if await session.scalar(select(column).where(column == unit.id).limit(1)) is not None:
            return False
    await session.delete(unit)
    await session.flush()
    return True


@cache
def _naming_a_unit() -> tuple[Column[int], ...]:
    """Return every column that refers to a unit."""
    return tuple(
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.references(cast(Table, Unit.__table__).c.id)
    )


async def list_units(session: AsyncSession, within: Scope) -> list[Unit]:
    """Return the units of a scope in the order of the tree."""
    return list(await session.scalars(select(Unit).where(within.units()).order_by(Unit.path)))


async def find_people(
    session: AsyncSession, text: str, within: Scope, *, today: date, limit: int = 20
) -> list[Person]:
    """Return the people of a scope whose name contains `text`, or whose number it is."""
    statement = (
        select(Person)
        .join(Unit, Unit.id == Person.unit_id)
        .where(
            within.people(),
            present(today),
            or_(Person.name.contains(text, autoescape=True), Person.number == text),
        )
        .order_by(Person.name != text, Unit.path, Person.id)
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def count_people(session: AsyncSession, unit: Unit, *, today: date) -> int:
    """Return how many people belong to a unit and everything below it."""
    statement = (
        select(func.count())
        .select_from(Person)
        .join(Unit, Unit.id == Person.unit_id)
        .where(
            Unit.path.startswith(unit.path, autoescape=True),
            present(today),
        )
    )
    return await session.scalar(statement) or 0


async def holders(
    session: AsyncSession, *, unit_id: int, title: Title, today: date
) -> list[Person]:
    """Return who holds a post in a unit on a day and has not left."""
    statement = (
        select(Person)
        .join(Post, Post.person_id == Person.id)
        .where(
            Post.unit_id == unit_id,
            Post.title == title.value,
            present(today),
            *in_force(today),
        )
        .order_by(Post.since, Post.id)
    )
    return list(await session.scalars(statement))


async def administrators(session: AsyncSession, *, today: date) -> list[int]:
    """Return the ids of the persons who administer the assistant on a day."""
    statement = (
        select(Post.person_id)
        .join(Person, Person.id == Post.person_id)
        .where(Post.title == Title.ADMINISTRATOR.value, present(today), *in_force(today))
    )
    return sorted(set(await session.scalars(statement)))


async def line_up(session: AsyncSession, unit_id: int) -> list[Unit]:
    """Return the unit and those above it, nearest first."""
    unit = await session.get_one(Unit, unit_id)
    ids = [int(part) for part in unit.path.split("/") if part]
    units = await session.scalars(select(Unit).where(Unit.id.in_(ids)))
    by_id = {u.id: u for u in units}
    return [by_id[i] for i in reversed(ids)]
