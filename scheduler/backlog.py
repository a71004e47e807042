"""What waits in the outbox, for the administrator who decides whether it is still to be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import holds
from db.tables import Outbox, OutboxState
from scheduler.claiming import is_open
from scheduler.outbox import AT_ONCE


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages of a kind are in a state, and since when the oldest is there."""

    kind: str
    state: str
    count: int
    oldest: datetime


async def summary(session: AsyncSession) -> list[Waiting]:
    """Count what waits or is put aside."""
    unsent = is_open(Outbox) | (Outbox.state == OutboxState.PARKED.value)
    statement = (
        select(Outbox.kind, Outbox.state, func.count(), func.min(Outbox.created_at))
        .where(unsent)
        .group_by(Outbox.kind, Outbox.state)
        .order_by(Outbox.kind, Outbox.state)
    )
    return [Waiting(*row) for row in await session.execute(statement)]


async def parked(session: AsyncSession, *, limit: int = 50) -> list[Outbox]:
    """Return the messages of which nobody knows whether they arrived, the oldest first."""
    statement = select(Outbox).where(Outbox.state == OutboxState.PARKED.value)
    return list(await session.scalars(statement.order_by(Outbox.id).limit(limit)))


async def release(session: AsyncSession) -> int:
    """End every hold: what waits is sent. Return how many holds there were."""
    return await holds.release(session)


async def discard(session: AsyncSession) -> int:
    """Cancel everything that waits, then end every hold; return how many were cancelled."""
    cancelled = await _change(session, is_open(Outbox), {"state": OutboxState.CANCELLED.value})
    await holds.release(session)
    return cancelled


async def send_after_all(session: AsyncSession, ids: Sequence[int]) -> int:
    """Let parked messages be sent; return how many there were."""
    values = {"state": OutboxState.PENDING.value, "send_after": AT_ONCE, "error": None}
    return await _change(session, _parked(ids), values)


async def give_up(session: AsyncSession, ids: Sequence[int]) -> int:
    """Never send parked messages; return how many there were."""
    return await _change(session, _parked(ids), {"state": OutboxState.CANCELLED.value})


def _parked(ids: Sequence[int]) -> ColumnElement[bool]:
    return and_(Outbox.id.in_(ids), Outbox.state == OutboxState.PARKED.value)


async def _change(
    session: AsyncSession, which: ColumnElement[bool], values: Mapping[str, object]
) -> int:
    changed = update(Outbox).where(which).values(values).returning(Outbox.id)
    rows = await session.scalars(changed, execution_options={"synchronize_session": False})
    return len(rows.all())
