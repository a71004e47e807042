"""The Telegram channel as a whole: what starts, what stops, and in which order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.channels.telegram.channel import ReadFile, TelegramChannel
from bot.channels.telegram.conversation import Conversation
from bot.channels.telegram.courtesy import Courtesy
from bot.channels.telegram.server import BotServer
from bot.channels.telegram.settings import TelegramSettings
from bot.channels.telegram.speaker import Alarm, Speaker

if TYPE_CHECKING:
    from bot.channels.telegram.listen import Listener

STOP_SECONDS = 20.0


class TelegramService:
    """`channel` speaks for the outbox, `conversation` answers what is heard.

    `on_alarm(text)` hears what an administrator has to mend, `on_name(username)` the bot's own
    name once it is known. Raises `ValueError` for wrong
    settings, naming the setting and never its value.
    """

    def __init__(
        self,
        settings: TelegramSettings,
        conversation: Conversation,
        *,
        read_file: ReadFile,
        on_alarm: Alarm,
        on_name: Callable[[str], None] = lambda name: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        speaker: Speaker | None = None,
        poll_seconds: int = 25,
    ) -> None:
        self._settings = settings
        settings.check()
        self._server = BotServer(settings.token, settings.api)
        self._conversation = conversation
        self._on_alarm = on_alarm
        self._on_name = on_name
        self._now = now
        self._sleep = sleep
        self._poll_seconds = poll_seconds
        self._speaker = speaker or Speaker(self._server, on_alarm=on_alarm)
        self._courtesy = Courtesy(self._speaker, conversation.commands)
        self._listener: Listener | None = None
        self._listening: asyncio.Task[None] | None = None
        self.channel = TelegramChannel(self._speaker, read_file)

    @property
    def webhook_port(self) -> int:
        """The port that the webhook listens on; 0 before it does."""
        return self._listener.webhook_port if self._listener else 0

    async def start(self) -> None:
        """Make `channel` able to send and begin to listen, in the background.

        A server that cannot be reached is tried again for as long as it takes.
        """
        # aiogram costs seconds to import, which only who listens has to pay.
        from bot.channels.telegram.listen import Listener

        await self._speaker.open()
        self._listener = Listener(
            self._settings,
            self._server,
            self._conversation,
            courtesy=self._courtesy,
            download=self._speaker.download,
            on_alarm=self._on_alarm,
            on_name=self._on_name,
            now=self._now,
            sleep=self._sleep,
            poll_seconds=self._poll_seconds,
        )
        self._listening = asyncio.create_task(self._listener.run(), name="telegram-listening")

    async def stop(self) -> None:
        """Take nothing new, finish what is being handled within 20 s, close."""
        if self._listener is not None and self._listening is not None:
            self._listener.stop()
            await asyncio.wait({self._listening}, timeout=STOP_SECONDS)
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._courtesy.finish(STOP_SECONDS / 4)
        await self._speaker.close()

    async def run(self) -> None:
        """Start, listen until cancelled or until the token is refused, stop."""
        await self.start()
        try:
            if self._listening is not None:
                await asyncio.wait({self._listening})
                self._listening.result()
        finally:
            await self.stop()
