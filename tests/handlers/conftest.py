"""A conversation with the whole house behind it, and the fixed cast of the demo organisation.

江晚舟 is a member of 综合管理党支部, 林知夏 its secretary and 周叙白 its 组织委员;
程默涵 is the secretary of a sibling branch, 韩松亭 of the 党总支 above both;
骆书简 and 许听澜 edit the knowledge base, 季明远 administers.
`OUTSIDER` is an account that nobody has bound.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from db import accounts
from db.engine import Database
from db.secrets import Secrets
from db.tables import Account, Outbox, Person
from handlers.context import Services
from handlers.dispatch import Dispatcher, Handled
from handlers.everything import make_router
from handlers.incoming import Contact, Incoming, Upload
from handlers.questions import ask
from knowledge.library import Library
from scheduler import workdays
from scheduler.messages import Message
from tests.conftest import SECRET, START

MEMBER = "江晚舟"
SECRETARY = "林知夏"
OFFICER = "周叙白"
SIBLING = "程默涵"
SUPERIOR = "韩松亭"
EDITOR = "骆书简"
SECOND_EDITOR = "许听澜"
ADMINISTRATOR = "季明远"
OUTSIDER = "路人甲"

CHANNEL = "test"
ZONE = ZoneInfo("Asia/Shanghai")


class Talk:
    """Says things as anybody and reads what each of them gets to see."""

    def __init__(self, database: Database, library: Library) -> None:
        self.database = database
        self.secrets = Secrets(SECRET)
        self.library = library
        self.now = START
        self.woken = 0
        self._updates = 0
        self._read_up_to = 0
        self._mail: defaultdict[str, list[Message]] = defaultdict(list)
        services = Services(
            library=library,
            secrets=self.secrets,
            zone=ZONE,
            web="http://zhibu.example",
            links={CHANNEL: "https://t.example/zhibu?start={}"},
        )
        self.dispatcher = Dispatcher(
            database,
            make_router(),
            services,
            question=ask,
            clock=lambda: self.now,
            wake=self._wake,
        )

    async def say(self, who: str, text: str, **more: object) -> list[Message]:
        """Say something in private, and return the answers that `who` sees."""
        return await self.send(self.incoming(who, text, **more))

    async def send(self, incoming: Incoming) -> list[Message]:
        """Hand in an event, and return what appears in its chat."""
        await self.handle(incoming)
        return self.mail(incoming.chat)

    async def handle(self, incoming: Incoming) -> Handled:
        """Hand in an event and sort the new outbox rows into the mailboxes."""
        handled = await self.dispatcher.handle(incoming)
        await self._sort()
        return handled

    async def press(self, who: str, message: Message, label: str) -> list[Message]:
        """Press a button of a message by its label."""
        buttons = {b.label: b for row in message.buttons for b in row}
        return await self.say(who, "", press=buttons[label].token)

    def mail(self, chat: str) -> list[Message]:
        """Take what has arrived in a chat; a person's private chat is called by the name."""
        return self._mail.pop(chat, [])

    def later(self, **delta: float) -> None:
        """Let time pass."""
        self.now += timedelta(**delta)

    def incoming(self, who: str, text: str, **more: object) -> Incoming:
        """Make an event of a private chat; `more` overrides any field."""
        self._updates += 1
        values: dict[str, object] = {
            "channel": CHANNEL,
            "update": str(self._updates),
            "account": who,
            "chat": who,
            "at": self.now,
            "account_name": who,
            "text": text,
            **more,
        }
        return Incoming(**values)  # type: ignore[arg-type]  # fields by name

    async def bind(self, *names: str) -> None:
        """Give people an account of this channel, as if they had used an invite code."""
        async with self.database.write() as session:
            for name in names:
                person = (await session.scalars(select(Person).where(Person.name == name))).one()
                account = await accounts.seen(
                    session, channel=CHANNEL, external=name, name=name, chat=name, now=self.now
                )
                account.person_id, account.bound_at = person.id, self.now

    async def person(self, name: str) -> Person:
        """Return somebody's row."""
        async with self.database.read() as session:
            return (await session.scalars(select(Person).where(Person.name == name))).one()

    async def account(self, name: str) -> Account:
        """Return somebody's account of this channel."""
        async with self.database.read() as session:
            found = await accounts.find(session, channel=CHANNEL, external=name)
        assert found is not None
        return found

    async def _sort(self) -> None:
        async with self.database.read() as session:
            rows = await session.scalars(
                select(Outbox).where(Outbox.id > self._read_up_to).order_by(Outbox.id)
            )
            for row in rows:
                self._mail[row.chat].append(Message.from_json(row.content))
                self._read_up_to = row.id

    def _wake(self) -> None:
        self.woken += 1


def upload(name: str, data: bytes) -> Upload:
    """Return a file as a platform would offer it."""

    async def fetch(limit: int) -> bytes:
        return data

    return Upload(name=name, size=len(data), fetch=fetch)


def own_phone(number: str) -> Contact:
    """Return a phone number that the platform vouches for."""
    return Contact(phone=number, own=True)


@pytest.fixture(scope="session")
def inhabited(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A furnished store whose cast is bound, with the table of days."""
    folder = tmp_path_factory.mktemp("inhabited") / "house"
    shutil.copytree(furnished, folder)
    asyncio.run(_inhabit(folder))
    return folder


async def _inhabit(folder: Path) -> None:
    async with _open(folder) as talk:
        await talk.bind(
            MEMBER, SECRETARY, OFFICER, SIBLING, SUPERIOR, EDITOR, SECOND_EDITOR, ADMINISTRATOR
        )
        async with talk.database.write() as session:
            await workdays.seed(session, today=START.date())


@pytest.fixture
async def talk(inhabited: Path, tmp_path: Path) -> AsyncIterator[Talk]:
    """A conversation on a fresh copy of the furnished store; the cast is bound."""
    folder = tmp_path / "house"
    shutil.copytree(inhabited, folder)
    async with _open(folder) as talk:
        yield talk


@asynccontextmanager
async def _open(folder: Path) -> AsyncIterator[Talk]:
    database = Database(f"sqlite+aiosqlite:///{folder / 'zhibu.db'}")
    async with database.read() as session:
        library = await Library.open(folder / "search", session)
    yield Talk(database, library)
    await database.close()
