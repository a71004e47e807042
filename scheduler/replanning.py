"""Writes what planning has found: duties made, moved, owed again, and taken back.

Planning reads and compares without holding up anybody. What it found is written under a lock,
and only where the duty is still as it was read: whoever was quicker wins, the next round sees
the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Duty, DutyEvent, DutyState, Notice, NoticeState, Outbox, OutboxState
from db.types import insert_new_ids
from scheduler import notices

# What planning goes by and compares; a duty that differs in any of these has changed since.
COLUMNS: tuple[Any, ...] = (
    Duty.id,
    Duty.owner,
    Duty.period,
    Duty.state,
    Duty.edition,
    Duty.title,
    Duty.label,
    Duty.unit_id,
    Duty.starts_on,
    Duty.due_on,
    Duty.due_at,
    Duty.provisional,
    Duty.stage,
    Duty.next_at,
    Duty.snoozed_until,
    Duty.failures,
)
DUTY = cast(Table, Duty.__table__)


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning came to: how many duties were made, moved, taken back; rules that failed."""

    created: int = 0
    moved: int = 0
    withdrawn: int = 0
    failed: tuple[str, ...] = ()

    def __add__(self, other: Planned) -> Planned:
        return Planned(
            self.created + other.created,
            self.moved + other.moved,
            self.withdrawn + other.withdrawn,
            tuple(dict.fromkeys(self.failed + other.failed)),
        )


@dataclass(slots=True)
class Changes:
    """What is to be written: new rows, and by the row as it was read, its new values.

    `moved` hang on something else now, `timed` are only looked at at another time, `revived`
    were taken back and are owed again, `gone` are owed no more.
    """

    made: list[dict[str, Any]] = field(default_factory=list)
    moved: list[tuple[Row[Any], dict[str, Any]]] = field(default_factory=list)
    timed: list[tuple[Row[Any], dict[str, Any]]] = field(default_factory=list)
    revived: list[tuple[Row[Any], dict[str, Any]]] = field(default_factory=list)
    gone: list[Row[Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.made, self.moved, self.timed, self.revived, self.gone))

    def touched(self) -> list[Row[Any]]:
        """Return every duty that is to be changed, as it was read."""
        return [row for row, _ in (*self.moved, *self.timed, *self.revived)] + self.gone


async def write(
    session: AsyncSession, changes: Changes, *, now: datetime, sent_at: datetime
) -> Planned:
    """Write the changes of duties that nobody else has changed meanwhile."""
    same = await _unchanged(session, changes.touched())
    moved = [(row, values) for row, values in changes.moved if row.id in same]
    revived = [(row, values) for row, values in changes.revived if row.id in same]
    gone = [row.id for row in changes.gone if row.id in same]
    closing = {"state": DutyState.WITHDRAWN.value, "next_at": None, "closed_at": now}
    await _update(session, [(row.id, values) for row, values in (*moved, *revived)])
    await _update(session, [(row.id, values) for row, values in changes.timed if row.id in same])
    await _update(session, [(number, closing) for number in gone])
    made = await insert_new_ids(session, Duty, changes.made)
    told: list[tuple[int, str, dict[str, Any]]] = [(number, "planned", {}) for number in made]
    told += [(row.id, "moved", _difference(row, values)) for row, values in moved]
    told += [(row.id, "planned", {"again": True}) for row, _ in revived]
    told += [(number, "withdrawn", {}) for number in gone]
    await _record(session, told, now)
    await _take_back(session, [*(row.id for row, _ in moved), *gone], sent_at)
    return Planned(created=len(made), moved=len(moved), withdrawn=len(gone))


async def _unchanged(session: AsyncSession, rows: Sequence[Row[Any]]) -> set[int]:
    """Lock the duties, always in the same order, and return those that are as they were read."""
    if not rows:
        return set()
    before = {row.id: tuple(row) for row in rows}
    statement = select(*COLUMNS).where(Duty.id.in_(before)).order_by(Duty.id).with_for_update()
    return {row.id for row in await session.execute(statement) if tuple(row) == before[row.id]}


async def _update(session: AsyncSession, changes: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """Write the same values with one statement: a changed rule gives many duties the same."""
    together: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for number, values in changes:
        together[tuple(values.items())].append(number)
    for same, ids in together.items():
        await session.execute(update(DUTY).where(DUTY.c.id.in_(ids)).values(**dict(same)))


def _difference(row: Row[Any], values: Mapping[str, Any]) -> dict[str, list[str]]:
    shown = ("edition", "title", "label", "unit_id", "due_on")
    return {name: [str(getattr(row, name)), str(values[name])] for name in shown if name in values}


async def _record(
    session: AsyncSession, lines: Sequence[tuple[int, str, dict[str, Any]]], now: datetime
) -> None:
    rows = [{"duty_id": n, "kind": kind, "data": data, "at": now} for n, kind, data in lines]
    if rows:
        await session.execute(insert(DutyEvent), rows)


async def _take_back(session: AsyncSession, ids: Sequence[int], sent_at: datetime) -> None:
    """Take back what is queued about duties; of most nothing is."""
    if not ids:
        return
    queued = await session.scalars(
        select(Notice.duty_id)
        .join(Outbox, Outbox.id == Notice.outbox_id)
        .where(
            Notice.duty_id.in_(ids),
            Notice.state == NoticeState.QUEUED.value,
            Outbox.state == OutboxState.PENDING.value,
        )
        .distinct()
        .order_by(Notice.duty_id)
    )
    for number in queued.all():
        await notices.take_back(session, number, now=sent_at)
