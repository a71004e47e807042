"""Whose clock counts, and that the machine's zone never does."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from db import instants
from db.engine import Database
from db.tables import Inbox

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_postgresql_is_asked_for_the_time_and_sqlite_is_not(database: Database) -> None:
    """Fault 16: one machine's wrong clock must not steal another machine's leases."""
    asked: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def note(c: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    async with database.write() as session:
        first = await instants.of_store(session)
        second = await instants.of_store(session)
    assert first.tzinfo is not None
    assert first <= second
    assert sum("clock_timestamp" in statement for statement in asked) == (
        0 if database.is_sqlite else 2
    )


async def test_another_clock_can_be_given(database: Database) -> None:
    async with database.read() as session:
        assert await instants.by(lambda: NOON)(session) == NOON


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu", ""])
async def test_the_machines_zone_changes_no_stored_time(
    database: Database, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 17: also when it changes while the program runs."""
    async with database.write() as session:
        session.add(Inbox(channel="c", update="1", at=NOON))
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        async with database.write() as session:
            session.add(Inbox(channel="c", update="2", at=NOON + timedelta(hours=1)))
        async with database.read() as session:
            found = list(await session.scalars(select(Inbox.at).order_by(Inbox.at)))
            now = await instants.of_store(session)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found == [NOON, NOON + timedelta(hours=1)]
    assert abs(now - datetime.now(UTC)) < timedelta(hours=1)
