"""Long polling in which an update is confirmed only after it was handled.

aiogram's own `start_polling` confirms an update when its handler has merely started.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramConflictError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.utils.backoff import Backoff, BackoffConfig

from bot.channels.telegram.intake import Intake, chat_of
from bot.channels.telegram.session import GetRawUpdates
from bot.channels.telegram.speaker import Alarm

log = logging.getLogger(__name__)

BATCH = 100
_ANSWER_SECONDS = 15
_PAUSE_AFTER_FAILURE = 1.0
_PEACE = 20  # polls in a row without a conflict, after which a new one is news

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


def patient() -> Backoff:
    """Return delays from 1 to 30 s for whatever the server fails at."""
    return Backoff(BackoffConfig(min_delay=1.0, max_delay=30.0, factor=2.0, jitter=0.1))


async def unless(stopping: asyncio.Event, work: Awaitable[T]) -> T | None:
    """Await `work`, but no longer than until `stopping` is set; None when it was cut off."""
    task, stop = asyncio.ensure_future(work), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        pending = [part for part in (task, stop) if not part.done()]
        for part in pending:
            part.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


class Poller:
    """Asks for updates, hands them to `intake`, and moves the offset behind those taken.

    When `stopping` is set it finishes the updates at hand, confirms them, and returns.
    """

    def __init__(
        self,
        bot: Bot,
        intake: Intake,
        *,
        on_alarm: Alarm,
        wait_seconds: int,
        stopping: asyncio.Event,
        sleep: Sleep,
    ) -> None:
        self._bot = bot
        self._intake = intake
        self._on_alarm = on_alarm
        self._wait_seconds = wait_seconds
        self._sleep = sleep
        self._offset: int | None = None
        self._taken: set[int] = set()
        self._stopping = stopping
        self._server_backoff = patient()
        self._store_backoff = patient()
        self._quiet_polls = _PEACE

    async def run(self) -> None:
        """Poll until stopped; raises `TelegramUnauthorizedError` when the token is refused."""
        while not self._stopping.is_set():
            try:
                batch = await unless(self._stopping, self._fetch(self._wait_seconds))
            except TelegramUnauthorizedError:
                raise
            except TelegramAPIError as error:
                await unless(self._stopping, self._sleep(self._delay(error)))
            else:
                self._quiet_polls += 1
                self._server_backoff.reset()
                await self._take(batch or [])
        await self._confirm()

    async def _fetch(self, seconds: int, limit: int = BATCH) -> list[dict[str, Any]]:
        method = GetRawUpdates(
            offset=self._offset,
            limit=limit,
            timeout=seconds,
            allowed_updates=self._intake.allowed,
        )
        updates: Any = await self._bot(method, request_timeout=seconds + _ANSWER_SECONDS)
        return [raw for raw in updates if isinstance(raw.get("update_id"), int)]

    async def _take(self, batch: list[dict[str, Any]]) -> None:
        """Handle a batch, chats side by side, and set the offset to the first one not taken."""
        new = [raw for raw in batch if raw["update_id"] not in self._taken]
        chats: dict[str, list[dict[str, Any]]] = {}
        for raw in new:
            chats.setdefault(chat_of(raw), []).append(raw)
        taken = await asyncio.gather(*(self._take_in_order(updates) for updates in chats.values()))
        self._taken.update(number for numbers in taken for number in numbers)
        if not batch:
            return
        open_ids = [raw["update_id"] for raw in batch if raw["update_id"] not in self._taken]
        self._offset = min(open_ids, default=max(raw["update_id"] for raw in batch) + 1)
        self._taken = {number for number in self._taken if number > self._offset}
        if not open_ids:
            self._store_backoff.reset()
        else:
            delay = _PAUSE_AFTER_FAILURE if any(taken) else max(next(self._store_backoff), 0.1)
            await unless(self._stopping, self._sleep(delay))

    async def _take_in_order(self, updates: list[dict[str, Any]]) -> list[int]:
        """Handle one chat's updates up to the first that fails; return the ids taken."""
        taken = []
        for raw in updates:
            if not await self._intake.take(raw):
                break
            taken.append(raw["update_id"])
        return taken

    def _delay(self, error: TelegramAPIError) -> float:
        if isinstance(error, TelegramRetryAfter):
            return float(error.retry_after)
        if isinstance(error, TelegramConflictError):
            self._report_conflict()
        log.warning("getUpdates failed: %s", type(error).__name__)
        return max(next(self._server_backoff), 0.1)

    def _report_conflict(self) -> None:
        """Raise the alarm once: two pollers cut each other off in turn, for as long as both run."""
        if self._quiet_polls >= _PEACE:
            self._on_alarm(
                "Another program takes this bot's updates (409): a second instance is polling, "
                "or a webhook is set. One of them has to stop."
            )
        self._quiet_polls = 0

    async def _confirm(self) -> None:
        """Tell the server what was handled, so that it is not delivered after a restart."""
        if self._offset is None:
            return
        try:
            await self._fetch(0, limit=1)
        except TelegramAPIError as error:
            log.info("the last updates stay unconfirmed: %s", type(error).__name__)
