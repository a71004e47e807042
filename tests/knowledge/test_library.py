"""The library follows the store, whoever changed it."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from db import quick
from db.engine import Database
from knowledge import catalogue, revisions
from knowledge.editions import Edition, Item
from knowledge.importing import apply, plan
from knowledge.library import Library
from knowledge.shelf import Shelf

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TODAY = date(2026, 11, 23)
COMMITTEE = Item(
    "committee",
    "支部委员会会议一般每月召开一次。",
    question="支委会多久开一次？",
    regulation="《甲》",
)
LECTURE = Item(
    "lecture",
    "党委书记每年至少讲一次党课。",
    question="党委书记一年讲几次党课？",
    regulation="《乙》",
)


async def put(database: Database, *items: Item, key: str = "file:a") -> None:
    """Import items as a whole document."""
    async with database.write() as session:
        wanted = await plan(session, Edition(key, "资料", "现行", items))
        await apply(session, wanted, by=None, now=NOW)


async def open_library(database: Database, folder: Path) -> Library:
    async with database.read() as session:
        return await Library.open(folder, session)


async def refresh(library: Library, database: Database) -> None:
    async with database.read() as session:
        await library.refresh(session)


def found(library: Library, question: str) -> str:
    """Return the text of the answer, empty if there is none."""
    answer = library.answer(question, as_of=TODAY, internal=False)
    return answer.text if answer.verdict == "answer" else ""


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def damage(folder: Path) -> None:
    """Overwrite the search index of every snapshot."""
    for path in folder.rglob("*.index"):
        path.write_bytes(b"damaged")


def ids(library: Library) -> list[int]:
    return [card.id for card in library.shelf.cards]


async def test_it_serves_what_the_store_holds(database: Database, tmp_path: Path) -> None:
    await put(database, COMMITTEE, LECTURE)
    library = await open_library(database, tmp_path)
    assert found(library, "支委会多久开一次") == COMMITTEE.text


async def test_an_empty_store_is_a_library_too(database: Database, tmp_path: Path) -> None:
    library = await open_library(database, tmp_path)
    assert library.revision == 0
    assert found(library, "支委会多久开一次") == ""


async def test_a_change_is_found_after_its_commit(database: Database, tmp_path: Path) -> None:
    await put(database, COMMITTEE)
    library = await open_library(database, tmp_path)
    await put(database, replace(COMMITTEE, text="每周一次。"), LECTURE)
    await refresh(library, database)
    assert found(library, "支委会多久开一次") == "每周一次。"
    assert found(library, "党委书记一年讲几次党课") == LECTURE.text


async def test_what_was_taken_out_of_use_is_not_found(database: Database, tmp_path: Path) -> None:
    await put(database, COMMITTEE, LECTURE)
    library = await open_library(database, tmp_path)
    async with database.write() as session:
        (line,) = await catalogue.documents(session)
        await catalogue.retire_document(session, line.id, now=NOW)
    await refresh(library, database)
    assert found(library, "支委会多久开一次") == ""
    async with database.write() as session:
        await catalogue.restore_document(session, line.id)
    await refresh(library, database)
    assert found(library, "支委会多久开一次") == COMMITTEE.text


async def test_two_libraries_on_one_store_see_each_others_changes(
    database: Database, tmp_path: Path
) -> None:
    first = await open_library(database, tmp_path)
    second = await open_library(database, tmp_path)
    await put(database, COMMITTEE)
    await asyncio.gather(refresh(first, database), refresh(second, database))
    assert ids(first) == ids(second) != []


async def test_a_change_that_may_be_undone_is_not_taken_over(
    database: Database, tmp_path: Path
) -> None:
    """Otherwise the same number, committed by somebody else later, would be missed."""
    library = await open_library(database, tmp_path)
    async with database.read() as session:
        wanted = await plan(session, Edition("file:a", "资料", "现行", (COMMITTEE,)))
        await apply(session, wanted, by=None, now=NOW)
        await library.refresh(session)
    assert (library.revision, ids(library)) == (0, [])
    await put(database, LECTURE)
    await refresh(library, database)
    assert found(library, "党委书记一年讲几次党课") == LECTURE.text


async def test_a_snapshot_is_opened_and_brought_up_to_date(
    database: Database, tmp_path: Path
) -> None:
    await put(database, COMMITTEE)
    (await open_library(database, tmp_path)).save()
    await put(database, replace(COMMITTEE, text="每周一次。"), LECTURE)
    library = await open_library(database, tmp_path)
    assert found(library, "支委会多久开一次") == "每周一次。"
    assert len(ids(library)) == 2


async def test_without_a_change_no_second_snapshot_is_written(
    database: Database, tmp_path: Path
) -> None:
    await put(database, COMMITTEE)
    (await open_library(database, tmp_path)).save()
    before = names(tmp_path)
    again = await open_library(database, tmp_path)
    again.save()
    await again.checkpoint()
    assert names(tmp_path) == before


async def test_a_snapshot_of_another_store_does_no_harm(
    database: Database, sqlite_template: Path, tmp_path: Path
) -> None:
    """Both have the same number of changes, yet nothing of the first is in the second."""
    await put(database, COMMITTEE)
    (await open_library(database, tmp_path / "search")).save()
    shutil.copy(sqlite_template, tmp_path / "other.db")
    other = Database(f"sqlite+aiosqlite:///{tmp_path / 'other.db'}")
    await put(other, LECTURE)
    library = await open_library(other, tmp_path / "search")
    await other.close()
    assert found(library, "支委会多久开一次") == ""
    assert found(library, "党委书记一年讲几次党课") == LECTURE.text


async def test_a_snapshot_that_is_newer_than_a_restored_store_does_no_harm(
    database: Database, tmp_path: Path
) -> None:
    await put(database, COMMITTEE)
    library = await open_library(database, tmp_path)
    library.shelf.revision = 99
    library.save()
    again = await open_library(database, tmp_path)
    assert again.revision == 1
    assert found(again, "支委会多久开一次") == COMMITTEE.text


async def test_a_damaged_snapshot_is_built_anew(database: Database, tmp_path: Path) -> None:
    await put(database, COMMITTEE)
    library = await open_library(database, tmp_path)
    library.save()
    damage(tmp_path)
    again = await open_library(database, tmp_path)
    assert found(again, "支委会多久开一次") == COMMITTEE.text


async def test_a_change_during_a_checkpoint_is_not_lost(database: Database, tmp_path: Path) -> None:
    await put(database, COMMITTEE)
    library = await open_library(database, tmp_path)
    await put(database, COMMITTEE, LECTURE)
    await asyncio.gather(library.checkpoint(), refresh(library, database))
    assert found(library, "党委书记一年讲几次党课") == LECTURE.text
    await library.checkpoint()
    saved = Shelf.open(tmp_path)
    assert saved is not None
    assert (saved.revision, len(saved.cards)) == (2, 2)


async def test_the_revision_is_told_without_the_database_library(
    sqlite_database: Database,
) -> None:
    url = sqlite_database.url.render_as_string()
    assert quick.library_revision(url) == 0
    await put(sqlite_database, COMMITTEE)
    async with sqlite_database.read() as session:
        assert quick.library_revision(url) == await revisions.current(session) == 1


@pytest.mark.parametrize("name", ["missing.db", "damaged.db", "empty.db"])
def test_the_revision_of_no_store_is_not_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "damaged.db").write_bytes(b"no database" * 100)
    (tmp_path / "empty.db").touch()
    assert quick.library_revision(f"sqlite+aiosqlite:///{tmp_path / name}") is None
    assert not (tmp_path / "missing.db").exists()


def test_the_revision_of_another_database_is_not_told() -> None:
    assert quick.library_revision("postgresql+asyncpg://u:p@h/d") is None
