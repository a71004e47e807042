"""What may be asked: the questions of the shipped bank and of the units themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import QuizQuestion
from knowledge.quiz.choices import parse_choice, shuffled
from knowledge.quiz.model import letters

__all__ = [
    "askable",
    "get",
    "in_use",
    "letters",
    "parse_choice",
    "pick",
    "shuffled",
    "source_line",
    "topics",
]


async def pick(
    session: AsyncSession,
    *,
    unit_path: str,
    topic: str = "",
    count: int,
    today: date,
    avoid: Collection[int] = (),
    seed: str,
) -> list[QuizQuestion]:
    """Return up to `count` questions that may be put to the subtree today.

    They are those shipped and those of the units on the path, the same for the same `seed`,
    spread over the topics. Those in `avoid`, which is the oldest first, come only when the
    others are used up, and then in that order.
    """
    if count <= 0:
        return []
    rows = await session.execute(
        select(QuizQuestion.id, QuizQuestion.topic)
        .where(*askable(unit_path, today), *([QuizQuestion.topic == topic] if topic else []))
        .order_by(QuizQuestion.id)
    )
    topic_of = dict(rows.all())
    avoided = dict.fromkeys(id_ for id_ in avoid if id_ in topic_of)
    fresh = {id_: name for id_, name in topic_of.items() if id_ not in avoided}
    chosen = [*_spread(fresh, seed)[:count], *avoided][:count]
    found = await session.scalars(select(QuizQuestion).where(QuizQuestion.id.in_(chosen)))
    by_id = {question.id: question for question in found}
    return [by_id[id_] for id_ in chosen]


async def topics(session: AsyncSession, *, unit_path: str, today: date) -> list[tuple[str, int]]:
    """Return the topics that may be put to the subtree today, with the count of each."""
    rows = await session.execute(
        select(QuizQuestion.topic, func.count())
        .where(*askable(unit_path, today))
        .group_by(QuizQuestion.topic)
        .order_by(func.count().desc(), QuizQuestion.topic)
    )
    return [(name, number) for name, number in rows]


async def get(session: AsyncSession, question_id: int) -> QuizQuestion | None:
    """Return a question by its number, also one that is not asked any more."""
    return await session.get(QuizQuestion, question_id)


def source_line(question: QuizQuestion) -> str:
    """Word where the answer stands: 《…》第八条（2026版）; empty if the question does not say."""
    if not question.regulation:
        return ""
    version = question.version and (
        f"（{question.version}版）" if question.version.isdigit() else f"（{question.version}）"
    )
    return f"{question.regulation}{question.article}{version}"


def askable(unit_path: str, today: date) -> list[ColumnElement[bool]]:
    """Return the conditions on `QuizQuestion` under which one may be put to the subtree."""
    return [
        *in_use(unit_path),
        or_(QuizQuestion.valid_from.is_(None), QuizQuestion.valid_from <= today),
        or_(QuizQuestion.valid_to.is_(None), QuizQuestion.valid_to > today),
    ]


def in_use(unit_path: str) -> list[ColumnElement[bool]]:
    """Return the conditions for those of the subtree on any day: shipped, or of a unit above."""
    units = [int(part) for part in unit_path.split("/") if part]
    return [
        or_(QuizQuestion.unit_id.is_(None), QuizQuestion.unit_id.in_(units)),
        QuizQuestion.retired_at.is_(None),
    ]


def _spread(topic_of: dict[int, str], seed: str) -> list[int]:
    """Order questions by chance, one of each topic in turn."""
    turns: dict[str, int] = {}
    drawn = {topic: _draw(seed, topic) for topic in set(topic_of.values())}
    placed = []
    for id_ in sorted(topic_of, key=lambda id_: _draw(seed, id_)):
        topic = topic_of[id_]
        turn = turns[topic] = turns.get(topic, 0) + 1
        placed.append((turn, drawn[topic], id_))
    return [id_ for _, _, id_ in sorted(placed)]


def _draw(seed: str, what: int | str) -> bytes:
    name = f"{seed}\n{what}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(name, digest_size=8).digest()
