"""Who may be asked what, and in which order."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.tables import QuizQuestion, Unit
from knowledge.quiz import bank
from tests.db.cast import TODAY, plant
from tests.knowledge.quiz.make import NOW, question, store


async def path(session: AsyncSession, name: str) -> tuple[int, str]:
    unit = (await session.scalars(select(Unit).where(Unit.name == name))).one()
    return unit.id, unit.path


async def test_a_subtree_is_asked_the_shipped_questions_and_those_on_its_path(
    database: Database,
) -> None:
    async with database.write() as session:
        await plant(session)
        top, top_path = await path(session, "某党委")
        first, first_path = await path(session, "第一支部")
        second, second_path = await path(session, "第二支部")
        await store(session, question(1))
        await store(session, question(2), unit_id=top)
        await store(session, question(3), unit_id=first)
        await store(session, question(4), unit_id=second)

        async def asked(unit_path: str) -> set[str]:
            rows = await bank.pick(session, unit_path=unit_path, count=9, today=TODAY, seed="s")
            return {row.key for row in rows}

        assert await asked(top_path) == {"党费-1", "党费-2"}
        assert await asked(first_path) == {"党费-1", "党费-2", "党费-3"}
        assert await asked(second_path) == {"党费-1", "党费-2", "党费-4"}
        assert await asked("") == {"党费-1"}


@pytest.mark.parametrize(
    ("since", "until", "there"),
    [(0, None, True), (1, None, False), (None, 0, False), (None, 1, True), (-1, 1, True)],
)
async def test_only_what_is_in_force_that_day_is_asked(
    database: Database, since: int | None, until: int | None, there: bool
) -> None:
    def day(delta: int | None) -> date | None:
        return None if delta is None else TODAY + timedelta(days=delta)

    async with database.write() as session:
        await store(session, question(1, valid_from=day(since), valid_to=day(until)))
        found = await bank.pick(session, unit_path="/", count=1, today=TODAY, seed="s")
        assert bool(found) is there
        assert bool(await bank.topics(session, unit_path="/", today=TODAY)) is there


async def test_a_retired_question_is_found_but_not_asked(database: Database) -> None:
    async with database.write() as session:
        [id_] = await store(session, question(1), retired_at=NOW)
        assert not await bank.pick(session, unit_path="/", count=1, today=TODAY, seed="s")
        found = await bank.get(session, id_)
        assert found is not None
        assert found.key == "党费-1"
        assert await bank.get(session, id_ + 1) is None


async def test_the_seed_alone_decides(database: Database) -> None:
    async with database.write() as session:
        await store(session, *(question(n) for n in range(40)))

        async def keys(seed: str) -> list[str]:
            rows = await bank.pick(session, unit_path="/", count=5, today=TODAY, seed=seed)
            return [row.key for row in rows]

        assert await keys("group 1, today") == await keys("group 1, today")
        assert len({tuple(await keys(f"group {n}")) for n in range(20)}) > 15
        firsts = {key for n in range(60) for key in await keys(f"day {n}")}
        assert len(firsts) > 35, "every question has its turn"


async def test_topics_take_turns(database: Database) -> None:
    async with database.write() as session:
        await store(session, *(question(n, "党费") for n in range(40)))
        await store(session, *(question(n, "党章") for n in range(3)), question(0, "换届"))
        rows = await bank.pick(session, unit_path="/", count=5, today=TODAY, seed="s")
        assert sorted(row.topic for row in rows) == ["党章", "党章", "党费", "党费", "换届"]
        only = await bank.pick(session, unit_path="/", topic="党章", count=5, today=TODAY, seed="s")
        assert [row.topic for row in only] == ["党章"] * 3
        assert await bank.topics(session, unit_path="/", today=TODAY) == [
            ("党费", 40),
            ("党章", 3),
            ("换届", 1),
        ]


async def test_what_was_asked_long_ago_comes_back_first(database: Database) -> None:
    async with database.write() as session:
        ids = await store(session, *(question(n) for n in range(4)))
        old, newer, newest, fresh = ids
        rows = await bank.pick(
            session, unit_path="/", count=3, today=TODAY, avoid=[old, newer, newest, 999], seed="s"
        )
        assert [row.id for row in rows] == [fresh, old, newer]


async def test_an_empty_bank_gives_nothing(database: Database) -> None:
    async with database.write() as session:
        assert await bank.pick(session, unit_path="/1/", count=5, today=TODAY, seed="s") == []
        assert await bank.pick(session, unit_path="/1/", count=0, today=TODAY, seed="s") == []
        assert await bank.topics(session, unit_path="/1/", today=TODAY) == []


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (("《细则》", "第八条", "2026"), "《细则》第八条（2026版）"),
        (("《细则》", "", "试行"), "《细则》（试行）"),
        (("《细则》", "第八条", ""), "《细则》第八条"),
        (("", "第八条", "2026"), ""),
    ],
)
def test_the_source_reads_as_a_person_would_cite_it(
    fields: tuple[str, str, str], line: str
) -> None:
    regulation, article, version = fields
    made = QuizQuestion(regulation=regulation, article=article, version=version)
    assert bank.source_line(made) == line
