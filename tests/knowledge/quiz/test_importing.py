"""Questions brought into the store: once, all or nothing, and taken back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from db.engine import Database, Session
from db.tables import Person, QuizQuestion, Unit
from knowledge.quiz import importing, pending
from knowledge.quiz.importing import Plan
from knowledge.quiz.model import Question, of_row
from knowledge.quiz.pending import Pending
from tests.db.cast import plant
from tests.knowledge.quiz.make import JUDGE, MULTIPLE, NOW, SINGLE, question, store

BANK = tuple(replace(q, key="") for q in (SINGLE, MULTIPLE, JUDGE))
LATER = NOW + timedelta(hours=1)


async def unit(session: Session, name: str) -> Unit:
    return (await session.scalars(select(Unit).where(Unit.name == name))).one()


async def person(session: Session, name: str) -> int:
    return (await session.scalars(select(Person.id).where(Person.name == name))).one()


async def planned(
    session: Session, questions: tuple[Question, ...], name: str = "第一支部"
) -> Plan:
    where = await unit(session, name)
    return await importing.plan(session, questions, unit_id=where.id, unit_path=where.path)


async def bring(session: Session, questions: tuple[Question, ...], name: str = "第一支部") -> int:
    plan = await planned(session, questions, name)
    by = await person(session, "书记A")
    return (await importing.apply(session, plan, name="题.xlsx", by=by, now=NOW)).id


def shape(plan: Plan) -> tuple[int, int, int, int, int]:
    return len(plan.added), len(plan.changed), len(plan.back), plan.same, plan.retired


async def in_use(session: Session) -> list[str]:
    session.expire_all()
    rows = await session.scalars(
        select(QuizQuestion).where(QuizQuestion.retired_at.is_(None)).order_by(QuizQuestion.id)
    )
    return [of_row(row).answer for row in rows]


async def test_the_same_bank_twice_adds_nothing(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        first = await planned(session, BANK)
        assert shape(first) == (3, 0, 0, 0, 0)
        await bring(session, BANK)
        second = await planned(session, BANK)
        assert (shape(second), second.empty) == ((0, 0, 0, 3, 0), True)
        assert await in_use(session) == ["B", "ABD", "对"]


async def test_another_answer_is_a_change_of_the_same_question(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        await bring(session, BANK)
        other = (replace(BANK[0], correct=(2,)), replace(BANK[1], explanation="另一种说法"))
        plan = await planned(session, other)
        assert shape(plan) == (0, 2, 0, 0, 0)
        assert [change.answers for change in plan.changed] == [True, False]
        await bring(session, other)
        assert sorted(await in_use(session)) == ["ABD", "C", "对"]


async def test_each_unit_has_a_bank_of_its_own(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        await bring(session, BANK[:1])
        assert shape(await planned(session, BANK[:1], "第二支部")) == (1, 0, 0, 0, 0)
        await bring(session, BANK[:1], "第二支部")
        assert await in_use(session) == ["B", "B"]


async def test_what_is_asked_from_above_already_is_not_added(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        await store(session, SINGLE)
        await bring(session, BANK[1:2], "某党委")
        assert shape(await planned(session, BANK)) == (1, 0, 0, 2, 0)
        contrary = (replace(BANK[0], correct=(2,)),)
        assert shape(await planned(session, contrary)) == (1, 0, 0, 0, 0)


async def test_a_question_that_a_person_retired_stays_so(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        await bring(session, BANK[:2])
        row = (await session.scalars(select(QuizQuestion).order_by(QuizQuestion.id))).first()
        assert row is not None
        row.retired_at = LATER
        await session.flush()
        plan = await planned(session, (replace(BANK[0], correct=(2,)), BANK[1]))
        assert (shape(plan), plan.empty) == ((0, 0, 0, 1, 1), True)


async def test_an_import_is_undone_and_may_be_done_again(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        await bring(session, BANK[:2])
        second = await bring(session, (replace(BANK[0], correct=(2,)), *BANK[1:]))
        assert sorted(await in_use(session)) == ["ABD", "C", "对"]
        undone = await importing.undo(session, second, now=LATER)
        assert undone is not None
        assert (undone.removed, undone.restored, undone.kept) == (1, 1, 0)
        assert sorted(await in_use(session)) == ["ABD", "B"]
        assert await importing.undo(session, second, now=LATER) is None
        assert shape(await planned(session, BANK)) == (0, 0, 1, 2, 0)
        await bring(session, BANK)
        assert sorted(await in_use(session)) == ["ABD", "B", "对"]


async def test_what_was_changed_since_is_not_undone(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        await bring(session, BANK[:1])
        second = await bring(session, (replace(BANK[0], correct=(2,)),))
        await bring(session, (replace(BANK[0], correct=(3,)),))
        undone = await importing.undo(session, second, now=LATER)
        assert undone is not None
        assert (undone.removed, undone.restored, undone.kept) == (0, 0, 1)
        assert await in_use(session) == ["D"]


async def test_only_the_own_import_of_a_day_can_be_undone(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        number = await bring(session, BANK)
        mine, other = await person(session, "书记A"), await person(session, "书记B")

        async def found(who: int, hours: int) -> int | None:
            row = await importing.undoable(session, person_id=who, now=NOW + timedelta(hours=hours))
            return row.id if row else None

        assert await found(mine, 23) == number
        assert await found(mine, 24) is None
        assert await found(other, 1) is None
        await importing.undo(session, number, now=LATER)
        assert await found(mine, 1) is None


async def test_a_plan_has_another_mark_once_the_bank_has_moved_on(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        before = (await planned(session, BANK)).mark
        assert (await planned(session, BANK)).mark == before
        await bring(session, BANK[:1])
        assert (await planned(session, BANK)).mark != before


async def test_two_people_import_at_once_and_nothing_doubles(database: Database) -> None:
    """Whoever comes second plans anew after the wait, and finds the questions there."""
    async with database.write() as session:
        await plant(session)

    async def import_() -> None:
        async with database.write() as session:
            await importing.take_turn(session)
            await bring(session, BANK)

    await asyncio.gather(*(import_() for _ in range(4)))
    async with database.read() as session:
        assert len((await session.scalars(select(QuizQuestion))).all()) == 3


async def test_a_bank_waits_for_its_sender_alone(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        mine, other = await person(session, "书记A"), await person(session, "书记B")
        kept = Pending("题.xlsx", 1, "mark", (*BANK, question(1)))
        number = await pending.keep(session, kept, owner_id=mine, now=NOW)
        assert await pending.find(session, number, owner_id=mine) == kept
        assert await pending.find(session, number, owner_id=other) is None
        newer = await pending.keep(session, kept, owner_id=mine, now=NOW)
        assert newer == number or await pending.find(session, number, owner_id=mine) is None
        assert await pending.drop(session, owner_id=mine)
        assert not await pending.drop(session, owner_id=mine)
