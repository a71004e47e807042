"""Where the parts meet: read this to see the whole program."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.delivery import Delivery
from bot.settings import Settings
from db import conversation, demo, migrate, signin
from db.engine import Database
from db.secrets import Secrets
from db.tables import StoredFile
from handlers.context import Services
from handlers.dispatch import Dispatcher
from handlers.everything import make_router
from handlers.questions import ask
from knowledge import seeding
from knowledge.library import Library
from scheduler import notices, outbox
from scheduler.clock import Clock, Job

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = logging.getLogger(__name__)

# The channel of the pages, named here because loading them takes most of a second.
BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class App:
    """The open program: store, library, conversation and delivery."""

    settings: Settings
    database: Database
    secrets: Secrets
    library: Library
    links: dict[str, str]
    dispatcher: Dispatcher
    delivery: Delivery

    async def read_file(self, file_id: int) -> bytes:
        """Return the bytes of a stored file, for a channel that sends it.

        Raises `LookupError` when it is not there any more.
        """
        async with self.database.read() as session:
            file = await session.get(StoredFile, file_id)
        if file is None:
            raise LookupError(f"there is no stored file {file_id}")
        return file.data


def utc_now() -> datetime:
    """Return the time, for everything that is not under test."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[tuple[Database, Secrets, Library]]:
    """Open the store on the newest schema, with the shipped entries and the library on it."""
    database = Database(settings.database)
    try:
        secrets = Secrets(settings.key)
        await migrate.upgrade(database)
        async with database.write() as session:
            if settings.demo and await demo.may_play(session):
                await demo.plant(session, secrets)
                await demo.seat(session, channel=BROWSER, now=utc_now())
            await seeding.seed(session, now=utc_now())
        async with database.read() as session:
            library = await Library.open(settings.data / "search", session)
        yield database, secrets, library
    finally:
        await database.close()


@asynccontextmanager
async def open_app(
    settings: Settings, *, web: str = "", clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[App]:
    """Open everything but the channels, which are added to its delivery.

    `web` is the address of the pages, for links sent in chat.
    """
    async with open_store(settings) as (database, secrets, library):
        async with database.read() as session:
            settings = replace(settings, demo=settings.demo and await demo.may_play(session))
        links: dict[str, str] = {}
        delivery = Delivery(
            database,
            zone=settings.zone,
            clock=None if clock is utc_now else clock,
            rechecks={notices.KIND: notices.still_owed},
        )
        services = Services(
            library=library,
            secrets=secrets,
            zone=settings.zone,
            web=settings.url or web,
            links=links,
            upload_limit=settings.upload_limit,
        )
        dispatcher = Dispatcher(
            database,
            make_router(),
            services,
            question=ask,
            clock=clock,
            wake=delivery.wake,
        )
        yield App(settings, database, secrets, library, links, dispatcher, delivery)


def housekeeping(app: App) -> Clock:
    """Return the clock with the few jobs that look at the tables from time to time."""

    async def tidy() -> None:
        async with app.database.write() as session:
            await conversation.sweep(session, now=utc_now())
            await outbox.sweep(session, now=utc_now())
            await signin.sweep(session, now=utc_now())

    async def tend() -> None:
        await app.delivery.tend()

    async def snapshot() -> None:
        async with app.database.read() as session:
            await app.library.refresh(session)
        await app.library.checkpoint()

    return Clock(
        app.settings.zone,
        (
            Job("tidy", tidy, seconds=600),
            Job("tend", tend, seconds=60, at_once=True),
            Job("snapshot", snapshot, seconds=900),
        ),
    )
