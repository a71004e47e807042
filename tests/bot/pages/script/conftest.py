"""Served pages, a browser to look at them with, and people who nobody else plays."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from bot.pages.channel import BrowserChannel
from bot.pages.hub import Hub
from db import demo, transcripts
from db.engine import Database
from db.secrets import Secrets
from db.tables import Person, Stage, Unit, UnitKind
from scheduler.channels import Address, Delivery
from scheduler.messages import Message
from tests.browser import NoBrowser, find_browser, headless
from tests.conftest import SECRET

ROOT = Path(__file__).parents[4]
WAIT_MS = 15_000
expect.set_options(timeout=WAIT_MS)


@dataclass
class Served:
    """Pages that another process serves, and their store as seen from here."""

    address: str
    database: Database
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1_000_000))

    async def someone(self) -> Person:
        """Put somebody on the roster whom no other test plays, alone in a unit of their own."""
        _, (person,) = await self.unit(f"某人{next(self._numbers)}")
        return person

    async def unit(self, *names: str) -> tuple[Unit, list[Person]]:
        """Make a unit with some people."""
        async with self.database.write() as session:
            unit = Unit(name=f"{names[0]}的支部", kind=UnitKind.BRANCH.value, path=uuid4().hex)
            session.add(unit)
            await session.flush()
            unit.path = f"/{unit.id}/"
            stage = Stage.MEMBER.value
            people = [Person(unit_id=unit.id, number=n, name=n, stage=stage) for n in names]
            session.add_all(people)
        return unit, people

    async def deliver(self, chat: str, message: Message) -> str | None:
        """Say something from this process, as a second machine would."""
        channel = BrowserChannel(self.database, Hub(), lambda: datetime.now(UTC))
        number = next(self._numbers)
        return await channel.send(Delivery(number, Address("browser", chat), message))


@dataclass
class Chat:
    """A chat page in the browser, in the words of who looks at it."""

    page: Page

    @property
    def input(self) -> Locator:
        return self.page.get_by_role("textbox", name="消息")

    @property
    def mine(self) -> Locator:
        """What I have said, on its way or on record."""
        return self.page.locator(".zb-own")

    @property
    def answers(self) -> Locator:
        """What the assistant has said."""
        return self.page.locator(".zb-said")

    async def say(self, text: str) -> None:
        """Write a text and send it by Enter."""
        await self.input.fill(text)
        await self.input.press("Enter")

    async def press(self, label: str) -> None:
        """Press a button under the last message that has it."""
        await self.page.get_by_role("button", name=label, exact=True).last.click()


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[str]:
    """Run a Python module that prints an address; yields it, and ends the process."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        lines = iter(process.stdout.readline, "")
        yield next(line.split()[-1] for line in lines if "http://" in line)
    finally:
        process.stdin.close()
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """An installed browser, without a window."""
    try:
        find_browser()
    except NoBrowser as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))
    async with headless() as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo_pages(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """The pages as a demo: the address says who is looking."""
    folder = tmp_path_factory.mktemp("demo")
    async for served in _serve(sqlite_template, folder, "demo"):
        yield served


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pages(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """The pages as in earnest: nobody gets in without a link."""
    folder = tmp_path_factory.mktemp("earnest")
    async for served in _serve(sqlite_template, folder):
        yield served


async def _serve(template: Path, folder: Path, *options: str) -> AsyncIterator[Served]:
    shutil.copy(template, folder / "zhibu.db")
    url = f"sqlite+aiosqlite:///{folder / 'zhibu.db'}"
    database = Database(url)
    async with database.write() as session:
        await demo.plant(session, Secrets(SECRET))
    with running("tests.bot.pages.script.served", url, *options) as address:
        yield Served(address, database)
    await database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A window of a browser that was never here before."""
    context = await browser.new_context(
        locale="zh-CN", viewport={"width": 1200, "height": 800}, color_scheme="light"
    )
    context.set_default_timeout(WAIT_MS)
    yield await context.new_page()
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def me(demo_pages: Served) -> Person:
    """A person that no other test plays."""
    return await demo_pages.someone()


@pytest_asyncio.fixture(loop_scope="session")
async def chat(page: Page, demo_pages: Served, me: Person) -> Chat:
    """My private chat, open and empty."""
    return await open_chat(page, demo_pages, transcripts.private_chat(me.id))


async def open_chat(page: Page, served: Served, chat: str, query: str = "") -> Chat:
    """Open a chat and wait until it lives."""
    await page.goto(f"{served.address}/chat/{chat}{query}")
    await expect(page.get_by_role("textbox", name="消息")).to_be_visible()
    return Chat(page)
