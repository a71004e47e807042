"""`zhibu run`: the assistant itself."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot import logs
from bot.app import App, housekeeping, open_app
from bot.cli.refusal import Refusal
from bot.settings import Settings
from db.migrate import SchemaTooNew

log = logging.getLogger(__name__)


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
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_app(settings))
        await stack.enter_async_context(_delivering(app))
        await stack.enter_async_context(_pages(app))
        if settings.telegram_token:
            await stack.enter_async_context(_telegram(app))
        await stop.wait()
        print("Stopping ...", flush=True)


@asynccontextmanager
async def _delivering(app: App) -> AsyncIterator[None]:
    """Empty the outbox and tick; leaves when what was in flight has ended."""
    clock = housekeeping(app)
    clock.start()
    loop = asyncio.create_task(app.delivery.run())
    try:
        yield
    finally:
        clock.stop()
        await app.delivery.stop()
        await loop
        app.library.save()


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
