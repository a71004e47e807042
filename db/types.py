"""Column types and statements where SQLite and PostgreSQL differ; nothing else may differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

# SQLite numbers rows by itself only where the key is its own INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


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
