"""Holding back a single sender who floods, so that the others are served."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

# People press buttons fast; nobody types 30 messages in 20 seconds.
LIMIT = 30
WINDOW = timedelta(seconds=20)
SENDERS = 10_000


class Flood:
    """A sliding window per sender, in memory: it only protects this process.

    At most `SENDERS` are remembered, the longest silent are forgotten first.
    """

    def __init__(self, limit: int = LIMIT, window: timedelta = WINDOW) -> None:
        self._limit = limit
        self._window = window
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def admit(self, sender: str, now: datetime) -> bool:
        """Count one message; False if it is one too many and is to be dropped."""
        times = self._seen.setdefault(sender, deque())
        self._seen.move_to_end(sender)
        while times and times[0] <= now - self._window:
            times.popleft()
        if len(times) >= self._limit:
            return False
        times.append(now)
        while len(self._seen) > SENDERS:
            self._seen.popitem(last=False)
        return True
