"""What an act took from the queue is queued again where the act is undone, on both stores."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from db.engine import Database
from db.tables import Outbox, OutboxState
from scheduler import duties
from tests.scheduler.world import LIMIT, after_all, owe, person_named, plant, swept

LAST = 7


async def states(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(Outbox.state).order_by(Outbox.id)))


async def test_an_undone_closing_takes_no_alert_away(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        duty = await owe(session, "李小红")
        who = (await person_named(session, "李小红")).id
    for days in range(LAST + 1):
        await swept(database, now := after_all(LIMIT + timedelta(days=days)))
    waiting = await states(database)
    assert set(waiting) == {OutboxState.PENDING.value}
    async with database.write() as session:
        await duties.complete(
            session, duty.id, on=LIMIT, today=now.date(), actor_id=who, now=now, sent_at=now
        )
    assert set(await states(database)) == {OutboxState.CANCELLED.value}
    async with database.write() as session:
        within = timedelta(days=1)
        await duties.reopen(session, duty.id, within=within, actor_id=who, now=now, sent_at=now)
    assert await states(database) == waiting
