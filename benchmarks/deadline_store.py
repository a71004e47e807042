"""Stores full of open duties."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, text, update

from db.engine import Database
from db.migrate import upgrade
from db.tables import (
    Account,
    Duty,
    DutyState,
    Outbox,
    OutboxState,
    Person,
    Post,
    Title,
    Unit,
    UnitKind,
)
from scheduler import workdays
from scheduler.rulebook.model import Anchor, AnchorKind, Force, Owner, Rule, RuleBook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.postgres import Server

ZONE = ZoneInfo("Asia/Shanghai")
DUES = Rule(
    id="dues",
    title="交纳党费",
    owner=Owner.MEMBERS,
    anchor=Anchor(AnchorKind.PERIOD, rrule="FREQ=MONTHLY", dtstart=date(2026, 1, 1)),
    regulation="规定",
    article="第一条",
    version="1",
    effective_from=date(2008, 4, 1),
    effective_until=None,
    force=Force.SHALL,
    certainty="甲",
    remind=(7, 3),
)
BOOK = RuleBook("bench", (DUES,))
# A workday, after the morning's last minute for reminders.
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
# The reminder that those have had who are not due.
TOLD = "-7:本人"
FEWEST_PEOPLE, DUTIES_EACH = 1_000, 50
BATCH = 5_000
# One duty in so many is due at the tick.
DUE_EVERY = 1_000


@contextmanager
def postgres() -> Iterator[Server]:
    """Start the server that the tests use, too."""
    from tests.postgres import Server

    with Server() as server:
        yield server


@asynccontextmanager
async def store(engine: str, folder: Path, server: Server | None) -> AsyncIterator[Database]:
    """Open a fresh migrated store on one of the two databases."""
    if engine == "sqlite":
        url = f"sqlite+aiosqlite:///{folder / f'{uuid4().hex}.db'}"
    else:
        assert server is not None  # the caller starts one for PostgreSQL
        name = f"bench_{uuid4().hex}"
        await asyncio.to_thread(server.execute, f"CREATE DATABASE {name}")
        url = server.url(name)
    database = Database(url)
    try:
        await upgrade(database)
        yield database
    finally:
        await database.close()


async def fill(database: Database, duties: int) -> None:
    """Write one unit, its people with an address each, and so many open duties of them."""
    async with database.write() as session:
        await workdays.seed(session, today=NOW.date())
        session.add(Unit(id=1, name="第一党支部", kind=UnitKind.BRANCH.value, path="/1/"))
        await session.flush()
        people = range(1, _people(duties) + 1)
        await session.execute(
            insert(Person),
            [{"id": n, "unit_id": 1, "number": str(n), "name": f"甲{n}"} for n in people],
        )
        await session.execute(insert(Account), [_account(n) for n in people])
        session.add(
            Post(person_id=1, unit_id=1, title=Title.SECRETARY.value, since=date(2020, 1, 1))
        )
    for first in range(0, duties, BATCH):
        numbers = range(first, min(first + BATCH, duties))
        rows = [_duty(n, _people(duties)) for n in numbers]
        async with database.write() as session:
            await session.execute(insert(Duty), rows)
    async with database.engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


async def make_due(database: Database, turn: int) -> list[int]:
    """Let one duty in a thousand be due at `NOW`, others at each turn; return their ids.

    Whatever waits in the outbox counts as sent, so that each message tells of one duty.
    """
    chosen = update(Duty).where(Duty.id % DUE_EVERY == turn)
    async with database.write() as session:
        await session.execute(update(Outbox).values(state=OutboxState.SENT.value))
        await session.execute(chosen.values(stage="", next_at=NOW - timedelta(minutes=1)))
        due = select(Duty.id).where(Duty.next_at <= NOW).order_by(Duty.id)
        return list(await session.scalars(due))


def _account(number: int) -> dict[str, Any]:
    return {
        "channel": "bench",
        "external": str(number),
        "name": "",
        "person_id": number,
        "chat": str(number),
        "bound_at": NOW,
        "seen_at": NOW,
    }


def _people(duties: int) -> int:
    return max(FEWEST_PEOPLE, duties // DUTIES_EACH)


def _duty(number: int, people: int) -> dict[str, Any]:
    # What is due together is owed by different people.
    person = (number + number // DUE_EVERY) % people + 1
    return {
        "rule": DUES.id,
        "edition": DUES.version,
        "owner": f"person:{person}",
        "period": f"+{number}",
        "unit_id": 1,
        "person_id": person,
        "title": "交纳党费",
        "label": "2026年11月",
        "starts_on": date(2026, 11, 1),
        "due_on": date(2026, 11, 30),
        "due_at": datetime(2026, 11, 30, 16, tzinfo=UTC),
        "provisional": False,
        "state": DutyState.OPEN.value,
        "stage": TOLD,
        "next_at": NOW + timedelta(days=4),
        "late_entered": False,
        "failures": 0,
        "created_at": NOW - timedelta(days=20),
    }
