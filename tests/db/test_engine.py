"""The store opens the same on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError

from db.engine import Database, is_store_fault
from db.migrate import SchemaTooNew, config, upgrade
from db.tables import Base, Duty, DutyEvent, Inbox, PressToken, Unit
from db.types import insert_new, insert_rows

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_the_migrated_schema_is_the_schema_of_the_tables(database: Database) -> None:
    async with database.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda c: compare_metadata(MigrationContext.configure(c), Base.metadata)
        )
    assert differences == []


async def test_migrating_twice_at_once_is_done_once(database: Database) -> None:
    await asyncio.gather(upgrade(database), upgrade(database))


async def test_a_store_of_a_later_release_is_refused(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew):
        await upgrade(database)


async def test_an_instant_comes_back_aware_and_equal(database: Database) -> None:
    abroad = NOON.astimezone(timezone(timedelta(hours=8)))
    async with database.write() as session:
        session.add(Inbox(channel="c", update="1", at=abroad))
    async with database.read() as session:
        row = (await session.scalars(select(Inbox))).one()
    assert (row.at, row.at.tzinfo) == (NOON, UTC)


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="zone"):
        async with database.write() as session:
            session.add(Inbox(channel="c", update="1", at=datetime(2026, 1, 1)))


async def test_writers_of_one_process_take_turns_in_the_order_they_came(
    sqlite_database: Database,
) -> None:
    """One that writes again and again lets those in that have come meanwhile."""
    done: list[str] = []

    async def write(who: str, times: int) -> None:
        for _ in range(times):
            async with sqlite_database.write() as session:
                await session.execute(text("SELECT 1"))
                done.append(who)

    greedy = asyncio.create_task(write("greedy", 20))
    while not done:  # noqa: ASYNC110 - the other task sets no Event
        await asyncio.sleep(0)
    await asyncio.gather(*(write(who, 1) for who in "abc"))
    assert len(done) <= 1 + 2 * 3
    assert [who for who in done if who != "greedy"] == ["a", "b", "c"]
    await greedy


async def test_whoever_waits_too_long_for_a_turn_is_told_that_the_store_is_busy(
    sqlite_url: str,
) -> None:
    database = Database(sqlite_url, busy_timeout_s=0.05)
    async with database.write():
        with pytest.raises(OperationalError) as refused:
            async with database.write():
                pass
    assert is_store_fault(refused.value)
    async with database.write() as session:
        await session.execute(text("SELECT 1"))
    await database.close()


async def test_a_block_that_raises_changes_nothing(database: Database) -> None:
    async def stop_half_way() -> None:
        async with database.write() as session:
            await insert_new(session, Inbox, {"channel": "c", "update": "1", "at": NOON})
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        await stop_half_way()
    async with database.read() as session:
        assert (await session.scalars(select(Inbox))).all() == []


async def test_a_transaction_that_reads_before_it_writes_waits_for_its_turn(
    database: Database,
) -> None:
    """On SQLite a deferred transaction would fail here with SQLITE_BUSY at once."""

    async def add(number: int) -> None:
        async with database.write() as session:
            await session.scalars(select(Inbox))
            await insert_new(session, Inbox, {"channel": "c", "update": str(number), "at": NOON})

    await asyncio.gather(*(add(number) for number in range(20)))
    async with database.read() as session:
        assert len((await session.scalars(select(Inbox))).all()) == 20


async def test_every_step_can_be_taken_back(database: Database) -> None:
    """A release that went wrong can be undone on either database."""

    def back_and_forth(connection: Connection) -> None:
        command.downgrade(config(connection), "base")
        command.upgrade(config(connection), "head")

    async with database.engine.begin() as connection:
        await connection.run_sync(back_and_forth)
    async with database.read() as session:
        assert (await session.scalars(select(Inbox))).all() == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("RAISE EXCEPTION USING ERRCODE = '57P01'", True),
        ("RAISE EXCEPTION USING ERRCODE = '53100'", True),
        ("RAISE EXCEPTION USING ERRCODE = '40001'", True),
        ("RAISE EXCEPTION USING ERRCODE = '23505'", False),
        ("PERFORM 1 / 0", False),
    ],
)
async def test_a_server_that_stops_is_told_from_a_wrong_statement(
    postgres_url: str, statement: str, fault: bool
) -> None:
    """Fault 7: what is tried again must not be what can never succeed."""
    database = Database(postgres_url)
    with pytest.raises(DBAPIError) as caught:
        async with database.write() as session:
            await session.execute(text(f"DO $$ BEGIN {statement}; END $$"))
    assert is_store_fault(caught.value) is fault
    await database.close()


async def test_a_connection_that_was_cut_is_a_fault_of_the_store(postgres_url: str) -> None:
    database = Database(postgres_url)
    with pytest.raises(DBAPIError) as caught:
        async with database.write() as session:
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert is_store_fault(caught.value)
    await database.close()


async def test_many_rows_are_written_as_one_by_one(database: Database) -> None:
    """Times go in as UTC, JSON as JSON, and a row that is there already is left out."""
    zone = ZoneInfo("Asia/Shanghai")
    rows = [
        {"duty_id": 1, "at": NOON.astimezone(zone), "kind": kind, "actor_id": None, "data": data}
        for kind, data in (("told", {"stage": "-7:本人"}), ("lost", {}))
    ]
    async with database.write() as session:
        session.add(Unit(id=1, name="支部", kind="branch", path="/1/"))
        await session.flush()
        day = NOON.date()
        session.add(
            Duty(
                id=1,
                rule="r",
                edition="1",
                owner="unit:1",
                period="p",
                unit_id=1,
                starts_on=day,
                created_at=NOON,
            )
        )
        await session.flush()
        await insert_rows(session, DutyEvent, rows)
        press = {"channel": "c", "chat": "1", "account_id": None, "command": "/help"}
        for _ in range(2):
            await insert_rows(session, PressToken, [{"token": "t", "expires_at": NOON, **press}])
        await insert_rows(session, PressToken, [])
    async with database.read() as session:
        events = await session.scalars(select(DutyEvent).order_by(DutyEvent.id))
        assert [(e.kind, e.at, e.data) for e in events] == [
            ("told", NOON, {"stage": "-7:本人"}),
            ("lost", NOON, {}),
        ]
        tokens = await session.scalars(select(PressToken))
        assert [(t.token, t.expires_at) for t in tokens] == [("t", NOON)]
