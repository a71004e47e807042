"""PostgreSQL stores for tests: emptied and used again, since making one takes half a second."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg

from tests.postgres import Server

TEMPLATE = "template_zhibu"
# What a test may have changed besides rows: columns, the revision, statistics, triggers.
SHAPE = """
SELECT md5(string_agg(c.relname || a.attname || a.atttypid || a.attnotnull, ','
                      ORDER BY c.relname, a.attnum))
       || sum(greatest(c.reltuples, 0)) || (SELECT version_num FROM alembic_version)
       || (SELECT count(*) FROM pg_trigger)
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
"""
ALONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# Rows that are gone still fill pages, by which PostgreSQL guesses how many there are.
EMPTY = """
DO $$
DECLARE found record;
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    FOR found IN
        SELECT oid::regclass AS name, pg_relation_size(oid) > 65536 AS large FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
              AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
    LOOP
        IF found.large THEN
            EXECUTE format('TRUNCATE %s CASCADE', found.name);
        ELSE
            EXECUTE format('DELETE FROM %s', found.name);
        END IF;
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""


class Stores:
    """Migrated, empty stores of a server that holds the migrated `TEMPLATE`."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._free: list[str] = []
        self._shape: object = asyncio.run(self._look(TEMPLATE))

    def take(self) -> str:
        """Return the name of a store that nobody else has."""
        if self._free:
            return self._free.pop()
        name = f"test_{uuid4().hex}"
        # Its files are copied as they are, not written page by page to the log.
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        return name

    def give_back(self, name: str) -> None:
        """Empty a store for the next test; one that is no longer like the template is dropped."""
        if asyncio.run(self._emptied(name)):
            self._free.append(name)
        else:
            self.server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def _look(self, name: str) -> object:
        connection = await self.server.connect(name)
        try:
            return await connection.fetchval(SHAPE)
        finally:
            await connection.close()

    async def _emptied(self, name: str) -> bool:
        connection = await self.server.connect(name)
        try:
            await connection.execute(ALONE)
            if await connection.fetchval(SHAPE) != self._shape:
                return False
            await connection.execute(EMPTY)
            return True
        except asyncpg.PostgresError:
            # A table is missing: what the test left is no store of ours.
            return False
        finally:
            await connection.close()
