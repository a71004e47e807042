"""A calendar that runs faster than time, so that a demo shows in minutes what takes weeks."""

from __future__ import annotations

from datetime import datetime


class DemoClock:
    """Turns the time into the calendar's: the same at `start`, `speed` times as fast after it.

    Only duties go by it; leases, dialogs and links keep the real time.
    """

    def __init__(self, start: datetime, speed: float) -> None:
        self._start = start
        self._speed = speed

    def __call__(self, now: datetime) -> datetime:
        """Return the calendar's time at a moment."""
        return self._start + (now - self._start) * self._speed
