"""Stretches in which a committee has the reminders of a unit and all below it held back."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Duty, Silence, Unit, UnitKind

# For so long after a silence a unit may not prolong it by itself.
PAUSE = timedelta(days=30)


async def start(
    session: AsyncSession, unit: Unit, *, since: date, until: date, reason: str, by_id: int
) -> Silence:
    """Hold reminders back from one day to another, both included; raises `ValueError`.

    What comes due meanwhile is told on the first workday afterwards.
    """
    if until < since:
        raise ValueError("the silence ends before it begins")
    silence = Silence(unit_id=unit.id, since=since, until=until, reason=reason, by_id=by_id)
    session.add(silence)
    await session.flush()
    return silence


async def end(session: AsyncSession, silence: Silence, *, now: datetime) -> bool:
    """End a silence before its time; False if it was ended. What waited is looked at again."""
    ended = await session.execute(
        update(Silence)
        .where(Silence.id == silence.id, Silence.ended_at.is_(None))
        .values(ended_at=now)
        .returning(Silence.unit_id)
    )
    if (unit_id := ended.scalar()) is None:
        return False
    unit = await session.get_one(Unit, unit_id)
    below = select(Unit.id).where(Unit.path.startswith(unit.path, autoescape=True))
    await session.execute(
        update(Duty).where(Duty.unit_id.in_(below), Duty.next_at > now).values(next_at=now)
    )
    return True


async def running(session: AsyncSession, unit: Unit, today: date) -> list[Silence]:
    """Return the silences of a unit itself that run today or are still to come."""
    statement = (
        select(Silence)
        .where(Silence.unit_id == unit.id, Silence.ended_at.is_(None), Silence.until >= today)
        .order_by(Silence.since, Silence.id)
    )
    return list(await session.scalars(statement))


async def bound(session: AsyncSession, unit: Unit, *, today: date, zone: tzinfo) -> date | None:
    """Return the last day to which a unit that was silent lately may silence itself; else None.

    A silence may be given up and taken up again as far as it was announced, and no further. A
    branch and each of its 党小组 are one: what silenced the one has silenced the other.
    """
    statement = (
        select(Silence)
        .join(Unit, Unit.id == Silence.unit_id)
        .where(_one_with(unit), Silence.until >= today - PAUSE)
    )
    lately = [
        silence.until
        for silence in await session.scalars(statement)
        if silence.ended_at is None or silence.ended_at.astimezone(zone).date() >= today - PAUSE
    ]
    return max(lately, default=None)


def _one_with(unit: Unit) -> ColumnElement[bool]:
    if unit.kind == UnitKind.GROUP.value:
        branch = and_(Unit.kind == UnitKind.BRANCH.value, Unit.id.in_(_line(unit)))
        return or_(Unit.id == unit.id, branch)
    if unit.kind == UnitKind.BRANCH.value:
        return Unit.path.startswith(unit.path, autoescape=True)
    return Unit.id == unit.id


def _line(unit: Unit) -> list[int]:
    return [int(part) for part in unit.path.split("/") if part]


async def covering(session: AsyncSession, today: date) -> dict[str, date]:
    """Return the path of each unit with a silence today, and the last day of it."""
    statement = (
        select(Unit.path, Silence.until)
        .join(Unit, Unit.id == Silence.unit_id)
        .where(Silence.ended_at.is_(None), Silence.since <= today, Silence.until >= today)
        .order_by(Silence.until)
    )
    return dict((await session.execute(statement)).all())


def until(silent: dict[str, date], path: str) -> date | None:
    """Return the last silent day of the unit of a path, by `covering`; None if there is none."""
    return max((day for above, day in silent.items() if path.startswith(above)), default=None)
