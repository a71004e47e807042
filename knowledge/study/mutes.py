"""What a person does not want to be sent: quiz and study messages; duties cannot be muted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Mute
from db.types import insert_new

QUIZ, STUDY = "答题", "学习"
MUTABLE = (QUIZ, STUDY)


async def is_muted(session: AsyncSession, person_id: int, what: str) -> bool:
    """Tell whether a person wants no messages of a kind."""
    return await session.get(Mute, (person_id, what)) is not None


async def muted(session: AsyncSession, person_ids: Collection[int], what: str) -> set[int]:
    """Return those of the persons who want no messages of a kind."""
    statement = select(Mute.person_id).where(Mute.what == what, Mute.person_id.in_(person_ids))
    return set(await session.scalars(statement))


async def mute(session: AsyncSession, person_id: int, what: str, *, now: datetime) -> bool:
    """Send a person no messages of a kind; False if that was so."""
    values = {"person_id": person_id, "what": what, "since": now}
    return bool(await insert_new(session, Mute, values))


async def unmute(session: AsyncSession, person_id: int, what: str) -> bool:
    """Send a person messages of a kind again; False if nothing was muted."""
    mine = Mute.person_id == person_id, Mute.what == what
    gone = await session.scalars(delete(Mute).where(*mine).returning(Mute.what))
    return gone.first() is not None
