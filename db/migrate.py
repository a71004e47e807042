"""Bringing the store to the schema of this program (one Alembic chain for both databases)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number of our own: processes that start together take turns at migrating.
ADVISORY_LOCK = 7_150_731


class SchemaTooNew(Exception):
    """The store was written by a later release of this program."""


async def upgrade(database: Database) -> None:
    """Bring the store to the newest schema in one transaction; a second process waits.

    Raises `SchemaTooNew` when the store's schema is not known to this release.
    """
    async with database.engine.connect() as connection:
        if database.is_sqlite:
            await _upgrade_sqlite(connection)
            return
        async with connection.begin():
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
            await connection.run_sync(_upgrade)


async def _upgrade_sqlite(connection: AsyncConnection) -> None:
    """Upgrade with foreign keys off, which SQLite allows only before a transaction begins.

    A table is altered by making it anew, and with them on, the old one could not be dropped while
    rows point to it (https://sqlite.org/lang_altertable.html, section 7).
    """
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None  # it was just opened
    await raw.execute("PRAGMA foreign_keys=OFF")
    try:
        async with connection.begin():
            if await connection.run_sync(_upgrade):
                broken = await connection.exec_driver_sql("PRAGMA foreign_key_check")
                if row := broken.first():
                    raise RuntimeError(f"the upgrade would break a reference of {row[0]}")
    finally:
        await raw.execute("PRAGMA foreign_keys=ON")


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, bound to an open connection if there is one."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    if connection is not None:
        settings.attributes["connection"] = connection
    return settings


def _upgrade(connection: Connection) -> bool:
    """Upgrade in the caller's transaction; False if there was nothing to do."""
    settings = config(connection)
    script = ScriptDirectory.from_config(settings)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return False
    if current is not None and current not in {r.revision for r in script.walk_revisions()}:
        raise SchemaTooNew(f"the store has schema {current}, which this release does not know")
    command.upgrade(settings, "head")
    return True
