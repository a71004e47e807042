"""A store that was put back is known by the mark beside it."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, text

from db import anchor, audit, holds
from db.engine import Database
from db.secrets import Secrets
from db.tables import Heartbeat
from tests.conftest import SECRET

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRETS = Secrets(SECRET)


async def act(database: Database, object: str) -> None:
    async with database.write() as session:
        await audit.record(session, SECRETS, actor_id=None, action="t", object=object, now=NOON)


async def held(database: Database) -> list[str]:
    async with database.read() as session:
        return [hold.reason for hold in await holds.find(session)]


async def test_a_store_that_went_on_is_not_held(database: Database, tmp_path: Path) -> None:
    assert await anchor.guard(database, tmp_path, now=NOON) is None
    for number in range(3):
        await act(database, str(number))
        await anchor.renew(database, tmp_path, now=NOON)
    await act(database, "after the mark")
    assert await anchor.guard(database, tmp_path, now=NOON) is None
    assert await held(database) == []


async def test_an_older_store_is_held(database: Database, tmp_path: Path) -> None:
    """Fault 12: it was put back without our own command, by copying a file or from a dump."""
    await anchor.renew(database, tmp_path, now=NOON)
    async with database.write() as session:
        await session.execute(delete(Heartbeat))
    assert await anchor.guard(database, tmp_path, now=NOON)
    assert len(await held(database)) == 1


async def test_a_record_whose_end_was_cut_is_held(database: Database, tmp_path: Path) -> None:
    """Fault 48: what is left of the chain verifies; only the mark tells."""
    await act(database, "1")
    await act(database, "2")
    await anchor.renew(database, tmp_path, now=NOON)
    async with database.write() as session:
        drop = "DROP TRIGGER audit_line_delete" + ("" if database.is_sqlite else " ON audit_line")
        await session.execute(text(drop))
        await session.execute(text("DELETE FROM audit_line WHERE seq = 2"))
    reason = await anchor.guard(database, tmp_path, now=NOON)
    assert "line 2" in str(reason)


async def test_once_released_it_is_not_held_again(database: Database, tmp_path: Path) -> None:
    for _ in range(3):
        await anchor.renew(database, tmp_path, now=NOON)
    async with database.write() as session:
        await session.execute(delete(Heartbeat))
    await anchor.guard(database, tmp_path, now=NOON)
    async with database.write() as session:
        await holds.release(session)
    await anchor.renew(database, tmp_path, now=NOON)
    assert await anchor.guard(database, tmp_path, now=NOON) is None


async def test_two_processes_on_one_store_do_not_hold_each_other(
    database: Database, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    for folder in (one, two, two, one, two):
        await anchor.renew(database, folder, now=NOON)
    assert await anchor.guard(database, one, now=NOON) is None
    assert await anchor.guard(database, two, now=NOON) is None


async def test_a_mark_that_cannot_be_read_holds_nothing(database: Database, tmp_path: Path) -> None:
    """Power was cut while somebody copied the folder: the store itself is whole."""
    (tmp_path / anchor.FILE).write_text('{"count": 3', "utf-8")
    assert await anchor.guard(database, tmp_path, now=NOON) is None
    await anchor.renew(database, tmp_path, now=NOON)
    assert anchor.read(tmp_path) is not None
