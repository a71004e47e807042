"""Hours of study toward a year's requirement, days, and the streak.

The streak counts workdays with study, back from today. A workday without study ends it, but
today does not while it lasts. Days off neither break it nor add to it. A workday that is only
computed (no decree yet) counts like any other if there was study on it, but does not end the
streak if there was none: it may turn out a day off, and the streak one day shorter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, Select, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import CheckIn, Person, Reading, Stage, Title, Unit

DAY = timedelta(days=1)
LEADING = frozenset(
    {
        Title.SECRETARY,
        Title.DEPUTY_SECRETARY,
        Title.ORGANISATION,
        Title.PUBLICITY,
        Title.DISCIPLINE,
    }
)
MEMBERS = frozenset({Stage.MEMBER.value, Stage.PROBATIONARY.value})


@dataclass(frozen=True, slots=True)
class Requirement:
    """How many hours (学时) a year, and which regulation says so."""

    hours: int
    regulation: str
    article: str
    version: str
    remark: str = ""


MEMBER = Requirement(
    32, "《中国共产党党员教育管理工作条例》", "第二十条", "2019", "条文用语为“一般”"
)
OFFICER = Requirement(
    56,
    "《2019—2023年全国党员教育培训工作规划》",
    "",
    "2019",
    "规划已到期，是否沿用待核",
)


class Days(Protocol):
    """The table of workdays, as far as a streak needs it."""

    def is_workday(self, day: date) -> bool: ...

    def is_provisional(self, day: date) -> bool: ...


def required(titles: Collection[Title], stage: str) -> Requirement | None:
    """Return what holds for a person of these posts and stage; None where nothing does."""
    if LEADING & set(titles):
        return OFFICER
    return MEMBER if stage in MEMBERS else None


def streak(studied: Collection[date], *, today: date, days: Days) -> int:
    """Return how many workdays in a row had study, the last one today or before it."""
    past = {day for day in studied if day <= today}
    count, day = 0, today
    first = min(past, default=today)
    while day >= first:
        if days.is_workday(day):
            if day in past:
                count += 1
            elif day != today and not days.is_provisional(day):
                break
        day -= DAY
    return count


async def by_day(
    session: AsyncSession, person_id: int, *, since: date, until: date
) -> dict[date, int]:
    """Return a person's minutes of each day with study, from `since` to `until` inclusive."""
    entries = _entries(since, until).where(CheckIn.person_id == person_id)
    learned = _learned(since, until).where(Reading.person_id == person_id)
    each = union_all(entries, learned).subquery()
    rows = await session.execute(
        select(each.c.on, func.sum(each.c.minutes)).group_by(each.c.on).order_by(each.c.on)
    )
    return {day: int(minutes) for day, minutes in rows}


async def by_person(
    session: AsyncSession, within: ColumnElement[bool], *, since: date, until: date
) -> Mapping[int, int]:
    """Return the minutes of each person who has studied; `within` is on `Person` and `Unit`."""
    # Narrowed before they are put together: a few people are found without reading all.
    entries = _entries(since, until).join(Person, Person.id == CheckIn.person_id)
    learned = _learned(since, until).join(Person, Person.id == Reading.person_id)
    each = union_all(
        entries.join(Unit, Unit.id == Person.unit_id).where(within),
        learned.join(Unit, Unit.id == Person.unit_id).where(within),
    ).subquery()
    rows = await session.execute(
        select(each.c.person_id, func.sum(each.c.minutes)).group_by(each.c.person_id)
    )
    return {person_id: int(minutes) for person_id, minutes in rows}


def _entries(since: date, until: date) -> Select[int, date, int]:
    return select(CheckIn.person_id, CheckIn.on, CheckIn.minutes).where(
        CheckIn.on >= since, CheckIn.on <= until, CheckIn.withdrawn_at.is_(None)
    )


def _learned(since: date, until: date) -> Select[int, date | None, int]:
    return select(Reading.person_id, Reading.learned_on.label("on"), Reading.minutes).where(
        Reading.learned_on >= since, Reading.learned_on <= until
    )
