"""Where the parts meet: read this to see the whole program."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.delivery import Delivery
from bot.demo_clock import DemoClock
from bot.settings import Settings
from db import anchor, demo, migrate
from db.engine import Database
from db.secrets import Secrets
from db.tables import StoredFile
from db.types import lock_chain
from handlers.context import Services
from handlers.dispatch import Dispatcher
from handlers.everything import make_router
from handlers.questions import ask
from knowledge import seeding
from knowledge.library import Library
from knowledge.quiz import seeding as quiz_seeding
from scheduler import notices, workdays
from scheduler.heartbeat import Pulse
from scheduler.rulebook import keeping
from scheduler.rulebook.reading import SHIPPED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = logging.getLogger(__name__)

# The loop that sends, as the watchdog knows it.
DELIVERY = "delivery"
# The channel of the pages, named here because loading them takes most of a second.
BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class App:
    """The open program: store, library, conversation and delivery.

    `clock` tells the time, `calendar` turns the time into the one by which duties go.
    """

    settings: Settings
    database: Database
    secrets: Secrets
    library: Library
    links: dict[str, str]
    dispatcher: Dispatcher
    delivery: Delivery
    calendar: Callable[[datetime], datetime]
    pulse: Pulse
    clock: Callable[[], datetime]

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
    """Open the store on the newest schema, with the shipped entries and the library on it.

    Makes one where there never was any; raises `anchor.StoreGone` where it is gone.
    """
    database = Database(settings.database)
    anchor.require(database, settings.data)
    try:
        secrets = Secrets(settings.key)
        await migrate.upgrade(database)
        async with database.write() as session:
            # Processes that start together on an empty store take turns at filling it.
            await lock_chain(session)
            if settings.demo and await demo.may_play(session):
                await demo.plant(session, secrets)
                await demo.seat(session, channel=BROWSER, now=utc_now())
            await seeding.seed(session, now=utc_now())
            await quiz_seeding.seed(session, now=utc_now())
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
        calendar = DemoClock(clock(), settings.demo_speed if settings.demo else 1)
        await _open_calendar(database, settings, calendar(clock()))
        links: dict[str, str] = {}
        pulse = Pulse()
        delivery = Delivery(
            database,
            zone=settings.zone,
            clock=None if clock is utc_now else clock,
            rechecks={notices.KIND: notices.still_owed},
            beat=lambda: pulse.beat(DELIVERY),
        )
        services = Services(
            library=library,
            secrets=secrets,
            zone=settings.zone,
            web=settings.url or web,
            links=links,
            upload_limit=settings.upload_limit,
            calendar=calendar,
        )
        dispatcher = Dispatcher(
            database,
            make_router(),
            services,
            question=ask,
            clock=clock,
            wake=delivery.wake,
        )
        yield App(
            settings,
            database,
            secrets,
            library,
            links,
            dispatcher,
            delivery,
            calendar,
            pulse,
            clock,
        )


async def _open_calendar(database: Database, settings: Settings, now: datetime) -> None:
    """Fill the table of days and take the rule book into force, if it is without fault."""
    async with database.write() as session:
        await workdays.seed(session, today=now.astimezone(settings.zone).date())
        if settings.demo:
            await demo.furnish(session, now=now)
    folders = [SHIPPED, *([settings.rules] if settings.rules else [])]
    await keeping.refresh(database, *folders, now=now)
