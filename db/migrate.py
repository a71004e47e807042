"""Bringing the store to the schema of this program (one Alembic chain for both databases)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

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
    async with database.engine.begin() as connection:
        if not database.is_sqlite:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        await connection.run_sync(_upgrade)


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, bound to an open connection if there is one."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    if connection is not None:
        settings.attributes["connection"] = connection
    return settings


def _upgrade(connection: Connection) -> None:
    settings = config(connection)
    script = ScriptDirectory.from_config(settings)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    if current is not None and current not in {r.revision for r in script.walk_revisions()}:
        raise SchemaTooNew(f"the store has schema {current}, which this release does not know")
    command.upgrade(settings, "head")
