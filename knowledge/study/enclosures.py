"""The file of a material that is being prepared: held for its sender until it is published.

Until then it is of no media type that is ever shown; what is not published goes again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import conversation
from db.conversation import HELD
from db.tables import StoredFile


async def hold(
    session: AsyncSession, *, name: str, data: bytes, owner_id: int, now: datetime
) -> int:
    """Hold a file and return its number."""
    file = await conversation.keep_file(
        session, name=name, media_type=HELD, data=data, owner_id=owner_id, now=now
    )
    return file.id


async def release(session: AsyncSession, number: int, *, owner_id: int, media_type: str) -> bool:
    """Let a held file be shown as what it is; False if it has gone."""
    released = await session.scalars(
        update(StoredFile)
        .where(*_held(number, owner_id))
        .values(media_type=media_type)
        .returning(StoredFile.id)
    )
    return released.first() is not None


async def drop(session: AsyncSession, number: int, *, owner_id: int) -> None:
    """Remove a file that is held and will not be published."""
    await session.execute(delete(StoredFile).where(*_held(number, owner_id)))


def _held(number: int, owner_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        StoredFile.id == number,
        StoredFile.owner_id == owner_id,
        StoredFile.media_type == HELD,
    )
