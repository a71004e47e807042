"""Which tables a piece of work reads from end to end, by the database's own plans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from db.engine import Database
from db.tables.base import Base

Statements = list[tuple[str, Any]]


@contextmanager
def recorded() -> Iterator[Statements]:
    """Record what is executed within the block, with its parameters; inserts read nothing."""
    statements: Statements = []

    def record(*seen: Any) -> None:
        _, _, statement, parameters, _, many = seen
        if not many and re.match(r"\s*(SELECT|UPDATE|DELETE|WITH)", statement):
            statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", record)


async def read_whole(database: Database, statements: Statements) -> set[str]:
    """Return the tables that some statement reads whole.

    PostgreSQL reads a small table whole although it has an index, unless it is told not to.
    """
    tables: set[str] = set()
    async with database.engine.connect() as connection:
        if database.is_sqlite:
            explain, whole = "EXPLAIN QUERY PLAN", r"SCAN (\w+)"
        else:
            explain, whole = "EXPLAIN", r"Seq Scan on (\w+)"
            await connection.exec_driver_sql("SET enable_seqscan = off")
        for statement, parameters in statements:
            plan = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
            tables |= set(re.findall(whole, "\n".join(str(line) for line in plan)))
        await connection.rollback()
    return tables & set(Base.metadata.tables)
