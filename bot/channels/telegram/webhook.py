"""The webhook's HTTP server: nothing is read before the secret is right."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from typing import Any

from aiohttp import web

from bot.channels.telegram.intake import Intake

log = logging.getLogger(__name__)

BODY_BYTES = 1_000_000
BODY_SECONDS = 15.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Webhook:
    """Answers 200 once an update was handled; with anything else Telegram delivers again."""

    def __init__(self, intake: Intake, *, path: str, secret: str, host: str, port: int) -> None:
        self._intake = intake
        self._secret = secret.encode()
        self._path = path
        self._address = (host, port)
        self._runner: web.AppRunner | None = None

    async def open(self) -> int:
        """Listen; return the port, which the system chose if it was given as 0."""
        app = web.Application(client_max_size=BODY_BYTES)
        app.router.add_post(self._path, self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=20.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, *self._address)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Take no more requests; those at hand are finished, at most 20 s."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._secret):
            log.info("a webhook request without the right secret was refused")
            return web.Response(status=401)
        if request.content_type != "application/json":
            return web.Response(status=400)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()  # aiohttp answers 413 beyond client_max_size
        except TimeoutError:
            return web.Response(status=408)
        update = parse_update(body)
        if update is None:
            return web.Response(status=400)
        return web.Response(status=200 if await self._intake.take(update) else 500)


def parse_update(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object with an update id in `body`, or None."""
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        return None
    fits = isinstance(update, dict) and type(update.get("update_id")) is int
    return update if fits else None
