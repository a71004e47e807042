"""The store fails while somebody is answered: nothing is half-written, and the event comes again.

The channel is told by the exception: the browser offers to send again, Telegram delivers again.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from db.engine import Database
from db.tables import DutyEvent, DutyState, Evidence, Outbox
from handlers.incoming import Incoming
from tests.handlers.calendar import REPORT, open_book, owe, state
from tests.handlers.conftest import SECRETARY, Talk

BRANCH = "综合管理党支部"
# More than fits into what is left of the pages that the file has.
LONG = "情况" * 1000


async def asked_for_evidence(talk: Talk) -> tuple[int, Incoming]:
    """Let a branch owe a report and bring the conversation to the point of handing it in."""
    await open_book(talk)
    number = await owe(talk, REPORT, unit=BRANCH)
    await talk.say(SECRETARY, f"完成 {number}")
    return number, talk.incoming(SECRETARY, LONG)


async def written(talk: Talk) -> list[int]:
    async with talk.database.read() as session:
        tables = (DutyEvent, Evidence, Outbox)
        return [await session.scalar(select(func.count()).select_from(t)) or 0 for t in tables]


async def allow_pages(database: Database, count: int) -> None:
    async with database.write() as session:
        await session.execute(text(f"PRAGMA max_page_count = {count}"))


async def test_a_full_disk_writes_nothing_of_an_answer(talk: Talk) -> None:
    """Fault 9: it is said that nothing was kept; with space again, the same event is enough."""
    number, event = await asked_for_evidence(talk)
    with closing(sqlite3.connect(talk.database.url.database or "")) as other:
        other.execute("VACUUM")
    before = await written(talk)
    await allow_pages(talk.database, 1)
    # SQLite gives the whole transaction up, and with it the savepoint that SQLAlchemy goes back to.
    with pytest.raises(OperationalError, match=r"full|no such savepoint"):
        await talk.send(event)
    assert (await state(talk, number), await written(talk)) == (DutyState.OPEN, before)
    await allow_pages(talk.database, 1_000_000)
    for _ in range(2):
        await talk.send(event)
    assert await state(talk, number) == DutyState.SUBMITTED
    assert (await written(talk))[1] == before[1] + 1


async def test_a_lock_that_stays_writes_nothing_of_an_answer(talk: Talk) -> None:
    """Fault 8: the one who asked is not left waiting for ever."""
    number, event = await asked_for_evidence(talk)
    hurried = Talk(Database(f"{talk.database.url}", busy_timeout_s=0.1), talk.library)
    before = await written(talk)
    with closing(sqlite3.connect(talk.database.url.database or "", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            await hurried.send(event)
        other.execute("ROLLBACK")
    assert (await state(talk, number), await written(talk)) == (DutyState.OPEN, before)
    await hurried.send(event)
    await hurried.database.close()
    assert await state(talk, number) == DutyState.SUBMITTED
