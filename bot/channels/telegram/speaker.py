"""Every call that goes out: python-telegram-bot's `ExtBot` behind our gate and transport."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram.ext import ExtBot

from bot.channels.telegram import limits
from bot.channels.telegram.errors import ApiRefusal, NotSent, PacedOut, ServerTrouble
from bot.channels.telegram.limiter import LaneLimiter, Turn
from bot.channels.telegram.server import BotServer
from bot.channels.telegram.transport import AiohttpRequest, TooMuch
from handlers.incoming import UploadTooLarge
from scheduler.channels import ChannelError

log = logging.getLogger(__name__)
T = TypeVar("T")
Alarm = Callable[[str], None]

_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 900.0
_CONNECT_TRIES = 3


class Speaker:
    """One bot that speaks. `on_alarm` hears once when the server refuses the token."""

    def __init__(
        self,
        server: BotServer,
        *,
        on_alarm: Alarm,
        limiter: LaneLimiter | None = None,
        request: AiohttpRequest | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        # At DEBUG the library logs addresses (with the token) and what people are told.
        logging.getLogger("telegram").setLevel(logging.WARNING)
        self._server = server
        self._request = request or AiohttpRequest()
        self._limiter = limiter or LaneLimiter(clock=clock, sleep=sleep)
        self._on_alarm = on_alarm
        self._clock = clock
        self._sleep = sleep
        self._pause = 0.0
        self._silent_until = float("-inf")
        self.bot: ExtBot[Turn] = ExtBot(
            server.token,
            base_url=server.calls,
            base_file_url=server.files,
            request=self._request,
            get_updates_request=self._request,
            rate_limiter=self._limiter,
        )

    async def open(self) -> None:
        """Open connections. `ExtBot.initialize` is not used: its error names the token."""
        await self._request.initialize()
        await self._limiter.initialize()

    async def close(self) -> None:
        """Send waiting calls away and close the connections."""
        await self._limiter.shutdown()
        await self._request.shutdown()

    async def call(self, make: Callable[[], Awaitable[T]], *, optional: bool = False) -> T:
        """Make a call; tried again only where the server was certainly not reached.

        Raises the errors of `errors`. A refused token silences the bot for a while, so that
        the messages wait instead of failing; the 404 of an `optional` method may only mean
        that the server does not have it.
        """
        if (wait := self._silent_until - self._clock()) > 0:
            raise PacedOut(wait)
        try:
            result = await self._connected(make)
        except ApiRefusal as refusal:
            if not refusal.unauthorized or (optional and refusal.code == 404):
                raise
            raise self._silence(refusal) from refusal
        self._pause = 0.0
        return result

    async def download(self, file_id: str, limit: int) -> bytes:
        """Fetch a file that a user sent; raises `UploadTooLarge` or `ChannelError`."""
        try:
            file = await self.call(lambda: self.bot.get_file(file_id, rate_limit_args=Turn()))
            return await self._request.download(self._file_address(file.file_path), limit)
        except TooMuch:
            raise UploadTooLarge(f"more than {limit} bytes") from None
        except ApiRefusal as refusal:
            if refusal.says("file is too big"):
                raise UploadTooLarge(f"more than {limits.DOWNLOAD_BYTES} bytes") from None
            raise ChannelError(refusal.message, permanent=True) from refusal
        except (ServerTrouble, PacedOut) as error:
            raise ChannelError(error.message) from error

    def _file_address(self, path: str | None) -> str:
        """Return where to fetch `path`; one on the server's own disk is never opened."""
        prefix = self._server.files + self._server.token + "/"
        relative = (path or "").removeprefix(prefix)
        if not relative or relative.startswith("/") or ".." in relative.split("/"):
            raise ChannelError("the Bot API server gives no address of the file", permanent=True)
        return prefix + relative

    async def _connected(self, make: Callable[[], Awaitable[T]]) -> T:
        for _ in range(_CONNECT_TRIES - 1):
            try:
                return await make()
            except NotSent as error:
                log.info("%s; trying again", error.message)
                # Jitter only spreads the load; nothing secret depends on it.
                await self._sleep(random.uniform(0.2, 1.0))
        return await make()

    def _silence(self, refusal: ApiRefusal) -> PacedOut:
        if not self._pause:
            self._on_alarm(
                f"Telegram refuses the bot's token ({refusal.code}): sending is paused, "
                "nothing is lost. Check TELEGRAM_TOKEN and TELEGRAM_API."
            )
        self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._silent_until = self._clock() + self._pause
        return PacedOut(self._pause)
