"""`zhibu run`: the assistant itself."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal

from bot import logs
from bot.app import App, housekeeping, open_app, utc_now
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
    async with open_app(settings) as app:
        stop = _stop_signal()
        clock = housekeeping(app)
        clock.start()
        delivering = asyncio.create_task(app.delivery.run())
        listeners = [_telegram(app)] if settings.telegram_token else []
        await _serve(app, listeners, stop)
        clock.stop()
        await app.delivery.stop()
        await delivering
        app.library.save()
