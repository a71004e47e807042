"""Who stands behind a step of the ladder: posts by the tree, and where each can be reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.accounts import in_force, present
from db.tables import Account, Chat, DutyRow, Person, Post, Title, Unit, UnitKind
from scheduler.rulebook.model import Audience

# Who answers for a unit, in this order: the next title counts where the one before is vacant.
ANSWERS = (Title.SECRETARY, Title.DEPUTY_SECRETARY, Title.ORGANISATION)
ANSWERS_GROUP = (Title.GROUP_LEADER,)
LEADS = (Title.SECRETARY, Title.DEPUTY_SECRETARY)
ORGANISES = (Title.ORGANISATION, Title.DEPUTY_SECRETARY, Title.SECRETARY)


class Seat(NamedTuple):
    """Where somebody can be reached: the account that may press buttons, and its chat."""

    account_id: int
    channel: str
    chat: str


@dataclass(frozen=True, slots=True)
class Directory:
    """Units, holders of posts, names and seats, loaded at once for many duties."""

    units: Mapping[int, Unit]
    posts: Mapping[tuple[int, str], Sequence[int]]
    names: Mapping[int, str]
    seats: Mapping[int, Seat]

    def candidates(self, duty: DutyRow, audience: Audience) -> list[Sequence[int]] | None:
        """Return the persons of an audience, the first choice first, each choice together.

        Empty where every post is vacant; None where the tree has no such place (the audience
        above the root, the leader of somebody who is in no 党小组).
        """
        unit = self.units[duty.unit_id]
        if audience is Audience.OWNER:
            return self._owner(duty, unit)
        if audience is Audience.GROUP_LEADER:
            return self._holders(unit, ANSWERS_GROUP) if _is_group(unit) else None
        branch = self.branch(unit)
        if audience is Audience.SECRETARY:
            return self._holders(branch, ANSWERS)
        above = self.units.get(branch.parent_id) if branch.parent_id else None
        if above is None:
            return None
        organises = audience is Audience.SUPERIOR_ORGANISATION
        return self._holders(above, ORGANISES if organises else LEADS)

    def branch(self, unit: Unit) -> Unit:
        """Return the unit itself, or for a 党小组 the branch that it is part of."""
        while _is_group(unit) and unit.parent_id is not None:
            unit = self.units[unit.parent_id]
        return unit

    def reachable(self, person_ids: Iterable[int]) -> list[int]:
        """Return those of the persons to whom something can be sent."""
        return [person_id for person_id in person_ids if person_id in self.seats]

    def _owner(self, duty: DutyRow, unit: Unit) -> list[Sequence[int]]:
        if duty.person_id is not None:
            return [[duty.person_id]] if duty.person_id in self.names else []
        return self._holders(unit, ANSWERS_GROUP if _is_group(unit) else ANSWERS)

    def _holders(self, unit: Unit, titles: Iterable[Title]) -> list[Sequence[int]]:
        held = (self.posts.get((unit.id, title.value), ()) for title in titles)
        return [persons for persons in held if persons]


async def directory(session: AsyncSession, duties: Collection[DutyRow], today: date) -> Directory:
    """Load what `Directory` needs for some duties: the units from each up to the root."""
    units = await _lines(session, {duty.unit_id for duty in duties})
    posts: dict[tuple[int, str], list[int]] = defaultdict(list)
    statement = (
        select(Post.unit_id, Post.title, Post.person_id)
        .join(Person, Person.id == Post.person_id)
        .where(Post.unit_id.in_(units), present(today), *in_force(today))
        .order_by(Post.since, Post.id)
    )
    for unit_id, title, person_id in await session.execute(statement):
        posts[unit_id, title].append(person_id)
    people = {person_id for held in posts.values() for person_id in held}
    for duty in duties:
        people |= {p for p in (duty.person_id, duty.subject_person_id) if p is not None}
    named = select(Person.id, Person.name).where(Person.id.in_(people), present(today))
    names = dict((await session.execute(named)).all())
    return Directory(units, posts, names, await seats(session, names))


async def seats(session: AsyncSession, person_ids: Collection[int]) -> dict[int, Seat]:
    """Return where each person was last seen; who cannot be reached is left out."""
    statement = (
        select(Account.person_id, Account.id, Account.channel, Account.chat)
        .outerjoin(Chat, (Chat.channel == Account.channel) & (Chat.external == Account.chat))
        .where(Account.person_id.in_(person_ids), Account.chat.is_not(None), Chat.gone_at.is_(None))
        .order_by(Account.seen_at, Account.id.desc())
    )
    # The last one of a person stays.
    return {
        person: Seat(account, channel, chat or "")
        for person, account, channel, chat in await session.execute(statement)
        if person is not None
    }


async def _lines(session: AsyncSession, unit_ids: Collection[int]) -> dict[int, Unit]:
    paths = await session.scalars(select(Unit.path).where(Unit.id.in_(unit_ids)))
    ids = {int(part) for path in paths for part in path.split("/") if part}
    return {unit.id: unit for unit in await session.scalars(select(Unit).where(Unit.id.in_(ids)))}


def _is_group(unit: Unit) -> bool:
    return unit.kind == UnitKind.GROUP.value
