"""The roster on record, in one look, for comparing a file with it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.access import HeldPost
from db.tables import Person, Post, Title, Unit


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Somebody on record; phone and identity number by their keyed digests only.

    `held` are the posts held or agreed on, (unit id, title).
    """

    id: int
    number: str
    name: str
    stage: str
    joined_on: date | None
    left: bool
    phone_index: str | None
    identity_index: str | None
    unit: Unit
    posts: tuple[HeldPost, ...]

    @property
    def held(self) -> frozenset[tuple[int, Title]]:
        return frozenset((post.unit_id, post.title) for post in self.posts)


@dataclass(frozen=True, slots=True)
class State:
    """Units by name, people by number and by the digests of their numbers."""

    units: dict[str, Unit]
    unit_names: dict[int, str]
    people: dict[str, Known]
    by_phone: dict[str, Known]
    by_identity: dict[str, Known]


async def load(session: AsyncSession, *, today: date) -> State:
    """Read everybody, those who have left included: their numbers are still theirs."""
    units = {unit.id: unit for unit in await session.scalars(select(Unit))}
    posts = await _posts(session, units, today=today)
    statement = select(
        Person.id,
        Person.number,
        Person.name,
        Person.stage,
        Person.joined_on,
        Person.left_on,
        Person.phone_index,
        Person.identity_index,
        Person.unit_id,
    ).order_by(Person.id)
    people = [
        Known(
            id=row.id,
            number=row.number,
            name=row.name,
            stage=row.stage,
            joined_on=row.joined_on,
            left=row.left_on is not None and row.left_on <= today,
            phone_index=row.phone_index,
            identity_index=row.identity_index,
            unit=units[row.unit_id],
            posts=tuple(posts[row.id]),
        )
        for row in await session.execute(statement)
    ]
    return State(
        units={unit.name: unit for unit in units.values()},
        unit_names={unit.id: unit.name for unit in units.values()},
        people={known.number: known for known in people},
        by_phone={known.phone_index: known for known in people if known.phone_index},
        by_identity={known.identity_index: known for known in people if known.identity_index},
    )


async def _posts(
    session: AsyncSession, units: dict[int, Unit], *, today: date
) -> dict[int, list[HeldPost]]:
    running = or_(Post.until.is_(None), Post.until > today)
    found: dict[int, list[HeldPost]] = defaultdict(list)
    for post in await session.scalars(select(Post).where(running).order_by(Post.id)):
        unit = units[post.unit_id]
        found[post.person_id].append(HeldPost(Title(post.title), unit.id, unit.path, unit.name))
    return found
