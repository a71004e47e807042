"""Copies of the SQLite store that are known to open, and putting one back.

A copy is made with VACUUM INTO, which sees one moment of a store in use; copying the file would
not. It counts only after it was opened, checked and its record of acts verified.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from db import audit, holds
from db.engine import Database
from db.migrate import upgrade
from db.secrets import Secrets

STAMP = "zhibu-%Y%m%dT%H%M%SZ.db"
# How a time is cut to the stretch of which the newest copy is kept, and how many stretches.
KEPT = (("%Y%m%d%H", 24), ("%Y%m%d", 14), ("%Y%m", 6))
# SQLite's complaint may quote a damaged name, which Python then cannot read.
DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)


class BackupError(Exception):
    """The store could not be copied or put back.

    Damaged   the file is no whole store
    InUse     a process has the store open
    """


class Damaged(BackupError):
    """The file is no whole store."""


class InUse(BackupError):
    """A process has the store open."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was checked: its size in bytes and the rows of each table."""

    path: Path
    size: int
    rows: dict[str, int]


async def make(store: Path, target: Path, secrets: Secrets) -> Copy:
    """Copy the store to `target`, which exists only once the copy was checked.

    Raises `Damaged`, or the store's own errors (`sqlite3.Error`, `OSError`).
    """
    part = target.with_name(f"{target.name}.part")
    try:
        await asyncio.to_thread(_copy, store, part)
        checked = await check(part, secrets)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Copy(target, checked.size, checked.rows)


async def check(file: Path, secrets: Secrets) -> Copy:
    """Open a store that nobody uses and look at all of it; raises `Damaged`."""
    rows = await asyncio.to_thread(_inspect, file)
    database = Database(f"sqlite+aiosqlite:///{file}")
    try:
        async with database.read() as session:
            wrong = await audit.verify(session, secrets) if "audit_line" in rows else None
    finally:
        await database.close()
    if wrong is not None:
        raise Damaged(f"{file.name}: the record of acts does not hold from line {wrong} on")
    return Copy(file, (await asyncio.to_thread(file.stat)).st_size, rows)


async def restore(copy: Path, store: Path, secrets: Secrets, *, now: datetime) -> Path | None:
    """Put a copy in the store's place, held; return where the store that was there is now.

    Nothing is sent before the hold is released: since the copy was made, the same may have been
    sent already. Raises `Damaged`, `InUse`, and `SchemaTooNew` of `db.migrate`.
    """
    part = store.with_name(f"{store.name}.part")
    try:
        await asyncio.to_thread(shutil.copyfile, copy, part)
        await check(part, secrets)
        await _hold(part, copy.name, now=now)
        aside = await asyncio.to_thread(_put_aside, store, now)
        part.replace(store)
    finally:
        part.unlink(missing_ok=True)
    return aside


def prune(folder: Path) -> list[Path]:
    """Delete the copies in a folder that are not worth keeping; return which."""
    copies = {at: file for file in folder.glob("zhibu-*.db") if (at := _made_at(file))}
    old = [copies[at] for at in sorted(copies.keys() - worth_keeping(copies))]
    for file in old:
        file.unlink()
    return old


def worth_keeping(times: Collection[datetime]) -> set[datetime]:
    """Return the newest of each of the last 24 hours, 14 days and 6 months that have one."""
    kept: set[datetime] = set()
    for stretch, count in KEPT:
        newest: dict[str, datetime] = {}
        for at in sorted(times, reverse=True):
            newest.setdefault(at.strftime(stretch), at)
        kept |= set(list(newest.values())[:count])
    return kept


def name_at(now: datetime) -> str:
    """Return the name of a copy that is made now."""
    return now.astimezone(UTC).strftime(STAMP)


def _made_at(file: Path) -> datetime | None:
    try:
        return datetime.strptime(file.name, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _copy(store: Path, part: Path) -> None:
    part.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(f"file:{store}?mode=rw", uri=True)) as source:
        source.execute("VACUUM INTO ?", (str(part),))
    part.chmod(0o600)
    with part.open("rb+") as written:
        os.fsync(written.fileno())


def _inspect(file: Path) -> dict[str, int]:
    """Return the rows of each table of a whole store; raises `Damaged`."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=rw", uri=True)) as opened:
            found = [row[0] for row in opened.execute("PRAGMA integrity_check")]
            found += opened.execute("PRAGMA foreign_key_check").fetchall()
            if found != ["ok"]:
                raise Damaged(f"{file.name} is damaged: {found[0]}")
            return {table: _count(opened, table) for table in _tables(opened)}
    except DAMAGE as error:
        raise Damaged(f"{file.name} is no whole store: {error}") from error


def _tables(opened: sqlite3.Connection) -> Iterable[str]:
    names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    tables = [row[0] for row in opened.execute(names)]
    if "alembic_version" not in tables:
        raise Damaged("this file is no store of this program")
    return tables


def _count(opened: sqlite3.Connection, table: str) -> int:
    return int(opened.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])


async def _hold(file: Path, name: str, *, now: datetime) -> None:
    database = Database(f"sqlite+aiosqlite:///{file}")
    try:
        await upgrade(database)
        async with database.write() as session:
            reason = f"the store was put back from {name}"
            await holds.hold(session, holds.RESTORED, reason, now=now)
    finally:
        await database.close()


def _put_aside(store: Path, now: datetime) -> Path | None:
    """Rename a store that nobody has open, with what its log still holds; raises `InUse`."""
    if not store.exists():
        return None
    aside = store.with_name(f"{store.stem}-before-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.db")
    try:
        _take_alone(store)
    except sqlite3.OperationalError as error:
        raise InUse(f"{store.name} is in use: stop the assistant first ({error})") from error
    except DAMAGE:
        # Damaged, which is why a copy is put back: it is kept as it is, with its log.
        for suffix in ("-wal", "-shm"):
            log = store.with_name(store.name + suffix)
            if log.exists():
                log.rename(aside.with_name(aside.name + suffix))
    store.rename(aside)
    return aside


def _take_alone(store: Path) -> None:
    """Open the store as the only process, which also empties its log into it."""
    with closing(sqlite3.connect(store, timeout=0, isolation_level=None)) as alone:
        alone.execute("PRAGMA locking_mode=EXCLUSIVE")
        alone.execute("BEGIN EXCLUSIVE")
        alone.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        alone.execute("COMMIT")
