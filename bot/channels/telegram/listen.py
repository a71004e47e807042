"""The listening side: find out who we are, then poll or serve the webhook."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramNotFound,
    TelegramUnauthorizedError,
)

from bot.channels.telegram.conversation import Conversation
from bot.channels.telegram.convert import Download
from bot.channels.telegram.courtesy import Courtesy
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.polling import Poller, Sleep, patient, unless
from bot.channels.telegram.server import BotServer
from bot.channels.telegram.session import listening_bot
from bot.channels.telegram.settings import TelegramSettings
from bot.channels.telegram.speaker import Alarm
from bot.channels.telegram.webhook import Webhook

log = logging.getLogger(__name__)
T = TypeVar("T")


class Listener:
    """Hears what people write to the bot and hands it to `conversation`."""

    def __init__(
        self,
        settings: TelegramSettings,
        server: BotServer,
        conversation: Conversation,
        *,
        courtesy: Courtesy,
        download: Download,
        on_alarm: Alarm,
        on_name: Callable[[str], None],
        now: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
        poll_seconds: int = 25,
    ) -> None:
        self._settings = settings
        self._server = server
        self._conversation = conversation
        self._courtesy = courtesy
        self._download = download
        self._on_alarm = on_alarm
        self._on_name = on_name
        self._now = now
        self._sleep = sleep
        self._poll_seconds = poll_seconds
        self._stopping = asyncio.Event()
        self.webhook_port = 0

    def stop(self) -> None:
        """Ask for no more updates; `run` returns when those at hand are handled."""
        self._stopping.set()

    async def run(self) -> None:
        """Listen until `stop`, or until the server refuses the token, which raises the alarm."""
        # aiogram notes every update at INFO, and its answers' content at DEBUG.
        logging.getLogger("aiogram").setLevel(logging.WARNING)
        bot = listening_bot(self._server)
        try:
            await self._listen(bot)
        except (TelegramUnauthorizedError, TelegramNotFound):
            self._on_alarm(
                "Telegram refuses the bot's token: listening has stopped. "
                "Check TELEGRAM_TOKEN and TELEGRAM_API, then start again."
            )
        finally:
            await bot.session.close()

    async def _listen(self, bot: Bot) -> None:
        me = await self._keep_trying(bot.get_me)
        if me is None:
            return
        log.info("listening as @%s", me.username)
        self._on_name(me.username or "")
        intake = Intake(bot, me, self._conversation, self._courtesy, self._download, self._now)
        self._courtesy.show_default_commands()
        if self._settings.webhook:
            await self._serve(bot, intake)
        else:
            await self._poll(bot, intake)

    async def _poll(self, bot: Bot, intake: Intake) -> None:
        """Poll; a webhook that is still set would keep the updates for itself."""
        try:
            await self._keep_trying(bot.delete_webhook)
        except TelegramNotFound:
            log.info("this Bot API server knows no webhooks")
        poller = Poller(
            bot,
            intake,
            on_alarm=self._on_alarm,
            wait_seconds=self._poll_seconds,
            stopping=self._stopping,
            sleep=self._sleep,
        )
        await poller.run()

    async def _serve(self, bot: Bot, intake: Intake) -> None:
        """Serve the webhook. It stays set afterwards: Telegram keeps what comes meanwhile."""
        settings = self._settings
        webhook = Webhook(
            intake,
            path=settings.webhook_path,
            secret=settings.webhook_secret,
            host=settings.host,
            port=settings.port,
        )
        try:
            self.webhook_port = await webhook.open()
            await self._keep_trying(lambda: self._subscribe(bot, intake))
            await self._stopping.wait()
        except TelegramBadRequest:
            self._on_alarm("Telegram does not take the webhook's address: see TELEGRAM_WEBHOOK.")
        finally:
            await webhook.close()

    async def _subscribe(self, bot: Bot, intake: Intake) -> bool:
        return await bot.set_webhook(
            self._settings.webhook_address,
            secret_token=self._settings.webhook_secret,
            allowed_updates=intake.allowed,
        )

    async def _keep_trying(self, make: Callable[[], Awaitable[T]]) -> T | None:
        """Call until it works; None when stopped before. Refusals are raised."""
        backoff = patient()
        while not self._stopping.is_set():
            try:
                return await unless(self._stopping, make())
            except (TelegramUnauthorizedError, TelegramNotFound, TelegramBadRequest):
                raise
            except TelegramAPIError as error:
                log.warning("the Bot API does not answer: %s", type(error).__name__)
                await unless(self._stopping, self._sleep(max(next(backoff), 0.1)))
        return None
