"""A copy that is known to open, and a store that is put back without saying everything again."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import select, text

from db import audit, backup, holds
from db.engine import Database
from db.migrate import config
from db.secrets import Secrets
from db.tables import Hold, Inbox
from tests.conftest import SECRET

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRETS = Secrets(SECRET)


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sqlite_template, tmp_path / "zhibu.db"))


def opened(store: Path) -> Database:
    return Database(f"sqlite+aiosqlite:///{store}")


async def write(store: Path, *updates: str) -> None:
    """Write pairs: an update and a line of the record that names it."""
    database = opened(store)
    for update in updates:
        async with database.write() as session:
            session.add(Inbox(channel="c", update=update, at=NOON))
            await audit.record(
                session, SECRETS, actor_id=None, action="test", object=update, now=NOON
            )
    await database.close()


async def updates(store: Path) -> list[str]:
    database = opened(store)
    async with database.read() as session:
        found = list(await session.scalars(select(Inbox.update).order_by(Inbox.update)))
    await database.close()
    return found


async def test_a_copy_holds_what_the_store_held(store: Path, tmp_path: Path) -> None:
    await write(store, "1", "2")
    copy = await backup.make(store, tmp_path / "backups" / "copy.db", SECRETS)
    assert (copy.rows["inbox"], copy.rows["audit_line"]) == (2, 2)
    assert await updates(copy.path) == ["1", "2"]
    assert [file.name for file in copy.path.parent.iterdir()] == ["copy.db"]


async def test_a_copy_made_while_others_write_is_of_one_moment(store: Path, tmp_path: Path) -> None:
    """Fault 13: what is written together is in the copy together, or not at all."""
    writing = asyncio.create_task(write(store, *(f"{n:03}" for n in range(60))))
    while len(await updates(store)) < 3:  # noqa: ASYNC110 - the writer is another connection
        await asyncio.sleep(0)
    copy = await backup.make(store, tmp_path / "copy.db", SECRETS)
    assert not writing.done()
    await writing
    assert 3 <= copy.rows["inbox"] == copy.rows["audit_line"] < 60


async def test_a_damaged_store_gives_no_copy(store: Path, tmp_path: Path) -> None:
    """Fault 11: a copy of what is damaged would push out the good ones."""
    await write(store, *map(str, range(300)))
    _damage(store)
    with pytest.raises((backup.Damaged, sqlite3.DatabaseError)):
        await backup.make(store, tmp_path / "copy.db", SECRETS)
    assert not (tmp_path / "copy.db").exists()


async def test_a_copy_whose_record_was_changed_is_refused(store: Path, tmp_path: Path) -> None:
    await write(store, "1")
    with closing(sqlite3.connect(store)) as forger:
        forger.execute("DROP TRIGGER audit_line_update")
        forger.execute("UPDATE audit_line SET object = 'x'")
        forger.commit()
    with pytest.raises(backup.Damaged, match="line 1"):
        await backup.make(store, tmp_path / "copy.db", SECRETS)


async def test_another_file_is_not_taken_for_a_copy(store: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(b"SQLite format 3\x00 and nothing else")
    with pytest.raises(backup.Damaged):
        await backup.restore(other, store, SECRETS, now=NOON)
    assert await updates(store) == []


async def test_a_store_that_is_put_back_is_held_and_the_other_one_kept(
    store: Path, tmp_path: Path
) -> None:
    """Fault 12."""
    await write(store, "1")
    copy = await backup.make(store, tmp_path / "copy.db", SECRETS)
    await write(store, "2")
    aside = await backup.restore(copy.path, store, SECRETS, now=NOON)
    assert aside is not None
    assert (await updates(store), await updates(aside)) == (["1"], ["1", "2"])
    database = opened(store)
    async with database.read() as session:
        [hold] = await session.scalars(select(Hold))
    await database.close()
    assert (hold.name, hold.since) == (holds.RESTORED, NOON)
    assert await updates(copy.path) == ["1"]


async def test_a_store_in_use_is_not_replaced(store: Path, tmp_path: Path) -> None:
    copy = await backup.make(store, tmp_path / "copy.db", SECRETS)
    database = opened(store)
    async with database.write() as session:
        await session.execute(text("SELECT 1"))
    with pytest.raises(backup.InUse):
        await backup.restore(copy.path, store, SECRETS, now=NOON)
    await database.close()
    assert await backup.restore(copy.path, store, SECRETS, now=NOON) is not None


async def test_a_damaged_store_is_replaced_and_kept(store: Path, tmp_path: Path) -> None:
    """Fault 11: this is what a copy is for."""
    await write(store, *map(str, range(300)))
    copy = await backup.make(store, tmp_path / "copy.db", SECRETS)
    _damage(store)
    broken = await asyncio.to_thread(store.read_bytes)
    aside = await backup.restore(copy.path, store, SECRETS, now=NOON)
    assert aside is not None
    assert await asyncio.to_thread(aside.read_bytes) == broken
    assert len(await updates(store)) == 300


async def test_a_copy_of_an_older_release_is_brought_up_to_date(
    store: Path, tmp_path: Path
) -> None:
    """Its schema had no table for holds yet."""
    old = tmp_path / "old.db"
    database = opened(old)
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda c: command.upgrade(config(c), "0002"))
    await database.close()
    await backup.restore(old, store, SECRETS, now=NOON)
    database = opened(store)
    async with database.read() as session:
        assert len(await holds.find(session)) == 1
    await database.close()


def test_what_is_kept_gets_sparser_with_age() -> None:
    hourly = [NOON - timedelta(hours=n) for n in range(24 * 400)]
    kept = sorted(backup.worth_keeping(hourly), reverse=True)
    assert kept[:24] == hourly[:24]
    assert len({at.date() for at in kept}) == 14 + 5
    assert len({(at.year, at.month) for at in kept}) == 6


def test_only_our_own_old_copies_are_deleted(tmp_path: Path) -> None:
    names = [backup.name_at(NOON - timedelta(days=n)) for n in range(40)]
    for name in (*names, "zhibu-mine.db", "other.db"):
        (tmp_path / name).touch()
    gone = {file.name for file in backup.prune(tmp_path)}
    left = {file.name for file in tmp_path.iterdir()}
    assert gone | left == {*names, "zhibu-mine.db", "other.db"}
    assert {"zhibu-mine.db", "other.db", *names[:14]} <= left
    assert len(gone) == 16


def _damage(store: Path) -> None:
    """Turn over the bytes of the pages in the middle."""
    whole = bytearray(store.read_bytes())
    for at in range(len(whole) // 2, len(whole) - 1, 97):
        whole[at] ^= 0xFF
    store.write_bytes(whole)
