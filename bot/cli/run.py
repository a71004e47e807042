"""`zhibu run`: the assistant itself."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from bot import logs
from bot.app import DELIVERY, App, open_app, utc_now
from bot.cli.refusal import Refusal
from bot.jobs import Jobs
from bot.memory import keep_loaded
from bot.safekeeping import Safekeeping
from bot.settings import LOOPBACK, Settings
from bot.watchdog import Watchdog
from db.migrate import SchemaTooNew

log = logging.getLogger(__name__)

# A round of the delivery ends well within this, even while the store is busy.
DELIVERY_S = 30


def configure(parser: argparse.ArgumentParser) -> None:
    """`run` takes no arguments: everything is a setting."""


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Run until interrupted."""
    logs.set_up(settings)
    print("Preparing the store and the knowledge base ...", flush=True)
    try:
        asyncio.run(_run(settings))
    except SchemaTooNew as error:
        raise Refusal(str(error)) from error


async def _run(settings: Settings) -> None:
    door = _listen(settings)
    port = door.getsockname()[1]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        web = f"http://{settings.host}:{port}"
        app = await stack.enter_async_context(open_app(settings, web=web))
        await stack.enter_async_context(_delivering(app, stop))
        await stack.enter_async_context(_pages(app, door))
        print(f"The browser chat is at {settings.url or web}", flush=True)
        if settings.telegram_token:
            await stack.enter_async_context(_telegram(app))
        keep_loaded()
        await stop.wait()
        print("Stopping ...", flush=True)


@asynccontextmanager
async def _delivering(app: App, stop: asyncio.Event) -> AsyncIterator[None]:
    """Empty the outbox and tick; leaves when what was in flight has ended.

    Should the loop ever end by itself, the program stops too and shows why: a supervisor
    starts it again, while an assistant that hears and says nothing helps nobody.
    """
    await Safekeeping(app.settings, app.database).look()
    clock = Jobs(app, utc_now).clock()
    app.pulse.watch(DELIVERY, DELIVERY_S)
    watchdog = Watchdog(app.pulse)
    clock.start()
    watchdog.start()
    loop = asyncio.create_task(app.delivery.run())
    loop.add_done_callback(lambda _: stop.set())
    try:
        yield
    finally:
        watchdog.stop()
        await clock.stop()
        await app.delivery.stop()
        await loop
        app.library.save()


def _listen(settings: Settings) -> socket.socket:
    """Take the port before anything else: a second start should say so at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((settings.host, settings.port))
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        reason = error.strerror or type(error).__name__
        raise Refusal(f"{place} cannot be used ({reason}): set ZHIBU_PORT or ZHIBU_HOST") from error
    return door


@asynccontextmanager
async def _pages(app: App, door: socket.socket) -> AsyncIterator[None]:
    """Serve the browser chat. Its library is loaded only here."""
    from bot.pages.channel import BrowserChannel
    from bot.pages.house import House
    from bot.pages.hub import Hub
    from bot.pages.server import serving

    settings = app.settings
    hub = Hub()
    app.delivery.add(BrowserChannel(app.database, hub, utc_now))
    house = House(
        database=app.database,
        conversation=app.dispatcher,
        hub=hub,
        clock=utc_now,
        zone=settings.zone,
        demo=settings.demo,
        upload_limit=settings.upload_limit,
        secure=settings.url.startswith("https:"),
    )
    async with serving(house, door, _hosts(settings)):
        yield


def _hosts(settings: Settings) -> frozenset[str]:
    """Return the names by which the pages may be called; empty means any."""
    if settings.host not in LOOPBACK and not settings.url:
        return frozenset()
    named = urlsplit(settings.url).hostname
    return frozenset(name for name in (*LOOPBACK, named) if name)


@asynccontextmanager
async def _telegram(app: App) -> AsyncIterator[None]:
    """Listen and speak on Telegram. Its libraries are loaded only here."""
    from bot.channels.telegram.service import TelegramService
    from bot.channels.telegram.settings import TelegramSettings

    settings = app.settings
    try:
        service = TelegramService(
            TelegramSettings(
                token=settings.telegram_token,
                api=settings.telegram_api,
                webhook=settings.telegram_webhook,
                host=settings.host,
                port=settings.telegram_webhook_port,
                app_key=settings.key,
            ),
            app.dispatcher,
            read_file=app.read_file,
            on_alarm=_alarm,
            on_name=lambda name: app.links.update(telegram=f"https://t.me/{name}?start={{}}"),
        )
    except ValueError as error:
        raise Refusal(str(error)) from error
    await service.start()
    app.delivery.add(service.channel)
    print("Telegram: listening.", flush=True)
    try:
        yield
    finally:
        await service.stop()


def _alarm(text: str) -> None:
    log.error("%s", text)
