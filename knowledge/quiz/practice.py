"""Practice alone: what is asked next, what an answer does, and what groups teach.

A sitting asks what is due first (`memory` says when), the longest overdue first, and then what
the person has not met, spread over the topics. It is a row: it goes on after a restart, and an
answer counts once by a unique key, however often a button is pressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import (
    Practice,
    PracticeAnswer,
    PracticeCard,
    QuizAnswer,
    QuizPost,
    QuizQuestion,
    QuizRound,
)
from db.types import insert_new
from knowledge.quiz import bank
from knowledge.quiz.memory import Lesson, learn
from knowledge.quiz.shown import as_shown, pin

# So many people's cards are moved by one statement.
BATCH = 200


@dataclass(frozen=True, slots=True)
class Asker:
    """Who practises, and what may be put to them: `today` is the local date of the event."""

    person_id: int
    unit_path: str
    now: datetime
    today: date


@dataclass(frozen=True, slots=True)
class Turn:
    """A question as it is put in a sitting; `order` is the option's index at each place."""

    sitting: Practice
    number: int
    question: QuizQuestion
    order: tuple[int, ...]


async def begin(
    session: AsyncSession, asker: Asker, *, topic: str = "", count: int, book: bool = False
) -> Practice:
    """Open a sitting of up to `count` questions; one that was left open ends.

    With `book` it goes through the wrong-answer book, the oldest first.
    """
    await session.execute(
        update(Practice)
        .where(Practice.person_id == asker.person_id, Practice.ended_at.is_(None))
        .values(ended_at=asker.now)
    )
    sitting = Practice(
        person_id=asker.person_id,
        topic=topic,
        book=book,
        count=count,
        planned=await _plan(session, asker, topic=topic, count=count, book=book),
        questions=[],
        marks=[],
        pinned={},
        waiting=False,
        answered=0,
        right=0,
        started_at=asker.now,
    )
    session.add(sitting)
    await session.flush()
    return sitting


async def find(session: AsyncSession, sitting_id: int, *, person_id: int) -> Practice | None:
    """Return a sitting of the person, locked: presses that come together take turns."""
    statement = (
        select(Practice)
        .where(Practice.id == sitting_id, Practice.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def current(session: AsyncSession, sitting: Practice) -> Turn:
    """Return the question that was put last."""
    question = await session.get_one(QuizQuestion, sitting.questions[-1])
    return _turn(sitting, question)


async def advance(session: AsyncSession, sitting: Practice, asker: Asker) -> Turn | None:
    """Put the next question, or end the sitting if there is none.

    While one waits for its answer, that one is returned.
    """
    if sitting.waiting:
        return await current(session, sitting)
    question = None
    if sitting.ended_at is None and len(sitting.questions) < sitting.count:
        if not sitting.book:
            question = await _longest_due(session, sitting, asker)
        question = question or await _next_planned(session, sitting, asker)
    if question is None:
        sitting.ended_at = sitting.ended_at or asker.now
        await session.flush()
        return None
    sitting.questions = [*sitting.questions, question.id]
    sitting.marks, sitting.waiting, sitting.pinned = [], True, pin(question)
    await session.flush()
    return _turn(sitting, question)


async def answer(
    session: AsyncSession, turn: Turn, places: Sequence[int], asker: Asker
) -> bool | None:
    """Count an answer and return whether it is right; None if one was counted before."""
    sitting, question = turn.sitting, turn.question
    chosen = sorted({turn.order[place] for place in places})
    correct = chosen == sorted(question.correct)
    values: dict[str, Any] = {
        "person_id": asker.person_id,
        "question_id": question.id,
        "practice_id": sitting.id,
        "number": turn.number,
        "exam_id": None,
        "chosen": chosen,
        "correct": correct,
        "at": asker.now,
    }
    if not sitting.waiting or not await insert_new(session, PracticeAnswer, values):
        return None
    sitting.waiting, sitting.marks = False, []
    sitting.answered += 1
    sitting.right += correct
    await learn(session, [Lesson(asker.person_id, question, correct, asker.now, asker.today)])
    return correct


async def skip(session: AsyncSession, sitting: Practice) -> None:
    """Let the waiting question go unanswered."""
    sitting.waiting, sitting.marks = False, []
    await session.flush()


async def end(session: AsyncSession, sitting: Practice, *, now: datetime) -> None:
    """Close a sitting; what was answered stays."""
    sitting.waiting, sitting.ended_at = False, sitting.ended_at or now
    await session.flush()


async def count_due(session: AsyncSession, asker: Asker, *, before: datetime) -> int:
    """Return how many questions a person has met that are due before an instant."""
    counted = (
        select(func.count())
        .select_from(PracticeCard)
        .join(QuizQuestion, QuizQuestion.id == PracticeCard.question_id)
        .where(
            PracticeCard.person_id == asker.person_id,
            PracticeCard.due < before,
            *bank.askable(asker.unit_path, asker.today),
        )
    )
    return await session.scalar(counted) or 0


async def learn_from_round(session: AsyncSession, round_id: int, now: datetime) -> int:
    """Move the cards of those who answered in a closed round; return how many cards.

    Done once a round, whoever calls it how often. The round's local date is that of the answers.
    """
    taken = (
        update(QuizRound)
        .where(QuizRound.id == round_id, QuizRound.learned_at.is_(None))
        .values(learned_at=now)
        .returning(QuizRound.local_date)
    )
    on = await session.scalar(taken)
    if on is None:
        return 0
    rows = await session.execute(
        select(QuizAnswer, QuizQuestion)
        .join(QuizPost, QuizPost.id == QuizAnswer.post_id)
        .join(QuizQuestion, QuizQuestion.id == QuizPost.question_id)
        .where(QuizPost.round_id == round_id)
        .order_by(QuizAnswer.person_id, QuizQuestion.id, QuizAnswer.id)
    )
    # Should one question be put twice in a round, the first answer is the one that tells.
    lessons: dict[tuple[int, int], Lesson] = {}
    for given, question in rows:
        if given.person_id is not None:
            lesson = Lesson(given.person_id, question, given.correct, given.at, on)
            lessons.setdefault((lesson.person_id, question.id), lesson)
    ordered = list(lessons.values())
    for start in range(0, len(ordered), BATCH):
        await learn(session, ordered[start : start + BATCH])
    return len(ordered)


async def unlearned_rounds(session: AsyncSession, *, limit: int) -> list[int]:
    """Return rounds that are closed and not learnt from, the longest closed first."""
    statement = (
        select(QuizRound.id)
        .where(QuizRound.closed_at.is_not(None), QuizRound.learned_at.is_(None))
        .order_by(QuizRound.closed_at)
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def _plan(
    session: AsyncSession, asker: Asker, *, topic: str, count: int, book: bool
) -> list[int]:
    if book:
        return [question.id for _, question in await wrong_answers(session, asker, topic=topic)]
    met = await session.scalars(
        select(PracticeCard.question_id).where(PracticeCard.person_id == asker.person_id)
    )
    known = set(met)
    picked = await bank.pick(
        session,
        unit_path=asker.unit_path,
        topic=topic,
        count=count,
        today=asker.today,
        avoid=sorted(known),
        seed=f"practice:{asker.person_id}:{asker.now.isoformat()}",
    )
    # The bank gives what is to be avoided when it has nothing else; here that is not due yet.
    return [question.id for question in picked if question.id not in known]


async def wrong_answers(
    session: AsyncSession, asker: Asker, *, topic: str = ""
) -> list[tuple[PracticeCard, QuizQuestion]]:
    """Return the person's wrong-answer book, the oldest first, as far as it may be asked."""
    found = await session.execute(
        select(PracticeCard, QuizQuestion)
        .join(QuizQuestion, QuizQuestion.id == PracticeCard.question_id)
        .where(
            PracticeCard.person_id == asker.person_id,
            PracticeCard.wrong_at.is_not(None),
            *bank.askable(asker.unit_path, asker.today),
            *bank.about(topic),
        )
        .order_by(PracticeCard.wrong_at, PracticeCard.id)
    )
    return [(card, question) for card, question in found]


async def take_out(session: AsyncSession, question_id: int, *, person_id: int) -> bool:
    """Take a question out of the person's wrong-answer book; False if it is not in it."""
    taken = (
        update(PracticeCard)
        .where(
            PracticeCard.person_id == person_id,
            PracticeCard.question_id == question_id,
            PracticeCard.wrong_at.is_not(None),
        )
        .values(wrong_at=None, mended_on=None)
        .returning(PracticeCard.id)
    )
    return (await session.execute(taken)).first() is not None


async def put_back(
    session: AsyncSession, question_id: int, *, person_id: int, now: datetime
) -> bool:
    """Put a question that the person once had wrong into the book again."""
    put = (
        update(PracticeCard)
        .where(
            PracticeCard.person_id == person_id,
            PracticeCard.question_id == question_id,
            PracticeCard.wrong > 0,
            PracticeCard.wrong_at.is_(None),
        )
        .values(wrong_at=now)
        .returning(PracticeCard.id)
    )
    return (await session.execute(put)).first() is not None


async def _longest_due(
    session: AsyncSession, sitting: Practice, asker: Asker
) -> QuizQuestion | None:
    """Return what has been due for the longest time, but not what was skipped or asked just now."""
    statement = (
        select(QuizQuestion)
        .join(PracticeCard, PracticeCard.question_id == QuizQuestion.id)
        .where(
            PracticeCard.person_id == asker.person_id,
            PracticeCard.due <= asker.now,
            PracticeCard.question_id.not_in(sitting.questions[-1:]),
            or_(
                PracticeCard.question_id.not_in(sitting.questions),
                PracticeCard.last_review >= sitting.started_at,
            ),
            *bank.askable(asker.unit_path, asker.today),
            *bank.about(sitting.topic),
        )
        .order_by(PracticeCard.due, PracticeCard.id)
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def _next_planned(
    session: AsyncSession, sitting: Practice, asker: Asker
) -> QuizQuestion | None:
    """Return the next planned question that has not been asked and may still be."""
    rest = [id_ for id_ in sitting.planned if id_ not in sitting.questions]
    found = await session.scalars(
        select(QuizQuestion).where(
            QuizQuestion.id.in_(rest), *bank.askable(asker.unit_path, asker.today)
        )
    )
    by_id = {question.id: question for question in found}
    return next((by_id[id_] for id_ in rest if id_ in by_id), None)


def _turn(sitting: Practice, question: QuizQuestion) -> Turn:
    number = len(sitting.questions)
    question = as_shown(question, sitting.pinned)
    order = bank.shuffled(question, f"practice:{sitting.id}:{number}")
    return Turn(sitting, number, question, order)
