"""Looking after single questions: finding one, taking it out of use, bringing it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.access import IMPORT_QUESTIONS, KEEP_QUESTIONS, Actor, scope
from db.tables import QuizQuestion, Unit
from knowledge.quiz.model import Question, of_row


@dataclass(frozen=True, slots=True)
class Kept:
    """A question and whose it is: a unit's own, or everybody's without one."""

    question: QuizQuestion
    unit: Unit | None

    @property
    def content(self) -> Question:
        """The question as a plain value."""
        return of_row(self.question)

    def seen_by(self, actor: Actor) -> bool:
        """Tell whether somebody may look it up with its answer."""
        if self.kept_by(actor) or self.unit is None:
            return True
        return actor.unit_path.startswith(self.unit.path)

    def kept_by(self, actor: Actor) -> bool:
        """Tell whether somebody may take it out of use."""
        if self.unit is None:
            return bool(scope(actor, KEEP_QUESTIONS).prefixes)
        return scope(actor, IMPORT_QUESTIONS).covers(self.unit.path)


async def find(session: AsyncSession, question_id: int) -> Kept | None:
    """Return a question by its number, the retired ones too."""
    return await _one(session, QuizQuestion.id == question_id)


async def find_by_key(session: AsyncSession, key: str) -> Kept | None:
    """Return a question by its key."""
    return await _one(session, QuizQuestion.key == key)


async def retire(session: AsyncSession, question_id: int, *, now: datetime) -> bool:
    """Take a question out of use; False if it is already."""
    done = await session.execute(
        update(QuizQuestion)
        .where(QuizQuestion.id == question_id, QuizQuestion.retired_at.is_(None))
        .values(retired_at=now)
        .returning(QuizQuestion.id)
    )
    return done.first() is not None


async def restore(session: AsyncSession, question_id: int) -> bool:
    """Bring a question back into use; False if it is in use."""
    done = await session.execute(
        update(QuizQuestion)
        .where(QuizQuestion.id == question_id, QuizQuestion.retired_at.is_not(None))
        .values(retired_at=None)
        .returning(QuizQuestion.id)
    )
    return done.first() is not None


async def _one(session: AsyncSession, condition: ColumnElement[bool]) -> Kept | None:
    statement = (
        select(QuizQuestion, Unit).outerjoin(Unit, Unit.id == QuizQuestion.unit_id).where(condition)
    )
    row = (await session.execute(statement)).one_or_none()
    return Kept(row[0], row[1]) if row else None
