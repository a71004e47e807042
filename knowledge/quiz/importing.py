"""Bringing questions into the store: seen first, then all or nothing, and undone for a day."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import QuizImport, QuizQuestion
from db.types import lock_chain
from knowledge.quiz import bank
from knowledge.quiz.model import Question, of_row

UNDONE_WITHIN = timedelta(days=1)
# The key of a question that is asked everywhere, but did not come with the program.
EVERYWHERE = "all"


@dataclass(frozen=True, slots=True)
class Change:
    """A question that is there with another content: its row, and both contents."""

    id: int
    old: Question
    new: Question

    @property
    def answers(self) -> bool:
        """Whether it is the answer that changes."""
        return set(self.old.answers) != set(self.new.answers)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do.

    `back` came with an import that was undone. `same` counts what is there already, in the
    unit's own bank or in one above it; `retired` what a person took out of use, which stays so.
    `mark` tells the state of the bank that this was planned for.
    """

    unit_id: int | None
    added: tuple[Question, ...]
    changed: tuple[Change, ...]
    back: tuple[Change, ...]
    same: int
    retired: int
    mark: str

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.added or self.changed or self.back)


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing an import did; `kept` counts what was changed again since and stays."""

    name: str
    removed: int
    restored: int
    kept: int


async def take_turn(session: AsyncSession) -> None:
    """Wait until nobody else is changing the bank; then plan again, and store."""
    await lock_chain(session)


async def known(session: AsyncSession, *, unit_path: str) -> list[Question]:
    """Return the questions that the subtree may be asked, whatever the day."""
    rows = await session.scalars(select(QuizQuestion).where(*bank.in_use(unit_path)))
    return [of_row(row) for row in rows]


async def plan(
    session: AsyncSession, questions: Sequence[Question], *, unit_id: int | None, unit_path: str
) -> Plan:
    """Compare questions with the bank of a unit (of all, without one) and those above it."""
    wanted = {key_of(question, unit_id): question for question in questions}
    rows = await _own(session, unit_id)
    elsewhere = {q.identity: q for q in await known(session, unit_path=unit_path)}
    undone = await _undone(session, unit_id)
    added: list[Question] = []
    changed: list[Change] = []
    back: list[Change] = []
    same = retired = 0
    for key, question in wanted.items():
        row, above = rows.get(key), elsewhere.get(question.identity)
        if row is not None and row.retired_at is not None:
            if undone.get(row.id) == row.retired_at:
                back.append(Change(row.id, of_row(row), replace(question, key=key)))
            else:
                retired += 1
        elif row is not None and row.digest != question.digest:
            changed.append(Change(row.id, of_row(row), replace(question, key=key)))
        elif row is not None or (above and set(above.answers) == set(question.answers)):
            same += 1
        else:
            added.append(replace(question, key=key))
    state = [(key, row.digest, str(row.retired_at)) for key, row in rows.items() if key in wanted]
    mark = hashlib.sha256(repr((sorted(state), same, len(added))).encode()).hexdigest()[:16]
    return Plan(unit_id, tuple(added), tuple(changed), tuple(back), same, retired, mark)


async def apply(
    session: AsyncSession, plan: Plan, *, name: str, by: int | None, now: datetime
) -> QuizImport:
    """Store what was planned, and what undoing it needs."""
    rows = [
        QuizQuestion(
            key=question.key,
            unit_id=plan.unit_id,
            created_at=now,
            imported_by=by,
            **question.values,
        )
        for question in plan.added
    ]
    session.add_all(rows)
    await session.flush()
    for change in (*plan.changed, *plan.back):
        await _write(session, change.id, {**change.new.values, "retired_at": None})
    done = QuizImport(
        name=name,
        unit_id=plan.unit_id,
        digest="",
        added=[*(row.id for row in rows), *(change.id for change in plan.back)],
        changed=[_before(change) for change in plan.changed],
        person_id=by,
        at=now,
    )
    session.add(done)
    await session.flush()
    return done


async def undoable(session: AsyncSession, *, person_id: int, now: datetime) -> QuizImport | None:
    """Return the newest import of a person that can still be undone."""
    statement = (
        select(QuizImport)
        .where(
            QuizImport.person_id == person_id,
            QuizImport.undone_at.is_(None),
            QuizImport.at > now - UNDONE_WITHIN,
        )
        .order_by(QuizImport.id.desc())
        .limit(1)
    )
    return (await session.scalars(statement)).first()


async def undo(session: AsyncSession, import_id: int, *, now: datetime) -> Undone | None:
    """Take an import back; None if that was done already. What was changed since stays.

    Questions that were added are retired rather than removed: people may have answered them.
    """
    done = await session.execute(
        update(QuizImport)
        .where(QuizImport.id == import_id, QuizImport.undone_at.is_(None))
        .values(undone_at=now)
        .returning(QuizImport.name, QuizImport.added, QuizImport.changed)
    )
    row = done.first()
    if row is None:
        return None
    removed = 0
    for id_ in row.added:
        removed += await _write(
            session, id_, {"retired_at": now}, QuizQuestion.retired_at.is_(None)
        )
    restored = 0
    for before in row.changed:
        question = Question.from_json(before["old"])
        restored += await _write(
            session, before["id"], question.values, QuizQuestion.digest == before["digest"]
        )
    kept = len(row.added) - removed + len(row.changed) - restored
    return Undone(row.name, removed, restored, kept)


def key_of(question: Question, unit_id: int | None) -> str:
    """Return the key by which a bank knows a question, whatever its answer."""
    owner = EVERYWHERE if unit_id is None else f"u{unit_id}"
    return f"{owner}:{question.identity}"


async def _own(session: AsyncSession, unit_id: int | None) -> Mapping[str, QuizQuestion]:
    """Return the questions of one bank by key, the retired ones too."""
    whose = (
        QuizQuestion.key.startswith(f"{EVERYWHERE}:")
        if unit_id is None
        else QuizQuestion.unit_id == unit_id
    )
    rows = await session.scalars(select(QuizQuestion).where(whose))
    return {row.key: row for row in rows}


async def _undone(session: AsyncSession, unit_id: int | None) -> dict[int, datetime]:
    """Return when questions were taken out of use by undoing their import."""
    same = QuizImport.unit_id.is_(None) if unit_id is None else QuizImport.unit_id == unit_id
    rows = await session.execute(
        select(QuizImport.added, QuizImport.undone_at)
        .where(same, QuizImport.undone_at.is_not(None))
        .order_by(QuizImport.id)
    )
    return {id_: row.undone_at for row in rows for id_ in row.added}


async def _write(
    session: AsyncSession, id_: int, values: Mapping[str, Any], *conditions: Any
) -> int:
    """Change one question if the conditions hold; returns how many were."""
    found = await session.execute(
        update(QuizQuestion)
        .where(QuizQuestion.id == id_, *conditions)
        .values(**values)
        .returning(QuizQuestion.id)
    )
    return len(found.all())


def _before(change: Change) -> dict[str, Any]:
    return {"id": change.id, "old": change.old.to_json(), "digest": change.new.digest}
