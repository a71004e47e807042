"""Column types and statements where SQLite and PostgreSQL differ; nothing else may differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Table, UpdateBase, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

# SQLite numbers rows by itself only where the key is its own INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")
# From a value of ours to one of the driver's.
Convert = Callable[[Any], Any]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, kept as UTC on both databases. A naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; raises `ValueError` for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite drops the zone; it was UTC."""
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value


async def insert_new(
    session: AsyncSession,
    table: type[DeclarativeBase],
    values: Mapping[str, Any] | Sequence[Mapping[str, Any]],
) -> int:
    """Insert rows that break no unique constraint and return how many were new."""
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    if isinstance(values, Mapping):
        # Given apart from the statement, which is then compiled only once.
        plain = insert(cast(Table, table.__table__)).on_conflict_do_nothing()
        result = await session.execute(plain, dict(values))
    elif values:
        result = await session.execute(insert(table).values(list(values)).on_conflict_do_nothing())
    else:
        return 0
    return int(result.rowcount)  # type: ignore[attr-defined]  # a CursorResult, typed as Result


async def insert_rows(
    session: AsyncSession, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert many rows, leaving out those that break a unique constraint."""
    dialect = session.get_bind().dialect.name
    await write_rows(session, _insert_statement(cast(Table, table.__table__), dialect), rows)


async def write_rows(
    session: AsyncSession, statement: UpdateBase, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Run a statement that is kept, once for each row of values, as fast as the driver can.

    Every row has the same names: all parameters of the statement, and each column with a
    default. A time that is the same in many rows is converted only once.
    """
    if not rows:
        return
    sql, columns = _prepared(statement, session.get_bind().dialect, tuple(rows[0]))
    values = [_converted([row[name] for row in rows], convert) for name, convert in columns]
    connection = await session.connection()
    await connection.exec_driver_sql(sql, list(zip(*values, strict=True)))


@lru_cache(maxsize=32)
def _insert_statement(table: Table, dialect: str) -> UpdateBase:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()


@lru_cache(maxsize=64)
def _prepared(
    statement: UpdateBase, dialect: Dialect, names: tuple[str, ...]
) -> tuple[str, list[tuple[str, Convert | None]]]:
    """Return a statement's text, and by place the name of a value and how it is converted."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    types = [(name, compiled.binds[name].type) for name in compiled.positiontup or ()]
    return str(compiled), [
        (name, type_.dialect_impl(dialect).bind_processor(dialect)) for name, type_ in types
    ]


def _converted(values: Sequence[Any], convert: Convert | None) -> Sequence[Any]:
    if convert is None:
        return values
    known: dict[date, Any] = {}
    found = []
    for value in values:
        if not isinstance(value, date):
            found.append(convert(value))
            continue
        if value not in known:
            known[value] = convert(value)
        found.append(known[value])
    return found


async def insert_new_ids(
    session: AsyncSession, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Insert rows that break no unique constraint and return the ids of the new ones."""
    if not rows:
        return []
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    plain = cast(Table, table.__table__)
    statement = insert(plain).on_conflict_do_nothing().returning(plain.c.id)
    # Given apart from the statement, the rows go to the store in batches.
    return list(await session.scalars(statement, [dict(row) for row in rows]))


async def lock_chain(session: AsyncSession) -> None:
    """Let one transaction at a time append to the audit chain.

    SQLite's write transactions take turns by themselves (BEGIN IMMEDIATE).
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(7150732)"))


async def lock_name(session: AsyncSession, name: str) -> None:
    """Let one transaction at a time do what goes by this name, until it ends.

    SQLite's write transactions take turns by themselves (BEGIN IMMEDIATE).
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(
            text("SELECT pg_advisory_xact_lock(7150733, hashtext(:n))"), {"n": name}
        )
