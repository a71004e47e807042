"""How fast we speak: one gate that every call of the sending library passes.

Calls are paced, not let out in bursts: a burst that is legal here queues in the client and
reaches the server as one too many. A call that is refused with 429 holds up its own chat only,
unless several chats are refused at once, which means the bot as a whole.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from telegram.ext import BaseRateLimiter

from bot.channels.telegram.errors import ApiRefusal, PacedOut
from bot.channels.telegram.lanes import Lanes, Waiter
from scheduler.channels import Lane

ALL_GAP = 1 / 29
"""Seconds between any two calls: 29 in the worst second, one below Telegram's limit."""
NOTICE_GAP = 1 / 26
"""Seconds between two calls that nobody waits for; what is left belongs to replies."""
PRIVATE = (3, 3.0)
"""Calls in any window of so many seconds, to one private chat."""
GROUP = (20, 60.0)
PATIENCE = 20.0
"""Longest wait in seconds; with a call's 30 s it stays below the outbox's lease of 90 s."""
HINT_PATIENCE = 0.5
STORM = (3, 2.0)
"""So many chats refused within so many seconds stop all chats."""
_KEPT_CHATS = 1000
_SHORTEST_NAP = 0.001  # a rounding error must not make the pump spin

Answer = bool | dict[str, Any] | list[dict[str, Any]]
Call = Callable[..., Coroutine[Any, Any, Answer]]


@dataclass(frozen=True, slots=True)
class Turn:
    """How a call queues. A `hint` goes now or not at all, and counts against no chat."""

    lane: Lane = Lane.REPLY
    hint: bool = False


@dataclass(slots=True)
class _Chat:
    """What one chat was sent lately, and until when it is to be left alone."""

    allowed: int
    window: float
    sent: deque[float] = field(default_factory=deque)
    paused_until: float = 0.0

    def ready_at(self) -> float:
        full = len(self.sent) >= self.allowed
        return max(self.paused_until, self.sent[0] + self.window if full else 0.0)

    def note(self, now: float) -> None:
        self.sent.append(now)
        while len(self.sent) > self.allowed:
            self.sent.popleft()

    def idle(self, now: float) -> bool:
        recent = self.sent and self.sent[-1] + self.window > now
        return not recent and self.paused_until <= now


class LaneLimiter(BaseRateLimiter[Turn]):
    """A lane for each `Lane`, in their order; sliding windows a chat, an even pace overall.

    `clock` returns seconds, `sleep` waits them. Calls of one chat keep their order within a
    lane; chats of one lane take turns. A wait longer than `patience` seconds raises `PacedOut`
    before anything is sent. Memory is bounded by the chats spoken to within a window.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patience: float = PATIENCE,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._patience = patience
        self._chats: dict[str, _Chat] = {}
        self._sweep_at = _KEPT_CHATS
        self._lanes = Lanes(self._ready_at)
        self._next_call = self._next_notice = self._paused_until = float("-inf")
        self._refused: deque[tuple[float, str]] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._nap: asyncio.Future[None] | None = None

    @property
    def known_chats(self) -> int:
        """How many chats are remembered."""
        return len(self._chats)

    async def initialize(self) -> None:
        """Nothing to open: the pump starts with the first call."""

    async def shutdown(self) -> None:
        """Stop; calls that still wait are sent away with `PacedOut`."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
            self._pump = None
        self._lanes.close()

    async def process_request(
        self,
        callback: Call,
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Turn | None,
    ) -> Answer:
        """Make the call when its turn comes; a hint that cannot go soon returns False."""
        turn = rate_limit_args or Turn()
        key = str(data["chat_id"]) if "chat_id" in data else f"/{endpoint}"
        if turn.hint:
            if not await self._take_spare(key):
                return False
        else:
            await self._wait_turn(key, turn.lane)
        try:
            return await callback(*args, **kwargs)
        except ApiRefusal as refusal:
            if refusal.code == 429:
                self._pause(key, max(refusal.retry_after, 1.0))
            raise

    async def _wait_turn(self, key: str, lane: Lane) -> None:
        now = self._clock()
        wait = max(self._ready_at(key), self._paused_until) - now
        if wait > self._patience:
            raise PacedOut(wait)
        waiter = Waiter(key, now + self._patience)
        self._lanes.add(lane, waiter)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run(), name="telegram-limiter")
        elif self._nap is not None:
            self._nap.cancel()
        await waiter.turn

    async def _run(self) -> None:
        """Give out turns until nobody waits."""
        while self._lanes:
            now = self._clock()
            wait = self._let_one_go(now)
            if wait > 0:
                await self._rest(wait)

    def _let_one_go(self, now: float) -> float:
        """Give the first who may go a turn; return the seconds until it is worth looking."""
        opens = max(self._next_call, self._paused_until)
        if opens > now:
            return opens - now
        lanes = [Lane.REPLY] if self._next_notice > now else list(Lane)
        chosen = self._lanes.pop(lanes, now)
        if chosen is None:
            return max(self._lanes.next_change(now, self._next_notice) - now, _SHORTEST_NAP)
        lane, waiter = chosen
        if waiter.deadline < now:
            waiter.refuse(PacedOut(1.0))
            return 0
        self._note(waiter.key, lane, now)
        waiter.turn.set_result(None)
        return 0

    def _note(self, key: str, lane: Lane, now: float) -> None:
        self._next_call = now + ALL_GAP
        if lane is not Lane.REPLY:
            self._next_notice = now + NOTICE_GAP
        chat = self._chat(key)
        if chat is not None:
            chat.note(now)

    async def _rest(self, seconds: float) -> None:
        """Sleep, or less when somebody new arrives."""
        self._nap = asyncio.ensure_future(self._sleep(max(seconds, _SHORTEST_NAP)))
        try:
            await asyncio.wait({self._nap})
        finally:
            self._nap.cancel()
            self._nap = None

    async def _take_spare(self, key: str) -> bool:
        """Take a gap that no reply waits for, if one opens within half a second."""
        latest = self._clock() + HINT_PATIENCE
        while True:
            now = self._clock()
            known = self._chats.get(key)
            opens = max(self._next_call, self._paused_until, known.paused_until if known else now)
            if self._lanes.waiting(Lane.REPLY):
                opens = max(opens, now + ALL_GAP)
            if opens <= now:
                self._next_call = now + ALL_GAP
                return True
            if opens > latest:
                return False
            await self._sleep(max(opens - now, _SHORTEST_NAP))

    def _pause(self, key: str, seconds: float) -> None:
        """Leave one chat alone, or all of them when refusals come from everywhere."""
        now = self._clock()
        chat = self._chat(key, paused=True)
        if chat is not None:
            chat.paused_until = max(chat.paused_until, now + seconds)
        self._refused.append((now, key))
        chats, window = STORM
        while self._refused and self._refused[0][0] < now - window:
            self._refused.popleft()
        if len({refused for _, refused in self._refused}) >= chats:
            self._paused_until = max(self._paused_until, now + seconds)
            self._lanes.refuse_before(self._paused_until, now)
        self._lanes.refuse_before(now + seconds, now, key)

    def _ready_at(self, key: str) -> float:
        chat = self._chats.get(key)
        return chat.ready_at() if chat is not None else 0.0

    def _chat(self, key: str, *, paused: bool = False) -> _Chat | None:
        """Return what is known of a chat; calls without a chat have an entry only if paused."""
        chat = self._chats.get(key)
        if chat is None and (paused or not key.startswith("/")):
            if len(self._chats) >= self._sweep_at:
                self._sweep()
            limit = GROUP if not key.isdecimal() else PRIVATE
            chat = self._chats[key] = _Chat(*limit)
        return chat

    def _sweep(self) -> None:
        """Forget the chats that nothing holds back, at a cost shared by many additions."""
        now = self._clock()
        self._chats = {key: chat for key, chat in self._chats.items() if not chat.idle(now)}
        self._sweep_at = max(_KEPT_CHATS, 2 * len(self._chats))
