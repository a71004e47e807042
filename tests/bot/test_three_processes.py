"""Three processes that plan, sweep and drain on one PostgreSQL, one of which is killed."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from bot.delivery import SLOTS
from db.engine import Database
from db.organisation import add_unit
from db.tables import Account, Duty, Notice, Outbox, OutboxState, Person, UnitKind
from scheduler import notices, outbox
from scheduler.periods import due_at
from scheduler.rulebook.reading import SHIPPED, read_folder
from tests.bot.telegram.bot_api import BotApi
from tests.bot.worker import work
from tests.conftest import SECRET
from tests.processes import Running

WITHIN_S = 60.0
PEOPLE = 60
FIRST_CHAT = 5000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="signals are POSIX"),
]


class Program:
    """Starts the real program on one store, as often as it is asked to."""

    def __init__(self, store: str, api: BotApi, folder: Path) -> None:
        self._store, self._api, self._folder = store, api, folder
        self._started = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Running]:
        """Run one more process, with a data folder of its own."""
        self._started += 1
        own = {
            "ZHIBU_DATA": str(self._folder / str(self._started)),
            "ZHIBU_DATABASE": self._store,
            "ZHIBU_KEY": SECRET.decode(),
            "ZHIBU_DEMO": "off",
        }
        process = Running(work, self._api.base, environment=own)
        try:
            yield process
        finally:
            process.kill()
            await process.wait()


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    api = BotApi()
    await api.open()
    yield api
    await api.close()


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    yield database
    await database.close()


async def furnish(database: Database, api: BotApi) -> None:
    """Make one branch that is told at any hour; each of its people has an account and a duty."""
    rule = next(rule for rule in read_folder(SHIPPED).standing() if rule.id == "dues")
    now = datetime.now(UTC)
    due_on = now.date() - timedelta(days=1)
    async with database.write() as session:
        unit = await add_unit(session, name="第一党支部", kind=UnitKind.BRANCH, parent=None)
        unit.quiet = "always"
        for number in range(PEOPLE):
            chat = str(FIRST_CHAT + number)
            api.private(FIRST_CHAT + number)
            person = Person(unit_id=unit.id, number=chat, name=f"甲{chat}")
            session.add(person)
            await session.flush()
            account = {"external": chat, "chat": chat, "person_id": person.id}
            session.add(Account(channel="telegram", **account, seen_at=now, bound_at=now))
            session.add(
                Duty(
                    rule=rule.id,
                    edition=rule.version,
                    owner=f"person:{person.id}",
                    period="+1",
                    unit_id=unit.id,
                    person_id=person.id,
                    title=rule.title,
                    starts_on=due_on - timedelta(days=29),
                    due_on=due_on,
                    due_at=due_at(due_on, ZoneInfo("Asia/Shanghai")),
                    next_at=now,
                    created_at=now - timedelta(days=60),
                )
            )


async def states(database: Database) -> Counter[str]:
    """Count the reminders by state."""
    counted = select(Outbox.state, func.count()).where(Outbox.kind == notices.KIND)
    async with database.read() as session:
        rows = await session.execute(counted.group_by(Outbox.state))
        return Counter({row[0]: row[1] for row in rows})


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what other processes do, in real time since they are real."""
    async with asyncio.timeout(WITHIN_S):
        while not await condition():  # noqa: ASYNC110 - another process sets no Event
            await asyncio.sleep(0.05)


async def test_three_processes_of_which_one_is_killed_tell_everybody(
    store: Database, postgres_url: str, api: BotApi, tmp_path: Path
) -> None:
    """Fault 21. Only what was on its way in the killed process may come twice; nothing is lost."""
    await furnish(store, api)
    program = Program(postgres_url, api, tmp_path)

    async def some_came() -> bool:
        return len(api.made("sendMessage")) >= 20

    async def none_waits() -> bool:
        now = await states(store)
        return sum(now.values()) >= PEOPLE and not now[OutboxState.PENDING]

    async def all_sent() -> bool:
        return set(await states(store)) == {OutboxState.SENT}

    async with AsyncExitStack() as stack:
        trio = [await stack.enter_async_context(program.running()) for _ in range(3)]
        await until(some_came)
        trio[0].kill()
        await until(none_waits)
        for process in trio[1:]:
            process.terminate()
        assert [await process.wait() for process in trio[1:]] == [0, 0]
    left = (await states(store))[OutboxState.LEASED]
    assert left <= SLOTS
    # What is still leased was claimed by the one that was killed; its lease need not be awaited.
    async with store.write() as session:
        leased = update(Outbox).where(Outbox.state == OutboxState.LEASED.value)
        await session.execute(leased.values(send_after=outbox.AT_ONCE))
    if left:
        async with program.running():
            await until(all_sent)
    told = Counter(int(call["chat_id"]) for call in api.made("sendMessage"))
    assert set(told) == set(range(FIRST_CHAT, FIRST_CHAT + PEOPLE))
    written = (await states(store))[OutboxState.SENT]
    assert written <= told.total() <= written + left
    async with store.read() as session:
        by_hand = select(Notice.person_id).join(Duty).where(Duty.period == "+1")
        noticed = Counter(await session.scalars(by_hand))
    assert len(noticed) == PEOPLE
    assert set(noticed.values()) == {1}
