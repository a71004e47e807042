"""aiogram's HTTP session with an upper bound on what an answer may weigh."""

from __future__ import annotations

from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import ClientDecodeError, TelegramNetworkError
from aiogram.methods import GetUpdates, TelegramMethod
from aiogram.methods.base import TelegramType
from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.channels.telegram.server import BotServer
from bot.channels.telegram.transport import TooMuch, parsed, read_at_most

UPDATES_BYTES = 32_000_000
"""A hundred updates of the longest messages, each with a quoted one, stay far below."""


class GetRawUpdates(GetUpdates):
    """getUpdates whose answer is left unparsed.

    aiogram parses all updates of an answer at once: a single one that its types do not fit
    would hold up every other one for good.
    """

    __returning__ = list[dict[str, Any]]


class BoundedSession(AiohttpSession):
    """Reads at most `UPDATES_BYTES`, names no address in errors, follows no redirect."""

    async def create_session(self) -> ClientSession:
        if self._session is None or self._session.closed:
            self._session = ClientSession(trust_env=True)
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - the name is aiogram's
    ) -> TelegramType:
        """Call a method; raises aiogram's exceptions."""
        session = await self.create_session()
        url = self.api.api_url(token=bot.token, method=method.__api_method__)
        total = ClientTimeout(total=self.timeout if timeout is None else timeout)
        form = self.build_form_data(bot=bot, method=method)
        try:
            async with session.post(url, data=form, timeout=total, allow_redirects=False) as sent:
                status, body = sent.status, await read_at_most(sent, UPDATES_BYTES)
        except TooMuch:
            raise TelegramNetworkError(method=method, message="the answer is too large") from None
        except (ClientError, TimeoutError, OSError) as error:
            raise TelegramNetworkError(method=method, message=type(error).__name__) from None
        return self._result(bot, method, status, body)

    def _result(
        self, bot: Bot, method: TelegramMethod[TelegramType], status: int, body: bytes
    ) -> TelegramType:
        if parsed(body) is None:
            raise TelegramNetworkError(method=method, message=f"HTTP {status} without an answer")
        try:
            response = self.check_response(bot, method, status, body.decode("utf-8", "replace"))
        except ClientDecodeError:
            message = f"HTTP {status} with an answer of another shape"
            raise TelegramNetworkError(method=method, message=message) from None
        if response.result is None:
            raise TelegramNetworkError(method=method, message="an answer without a result")
        return response.result


def listening_bot(server: BotServer) -> Bot:
    """Make aiogram's bot for `server`; close its session when done."""
    api = TelegramAPIServer.from_base(server.base)
    return Bot(server.token, session=BoundedSession(api=api))
