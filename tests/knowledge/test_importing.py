"""Versions in the store: what a plan says, and what applying it does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from db.engine import Database, Session
from db.tables import Passage, Version
from knowledge import catalogue, revisions
from knowledge.editions import Counts, Edition, Item
from knowledge.importing import apply, plan
from knowledge.revisions import LibraryError

NOW = datetime(2026, 6, 1, tzinfo=UTC)
OLD_DAY, NEW_DAY = date(2014, 5, 28), date(2026, 5, 18)


def articles(*texts: str) -> tuple[Item, ...]:
    """Return one item for each text, keyed by its article."""
    return tuple(
        Item(key=f"第{n}条", text=text, regulation="《示例细则》", article=f"第{n}条")
        for n, text in enumerate(texts, 1)
    )


def edition(label: str = "2014", start: date | None = OLD_DAY, *texts: str) -> Edition:
    return Edition("file:示例细则", "示例细则", label, articles(*(texts or ("甲", "乙"))), start)


async def put(database: Database, wanted: Edition) -> Counts:
    """Plan and apply in one transaction."""
    async with database.write() as session:
        return await apply(session, await plan(session, wanted), by=None, now=NOW)


async def days(database: Database) -> dict[str, tuple[date | None, date | None]]:
    """Return first and last day of each version, as its passages have them."""
    async with database.read() as session:
        rows = await session.execute(
            select(Version.label, Passage.valid_from, Passage.valid_to)
            .join(Passage, Passage.version_id == Version.id)
            .distinct()
        )
        found = [(label, (start, end)) for label, start, end in rows]
    assert len(dict(found)) == len(found)
    return dict(found)


async def numbers(session: Session) -> dict[str, int]:
    """Return the revision of every passage by its key."""
    return {p.key: p.revision for p in await session.scalars(select(Passage))}


async def stored(database: Database) -> Sequence[Passage]:
    async with database.read() as session:
        return list(await session.scalars(select(Passage).order_by(Passage.id)))


async def test_the_first_import_adds_everything(database: Database) -> None:
    assert await put(database, edition()) == Counts(added=2)
    assert [p.text for p in await stored(database)] == ["甲", "乙"]


async def test_the_same_import_again_changes_nothing(database: Database) -> None:
    """Not even the counter moves, so that a snapshot of the library stays up to date."""
    await put(database, edition())
    async with database.read() as session:
        before = await revisions.current(session)
    assert await put(database, edition()) == Counts(same=2)
    async with database.read() as session:
        assert await revisions.current(session) == before


async def test_importing_a_version_again_touches_only_what_changed(database: Database) -> None:
    await put(database, edition())
    counts = await put(database, edition("2014", OLD_DAY, "甲", "乙改", "丙"))
    assert counts == Counts(added=1, changed=1, same=1)
    async with database.read() as session:
        assert await numbers(session) == {"第1条": 1, "第2条": 2, "第3条": 2}


async def test_a_passage_keeps_its_number_when_its_text_changes(database: Database) -> None:
    await put(database, edition())
    before = [p.id for p in await stored(database)]
    await put(database, edition("2014", OLD_DAY, "甲改", "乙改"))
    assert [p.id for p in await stored(database)] == before


async def test_what_the_new_text_lacks_is_kept_but_out_of_use(database: Database) -> None:
    await put(database, edition())
    assert await put(database, edition("2014", OLD_DAY, "甲")) == Counts(removed=1, same=1)
    assert [(p.text, p.retired_at) for p in await stored(database)] == [("甲", None), ("乙", NOW)]


async def test_what_was_gone_comes_back_with_the_text(database: Database) -> None:
    await put(database, edition())
    await put(database, edition("2014", OLD_DAY, "甲"))
    assert await put(database, edition()) == Counts(added=1, same=1)
    assert [p.retired_at for p in await stored(database)] == [None, None]


async def test_what_an_editor_took_out_of_use_stays_so(database: Database) -> None:
    await put(database, edition())
    first = (await stored(database))[0]
    async with database.write() as session:
        await catalogue.retire_passage(session, first.id, now=NOW)
    assert await put(database, edition("2014", OLD_DAY, "甲改", "乙")) == Counts(changed=1, same=1)
    again = (await stored(database))[0]
    assert (again.text, again.retired_at) == ("甲改", NOW)


async def test_a_new_version_supersedes_the_old_one_from_its_day(database: Database) -> None:
    await put(database, edition())
    await put(database, edition("2026", NEW_DAY, "甲", "乙新"))
    assert await days(database) == {"2014": (OLD_DAY, NEW_DAY), "2026": (NEW_DAY, None)}


async def test_versions_may_come_in_any_order(database: Database) -> None:
    await put(database, edition("2026", NEW_DAY))
    await put(database, edition("1990", date(1990, 6, 27)))
    await put(database, edition("2014", OLD_DAY))
    assert await days(database) == {
        "1990": (date(1990, 6, 27), OLD_DAY),
        "2014": (OLD_DAY, NEW_DAY),
        "2026": (NEW_DAY, None),
    }


async def test_a_plan_names_the_version_that_it_ends(database: Database) -> None:
    await put(database, edition())
    async with database.read() as session:
        assert (await plan(session, edition("2026", NEW_DAY))).supersedes == ("2014",)


async def test_a_corrected_first_day_moves_the_end_of_the_version_before(
    database: Database,
) -> None:
    await put(database, edition())
    await put(database, edition("2026", NEW_DAY))
    await put(database, edition("2026", date(2026, 7, 1)))
    assert await days(database) == {
        "2014": (OLD_DAY, date(2026, 7, 1)),
        "2026": (date(2026, 7, 1), None),
    }


async def test_a_version_may_end_by_itself(database: Database) -> None:
    await put(database, edition())
    await put(database, replace(edition(), valid_to=date(2020, 1, 1)))
    await put(database, edition("2026", NEW_DAY))
    assert (await days(database))["2014"] == (OLD_DAY, date(2020, 1, 1))


async def test_an_item_may_have_days_of_its_own(database: Database) -> None:
    items = (replace(articles("甲")[0], valid_from=NEW_DAY, valid_to=date(2027, 1, 1)),)
    await put(database, Edition("seed:x", "示例", "内置", items))
    assert await days(database) == {"内置": (NEW_DAY, date(2027, 1, 1))}


@pytest.mark.parametrize(
    "wanted",
    [
        edition("2026", None),
        edition("2026", OLD_DAY),
        replace(edition(), valid_to=OLD_DAY),
    ],
    ids=["no day beside another version", "the day of another version", "ends before it begins"],
)
async def test_what_would_leave_the_order_open_is_refused(
    database: Database, wanted: Edition
) -> None:
    await put(database, edition())
    async with database.read() as session:
        with pytest.raises(LibraryError):
            await plan(session, wanted)


async def test_an_outdated_plan_is_refused(database: Database) -> None:
    """Two people look at the same preview; the second to confirm must look again."""
    await put(database, edition())
    async with database.read() as session:
        first = await plan(session, edition("2014", OLD_DAY, "甲一", "乙"))
        second = await plan(session, edition("2014", OLD_DAY, "甲二", "乙"))
    async with database.write() as session:
        await apply(session, first, by=None, now=NOW)
    with pytest.raises(LibraryError):
        async with database.write() as session:
            await apply(session, second, by=None, now=NOW)
    assert (await stored(database))[0].text == "甲一"


async def test_of_two_first_imports_at_once_one_wins(database: Database) -> None:
    async with database.read() as session:
        wanted = await plan(session, edition())

    async def confirm() -> Counts:
        async with database.write() as session:
            return await apply(session, wanted, by=None, now=NOW)

    outcomes = await asyncio.gather(confirm(), confirm(), return_exceptions=True)
    assert [type(o) for o in outcomes if isinstance(o, Exception)] == [LibraryError]
    assert len(await stored(database)) == 2


async def test_an_import_that_fails_leaves_nothing(database: Database) -> None:
    """As when the process is killed before the commit."""
    async with database.read() as session:
        await apply(session, await plan(session, edition()), by=None, now=NOW)
    assert await stored(database) == []


async def test_changes_are_numbered_in_the_order_of_their_commits(database: Database) -> None:
    """A cache that has seen number n must not miss a smaller one that commits later."""

    async def change(number: int) -> int:
        wanted = Edition(f"file:{number}", f"资料{number}", "一", articles("甲"))
        async with database.write() as session:
            await apply(session, await plan(session, wanted), by=None, now=NOW)
            return await revisions.current(session)

    assert sorted(await asyncio.gather(*(change(n) for n in range(5)))) == [1, 2, 3, 4, 5]


async def test_another_title_is_seen_on_every_passage(database: Database) -> None:
    await put(database, edition())
    await put(database, replace(edition(), title="示例细则（试行）", internal=True))
    async with database.read() as session:
        assert set((await numbers(session)).values()) == {2}
