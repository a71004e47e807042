"""How fast a channel may be written to, by all processes together.

The generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): one row holds the
theoretical arrival time of the next message. It is read and moved in the transaction that
claims, so that a claim never takes more than may be sent at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import RateBucket
from db.types import insert_new

# Stored times have microseconds; an interval such as 1/3 s has no end in them.
ROUNDING = timedelta(microseconds=10)


@dataclass(frozen=True, slots=True)
class Pace:
    """So many messages a second on average, and at most `burst` of them at once."""

    per_second: float
    burst: int = 1

    @property
    def interval(self) -> timedelta:
        """The time from one message to the next."""
        return timedelta(seconds=1 / self.per_second)


def granted(tat: datetime, pace: Pace, *, now: datetime) -> int:
    """Return how many messages conform now, given the theoretical arrival time of the next."""
    allowance = pace.interval * (pace.burst - 1) + ROUNDING
    ahead = now + allowance - max(tat, now)
    return 0 if ahead < timedelta(0) else ahead // pace.interval + 1


def after(tat: datetime, pace: Pace, count: int, *, now: datetime) -> datetime:
    """Return the theoretical arrival time once `count` messages have gone."""
    return max(tat, now) + count * pace.interval


async def available(session: AsyncSession, scope: str, pace: Pace, *, now: datetime) -> int:
    """Return how many messages may go now; other processes wait until this transaction ends."""
    tat = await _lock(session, scope)
    if tat is None:
        await insert_new(session, RateBucket, {"scope": scope, "tat": now})
        tat = await _lock(session, scope) or now
    return granted(tat, pace, now=now)


async def take(session: AsyncSession, scope: str, pace: Pace, count: int, *, now: datetime) -> None:
    """Use up what `available` granted, or the part of it that is needed."""
    if count:
        tat = await _lock(session, scope) or now
        await _set(session, scope, after(tat, pace, count, now=now))


async def rest(session: AsyncSession, scope: str, pace: Pace, *, until: datetime) -> None:
    """Let nothing through before `until`."""
    await insert_new(session, RateBucket, {"scope": scope, "tat": until})
    blocked = until + pace.interval * (pace.burst - 1)
    tat = await _lock(session, scope) or until
    await _set(session, scope, max(tat, blocked))


async def _lock(session: AsyncSession, scope: str) -> datetime | None:
    statement = select(RateBucket.tat).where(RateBucket.scope == scope).with_for_update()
    return await session.scalar(statement)


async def _set(session: AsyncSession, scope: str, tat: datetime) -> None:
    await session.execute(update(RateBucket).where(RateBucket.scope == scope).values(tat=tat))
