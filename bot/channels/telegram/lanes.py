"""The queues before the gate: a queue for each lane, in which the chats take turns."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Iterable
from itertools import chain, count

from bot.channels.telegram.errors import PacedOut
from scheduler.channels import Lane


class Waiter:
    """A call that waits for its `turn`, at the latest until `deadline` (the clock's seconds)."""

    __slots__ = ("deadline", "key", "turn")

    def __init__(self, key: str, deadline: float) -> None:
        self.key = key
        self.deadline = deadline
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def refuse(self, error: PacedOut) -> None:
        if not self.turn.done():
            self.turn.set_exception(error)


class _Lane:
    """Chats that may be due (`ready`, in turn) and chats that are held back (`held`, by time)."""

    def __init__(self) -> None:
        self.queues: dict[str, deque[Waiter]] = {}
        self.ready: deque[str] = deque()
        self.held: list[tuple[float, int, str]] = []

    def add(self, waiter: Waiter) -> None:
        if waiter.key not in self.queues:
            self.queues[waiter.key] = deque()
            self.ready.append(waiter.key)
        self.queues[waiter.key].append(waiter)

    def refuse(self, key: str, reopens: float, now: float) -> None:
        """Send away the calls of a chat that cannot wait until `reopens`."""
        for waiter in self.queues.get(key, ()):
            if waiter.deadline < reopens:
                waiter.refuse(PacedOut(max(reopens - now, 1.0)))

    def prune(self, key: str) -> bool:
        """Drop the calls of a chat that gave up; return whether any is left."""
        queue = self.queues[key]
        while queue and queue[0].turn.done():
            queue.popleft()
        if not queue:
            del self.queues[key]
        return bool(queue)


class Lanes:
    """Holds who waits; `ready_at` tells from when on a chat may be written to."""

    def __init__(self, ready_at: Callable[[str], float]) -> None:
        self._ready_at = ready_at
        self._lanes = {lane: _Lane() for lane in Lane}
        self._order = count()

    def __bool__(self) -> bool:
        return any(lane.queues for lane in self._lanes.values())

    def waiting(self, lane: Lane) -> bool:
        """Tell whether any call waits in `lane`."""
        return bool(self._lanes[lane].queues)

    def add(self, lane: Lane, waiter: Waiter) -> None:
        self._lanes[lane].add(waiter)

    def pop(self, lanes: Iterable[Lane], now: float) -> tuple[Lane, Waiter] | None:
        """Take the first call that may go, of the first of `lanes` that has one."""
        for name in lanes:
            waiter = self._pop_from(self._lanes[name], now)
            if waiter is not None:
                return name, waiter
        return None

    def next_change(self, now: float, notices_open: float) -> float:
        """Return when, at the earliest, `pop` of all lanes could find a call again."""
        times = []
        for name, lane in self._lanes.items():
            opens = now if name is Lane.REPLY else notices_open
            if lane.ready:
                times.append(opens)
            elif lane.held:
                times.append(max(opens, lane.held[0][0]))
        return min(times, default=now)

    def refuse_before(self, reopens: float, now: float, key: str | None = None) -> None:
        """Send away who cannot wait until `reopens`: the calls of one chat, or all."""
        for lane in self._lanes.values():
            for chat in [key] if key is not None else list(lane.queues):
                lane.refuse(chat, reopens, now)

    def close(self) -> None:
        """Send everybody away, to come again later."""
        for lane in self._lanes.values():
            for waiter in chain.from_iterable(lane.queues.values()):
                waiter.refuse(PacedOut(1.0))
        self._lanes = {lane: _Lane() for lane in Lane}

    def _pop_from(self, lane: _Lane, now: float) -> Waiter | None:
        while lane.held and lane.held[0][0] <= now:
            lane.ready.append(heapq.heappop(lane.held)[2])
        while lane.ready:
            key = lane.ready.popleft()
            if not lane.prune(key):
                continue
            ready_at = self._ready_at(key)
            if ready_at > now:
                lane.refuse(key, ready_at, now)
                heapq.heappush(lane.held, (ready_at, next(self._order), key))
                continue
            waiter = lane.queues[key].popleft()
            if lane.queues[key]:
                lane.ready.append(key)
            else:
                del lane.queues[key]
            return waiter
        return None
