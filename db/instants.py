"""Which clock says what time it is for leases and sending limits.

Processes on several machines share one PostgreSQL and must not steal each other's leases
because one machine's clock is wrong: there the database's clock decides. SQLite is used by one
machine, whose clock it has.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.types import UtcDateTime

Instants = Callable[[AsyncSession], Awaitable[datetime]]


async def of_store(session: AsyncSession) -> datetime:
    """Return the time by the store's own clock."""
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    # Not now(), which is the time when the transaction began.
    statement = select(func.clock_timestamp(type_=UtcDateTime()))
    return (await session.execute(statement)).scalar_one()


def by(clock: Callable[[], datetime]) -> Instants:
    """Return instants by another clock, such as that of a test."""

    async def instants(session: AsyncSession) -> datetime:
        return clock()

    return instants
