"""What becomes of a notice whose chat cannot be reached any more."""

from __future__ import annotations

from datetime import datetime, tzinfo

from sqlalchemy.ext.asyncio import AsyncSession

from db import organisation
from db.tables import Outbox, Person, Title
from scheduler import outbox
from scheduler.channels import Lane
from scheduler.messages import Message


async def reroute(session: AsyncSession, row: Outbox, *, now: datetime, zone: tzinfo) -> None:
    """Send a failed notice to the person's next account, or tell the secretary once.

    A reply is not followed: whoever asked will ask again where they can be reached.
    """
    if row.person_id is None or row.kind in (outbox.REPLY, "unreachable"):
        return
    message = Message.from_json(row.content)
    key = f"{row.dedup_key}>{row.id}"
    lane = Lane(row.lane)
    if await outbox.notify(
        session, row.person_id, message, key=key, kind=row.kind, now=now, lane=lane
    ):
        return
    await _tell_secretary(session, row.person_id, now=now, zone=zone)


async def _tell_secretary(
    session: AsyncSession, person_id: int, *, now: datetime, zone: tzinfo
) -> None:
    today = now.astimezone(zone).date()
    person = await session.get_one(Person, person_id)
    for unit in await organisation.line_up(session, person.unit_id):
        for secretary in await organisation.holders(
            session, unit_id=unit.id, title=Title.SECRETARY, today=today
        ):
            if secretary.id != person_id and await outbox.notify(
                session,
                secretary.id,
                Message(f"{person.name}同志的消息送不到（未绑定或已停用），请线下联系。"),
                key=f"unreachable:{person_id}:{today}",
                kind="unreachable",
                now=now,
            ):
                return
