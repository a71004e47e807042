"""How fast a channel may be written to, by all processes together.

The generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): one row holds the
theoretical arrival time of the next message. It is read and moved in the transaction that
claims, so that a claim never takes more than may be sent at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a scope may send now, by the theoretical arrival time of its next message."""

    scope: str
    pace: Pace
    tat: datetime
    now: datetime

    @property
    def count(self) -> int:
        """How many messages conform now."""
        return granted(self.tat, self.pace, now=self.now)

    @property
    def wait(self) -> timedelta:
        """How long it is until one conforms."""
        return max(self.tat - _tolerance(self.pace) - self.now, timedelta(0))


def granted(tat: datetime, pace: Pace, *, now: datetime) -> int:
    """Return how many messages conform now, given the theoretical arrival time of the next."""
    ahead = now + _tolerance(pace) - max(tat, now)
    return 0 if ahead < timedelta(0) else ahead // pace.interval + 1


def after(tat: datetime, pace: Pace, count: int, *, now: datetime) -> datetime:
    """Return the theoretical arrival time once `count` messages have gone."""
    return max(tat, now) + count * pace.interval


async def available(session: AsyncSession, scope: str, pace: Pace, *, now: datetime) -> Allowance:
    """Return what may go now; other processes wait until this transaction ends."""
    tat = await _lock(session, scope)
    if tat is None:
        await insert_new(session, RateBucket, {"scope": scope, "tat": now})
        tat = await _lock(session, scope) or now
    return Allowance(scope, pace, tat, now)


async def take(session: AsyncSession, allowance: Allowance, count: int) -> Allowance:
    """Use up what is allowed, or the part of it that is needed; return what is left."""
    if not count:
        return allowance
    tat = after(allowance.tat, allowance.pace, count, now=allowance.now)
    await _set(session, allowance.scope, tat)
    return replace(allowance, tat=tat)


async def rest(session: AsyncSession, scope: str, pace: Pace, *, until: datetime) -> None:
    """Let nothing through before `until`."""
    await insert_new(session, RateBucket, {"scope": scope, "tat": until})
    blocked = until + pace.interval * (pace.burst - 1)
    tat = await _lock(session, scope) or until
    await _set(session, scope, max(tat, blocked))


def _tolerance(pace: Pace) -> timedelta:
    return pace.interval * (pace.burst - 1) + ROUNDING


async def _lock(session: AsyncSession, scope: str) -> datetime | None:
    statement = select(RateBucket.tat).where(RateBucket.scope == scope).with_for_update()
    return await session.scalar(statement)


async def _set(session: AsyncSession, scope: str, tat: datetime) -> None:
    await session.execute(update(RateBucket).where(RateBucket.scope == scope).values(tat=tat))
