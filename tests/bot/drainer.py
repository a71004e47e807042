"""What a process does that empties an outbox into a Bot API server, for the tests that kill it.

Its clock may be ahead, so that the leases of one that was killed are over at once.
"""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, timedelta

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.server import BotServer
from bot.channels.telegram.speaker import Speaker
from bot.delivery import Delivery
from db.engine import Database
from tests.bot.telegram.bot_api import TOKEN


def drain(store: str, api: str, ahead: timedelta) -> None:
    """Deliver until SIGTERM."""
    asyncio.run(_drain(store, api, ahead))


async def _drain(store: str, api: str, ahead: timedelta) -> None:
    database = Database(store)
    speaker = Speaker(BotServer(TOKEN, api), on_alarm=lambda text: None)
    delivery = Delivery(database, zone=UTC, clock=lambda: datetime.now(UTC) + ahead)
    delivery.add(TelegramChannel(speaker, _no_file))
    stopping: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: stopping.add(loop.create_task(delivery.stop())))
    await speaker.open()
    await delivery.tend()
    await delivery.run()
    await speaker.close()
    await database.close()


async def _no_file(number: int) -> bytes:
    raise LookupError(number)
