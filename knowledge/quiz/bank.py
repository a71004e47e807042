"""What may be asked: the questions of the shipped bank and of the units themselves."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from db.tables import QuizQuestion
from knowledge.quiz.choices import parse_choice, shuffled
from knowledge.quiz.model import letters

__all__ = [
    "Pool",
    "about",
    "amount",
    "askable",
    "by_ids",
    "get",
    "in_use",
    "letters",
    "parse_choice",
    "pick",
    "regulations",
    "shuffled",
    "source_line",
    "topics",
]


@dataclass(frozen=True, slots=True)
class Pool:
    """The questions in use of some units, by all that decides which of them may be put."""

    rows: tuple[Row[*tuple[Any, ...]], ...]

    @classmethod
    async def load(cls, session: AsyncSession, unit_paths: Iterable[str]) -> Pool:
        """Read those shipped and those of the units on the paths."""
        columns = (
            QuizQuestion.id,
            QuizQuestion.unit_id,
            QuizQuestion.topic,
            QuizQuestion.regulation,
            QuizQuestion.valid_from,
            QuizQuestion.valid_to,
        )
        used = select(*columns).where(*in_use("".join(unit_paths))).order_by(QuizQuestion.id)
        return cls(tuple(await session.execute(used)))

    def draw(
        self,
        *,
        unit_path: str,
        topic: str = "",
        count: int,
        today: date,
        avoid: Collection[int] = (),
        seed: str,
    ) -> list[int]:
        """Return up to `count` questions that may be put to the subtree today.

        They are the same for the same `seed`, spread over the topics; a regulation may be named
        in the place of a topic. Those in `avoid`, which is the oldest first, come only when the
        others are used up, and then in that order.
        """
        line = {None, *_on(unit_path)}
        topic_of = {
            row.id: row.topic
            for row in self.rows
            if row.unit_id in line
            and (not topic or topic in (row.topic, row.regulation))
            and (row.valid_from is None or row.valid_from <= today)
            and (row.valid_to is None or row.valid_to > today)
        }
        avoided = dict.fromkeys(id_ for id_ in avoid if id_ in topic_of)
        fresh = {id_: name for id_, name in topic_of.items() if id_ not in avoided}
        return [*_spread(fresh, seed)[:count], *avoided][: max(count, 0)]


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
    """Return up to `count` questions that may be put to the subtree today, as `Pool.draw` does."""
    pool = await Pool.load(session, [unit_path])
    chosen = pool.draw(
        unit_path=unit_path, topic=topic, count=count, today=today, avoid=avoid, seed=seed
    )
    by_id = await by_ids(session, chosen)
    return [by_id[id_] for id_ in chosen]


async def by_ids(session: AsyncSession, ids: Iterable[int]) -> dict[int, QuizQuestion]:
    """Return questions by their numbers."""
    found = await session.scalars(select(QuizQuestion).where(QuizQuestion.id.in_(set(ids))))
    return {question.id: question for question in found}


async def topics(session: AsyncSession, *, unit_path: str, today: date) -> list[tuple[str, int]]:
    """Return the topics that may be put to the subtree today, with the count of each."""
    return await _counted(session, QuizQuestion.topic, unit_path=unit_path, today=today)


async def regulations(
    session: AsyncSession, *, unit_path: str, today: date
) -> list[tuple[str, int]]:
    """Return the regulations that those questions rest on, with the count of each."""
    return await _counted(session, QuizQuestion.regulation, unit_path=unit_path, today=today)


async def amount(session: AsyncSession, *, unit_path: str, today: date, topic: str) -> int:
    """Return how many questions of a topic, or of all, may be put to the subtree today."""
    wanted = (*askable(unit_path, today), *about(topic))
    return await session.scalar(select(func.count()).select_from(QuizQuestion).where(*wanted)) or 0


def about(topic: str) -> list[ColumnElement[bool]]:
    """Return the condition for what belongs to a topic or rests on the regulation of that name."""
    return [or_(QuizQuestion.topic == topic, QuizQuestion.regulation == topic)] if topic else []


async def _counted(
    session: AsyncSession, column: InstrumentedAttribute[str], *, unit_path: str, today: date
) -> list[tuple[str, int]]:
    rows = await session.execute(
        select(column, func.count())
        .where(*askable(unit_path, today))
        .group_by(column)
        .order_by(func.count().desc(), column)
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
    return [
        or_(QuizQuestion.unit_id.is_(None), QuizQuestion.unit_id.in_(_on(unit_path))),
        QuizQuestion.retired_at.is_(None),
    ]


def _on(unit_path: str) -> set[int]:
    """Return the units on a path."""
    return {int(part) for part in unit_path.split("/") if part}


def _spread(topic_of: dict[int, str], seed: str) -> list[int]:
    """Order questions by chance, one of each topic in turn."""
    chance = random.Random(seed)
    topics = sorted(set(topic_of.values()))
    chance.shuffle(topics)
    drawn = {topic: place for place, topic in enumerate(topics)}
    turns = dict.fromkeys(topics, 0)
    shuffled_ids = list(topic_of)
    chance.shuffle(shuffled_ids)
    placed = []
    for id_ in shuffled_ids:
        topic = topic_of[id_]
        turns[topic] += 1
        placed.append((turns[topic], drawn[topic], id_))
    return [id_ for _, _, id_ in sorted(placed)]
