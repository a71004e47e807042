"""Why nothing is sent at present. No row, no hold; answers to new questions go out all the same."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Hold
from db.types import insert_new

# The store is older than what was sent from it: it came from a backup.
RESTORED = "restored"


async def hold(session: AsyncSession, name: str, reason: str, *, now: datetime) -> bool:
    """Stop the sending; False if it is held under that name already."""
    values = {"name": name, "since": now, "reason": reason}
    return bool(await insert_new(session, Hold, values))


async def find(session: AsyncSession) -> list[Hold]:
    """Return what stops the sending, the oldest first."""
    return list(await session.scalars(select(Hold).order_by(Hold.since, Hold.name)))


async def release(session: AsyncSession) -> int:
    """Let everything go again; return how many holds there were."""
    gone = await session.scalars(delete(Hold).returning(Hold.name))
    return len(gone.all())
