"""What a tick costs in plain SQL: the very rows that the sweep has written, written again.

The peer finds what is due and locks it, inserts the same rows into the same tables and moves
the same duties on, by prepared text, in transactions of the same size. It judges nothing, words
nothing and looks nobody up: its rows are ready before the clock starts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.deadline_store import NOW
from db.engine import Database
from db.types import UtcDateTime
from scheduler import sweep

Row = dict[str, Any]
# Each is removed before what it refers to, and inserted after it.
TABLES = ("notice", "press_token", "outbox", "duty_event")
DUE = "SELECT id FROM duty WHERE next_at <= :now ORDER BY next_at, id LIMIT :limit"
MOVE = text("UPDATE duty SET next_at = :next_at, stage = :stage, failures = 0 WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction: the new rows of each table, and where its duties stand afterwards."""

    rows: dict[str, list[Row]]
    moves: list[Row]


async def take_down(database: Database, duty_ids: Sequence[int]) -> list[Step]:
    """Remove what a tick has just written about duties; return it, to be written again.

    The values are as the driver takes them, so that writing them converts nothing. Each message
    tells of one duty.
    """
    steps = []
    async with database.write() as session:
        for first in range(0, len(duty_ids), sweep.BATCH):
            some = duty_ids[first : first + sweep.BATCH]
            notices = await _rows(session, "notice", "duty_id", some)
            messages = await _rows(session, "outbox", "id", [n["outbox_id"] for n in notices])
            tokens = [token for message in messages for token in _tokens(message)]
            rows = {
                "notice": notices,
                "press_token": await _rows(session, "press_token", "token", tokens),
                "outbox": messages,
                "duty_event": await _rows(session, "duty_event", "duty_id", some),
            }
            moves = await _rows(session, "duty", "id", some)
            wanted = ("id", "next_at", "stage")
            steps.append(Step(rows, [{name: row[name] for name in wanted} for row in moves]))
        for table in TABLES:
            key = "token" if table == "press_token" else "id"
            remove = text(f"DELETE FROM {table} WHERE {key} = :key")
            gone = [{"key": row[key]} for step in steps for row in step.rows[table]]
            await session.execute(remove, gone)
    return steps


async def raw_tick(database: Database, steps: Sequence[Step]) -> float:
    """Write the rows of a tick again, duties and all; return the seconds of it."""
    begun = time.perf_counter()
    lock = "" if database.is_sqlite else " FOR UPDATE SKIP LOCKED"
    find = text(f"{DUE}{lock}").bindparams(bindparam("now", type_=UtcDateTime()))
    for step in steps:
        async with database.write() as session:
            due = await session.scalars(find, {"now": NOW, "limit": len(step.moves)})
            if set(due) != {row["id"] for row in step.moves}:
                raise RuntimeError("other duties are due than those that were told of")
            for table in reversed(TABLES):
                await session.execute(_insert(table, step.rows[table][0]), step.rows[table])
            await session.execute(MOVE, step.moves)
    return time.perf_counter() - begun


async def _rows(
    session: AsyncSession, table: str, column: str, values: Iterable[object]
) -> list[Row]:
    some = text(f"SELECT * FROM {table} WHERE {column} IN :values ORDER BY {column}")
    found = await session.execute(
        some.bindparams(bindparam("values", expanding=True)), {"values": list(values)}
    )
    return [{name: _ready(value) for name, value in row.items()} for row in found.mappings()]


def _ready(value: object) -> object:
    """Return a value as the driver takes it: JSON is text."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _tokens(message: Row) -> list[str]:
    content = json.loads(message["content"])
    return [button["token"] for row in content.get("buttons", ()) for button in row]


def _insert(table: str, row: Row) -> Any:
    names = ", ".join(row)
    return text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})")
