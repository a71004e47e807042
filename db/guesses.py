"""Failed tries at a secret: too many of them close the door for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Account, Guess

WINDOW = timedelta(minutes=15)
LOCK = timedelta(minutes=30)
# Failures of one account in `WINDOW` that lock it for `LOCK`.
OWN_LIMIT = 5
# Failures of all accounts together in `WINDOW` that close the door to everybody: many accounts
# may guess in turn, and nobody who holds a code needs more than a few tries.
OVERALL_LIMIT = 200
KEPT = timedelta(days=1)


async def is_locked(session: AsyncSession, *, account_id: int, kind: str, now: datetime) -> bool:
    """Tell whether an account may not try now.

    One account's tries take turns by its row, so that a burst counts as well as a row of tries.
    """
    await session.scalar(select(Account.id).where(Account.id == account_id).with_for_update())
    failures = await session.scalars(
        select(Guess.at)
        .where(Guess.account_id == account_id, Guess.kind == kind, Guess.at > now - LOCK - WINDOW)
        .order_by(Guess.at.desc())
        .limit(OWN_LIMIT)
    )
    times = list(failures)
    full = len(times) == OWN_LIMIT and times[0] - times[-1] <= WINDOW
    return (full and times[0] > now - LOCK) or await is_storm(session, kind=kind, now=now)


async def is_storm(session: AsyncSession, *, kind: str, now: datetime) -> bool:
    """Tell whether all accounts together have failed too often lately."""
    statement = select(func.count()).where(Guess.kind == kind, Guess.at > now - WINDOW)
    return (await session.scalar(statement) or 0) >= OVERALL_LIMIT


async def note(session: AsyncSession, *, account_id: int, kind: str, now: datetime) -> None:
    """Count a failure, and forget those that count no more."""
    await session.execute(delete(Guess).where(Guess.at < now - KEPT))
    session.add(Guess(account_id=account_id, kind=kind, at=now))
    await session.flush()
