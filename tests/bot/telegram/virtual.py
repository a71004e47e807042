"""Time that passes only when everybody waits, so that minutes of pacing take no time."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Coroutine
from itertools import count
from typing import Any

_SETTLE = 12
"""Turns of the loop after which nobody is left who could go on without time passing."""


class VirtualTime:
    """A clock and a sleep; `run` moves the clock to the next sleeper whenever all wait."""

    def __init__(self) -> None:
        self.now = 100.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), woken))
        await woken

    async def run(self, *work: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run `work` to its end; return the results, or the exceptions, in order."""
        everything = asyncio.gather(*work, return_exceptions=True)
        while True:
            for _ in range(_SETTLE):
                await asyncio.sleep(0)
            if everything.done():
                return list(await everything)
            at, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                self.now = max(self.now, at)
                woken.set_result(None)
