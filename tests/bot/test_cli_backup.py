"""Copies and held messages as the administrator handles them, by commands."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

import pytest
from sqlalchemy import select

from db.engine import Database
from db.tables import Outbox, OutboxState
from scheduler import outbox
from scheduler.channels import Address, Lane
from scheduler.messages import Message
from tests.bot.commands import Here
from tests.conftest import SECRET

MANUAL = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def data(sqlite_template: Path, tmp_path: Path) -> Path:
    """A data folder with an empty store."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "zhibu.db")
    (folder / "key").write_bytes(SECRET)
    (folder / "key").chmod(0o600)
    return folder


@pytest.fixture
def zhibu(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: Path) -> Here:
    """Run one command and return what it printed."""
    return Here(monkeypatch, capsys, ZHIBU_DATA=str(data))


async def put(data: Path, key: str, state: OutboxState = OutboxState.PENDING) -> int:
    database = Database(f"sqlite+aiosqlite:///{data / 'zhibu.db'}")
    async with database.write() as session:
        await outbox.enqueue(
            session,
            Message(f"提醒 {key}"),
            key=key,
            address=Address("test", "c"),
            kind="post",
            lane=Lane.REMINDER,
            now=NOON,
        )
        row = (await session.scalars(select(Outbox).where(Outbox.dedup_key == key))).one()
        row.state = state.value
    await database.close()
    return row.id


def states(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "zhibu.db")) as store:
        return [row[0] for row in store.execute("SELECT state FROM outbox ORDER BY id")]


def test_a_store_is_copied_put_back_held_and_released(zhibu: Here, data: Path) -> None:
    """Fault 12, with the commands that an administrator has."""
    asyncio.run(put(data, "a"))
    assert "checked" in zhibu("backup").stdout
    [copy] = (data / "backups").iterdir()
    done = zhibu("restore", str(copy))
    assert (done.returncode, "Nothing but answers" in done.stdout) == (0, True)
    assert "[!!] sending: held" in zhibu("doctor").stdout
    assert "HELD since" in zhibu("outbox", "show").stdout
    assert zhibu("outbox", "release").stdout == "what waits is sent now\n"
    assert "HELD" not in zhibu("outbox", "show").stdout
    assert states(data) == ["pending"]
    assert zhibu("audit", "verify").stdout == "the record is whole\n"


def test_what_a_restored_store_would_say_again_can_be_cancelled(
    zhibu: Here, data: Path, tmp_path: Path
) -> None:
    asyncio.run(put(data, "a"))
    zhibu("backup", str(tmp_path / "copy.db"))
    zhibu("restore", str(tmp_path / "copy.db"))
    assert "1 messages are cancelled" in zhibu("outbox", "discard").stdout
    assert states(data) == ["cancelled"]


def test_messages_put_aside_are_sent_or_cancelled_one_by_one(zhibu: Here, data: Path) -> None:
    one, two = (asyncio.run(put(data, key, OutboxState.PARKED)) for key in "ab")
    assert f"parked {one}: post for test: 提醒 a" in zhibu("outbox", "show").stdout
    assert zhibu("outbox", "release", str(one)).returncode == 0
    assert zhibu("outbox", "discard", str(two)).returncode == 0
    assert states(data) == ["pending", "cancelled"]
    refused = zhibu("outbox", "release", str(two))
    assert (refused.returncode, states(data)) == (1, ["pending", "cancelled"])


def test_nothing_is_cancelled_where_nothing_is_held(zhibu: Here, data: Path) -> None:
    """A slip of the finger must not silence a healthy store."""
    asyncio.run(put(data, "a"))
    assert (zhibu("outbox", "discard").returncode, states(data)) == (1, ["pending"])


def test_a_copy_never_replaces_a_file(zhibu: Here, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    assert zhibu("backup", str(tmp_path / "mine")).returncode == 1
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_file_that_is_no_copy_is_refused(zhibu: Here, data: Path, tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"nothing")
    before = states(data)
    for name in ("x.db", "missing.db"):
        done = zhibu("restore", str(tmp_path / name))
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert states(data) == before


def test_the_drill_of_the_manual_can_be_done(zhibu: Here, data: Path, tmp_path: Path) -> None:
    """A folder that holds nothing but the key, as on another machine."""
    drill, copy = tmp_path / "drill", "zhibu-20261123T120000Z.db"
    assert zhibu("backup", str(tmp_path / copy)).returncode == 0
    drill.mkdir()
    shutil.copy(data / "key", drill / "key")
    lines = [line.partition("#")[0] for line in MANUAL.splitlines()]
    start = lines.index("    export ZHIBU_DATA=drill") + 1
    said = ""
    for line in takewhile(str.strip, lines[start:]):
        program, *arguments = line.replace(copy, str(tmp_path / copy)).split()
        done = zhibu(*arguments, ZHIBU_DATA=str(drill))
        assert (program, done.stderr) == ("zhibu", "")
        said += done.stdout
    for sign in ("is the store now", "the record is whole", "sending: held", "HELD since"):
        assert sign in said
