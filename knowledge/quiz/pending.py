"""A bank that was read and waits for its confirmation, kept as a file of whoever sent it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import conversation
from db.tables import StoredFile
from knowledge.quiz.model import Question

MEDIA_TYPE = "application/vnd.zhibu.questions+json"


@dataclass(frozen=True, slots=True)
class Pending:
    """What was previewed: the questions, the unit they are for, and the plan's mark."""

    name: str
    unit_id: int
    mark: str
    questions: tuple[Question, ...]


async def keep(session: AsyncSession, pending: Pending, *, owner_id: int, now: datetime) -> int:
    """Keep a bank until it is confirmed, in place of one before; returns its number."""
    await drop(session, owner_id=owner_id)
    values = {
        "name": pending.name,
        "unit_id": pending.unit_id,
        "mark": pending.mark,
        "questions": [question.to_json() for question in pending.questions],
    }
    file = await conversation.keep_file(
        session,
        name=pending.name,
        media_type=MEDIA_TYPE,
        data=json.dumps(values, ensure_ascii=False).encode(),
        owner_id=owner_id,
        now=now,
    )
    return file.id


async def find(session: AsyncSession, number: int, *, owner_id: int) -> Pending | None:
    """Return a bank of this very person, None if it is gone."""
    statement = select(StoredFile.data).where(StoredFile.id == number, *_of(owner_id))
    data = await session.scalar(statement)
    if data is None:
        return None
    values = json.loads(data)
    return Pending(
        values["name"], values["unit_id"], values["mark"], _questions(values["questions"])
    )


async def drop(session: AsyncSession, *, owner_id: int) -> bool:
    """Forget what waits; False if nothing did."""
    done = await session.execute(delete(StoredFile).where(*_of(owner_id)).returning(StoredFile.id))
    return done.first() is not None


def _of(owner_id: int) -> Sequence[ColumnElement[bool]]:
    return (StoredFile.owner_id == owner_id, StoredFile.media_type == MEDIA_TYPE)


def _questions(values: list[dict[str, object]]) -> tuple[Question, ...]:
    return tuple(Question.from_json(value) for value in values)
