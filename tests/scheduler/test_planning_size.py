"""A first planning of many: the store is told how its table of duties has grown."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import insert, select, text

from db.engine import Database
from db.tables import Person, Stage, Unit
from scheduler import planning
from tests.scheduler.world import BOOK, BRANCH, ZONE, plant

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
# Each of them owes two months.
MEMBERS = planning.BATCH // 2 + 50


async def test_postgresql_looks_at_the_duties_as_they_grow(postgres_url: str) -> None:
    """Else it would choose its ways for an empty table until autovacuum comes by."""
    database = Database(postgres_url)
    async with database.write() as session:
        await session.execute(text("ALTER TABLE duty SET (autovacuum_enabled = false)"))
        await plant(session)
        branch = await session.scalar(select(Unit.id).where(Unit.name == BRANCH))
        member = {"unit_id": branch, "stage": Stage.MEMBER.value}
        rows = [{**member, "number": f"n{n}", "name": f"甲{n}"} for n in range(MEMBERS)]
        await session.execute(insert(Person), rows)
    made = await planning.plan(database, BOOK, now=NOW, sent_at=NOW, zone=ZONE)
    async with database.read() as session:
        rows_known = await session.scalar(
            text("SELECT reltuples FROM pg_class WHERE relname = 'duty'")
        )
    await database.close()
    assert planning.BATCH <= (rows_known or 0) <= made.created
