"""When each loop last ended a round well: in the store for people, in memory for the watchdog."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Heartbeat
from db.types import insert_new

# So many periods without a round are silence.
SILENT_PERIODS = 3


async def beat(session: AsyncSession, loop: str, now: datetime, note: str = "") -> None:
    """Note that a loop ended a round well, and what it has to say."""
    values = {"loop": loop, "beat_at": now, "note": note}
    if not await insert_new(session, Heartbeat, values):
        beaten = update(Heartbeat).where(Heartbeat.loop == loop)
        await session.execute(beaten.values(beat_at=now, note=note))


async def silent(
    session: AsyncSession, periods: Mapping[str, timedelta], now: datetime
) -> list[str]:
    """Return the loops of these periods that some process once ran and none has for too long."""
    rows = await session.scalars(select(Heartbeat).where(Heartbeat.loop.in_(periods)))
    return sorted(
        row.loop for row in rows if now - row.beat_at > SILENT_PERIODS * periods[row.loop]
    )


class Pulse:
    """The heartbeats of this process, in seconds of a clock that never jumps.

    A loop counts as alive when it is watched first. Safe to use from several threads.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._patience: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def watch(self, loop: str, seconds: float) -> None:
        """Expect a loop to beat every so many seconds."""
        with self._lock:
            self._patience[loop] = SILENT_PERIODS * seconds
            self._last[loop] = self._clock()

    def beat(self, loop: str) -> None:
        """Note that a loop is alive."""
        with self._lock:
            self._last[loop] = self._clock()

    def silent(self) -> dict[str, float]:
        """Return the loops that have been silent for too long, and for how many seconds."""
        now = self._clock()
        with self._lock:
            return {
                loop: now - self._last[loop]
                for loop, patience in self._patience.items()
                if now - self._last[loop] > patience
            }
