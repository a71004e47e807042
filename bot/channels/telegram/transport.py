"""The HTTP side of speaking: python-telegram-bot's request interface over aiohttp.

Measured beside the library's own httpx transport: a call costs a quarter of the CPU time.
"""

from __future__ import annotations

import json
from typing import Any

import aiohttp
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

from bot.channels.telegram import older
from bot.channels.telegram.errors import ApiRefusal, NotSent, ServerTrouble, Unreadable

CALL_SECONDS = 30.0
"""Total time of one call; shorter than the outbox's lease of 90 s."""
CONNECT_SECONDS = 10.0
ANSWER_BYTES = 8_000_000
"""More than any answer to what we send; beyond it the answer is not read."""
_CHUNK = 65_536
_MESSAGE_CALLS = (
    "/sendMessage",
    "/sendPhoto",
    "/sendDocument",
    "/sendPoll",
    "/editMessageText",
)


class TooMuch(Exception):
    """A body has more bytes than the limit."""


class AiohttpRequest(BaseRequest):
    """Sends one call and returns the answer's body, or raises what `errors` lists.

    No exception carries the address, since the address carries the token.
    """

    __slots__ = ("_seconds", "_session")

    def __init__(self, seconds: float = CALL_SECONDS) -> None:
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._seconds

    async def initialize(self) -> None:
        """Open the connection pool; needs the running loop."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._seconds, connect=CONNECT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True)

    async def shutdown(self) -> None:
        """Close the connection pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Call the Bot API; one total time-out stands for the library's four."""
        status, body = await self._exchange(method, url, _form(request_data))
        result = check_answer(status, body)
        if url.endswith(_MESSAGE_CALLS) and not _is_message(result):
            raise Unreadable("the answer of the Bot API is no message")
        if not _has_poll(url, result):
            raise Unreadable("the answer of the Bot API has no poll")
        if older.complete(result):
            body = json.dumps({"ok": True, "result": result}).encode()
        return 200, body

    async def download(self, url: str, limit: int) -> bytes:
        """Fetch a file; raises `TooMuch` after `limit` bytes and `ServerTrouble` otherwise."""
        try:
            async with self._open().get(url, allow_redirects=False) as response:
                if response.status != 200:
                    raise ServerTrouble(f"the file server answered {response.status}")
                return await read_at_most(response, limit)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _trouble(error) from None

    async def _exchange(
        self, method: str, url: str, form: aiohttp.FormData | None
    ) -> tuple[int, bytes]:
        try:
            async with self._open().request(
                method, url, data=form, allow_redirects=False
            ) as response:
                return response.status, await read_at_most(response, ANSWER_BYTES)
        except TooMuch:
            raise ServerTrouble("the answer of the Bot API is too large") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _trouble(error) from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise NotSent("the Telegram channel is not started")
        return self._session


def _form(data: RequestData | None) -> aiohttp.FormData | None:
    if data is None:
        return None
    form = aiohttp.FormData(quote_fields=False)
    for name, text in data.json_parameters.items():
        form.add_field(name, text)
    for name, (filename, content, media_type) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=media_type)
    return form


def _trouble(error: Exception) -> ServerTrouble:
    """Keep the kind of `error` and drop its text, which may name the address."""
    kind = type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return NotSent(f"the Bot API cannot be reached ({kind})")
    return ServerTrouble(f"no answer from the Bot API ({kind})")


async def read_at_most(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read the body without ever holding much more than `limit` bytes, or raise `TooMuch`."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > limit:
            raise TooMuch
    return bytes(body)


def check_answer(status: int, body: bytes) -> object:
    """Return the result in `body`, or raise unless it is a Bot API's `ok: true` answer.

    A page of HTML from a proxy is trouble whatever its status: a 403 of a firewall must not
    look like a member who has blocked us.
    """
    answer = parsed(body)
    if answer is None:
        raise ServerTrouble(f"HTTP {status} without an answer of a Bot API")
    if answer.get("ok") is not True:
        raise _refusal(status, answer)
    if status >= 300 or "result" not in answer:
        raise ServerTrouble(f"HTTP {status} with half an answer")
    return answer["result"]


def _is_message(result: object) -> bool:
    """Tell whether the library can make a message of `result`."""
    if not isinstance(result, dict) or not isinstance(result.get("chat"), dict):
        return False
    numbers = (result.get("message_id"), result.get("date"), result["chat"].get("id"))
    return all(isinstance(number, int) for number in numbers) and "type" in result["chat"]


def _has_poll(url: str, result: object) -> bool:
    """Tell whether the library finds the poll in `result` that it expects of the call."""
    if url.endswith("/sendPoll"):
        return isinstance(result, dict) and older.is_poll(result.get("poll"))
    return not url.endswith("/stopPoll") or older.is_poll(result)


def parsed(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object with an `ok` in `body`, or None."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and isinstance(answer.get("ok"), bool) else None


def _refusal(status: int, answer: dict[str, Any]) -> TelegramError:
    given = answer.get("error_code")
    code = given if isinstance(given, int) else status
    description = str(answer.get("description") or f"error {code}")[:500]
    if code >= 500 or code < 400:
        return ServerTrouble(f"error {code} of the Bot API")
    parameters = answer.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    wait, moved_to = parameters.get("retry_after"), parameters.get("migrate_to_chat_id")
    return ApiRefusal(
        code,
        description,
        retry_after=float(wait) if isinstance(wait, int | float) else 0,
        moved_to=moved_to if isinstance(moved_to, int) else None,
    )
