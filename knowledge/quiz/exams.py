"""Mock examinations: N questions, a time, a pass mark. All of it is in the store.

An answer may be changed until the paper is handed in; it counts if it comes before the end. A
paper is marked once, by a conditional change, whether its sitter hands it in or the clock does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Exam, PracticeAnswer, QuizQuestion
from db.types import insert_new
from knowledge.quiz import bank
from knowledge.quiz.memory import Lesson, learn
from knowledge.quiz.practice import Asker
from knowledge.quiz.shown import as_shown, pin

PASS_MARK = 60


@dataclass(frozen=True, slots=True)
class Page:
    """One question of a paper; `order` is the option's index at each place, `ticked` places."""

    exam: Exam
    number: int
    question: QuizQuestion
    order: tuple[int, ...]
    ticked: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """A question of a marked paper; `chosen` holds indices of its options, none unanswered."""

    number: int
    question: QuizQuestion
    chosen: tuple[int, ...]
    correct: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A marked paper. `score` is in per cent, rounded down."""

    exam: Exam
    marked: tuple[Marked, ...]

    @property
    def right(self) -> int:
        return sum(m.correct for m in self.marked)

    @property
    def score(self) -> int:
        return 100 * self.right // len(self.marked)

    @property
    def passed(self) -> bool:
        return self.score >= self.exam.pass_mark

    @property
    def used(self) -> timedelta:
        """How long the sitter took."""
        return (self.exam.finished_at or self.exam.ends_at) - self.exam.started_at

    def by_topic(self) -> list[tuple[str, int, int]]:
        """Return topic, right answers and questions, the topics in the order of the paper."""
        asked = Counter(m.question.topic for m in self.marked)
        right = Counter(m.question.topic for m in self.marked if m.correct)
        return [(topic, right[topic], count) for topic, count in asked.items()]


async def begin(
    session: AsyncSession, asker: Asker, *, topic: str = "", count: int, minutes: int
) -> Exam | None:
    """Start an examination, or return the one that runs; None if there is nothing to ask."""
    picked = await bank.pick(
        session,
        unit_path=asker.unit_path,
        topic=topic,
        count=count,
        today=asker.today,
        seed=f"exam:{asker.person_id}:{asker.now.isoformat()}",
    )
    if not picked:
        return None
    paper: dict[str, Any] = {
        "person_id": asker.person_id,
        "questions": [question.id for question in picked],
        "pinned": [pin(question) for question in picked],
        "pass_mark": PASS_MARK,
        "started_at": asker.now,
        "ends_at": asker.now + timedelta(minutes=minutes),
        "finished_at": None,
        "right": 0,
    }
    await insert_new(session, Exam, paper)
    return await running(session, person_id=asker.person_id)


async def running(session: AsyncSession, *, person_id: int) -> Exam | None:
    """Return the person's paper that is not marked yet, though its time may be over."""
    statement = select(Exam).where(Exam.person_id == person_id, Exam.finished_at.is_(None))
    return (await session.scalars(statement)).one_or_none()


async def find(session: AsyncSession, exam_id: int, *, person_id: int) -> Exam | None:
    """Return a paper of the person, locked: what is done to one takes turns."""
    statement = (
        select(Exam)
        .where(Exam.id == exam_id, Exam.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def page(session: AsyncSession, exam: Exam, number: int) -> Page:
    """Return one question of a paper, the first being 1, with what is ticked."""
    question = await session.get_one(QuizQuestion, exam.questions[number - 1])
    question = as_shown(question, exam.pinned[number - 1])
    order = bank.shuffled(question, f"exam:{exam.id}")
    chosen = (await _chosen(session, exam)).get(question.id, ())
    ticked = tuple(place for place, index in enumerate(order) if index in chosen)
    return Page(exam, number, question, order, ticked)


async def tick(session: AsyncSession, page: Page, places: Sequence[int], *, now: datetime) -> None:
    """Put an answer in place of the one before; none leaves the question unanswered."""
    exam, question = page.exam, page.question
    await session.execute(
        delete(PracticeAnswer).where(
            PracticeAnswer.exam_id == exam.id, PracticeAnswer.question_id == question.id
        )
    )
    chosen = sorted({page.order[place] for place in places})
    if not chosen:
        return
    values: dict[str, Any] = {
        "person_id": exam.person_id,
        "question_id": question.id,
        "practice_id": None,
        "number": None,
        "exam_id": exam.id,
        "chosen": chosen,
        "correct": chosen == sorted(question.correct),
        "at": now,
    }
    await insert_new(session, PracticeAnswer, values)


async def unanswered(session: AsyncSession, exam: Exam) -> list[int]:
    """Return the numbers of the questions without an answer."""
    chosen = await _chosen(session, exam)
    return [number for number, id_ in enumerate(exam.questions, 1) if id_ not in chosen]


async def finish(session: AsyncSession, exam: Exam, *, now: datetime, on: date) -> bool:
    """Mark a paper, and move the cards of what was answered; False if it is marked already.

    What was left unanswered counts as not right, and teaches nothing about what is known.
    """
    at = min(now, exam.ends_at)
    marked = (
        update(Exam)
        .where(Exam.id == exam.id, Exam.finished_at.is_(None))
        .values(finished_at=at)
        .returning(Exam.id)
    )
    if (await session.execute(marked)).first() is None:
        return False
    rows = await session.execute(
        select(PracticeAnswer, QuizQuestion)
        .join(QuizQuestion, QuizQuestion.id == PracticeAnswer.question_id)
        .where(PracticeAnswer.exam_id == exam.id)
    )
    lessons = [Lesson(exam.person_id, q, given.correct, given.at, on) for given, q in rows]
    await learn(session, lessons)
    await session.refresh(exam)
    exam.right = sum(lesson.correct for lesson in lessons)
    await session.flush()
    return True


async def overdue(session: AsyncSession, *, now: datetime, limit: int) -> list[Exam]:
    """Return papers whose time is over and that are not marked, the longest over first."""
    statement = (
        select(Exam)
        .where(Exam.finished_at.is_(None), Exam.ends_at <= now)
        .order_by(Exam.ends_at)
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def report(session: AsyncSession, exam: Exam) -> Report:
    """Return what became of each question of a marked paper."""
    found = await session.scalars(select(QuizQuestion).where(QuizQuestion.id.in_(exam.questions)))
    questions = {question.id: question for question in found}
    rows = await session.scalars(select(PracticeAnswer).where(PracticeAnswer.exam_id == exam.id))
    given = {row.question_id: row for row in rows}
    marked = []
    for number, id_ in enumerate(exam.questions, 1):
        row = given.get(id_)
        chosen = tuple(row.chosen) if row else ()
        question = as_shown(questions[id_], exam.pinned[number - 1])
        marked.append(Marked(number, question, chosen, bool(row and row.correct)))
    return Report(exam, tuple(marked))


async def latest(session: AsyncSession, *, person_id: int, limit: int) -> list[Exam]:
    """Return the person's marked papers, the newest first."""
    statement = (
        select(Exam)
        .where(Exam.person_id == person_id, Exam.finished_at.is_not(None))
        .order_by(Exam.started_at.desc(), Exam.id.desc())
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def _chosen(session: AsyncSession, exam: Exam) -> dict[int, Sequence[int]]:
    rows = await session.execute(
        select(PracticeAnswer.question_id, PracticeAnswer.chosen).where(
            PracticeAnswer.exam_id == exam.id
        )
    )
    return {row.question_id: row.chosen for row in rows}
