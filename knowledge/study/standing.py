"""How the people of a scope stand: who has studied, and who is short of the year's hours."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.accounts import in_force, present
from db.tables import Person, Post, PracticeAnswer, QuizAnswer, Title, Unit
from knowledge.study import hours, settings
from knowledge.study.hours import MEMBERS, Requirement


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a member has come in a year; `per_hour` minutes make an hour where they are."""

    person_id: int
    name: str
    unit_id: int
    minutes: int
    per_hour: int
    requirement: Requirement | None

    @property
    def hours(self) -> float:
        """The year's hours, cut to one decimal."""
        return self.minutes * 10 // self.per_hour / 10

    @property
    def missing(self) -> float:
        """How many hours are still missing; 0 where none are."""
        wanted = self.requirement.hours if self.requirement else 0
        return max(0.0, round(wanted - self.hours, 1))


async def standings(
    session: AsyncSession, within: ColumnElement[bool], *, today: date
) -> list[Standing]:
    """Return the members of a scope (a condition on `Person` and `Unit`) in the order of the tree.

    There is no order by hours: nobody is first or last.
    """
    statement = (
        select(Person, Unit.path)
        .join(Unit, Unit.id == Person.unit_id)
        .where(within, Person.stage.in_(MEMBERS), present(today))
        .order_by(Unit.path, Person.id)
    )
    people = [(person, path) for person, path in await session.execute(statement)]
    minutes = await hours.by_person(session, within, since=date(today.year, 1, 1), until=today)
    titles = await _titles(session, within, today)
    per_hour = await settings.by_unit(session, settings.MINUTES)
    return [
        Standing(
            person.id,
            person.name,
            person.unit_id,
            minutes.get(person.id, 0),
            int(settings.holding(per_hour, path, settings.MINUTES).value),
            hours.required(titles[person.id], person.stage),
        )
        for person, path in people
    ]


async def quizzed(
    session: AsyncSession, within: ColumnElement[bool], *, since: datetime, today: date
) -> int:
    """Return how many members of a scope have answered a question, in a group or alone."""
    answered = (
        exists().where(table.person_id == Person.id, table.at >= since)
        for table in (QuizAnswer, PracticeAnswer)
    )
    statement = (
        select(func.count())
        .select_from(Person)
        .join(Unit, Unit.id == Person.unit_id)
        .where(within, Person.stage.in_(MEMBERS), present(today), or_(*answered))
    )
    return await session.scalar(statement) or 0


async def _titles(
    session: AsyncSession, within: ColumnElement[bool], today: date
) -> defaultdict[int, set[Title]]:
    statement = (
        select(Post.person_id, Post.title)
        .join(Person, Person.id == Post.person_id)
        .join(Unit, Unit.id == Person.unit_id)
        .where(within, *in_force(today))
    )
    found: defaultdict[int, set[Title]] = defaultdict(set)
    for person_id, title in await session.execute(statement):
        found[person_id].add(Title(title))
    return found
