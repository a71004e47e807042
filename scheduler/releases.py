"""Tells those concerned that a duty was waived, or is owed again after all: each of them once."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Duty, Notice, NoticeState, Outbox, OutboxState
from scheduler import outbox
from scheduler.channels import Lane
from scheduler.messages import Message
from scheduler.recipients import directory
from scheduler.rulebook.model import Audience

KIND = "duty"
ARRIVED = (OutboxState.SENT.value, OutboxState.LEASED.value)


async def tell(
    session: AsyncSession,
    duty: Duty,
    message: Message,
    *,
    key: str,
    by: int,
    today: date,
    now: datetime,
) -> int:
    """Tell whoever owes a duty and whoever was told of it; return how many can be reached.

    `by` knows. It is news: whatever else waits goes first. `now` is the real time.
    """
    people = {*await _owners(session, duty, today), *await _told(session, duty)} - {by}
    told = 0
    for person_id in sorted(people):
        told += await outbox.notify(
            session,
            person_id,
            message,
            key=f"{key}:{person_id}",
            kind=KIND,
            lane=Lane.BROADCAST,
            now=now,
        )
    return told


async def _owners(session: AsyncSession, duty: Duty, today: date) -> list[int]:
    """Return those who are reminded as its owner: the first post of whose holders one is there."""
    who = await directory(session, [duty], today)
    choices = who.candidates(duty, Audience.OWNER) or []
    return next((there for choice in choices if (there := who.reachable(choice))), [])


async def _told(session: AsyncSession, duty: Duty) -> list[int]:
    """Return whom a message about it has reached, or is just reaching."""
    statement = (
        select(Notice.person_id)
        .join(Outbox, Outbox.id == Notice.outbox_id)
        .where(
            Notice.duty_id == duty.id,
            Notice.state == NoticeState.QUEUED.value,
            Outbox.state.in_(ARRIVED),
        )
        .distinct()
    )
    return list(await session.scalars(statement))
