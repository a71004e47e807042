"""Listing, taking out of use and back, and comparing versions."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from db.engine import Database
from knowledge import catalogue
from knowledge.catalogue import Change, DocumentLine
from tests.knowledge.test_importing import NEW_DAY, OLD_DAY, days, edition, put, stored

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TODAY = date(2026, 6, 1)


@pytest.fixture
async def two_versions(database: Database) -> Database:
    """A store with one document in two versions."""
    await put(database, edition())
    await put(database, edition("2026", NEW_DAY, "甲", "乙新", "丙"))
    return database


async def only(database: Database) -> DocumentLine:
    async with database.read() as session:
        (line,) = await catalogue.documents(session)
    return line


async def test_a_document_is_listed_with_its_versions_and_counts(two_versions: Database) -> None:
    line = await only(two_versions)
    assert (line.title, line.count, line.retired) == ("示例细则", 5, False)
    assert [(v.label, v.count, v.state(TODAY)) for v in line.versions] == [
        ("2026", 3, "现行"),
        ("2014", 2, "已被取代"),
    ]


async def test_a_version_to_come_is_told_apart(two_versions: Database) -> None:
    line = await only(two_versions)
    assert [v.state(date(2026, 1, 1)) for v in line.versions] == ["尚未生效", "现行"]


async def test_passages_are_shown_by_pages(two_versions: Database) -> None:
    version = (await only(two_versions)).versions[0]
    async with two_versions.read() as session:
        first = await catalogue.passages(session, version.id, size=2)
        second = await catalogue.passages(session, version.id, page=2, size=2)
    assert [p.text for p in (*first, *second)] == ["甲", "乙新", "丙"]


async def test_a_document_out_of_use_comes_back(two_versions: Database) -> None:
    line = await only(two_versions)
    async with two_versions.write() as session:
        assert await catalogue.retire_document(session, line.id, now=NOW)
        assert not await catalogue.retire_document(session, line.id, now=NOW)
    assert (await only(two_versions)).retired
    async with two_versions.write() as session:
        assert await catalogue.restore_document(session, line.id)
    assert not (await only(two_versions)).retired


async def test_without_the_new_version_the_old_one_speaks_again(two_versions: Database) -> None:
    """An import by mistake is undone by taking it out of use, and that by taking it back."""
    new = (await only(two_versions)).versions[0]
    async with two_versions.write() as session:
        assert await catalogue.retire_version(session, new.id, now=NOW) == 3
    assert (await days(two_versions))["2014"] == (OLD_DAY, None)
    async with two_versions.write() as session:
        assert await catalogue.restore_version(session, new.id) == 3
    assert (await days(two_versions))["2014"] == (OLD_DAY, NEW_DAY)


async def test_restoring_a_version_leaves_what_was_out_of_use_before(
    two_versions: Database,
) -> None:
    new = (await only(two_versions)).versions[0]
    alone = (await stored(two_versions))[-1]
    async with two_versions.write() as session:
        await catalogue.retire_passage(session, alone.id, now=datetime(2026, 5, 30, tzinfo=UTC))
        assert await catalogue.retire_version(session, new.id, now=NOW) == 2
        assert await catalogue.restore_version(session, new.id) == 2
    assert [p.retired_at is None for p in await stored(two_versions)] == [True] * 4 + [False]


async def test_a_single_passage_goes_and_comes_back(two_versions: Database) -> None:
    number = (await stored(two_versions))[0].id
    async with two_versions.write() as session:
        assert await catalogue.retire_passage(session, number, now=NOW)
        assert not await catalogue.retire_passage(session, number, now=NOW)
        assert await catalogue.restore_passage(session, number)
        assert not await catalogue.restore_passage(session, number)


async def test_versions_are_compared_article_by_article(two_versions: Database) -> None:
    new, old = (await only(two_versions)).versions
    async with two_versions.read() as session:
        found = await catalogue.difference(session, old.id, new.id)
    assert found.added == (Change("第3条", "", "丙"),)
    assert found.changed == (Change("第2条", "乙", "乙新"),)
    assert (found.removed, found.same) == ((), 1)


async def test_an_article_that_only_moved_is_recognised(database: Database) -> None:
    first, second = "每月召开一次支部委员会会议。", "每年至少讲一次党课，由书记来讲。"
    await put(database, edition("2014", OLD_DAY, first))
    await put(database, edition("2026", NEW_DAY, second, first))
    new, old = (await only(database)).versions
    async with database.read() as session:
        found = await catalogue.difference(session, old.id, new.id)
    assert found.added == (Change("第1条", "", second),)
    assert found.changed == (Change("第1条 → 第2条", first, first),)


async def test_what_does_not_exist_is_not_found(database: Database) -> None:
    async with database.write() as session:
        assert await catalogue.document(session, 99) is None
        assert await catalogue.document_of(session, 99) is None
        assert await catalogue.passage(session, 99) is None
        assert not await catalogue.retire_document(session, 99, now=NOW)
        assert await catalogue.retire_version(session, 99, now=NOW) == 0
