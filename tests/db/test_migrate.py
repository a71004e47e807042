"""Every released schema is brought up to date with its data, whoever else starts or dies."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    select,
)

from db.engine import Database
from db.migrate import config, upgrade
from tests.db.migrator import migrate
from tests.processes import Running

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SCRIPTS = ScriptDirectory.from_config(config())
RELEASED = [revision.revision for revision in SCRIPTS.walk_revisions()][::-1]
Rows = dict[str, list[dict[str, Any]]]


def release(connection: Connection, revision: str) -> Rows:
    """Bring an empty store to a released schema, with two rows in every table."""
    command.upgrade(config(connection), revision)
    tables = reflected(connection)
    for table in tables.sorted_tables:
        for number in (1, 2):
            connection.execute(table.insert().values(sample(table, number)))
    return contents(connection)


def reflected(connection: Connection) -> MetaData:
    metadata = MetaData()
    metadata.reflect(connection)
    metadata.remove(metadata.tables["alembic_version"])
    return metadata


def sample(table: Table, number: int) -> dict[str, Any]:
    """Return a row: its own numbers, and the same number in the tables it points to."""
    return {column.name: value(column, number) for column in table.columns}


def value(column: Any, number: int) -> Any:
    by_type: list[tuple[type[Any], Any]] = [
        (Boolean, number == 1),
        (Integer, number),
        (Float, float(number)),
        (Numeric, number),
        (DateTime, NOON),
        (Date, date(2026, 11, number)),
        (JSON, {"text": "原文", "number": number}),
        (LargeBinary, bytes([number])),
    ]
    if column.foreign_keys and column.table in [key.column.table for key in column.foreign_keys]:
        return None
    return next((v for kind, v in by_type if isinstance(column.type, kind)), f"文字{number}")


def contents(connection: Connection) -> Rows:
    """Return the rows of every table."""
    return {
        table.name: [dict(row._mapping) for row in connection.execute(select(table))]
        for table in reflected(connection).sorted_tables
    }


def lost(before: Rows, after: Rows) -> list[tuple[str, dict[str, Any]]]:
    """Return the rows of which a value is not there any more (0003 numbered the lanes anew)."""
    return [
        (name, row)
        for name, rows in before.items()
        for row in rows
        if not any(
            {key: v for key, v in row.items() if key != "lane"}.items() <= new.items()
            for new in after[name]
        )
    ]


async def prepared(database: Database, revision: str) -> Rows:
    await empty(database)
    async with database.engine.begin() as connection:
        return await connection.run_sync(lambda c: release(c, revision))


async def empty(database: Database) -> None:
    if database.is_sqlite:
        await asyncio.to_thread(Path(database.url.database or "").unlink)
        return
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        await connection.exec_driver_sql("CREATE SCHEMA public")


async def found(database: Database) -> Rows:
    async with database.engine.connect() as connection:
        return await connection.run_sync(contents)


async def revision_of(database: Database) -> str:
    async with database.engine.connect() as connection:
        row = await connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        return str(row.scalar_one())


@pytest.mark.parametrize("revision", RELEASED)
async def test_a_released_schema_is_brought_up_to_date_with_its_data(
    database: Database, revision: str
) -> None:
    """Fault 14."""
    before = await prepared(database, revision)
    await upgrade(database)
    assert await revision_of(database) == RELEASED[-1]
    assert lost(before, await found(database)) == []


async def test_an_upgrade_that_is_killed_is_done_whole_the_next_time(
    database: Database, store_url: str, request: pytest.FixtureRequest
) -> None:
    """Fault 14: at any moment, the store has the old schema or the new one."""
    before = await prepared(database, RELEASED[0])
    await database.close()
    moments = random.Random(14)
    for _ in range(request.config.getoption("--chaos")):
        process = Running(migrate, store_url)
        await asyncio.wait({asyncio.create_task(process.wait())}, timeout=moments.random() / 2)
        process.kill()
        await process.wait()
        assert await revision_of(database) in (RELEASED[0], RELEASED[-1])
    await upgrade(database)
    assert await revision_of(database) == RELEASED[-1]
    assert lost(before, await found(database)) == []


async def test_processes_that_start_at_once_migrate_once(
    database: Database, store_url: str
) -> None:
    """Fault 15: one migrates, the others wait and go on."""
    before = await prepared(database, RELEASED[0])
    await database.close()
    processes = [Running(migrate, store_url) for _ in range(3)]
    assert [await process.wait() for process in processes] == [0, 0, 0]
    assert lost(before, await found(database)) == []
