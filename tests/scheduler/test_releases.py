"""A release is told once to whoever owes the duty and whoever was told of it, on both stores."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from db.engine import Database
from db.tables import Account, Duty, Outbox, OutboxState, Person
from scheduler import duties, releases
from scheduler.messages import Message
from tests.scheduler.world import (
    LIMIT,
    after_all,
    fetch,
    owe,
    person_named,
    plant,
    swept,
)

LATER = after_all(LIMIT + timedelta(days=8))
NEWS = Message("已免除")


async def release(database: Database, duty_id: int, by: str, *, key: str = "k") -> int:
    """Waive a duty and tell of it."""
    async with database.write() as session:
        actor = await person_named(session, by)
        duty = await duties.waive(
            session, duty_id, reason="合并", actor_id=actor.id, now=LATER, sent_at=LATER
        )
        return await releases.tell(
            session, duty, NEWS, key=key, by=actor.id, today=LATER.date(), now=LATER
        )


async def told_of_release(database: Database) -> list[str]:
    async with database.read() as session:
        named = select(Person.name).join(Outbox, Outbox.person_id == Person.id)
        found = await session.scalars(named.where(Outbox.dedup_key.startswith("k:")))
        return sorted(found)


async def in_arrears(database: Database, *, sent: bool) -> Duty:
    """Let a duty go up to the secretary, and what was told arrive, or still wait."""
    async with database.write() as session:
        await plant(session)
        duty = await owe(session, "李小红")
    for days in range(4):
        await swept(database, after_all(LIMIT + timedelta(days=days)))
        if sent:
            async with database.write() as session:
                await session.execute(update(Outbox).values(state=OutboxState.SENT.value))
    return await fetch(database, duty.id)


async def test_the_owner_and_all_of_the_ladder_hear_of_it_once(database: Database) -> None:
    duty = await in_arrears(database, sent=True)
    assert await release(database, duty.id, "支书记") == 2
    assert await told_of_release(database) == ["李小红", "组长"]


@pytest.mark.parametrize("by", ["支书记", "上书记"])
async def test_whoever_was_told_nothing_yet_stays_out_of_it(database: Database, by: str) -> None:
    duty = await in_arrears(database, sent=False)
    await release(database, duty.id, by)
    assert await told_of_release(database) == ["李小红"]
    async with database.read() as session:
        left = select(Outbox.id).where(Outbox.state == OutboxState.PENDING.value)
        assert len((await session.scalars(left)).all()) == 1


async def test_the_same_release_is_not_told_twice(database: Database) -> None:
    duty = await in_arrears(database, sent=True)
    await release(database, duty.id, "支书记")
    async with database.write() as session:
        again = await session.get_one(Duty, duty.id)
        by = (await person_named(session, "支书记")).id
        await releases.tell(session, again, NEWS, key="k", by=by, today=LATER.date(), now=LATER)
    assert await told_of_release(database) == ["李小红", "组长"]


async def test_nobody_there_is_nobody_told(database: Database) -> None:
    duty = await in_arrears(database, sent=False)
    async with database.write() as session:
        await session.execute(update(Account).values(chat=None))
    assert await release(database, duty.id, "支书记") == 0
