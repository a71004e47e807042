"""Tells whoever answers for a unit something that is not a duty of theirs."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db import organisation
from scheduler import outbox
from scheduler.messages import Message
from scheduler.recipients import ANSWERS

KIND = "duty"


async def tell(
    session: AsyncSession, unit_id: int, message: Message, *, key: str, today: date, now: datetime
) -> bool:
    """Tell the first who can be reached of those who answer for a unit, or for those above it.

    False if nobody can be reached. `now` is the real time.
    """
    for unit in await organisation.line_up(session, unit_id):
        for title in ANSWERS:
            for holder in await organisation.holders(
                session, unit_id=unit.id, title=title, today=today
            ):
                if await outbox.notify(session, holder.id, message, key=key, kind=KIND, now=now):
                    return True
    return False
