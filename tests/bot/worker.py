"""What one of several processes on a store does: plan, sweep and drain until told to stop."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack

from bot.app import open_app, utc_now
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.server import BotServer
from bot.channels.telegram.speaker import Speaker
from bot.jobs import Jobs
from bot.settings import load
from tests.bot.telegram.bot_api import TOKEN


def work(api: str) -> None:
    """Do rounds of all three, as the metronome would, with the delivery running beside."""
    asyncio.run(_work(api))


async def _work(api: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(open_app(load()))
        speaker = Speaker(BotServer(TOKEN, api), on_alarm=lambda text: None)
        await speaker.open()
        stack.push_async_callback(speaker.close)
        app.delivery.add(TelegramChannel(speaker, app.read_file))
        jobs = Jobs(app, utc_now)
        delivering = asyncio.create_task(app.delivery.run())
        while not stop.is_set():
            await jobs.plan()
            await jobs.sweep()
            await asyncio.sleep(0.2)
        await app.delivery.stop()
        await delivering
