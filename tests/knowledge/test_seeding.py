"""The shipped entries in the store, through upgrades of the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from db.engine import Database
from db.tables import Passage
from knowledge import catalogue, revisions, seeding
from knowledge.boundaries import judge
from knowledge.editions import Counts
from knowledge.entries import Entry, load_entries
from knowledge.library import Library

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TURN = date(2026, 5, 18)
COMMITTEE = Entry(
    id="meeting-committee",
    question="支委会多久开一次？",
    asks=("支委会几个月开一次",),
    answer="支部委员会会议一般每月召开一次。",
    regulation="《中国共产党支部工作条例（试行）》",
    article="第十二条",
    article_certain=False,
    version="2018",
    certainty="甲",
    topic="组织生活",
    see=("joining-talk",),
)
TALK = Entry(
    id="joining-talk",
    question="递交入党申请书后多久谈话？",
    asks=(),
    answer="应当在一个月内派人谈话。",
    regulation="《中国共产党发展党员工作细则》",
    version="2026",
    certainty="乙",
    topic="发展党员",
    effective_from=TURN,
    note="施行日期待与原文核对。",
)


async def seed(database: Database, *entries: Entry) -> Counts:
    async with database.write() as session:
        return await seeding.seed(session, now=NOW, entries=entries)


async def stored(database: Database) -> Sequence[Passage]:
    async with database.read() as session:
        return list(await session.scalars(select(Passage).order_by(Passage.id)))


async def test_an_entry_becomes_a_passage_with_everything_it_says(database: Database) -> None:
    assert await seed(database, COMMITTEE, TALK) == Counts(added=2)
    committee, talk = await stored(database)
    assert (committee.question, committee.aliases) == (COMMITTEE.question, COMMITTEE.asks[0])
    assert (committee.article, committee.label) == ("第十二条", "2018")
    assert committee.certainty == "甲 条号待核"
    assert (talk.valid_from, talk.valid_to) == (TURN, None)
    assert talk.text == "应当在一个月内派人谈话。\n注：施行日期待与原文核对。"


async def test_related_entries_point_to_passages_across_subjects(database: Database) -> None:
    await seed(database, COMMITTEE, TALK)
    committee, talk = await stored(database)
    assert (committee.related, talk.related) == (str(talk.id), "")


async def test_seeding_again_changes_nothing(database: Database) -> None:
    await seed(database, COMMITTEE, TALK)
    async with database.read() as session:
        before = await revisions.current(session)
    assert await seed(database, COMMITTEE, TALK) == Counts(same=2)
    async with database.read() as session:
        assert await revisions.current(session) == before


async def test_an_upgrade_changes_only_what_it_words_differently(database: Database) -> None:
    await seed(database, COMMITTEE, TALK)
    before = await stored(database)
    counts = await seed(database, COMMITTEE, replace(TALK, answer="应当在一个月内谈话。"))
    after = await stored(database)
    assert counts == Counts(changed=1, same=1)
    assert [p.id for p in before] == [p.id for p in after]
    assert before[0].revision == after[0].revision


async def test_what_an_editor_took_out_of_use_stays_so_after_an_upgrade(
    database: Database,
) -> None:
    await seed(database, COMMITTEE, TALK)
    number = (await stored(database))[0].id
    async with database.write() as session:
        await catalogue.retire_passage(session, number, now=NOW)
    await seed(database, replace(COMMITTEE, answer="一般每月一次。"), TALK)
    assert (await stored(database))[0].retired_at == NOW


async def test_a_subject_that_is_not_shipped_any_more_goes(database: Database) -> None:
    await seed(database, COMMITTEE, TALK)
    assert await seed(database, COMMITTEE) == Counts(removed=1, same=1)
    assert [p.retired_at is None for p in await stored(database)] == [True, False]
    assert await seed(database, COMMITTEE) == Counts(same=1)


async def test_documents_of_editors_are_left_alone(database: Database) -> None:
    from tests.knowledge.test_importing import edition, put

    await put(database, edition())
    await seed(database, COMMITTEE)
    assert [p.retired_at for p in await stored(database)] == [None] * 3


async def test_every_shipped_entry_is_found_by_its_own_question(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """As of a day on which it is true and within the first three, but for one in a hundred."""
    async with sqlite_database.write() as session:
        await seeding.seed(session, now=NOW)
    async with sqlite_database.read() as session:
        library = await Library.open(tmp_path, session)
    missed = []
    for entry in load_entries():
        last_day = (entry.effective_to or date(2027, 1, 1)) - timedelta(days=1)
        day = entry.effective_from or last_day
        found = library.shelf.find(entry.question, limit=3, as_of=day, internal=False)
        cards = [library.shelf.card(passage_id) for passage_id, _ in found.hits]
        if entry.question not in [card.question for card in cards if card]:
            missed.append(entry.id)
    assert len(missed) <= len(load_entries()) // 100


@pytest.mark.parametrize("entry", load_entries(), ids=lambda entry: entry.id)
def test_no_shipped_question_is_taken_for_something_else(entry: Entry) -> None:
    """Private data, chit-chat and injected orders are told by rules that must not catch these."""
    assert [ask for ask in (entry.question, *entry.asks) if judge(ask)] == []
