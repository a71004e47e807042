"""The shipped questions, brought into the store.

A newer program changes only what it words differently. What it does not bring any more is
retired, since answers point to it; what a person retired stays so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import QuizImport, QuizQuestion
from knowledge.quiz import shipped
from knowledge.quiz.model import Question

# The mark of a question that the program does not bring any more.
DROPPED = ""
# Imported questions have a key with a colon: of a unit, or of all ("all:").
SHIPPED = (QuizQuestion.unit_id.is_(None), ~QuizQuestion.key.contains(":"))


@dataclass(frozen=True, slots=True)
class Counts:
    """What a seeding did."""

    added: int = 0
    changed: int = 0
    dropped: int = 0


async def seed(
    session: AsyncSession, *, now: datetime, texts: Mapping[str, str] | None = None
) -> Counts:
    """Bring the shipped questions into the store; a second time only compares one digest."""
    texts = shipped.texts() if texts is None else texts
    digest = shipped.digest(texts)
    last = select(QuizImport.digest).where(QuizImport.name == "").order_by(QuizImport.id.desc())
    if await session.scalar(last.limit(1)) == digest:
        return Counts()
    counts = await _apply(session, shipped.read(texts), now=now)
    session.add(QuizImport(name="", digest=digest, added=[], changed=[], at=now))
    await session.flush()
    return counts


async def _apply(session: AsyncSession, questions: tuple[Question, ...], now: datetime) -> Counts:
    rows = {
        row.key: row
        for row in await session.execute(
            select(QuizQuestion.id, QuizQuestion.key, QuizQuestion.digest).where(*SHIPPED)
        )
    }
    wanted = {question.key: question for question in questions}
    new = [question for key, question in wanted.items() if key not in rows]
    session.add_all(QuizQuestion(key=q.key, created_at=now, **q.values) for q in new)
    changed = [k for k, q in wanted.items() if k in rows and rows[k].digest != q.digest]
    for key in changed:
        back = {"retired_at": None} if rows[key].digest == DROPPED else {}
        await _change(session, rows[key].id, {**wanted[key].values, **back})
    gone = [key for key, row in rows.items() if key not in wanted and row.digest != DROPPED]
    for key in gone:
        await _drop(session, rows[key].id, now=now)
    await session.flush()
    return Counts(len(new), len(changed), len(gone))


async def _change(session: AsyncSession, id_: int, values: Mapping[str, object]) -> None:
    await session.execute(update(QuizQuestion).where(QuizQuestion.id == id_).values(values))


async def _drop(session: AsyncSession, id_: int, *, now: datetime) -> None:
    """Retire a question; one that a person retired is left as that person left it."""
    await session.execute(
        update(QuizQuestion)
        .where(QuizQuestion.id == id_, QuizQuestion.retired_at.is_(None))
        .values(retired_at=now, digest=DROPPED)
    )
