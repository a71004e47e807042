"""Opening the store: SQLite by default, PostgreSQL for several machines."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

BUSY_TIMEOUT_S = 20
# A process that was frozen inside a transaction keeps its locks for so long, then others go on.
FROZEN_S = 60
# PostgreSQL's serialization failure and deadlock (appendix A, class 40), and the classes of a
# lost connection, too few resources, a server that stops, and its own disk.
RETRYABLE = frozenset({"40001", "40P01"})
AWAY = frozenset({"08", "53", "57", "58"})
# The name by which packages that do not know SQLAlchemy speak of an open transaction.
Session = AsyncSession


class Database:
    """One store, with a transaction that writes and one that only reads.

    On SQLite a write transaction starts as BEGIN IMMEDIATE: a transaction that reads first and
    writes later would otherwise fail at once when another one has written in between, and the
    busy time-out does not help there. Reads use a second engine and never wait for a writer.
    `busy_timeout_s` is how long a transaction waits for SQLite's lock. SQLite looks for a free
    lock now and then, and whoever comes by just then has it: so within this process writers
    stand in line, and none that writes much keeps the others waiting.
    """

    def __init__(self, url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._patience_s = busy_timeout_s
        self._line = asyncio.Lock()
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, busy_timeout_s, immediate=True)
            self._reader = _sqlite_engine(url, busy_timeout_s, immediate=False)
        else:
            settings = {"idle_in_transaction_session_timeout": str(FROZEN_S * 1000)}
            self._writer = self._reader = create_async_engine(
                url, pool_pre_ping=True, connect_args={"server_settings": settings}
            )

    @property
    def engine(self) -> AsyncEngine:
        """The engine that writes, for migrations."""
        return self._writer

    @property
    def is_missing(self) -> bool:
        """Whether there is no SQLite file yet: opening it would make one."""
        return self.is_sqlite and not Path(self.url.database or "").exists()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that commits at the end of the block, or not at all."""
        async with self._turn(), AsyncSession(self._writer, expire_on_commit=False) as session:
            # Taking the connection now takes SQLite's write lock now, before anything is read.
            await session.connection()
            yield session
            await session.commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction for reading; whatever it changed is thrown away."""
        async with AsyncSession(self._reader, expire_on_commit=False) as session:
            # Closing rolls back and, unlike rollback(), leaves the loaded rows usable.
            yield session

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait in line for SQLite's right to write; as long as its own time-out, as its error."""
        if not self.is_sqlite:
            yield
            return
        try:
            async with asyncio.timeout(self._patience_s):
                await self._line.acquire()
        except TimeoutError as error:
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error
        try:
            yield
        finally:
            self._line.release()

    async def has_grown(self, table: str) -> None:
        """Let PostgreSQL look at a table that has grown a lot.

        It does so by itself within a minute or two; until then it reads the whole table where an
        index would do. SQLite needs no such look.
        """
        if not self.is_sqlite:
            async with self.write() as session:
                await session.execute(text(f"ANALYZE {table}"))

    async def close(self) -> None:
        """Give back every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def is_store_fault(error: BaseException) -> bool:
    """Tell a store that cannot be used just now (away, locked, a deadlock) from a wrong statement.

    The same work may succeed when it is done again.
    """
    if isinstance(error, OperationalError | InterfaceError | OSError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = _sqlstate(error)
    return error.connection_invalidated or state in RETRYABLE or state[:2] in AWAY


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", "") or "")


def _sqlite_engine(url: str, busy_timeout_s: float, *, immediate: bool) -> AsyncEngine:
    engine = create_async_engine(url, connect_args={"timeout": busy_timeout_s})
    begin = "BEGIN IMMEDIATE" if immediate else "BEGIN"

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        # Transactions are ours to begin: the driver's own BEGIN would come late and deferred.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={int(busy_timeout_s * 1000)}",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        # Through a cursor it would be three calls to the driver's thread.
        driver: Any = connection.connection.dbapi_connection
        try:
            driver.run_async(lambda sqlite: sqlite.execute(begin))
        except sqlite3.OperationalError as error:
            raise OperationalError(begin, None, error) from error

    return engine
