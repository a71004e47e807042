"""Opening rounds: each takes its slot, draws its questions and puts them, many groups at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import QuizGroup, QuizRound, RoundKind, RoundState, Unit
from db.types import insert_new_ids
from scheduler import quiz_groups, round_posts
from scheduler.round_posts import Turn


@dataclass(frozen=True, slots=True)
class Slot:
    """A round to be held by a group whose row is locked; `day` and `zone` are its unit's own."""

    group: QuizGroup
    kind: RoundKind
    number: int = 1
    _: KW_ONLY
    day: date
    due_at: datetime
    closes_at: datetime
    topic: str
    count: int
    zone: ZoneInfo
    asked_by: int | None = None


async def hold(session: AsyncSession, slots: Sequence[Slot], *, now: datetime) -> list[QuizRound]:
    """Open the rounds of slots that are free, and put their questions; returns these rounds.

    With nothing to ask a slot is skipped; of a daily round somebody is told.
    """
    turns = await _take(session, slots, now=now)
    if not turns:
        return []
    asking = []
    for turn, questions in zip(turns, await round_posts.draw(session, turns), strict=True):
        if not questions:
            await _skip(session, turn, now=now)
            continue
        if turn.round.kind != RoundKind.RACE:
            turn.round.count = len(questions)
        asking.append((turn, questions))
    await round_posts.put(session, asking, now=now)
    return [turn.round for turn in turns]


async def _take(session: AsyncSession, slots: Sequence[Slot], *, now: datetime) -> list[Turn]:
    """Enter the rounds; a slot that is taken is left out."""
    ids = await insert_new_ids(session, QuizRound, [_values(slot, now) for slot in slots])
    if not ids:
        return []
    rounds = await session.scalars(select(QuizRound).where(QuizRound.id.in_(ids)))
    by_slot = {(r.group_id, r.local_date, r.kind, r.number): r for r in rounds}
    units = select(Unit.id, Unit.path).where(Unit.id.in_({slot.group.unit_id for slot in slots}))
    paths = dict((await session.execute(units)).all())
    return [
        Turn(
            slot.group,
            round_,
            paths[slot.group.unit_id],
            slot.zone,
            count=1 if slot.kind is RoundKind.RACE else slot.count,
        )
        for slot in slots
        if (round_ := by_slot.get((slot.group.id, slot.day, slot.kind.value, slot.number)))
    ]


def _values(slot: Slot, now: datetime) -> dict[str, Any]:
    return {
        "group_id": slot.group.id,
        "local_date": slot.day,
        "kind": slot.kind.value,
        "number": slot.number,
        "topic": slot.topic,
        "count": slot.count,
        "state": RoundState.OPEN.value,
        "due_at": slot.due_at,
        "opened_at": now,
        "closes_at": slot.closes_at,
        "next_at": slot.closes_at,
        "asked_by": slot.asked_by,
    }


async def _skip(session: AsyncSession, turn: Turn, *, now: datetime) -> None:
    """Hold no round, since there is nothing to ask; of a daily one somebody is told."""
    round_, group = turn.round, turn.group
    round_.state, round_.next_at = RoundState.SKIPPED.value, None
    if round_.kind != RoundKind.DAILY:
        return
    topic = f"“{round_.topic}”" if round_.topic else ""
    text = (
        f"{quiz_groups.name_of(group)}{round_.local_date:%m-%d} 的每日答题没有发出："
        f"题库里没有可用的{topic}题目。"
    )
    key = f"quiz-empty:{round_.id}"
    await quiz_groups.tell(session, group, text, key=key, now=now, zone=turn.zone)
