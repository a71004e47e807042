"""Sittings in the store: what comes next, what counts, and what the rounds of groups teach."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.tables import (
    Exam,
    Person,
    PracticeAnswer,
    PracticeCard,
    QuizAnswer,
    QuizGroup,
    QuizPost,
    QuizQuestion,
    QuizRound,
    RoundKind,
    Unit,
)
from knowledge.quiz import exams, practice, results
from knowledge.quiz.practice import Asker, Turn
from tests.db.cast import NOW, TODAY, add_account, plant
from tests.knowledge.quiz.make import MULTIPLE, SINGLE, question, store

DAY = timedelta(days=1)


async def asker(session: AsyncSession, number: str = "A2") -> Asker:
    person = (await session.scalars(select(Person).where(Person.number == number))).one()
    unit = await session.get_one(Unit, person.unit_id)
    return Asker(person.id, unit.path, NOW, TODAY)


@pytest.fixture
async def bank(database: Database) -> Database:
    """Two branches and a bank of six questions of two topics."""
    async with database.write() as session:
        await plant(session)
        await store(session, *(question(n, t) for t in ("党费", "组织生活") for n in (1, 2, 3)))
    return database


def places(turn: Turn, *, correct: bool) -> list[int]:
    there = [place for place, index in enumerate(turn.order) if index in turn.question.correct]
    return there if correct else [place for place in range(4) if place not in there][:1]


async def sit(
    session: AsyncSession, who: Asker, answers: str, *, topic: str = "", book: bool = False
) -> list[int]:
    """Answer one question a letter (r right, w wrong, s skipped); return what was asked."""
    sitting = await practice.begin(session, who, topic=topic, count=len(answers), book=book)
    for letter in answers:
        turn = await practice.advance(session, sitting, who)
        if turn is None:
            break
        if letter == "s":
            await practice.skip(session, sitting)
        else:
            given = places(turn, correct=letter == "r")
            assert await practice.answer(session, turn, given, who) is (letter == "r")
    return list(sitting.questions)


async def test_new_questions_come_from_all_topics_and_none_twice(bank: Database) -> None:
    async with bank.write() as session:
        who = await asker(session)
        asked = await sit(session, who, "rrrr")
        assert len(set(asked)) == 4
        topics = [(await session.get_one(QuizQuestion, id_)).topic for id_ in asked]
        assert sorted(topics) == ["党费", "党费", "组织生活", "组织生活"]
        assert not set(await sit(session, who, "rr")) & set(asked)
        assert await sit(session, who, "r") == []


async def test_the_longest_due_comes_first_and_what_is_skipped_not_again(bank: Database) -> None:
    async with bank.write() as session:
        who = await asker(session)
        [first] = await sit(session, who, "w")
        [second] = await sit(session, replace(who, now=NOW + timedelta(minutes=1)), "w")
        later = replace(who, now=NOW + DAY)
        asked = await sit(session, later, "sss")
        assert asked[:2] == [first, second]
        assert asked[2] not in (first, second)


async def test_what_was_wrong_comes_again_in_a_sitting_once_it_is_due(bank: Database) -> None:
    async with bank.write() as session:
        who = await asker(session)
        sitting = await practice.begin(session, who, count=3)
        turn = await practice.advance(session, sitting, who)
        assert turn
        await practice.answer(session, turn, places(turn, correct=False), who)
        later = replace(who, now=NOW + timedelta(minutes=10))
        between = await practice.advance(session, sitting, later)
        assert between
        assert between.question.id != turn.question.id
        await practice.answer(session, between, places(between, correct=True), later)
        again = await practice.advance(session, sitting, later)
        assert again
        assert again.question.id == turn.question.id


async def test_only_what_the_unit_may_be_asked_is_due(bank: Database) -> None:
    """A question that is retired, or out of force, or of another unit now, is not put."""
    async with bank.write() as session:
        who = await asker(session)
        asked = await sit(session, who, "www")
        rows = [await session.get_one(QuizQuestion, id_) for id_ in asked]
        other = await asker(session, "B2")
        rows[0].retired_at = NOW
        rows[1].valid_to = TODAY
        rows[2].unit_id = int(other.unit_path.strip("/").split("/")[-1])
        later = replace(who, now=NOW + DAY)
        assert await practice.count_due(session, later, before=later.now) == 0
        assert not set(await sit(session, later, "sss")) & set(asked)
        assert await practice.wrong_answers(session, later) == []


async def test_presses_that_come_together_count_once(bank: Database) -> None:
    async with bank.write() as session:
        who = await asker(session)
        sitting = await practice.begin(session, who, count=1)
        await practice.advance(session, sitting, who)

    async def press() -> bool | None:
        async with bank.write() as session:
            found = await practice.find(session, sitting.id, person_id=who.person_id)
            assert found
            turn = await practice.current(session, found)
            return await practice.answer(session, turn, places(turn, correct=True), who)

    assert sorted(map(str, await asyncio.gather(*(press() for _ in range(5))))) == [
        *["None"] * 4,
        "True",
    ]
    async with bank.read() as session:
        [card] = await session.scalars(select(PracticeCard))
        [answer] = await session.scalars(select(PracticeAnswer))
    assert (card.right, answer.number) == (1, 1)


async def test_the_book_is_gone_through_and_emptied_on_different_days(bank: Database) -> None:
    async with bank.write() as session:
        who = await asker(session)
        wrong = await sit(session, who, "ww")
        assert await sit(session, who, "rrr", book=True) == wrong
        assert len(await practice.wrong_answers(session, who)) == 2
        tomorrow = replace(who, now=NOW + DAY, today=TODAY + DAY)
        await sit(session, tomorrow, "rw", book=True)
        left = await practice.wrong_answers(session, tomorrow)
        assert [row.id for _, row in left] == wrong[1:]


async def test_the_book_is_ones_own(bank: Database) -> None:
    async with bank.write() as session:
        who, other = await asker(session), await asker(session, "A1")
        [wrong] = await sit(session, who, "w")
        assert await practice.wrong_answers(session, other) == []
        assert not await practice.take_out(session, wrong, person_id=other.person_id)
        assert await practice.take_out(session, wrong, person_id=who.person_id)
        assert not await practice.take_out(session, wrong, person_id=who.person_id)
        assert not await practice.put_back(session, wrong, person_id=other.person_id, now=NOW)
        assert await practice.put_back(session, wrong, person_id=who.person_id, now=NOW)


async def hold_round(session: AsyncSession, who: Asker, votes: dict[int, bool | None]) -> int:
    """Hold a round of one question per vote; None is a vote of an account bound to nobody."""
    group = QuizGroup(
        channel="test", chat="g", unit_id=1, set_by=who.person_id, set_at=NOW, daily_at=None
    )
    session.add(group)
    await session.flush()
    held = QuizRound(
        group_id=group.id,
        local_date=TODAY,
        kind=RoundKind.EXTRA.value,
        number=1,
        count=len(votes),
        due_at=NOW,
        opened_at=NOW,
        closes_at=NOW,
    )
    session.add(held)
    await session.flush()
    account = await add_account(session, "member")
    for position, (question_id, correct) in enumerate(votes.items()):
        post = QuizPost(
            round_id=held.id,
            position=position,
            question_id=question_id,
            order=[0, 1, 2, 3],
            pinned={},
        )
        session.add(post)
        await session.flush()
        session.add(
            QuizAnswer(
                post_id=post.id,
                account_id=account,
                person_id=None if correct is None else who.person_id,
                chosen=[],
                correct=bool(correct),
                at=NOW,
            )
        )
    await session.flush()
    return held.id


async def test_a_round_moves_the_cards_of_those_who_answered_once(bank: Database) -> None:
    async with bank.write() as session:
        who = await asker(session)
        numbers = list(await session.scalars(select(QuizQuestion.id).order_by(QuizQuestion.id)))
        held = await hold_round(
            session, who, {numbers[0]: True, numbers[1]: False, numbers[2]: None}
        )
        assert await practice.unlearned_rounds(session, limit=9) == []
        (await session.get_one(QuizRound, held)).closed_at = NOW
        await session.flush()
        assert await practice.unlearned_rounds(session, limit=9) == [held]
        assert await practice.learn_from_round(session, held, NOW) == 2
        assert await practice.learn_from_round(session, held, NOW) == 0
        assert await practice.unlearned_rounds(session, limit=9) == []
        cards = list(await session.scalars(select(PracticeCard).order_by(PracticeCard.question_id)))
        assert [(c.question_id, c.right, c.wrong) for c in cards] == [
            (numbers[0], 1, 0),
            (numbers[1], 0, 1),
        ]
        [(_, wrong)] = await practice.wrong_answers(session, who)
        assert wrong.id == numbers[1]
        assert not set(await sit(session, who, "rr")) & set(numbers[:2])
        by_topic = await results.by_topic(session, person_id=who.person_id)
        assert sum(topic.answered for topic in by_topic) == 4
        assert sum(topic.right for topic in by_topic) == 3


async def test_a_paper_is_marked_once_and_teaches_what_was_answered(bank: Database) -> None:
    async with bank.write() as session:
        who = await asker(session)
        exam = await exams.begin(session, who, count=3, minutes=10)
        assert exam
        for number, correct in ((1, True), (2, False)):
            page = await exams.page(session, exam, number)
            await exams.tick(session, page, [0], now=NOW)
            turn = Turn(None, number, page.question, page.order)  # type: ignore[arg-type]
            page = await exams.page(session, exam, number)
            await exams.tick(session, page, places(turn, correct=correct), now=NOW)
        assert await exams.unanswered(session, exam) == [3]
        assert await results.by_topic(session, person_id=who.person_id) == []
    late = NOW + timedelta(hours=1)

    async def finish() -> bool:
        async with bank.write() as session:
            found = await session.get_one(Exam, exam.id)
            return await exams.finish(session, found, now=late, on=TODAY)

    assert sorted(await asyncio.gather(*(finish() for _ in range(3)))) == [False, False, True]
    async with bank.write() as session:
        found = await session.get_one(Exam, exam.id)
        report = await exams.report(session, found)
        assert (report.right, report.score, report.passed) == (1, 33, False)
        assert report.used == timedelta(minutes=10)
        assert [m.correct for m in report.marked] == [True, False, False]
        assert found.right == 1
        cards = list(await session.scalars(select(PracticeCard)))
        assert sorted((c.right, c.wrong) for c in cards) == [(0, 1), (1, 0)]
        assert await exams.overdue(session, now=late, limit=9) == []
        assert await exams.running(session, person_id=who.person_id) is None


async def test_two_starts_at_once_give_one_paper(bank: Database) -> None:
    async with bank.read() as session:
        who = await asker(session)

    async def start() -> int:
        async with bank.write() as session:
            exam = await exams.begin(session, who, count=2, minutes=10)
            assert exam
            return exam.id

    assert len(set(await asyncio.gather(*(start() for _ in range(3))))) == 1


@pytest.mark.parametrize(("right", "passed"), [(5, False), (6, True)])
def test_the_pass_mark_is_reached_or_not(right: int, passed: bool) -> None:
    rows = [QuizQuestion(id=n, key=str(n), **SINGLE.values) for n in range(10)]
    marked = tuple(exams.Marked(n, row, (1,), n < right) for n, row in enumerate(rows))
    exam = Exam(questions=list(range(10)), pass_mark=exams.PASS_MARK)
    assert exams.Report(exam, marked).passed is passed


async def test_an_empty_bank_gives_no_paper_and_no_sitting(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        who = await asker(session)
        assert await exams.begin(session, who, count=2, minutes=10) is None
        assert await sit(session, who, "rr") == []


async def test_several_right_options_are_needed_all(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        await store(session, MULTIPLE)
        who = await asker(session)
        sitting = await practice.begin(session, who, count=1)
        turn = await practice.advance(session, sitting, who)
        assert turn
        assert await practice.answer(session, turn, places(turn, correct=True)[:2], who) is False
