"""Check-ins: what somebody has studied, noted for the local day on which it was said.

The day is that of the event in the unit's zone, never that of its processing, and the key of
the event makes a late second delivery harmless. Several a day add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import CheckIn, Person, Reading
from db.types import insert_new_ids

# A day can be filled in for so many days after it.
GRACE = timedelta(days=7)
DAY_MINUTES = 24 * 60


class CheckInError(Exception):
    """A check-in is refused.

    FutureDay   the day has not come
    TooOld      the day is longer ago than `GRACE`
    FullDay     the day would have more than 24 hours; `left` minutes are free
    """


class FutureDay(CheckInError): ...


class TooOld(CheckInError): ...


class FullDay(CheckInError):
    def __init__(self, left: int) -> None:
        super().__init__(f"{left} minutes are free")
        self.left = left


def judge(on: date, *, today: date) -> None:
    """Refuse a day that has not come or is long over."""
    if on > today:
        raise FutureDay
    if today - on > GRACE:
        raise TooOld


async def add(
    session: AsyncSession,
    *,
    key: str,
    person_id: int,
    on: date,
    what: str,
    minutes: int,
    thought: str,
    at: datetime,
) -> CheckIn | None:
    """Note a check-in of a day that was judged; None if this very event was noted before.

    Raises `FullDay`.
    """
    left = await left_on(session, person_id, on)
    if await session.scalar(select(CheckIn.id).where(CheckIn.key == key)) is not None:
        return None
    if minutes > left:
        raise FullDay(left)
    values = {
        "key": key,
        "person_id": person_id,
        "on": on,
        "what": what,
        "minutes": minutes,
        "thought": thought,
        "at": at,
    }
    made = await insert_new_ids(session, CheckIn, [values])
    return await session.get_one(CheckIn, made[0]) if made else None


async def left_on(session: AsyncSession, person_id: int, on: date) -> int:
    """Return how many minutes of a day are free; what else would fill it waits for this one."""
    await session.scalar(select(Person.id).where(Person.id == person_id).with_for_update())
    return max(DAY_MINUTES - await minutes_on(session, person_id, on), 0)


async def minutes_on(session: AsyncSession, person_id: int, on: date) -> int:
    """Return how many minutes are noted for a day, check-ins and learned material together."""
    check_ins = select(func.sum(CheckIn.minutes)).where(
        CheckIn.person_id == person_id, CheckIn.on == on, CheckIn.withdrawn_at.is_(None)
    )
    learned = select(func.sum(Reading.minutes)).where(
        Reading.person_id == person_id, Reading.learned_on == on
    )
    return (await session.scalar(check_ins) or 0) + (await session.scalar(learned) or 0)


async def withdraw(
    session: AsyncSession,
    *,
    person_id: int,
    now: datetime,
    on: date | None = None,
    number: int | None = None,
) -> Sequence[CheckIn]:
    """Take back one check-in by its number, or all of a day; return what was taken back."""
    which = CheckIn.id == number if number is not None else CheckIn.on == on
    gone = await session.scalars(
        update(CheckIn)
        .where(CheckIn.person_id == person_id, CheckIn.withdrawn_at.is_(None), which)
        .values(withdrawn_at=now)
        .returning(CheckIn),
        execution_options={"populate_existing": True},
    )
    return gone.all()
