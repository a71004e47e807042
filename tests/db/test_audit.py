"""The chain shows a line that was changed, removed or put in."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db import audit
from db.engine import Database
from db.secrets import Secrets

SECRETS = Secrets(b"a secret that only the tests know!")
DELETE = "DELETE FROM audit_line"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def _write(database: Database, count: int = 4) -> None:
    for number in range(count):
        async with database.write() as session:
            await audit.record(
                session,
                SECRETS,
                actor_id=number,
                action="person.look-up",
                object=f"person:{number}",
                now=NOON,
                data={"why": "测试"},
            )


async def _verify(database: Database, secrets: Secrets = SECRETS) -> int | None:
    async with database.read() as session:
        return await audit.verify(session, secrets)


async def test_an_untouched_record_holds(database: Database) -> None:
    await _write(database)
    assert await _verify(database) is None


async def test_an_empty_record_holds(database: Database) -> None:
    assert await _verify(database) is None


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("UPDATE audit_line SET object = 'person:9' WHERE seq = 2", 2),
        ("UPDATE audit_line SET actor_id = 9 WHERE seq = 3", 3),
        ("DELETE FROM audit_line WHERE seq = 2", 2),
        ("UPDATE audit_line SET seq = seq + 10 WHERE seq = 4", 4),
    ],
)
async def test_a_tampered_line_is_named(database: Database, statement: str, line: int) -> None:
    await _write(database)
    on_table = "" if database.is_sqlite else " ON audit_line"
    async with database.write() as session:
        # Whoever can change the file can also drop what guards it.
        for act in ("update", "delete"):
            await session.execute(text(f"DROP TRIGGER audit_line_{act}{on_table}"))
        await session.execute(text(statement))
    assert await _verify(database) == line


@pytest.mark.parametrize("statement", ["UPDATE audit_line SET actor_id = 9", DELETE])
async def test_a_line_is_not_changed_or_deleted_by_accident(
    database: Database, statement: str
) -> None:
    await _write(database)

    async def tamper() -> None:
        async with database.write() as session:
            await session.execute(text(statement))

    with pytest.raises(DBAPIError, match="append-only"):
        await tamper()
    assert await _verify(database) is None


async def test_a_record_does_not_hold_under_another_key(database: Database) -> None:
    await _write(database)
    assert await _verify(database, Secrets(b"another secret of the right length")) == 1
