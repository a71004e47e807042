"""The real program with its pages on a furnished store, seen through a real browser.

A module's tests share one server and one browser; each test opens pages of its own, and fails
if a script of one of them failed or asked another host for anything. A module that sets `DEMO`
to false has the chooser off.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from nicegui import Client
from nicegui.testing.general import nicegui_reset_globals
from playwright.async_api import Browser, BrowserContext, Page, Request, expect
from sqlalchemy import select

from bot.app import App, open_app
from bot.pages.channel import BrowserChannel
from bot.pages.house import House
from bot.pages.hub import Hub
from bot.pages.server import serving
from bot.settings import Settings, load
from db.tables import Person
from handlers.dispatch import Dispatcher, Handled
from handlers.incoming import Incoming
from tests.browser import NoBrowser, find_browser, headless
from tests.conftest import SECRET, START

PATIENCE_MS = 15_000
UPLOAD_LIMIT = 1024 * 1024
POLL_S = 0.5
expect.set_options(timeout=PATIENCE_MS)


class Clock:
    """Time that begins at the tests' day, goes on, and can be set ahead."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """Return the time."""
        return START + timedelta(seconds=time.monotonic() - self._begun) + self.ahead


class Conversation:
    """The real conversation behind a line that can be cut; notes what it was given."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self.cut_off = False
        self.heard: list[Incoming] = []

    async def handle(self, incoming: Incoming) -> Handled:
        """Pass an event on, or fail as it does while the store is away."""
        self.heard.append(incoming)
        if self.cut_off:
            raise OSError("the store is away")
        return await self._dispatcher.handle(incoming)

    async def commands(self, channel: str, account: str) -> list[tuple[str, str]]:
        """Return what the account may do."""
        return await self._dispatcher.commands(channel, account)


@dataclass(frozen=True)
class Pages:
    """The served pages and what stands behind them."""

    app: App
    house: House
    clock: Clock
    conversation: Conversation
    base: str

    async def person(self, name: str) -> Person:
        """Return somebody of the demo organisation."""
        async with self.app.database.read() as session:
            return (await session.scalars(select(Person).where(Person.name == name))).one()


@dataclass
class Desk:
    """Opens pages, each in a browser profile of its own."""

    pages: Pages
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    async def profile(self, *, width: int = 1200, dark: bool = False) -> BrowserContext:
        """Return a browser that was never here before."""
        context = await self.browser.new_context(
            base_url=self.pages.base,
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            locale="zh-CN",
        )
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", self._requested)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.contexts.append(context)
        return context

    async def page(self, path: str, *, width: int = 1200, dark: bool = False) -> Page:
        """Open an address in a fresh profile."""
        page = await (await self.profile(width=width, dark=dark)).new_page()
        await page.goto(path)
        return page

    async def chat(
        self, name: str, *, group: bool = False, width: int = 1200, dark: bool = False
    ) -> Page:
        """Open the private chat of a demo person, or the group of their unit, ready to write."""
        person = await self.pages.person(name)
        me = f"person:{person.id}"
        path = f"/chat/unit:{person.unit_id}?as={me}" if group else f"/chat/{me}"
        page = await self.page(path, width=width, dark=dark)
        await page.get_by_role("textbox", name="消息").wait_for()
        return page

    async def close(self) -> None:
        """Close what was opened."""
        for context in self.contexts:
            await context.close()

    def _requested(self, request: Request) -> None:
        if not request.url.startswith((f"{self.pages.base}/", "data:", "blob:")):
            self.strangers.append(request.url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """An installed browser without a window."""
    try:
        find_browser()
    except NoBrowser as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))
    async with headless() as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pages(
    request: pytest.FixtureRequest, furnished: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pages]:
    """The pages at work on a copy of the furnished store."""
    data = tmp_path_factory.mktemp("pages") / "data"
    shutil.copytree(furnished, data)
    (data / "key").write_bytes(SECRET)
    (data / "key").chmod(0o600)
    wanted = "on" if getattr(request.module, "DEMO", True) else "off"
    settings = load({"ZHIBU_DATA": str(data), "ZHIBU_DEMO": wanted})
    async with opened(replace(settings, upload_limit=UPLOAD_LIMIT)) as pages:
        yield pages


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Pages]:
    """Open the program with its pages on a free port of this machine."""
    clock = Clock()
    with fresh_page_library(), socket.create_server(("127.0.0.1", 0)) as door:
        base = f"http://127.0.0.1:{door.getsockname()[1]}"
        async with open_app(settings, web=base, clock=clock) as app, delivering(app):
            hub, conversation = Hub(), Conversation(app.dispatcher)
            app.delivery.add(BrowserChannel(app.database, hub, clock))
            house = House(
                database=app.database,
                conversation=conversation,
                hub=hub,
                clock=clock,
                zone=settings.zone,
                demo=settings.demo,
                upload_limit=settings.upload_limit,
                poll_s=POLL_S,
            )
            async with serving(house, door, frozenset({"127.0.0.1"})):
                yield Pages(app, house, clock, conversation, base)


@asynccontextmanager
async def delivering(app: App) -> AsyncIterator[None]:
    """Empty the outbox meanwhile."""
    loop = asyncio.create_task(app.delivery.run())
    try:
        yield
    finally:
        await app.delivery.stop()
        await loop


@contextmanager
def fresh_page_library() -> Iterator[None]:
    """Let the page library, which knows one application a process, begin anew."""
    with nicegui_reset_globals():
        yield
        # Its reset would unload the modules that these functions come from.
        Client.page_routes.clear()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(pages: Pages, browser: Browser) -> AsyncIterator[Desk]:
    """Opens pages; afterwards no script has failed and no other host was asked."""
    desk = Desk(pages, browser)
    yield desk
    await desk.close()
    pages.conversation.cut_off = False
    assert desk.errors == []
    assert desk.strangers == []
