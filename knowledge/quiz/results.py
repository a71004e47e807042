"""What a person's answers say, from practice, examinations and rounds in groups."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Integer, cast, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Exam, PracticeAnswer, QuizAnswer, QuizPost, QuizQuestion


@dataclass(frozen=True, slots=True)
class TopicResult:
    """How a person answered the questions of one topic."""

    topic: str
    answered: int
    right: int


async def by_topic(session: AsyncSession, *, person_id: int) -> list[TopicResult]:
    """Return a person's results by topic, most answered first; a running paper is left out."""
    alone = (
        select(PracticeAnswer.question_id, cast(PracticeAnswer.correct, Integer).label("right"))
        .outerjoin(Exam, Exam.id == PracticeAnswer.exam_id)
        .where(
            PracticeAnswer.person_id == person_id,
            or_(PracticeAnswer.exam_id.is_(None), Exam.finished_at.is_not(None)),
        )
    )
    in_groups = (
        select(QuizPost.question_id, cast(QuizAnswer.correct, Integer).label("right"))
        .join(QuizPost, QuizPost.id == QuizAnswer.post_id)
        .where(QuizAnswer.person_id == person_id)
    )
    answers = union_all(alone, in_groups).subquery()
    rows = await session.execute(
        select(QuizQuestion.topic, func.count(), func.sum(answers.c.right))
        .join(answers, answers.c.question_id == QuizQuestion.id)
        .group_by(QuizQuestion.topic)
        .order_by(func.count().desc(), QuizQuestion.topic)
    )
    return [TopicResult(topic, int(count), int(right)) for topic, count, right in rows]
