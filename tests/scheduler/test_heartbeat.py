"""Beats in the store, which people see, and in memory, which the watchdog sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.engine import Database
from db.tables import Heartbeat
from scheduler import heartbeat
from scheduler.heartbeat import Pulse

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


async def test_the_newest_beat_of_a_loop_stays(database: Database) -> None:
    for minutes in (0, 5):
        async with database.write() as session:
            at = NOW + timedelta(minutes=minutes)
            await heartbeat.beat(session, "sweep", at, f"{minutes}")
    async with database.read() as session:
        beat = await session.get_one(Heartbeat, "sweep")
    assert (beat.beat_at, beat.note) == (NOW + timedelta(minutes=5), "5")


def test_a_loop_is_silent_after_three_periods_without_a_beat() -> None:
    seconds = 0.0
    pulse = Pulse(lambda: seconds)
    pulse.watch("sweep", 10)
    pulse.watch("audit", 300)
    seconds = 30.0
    assert pulse.silent() == {}
    seconds = 30.5
    assert pulse.silent() == {"sweep": 30.5}
    pulse.beat("sweep")
    assert pulse.silent() == {}


def test_a_loop_that_nobody_watches_may_be_silent() -> None:
    pulse = Pulse(lambda: 1000.0)
    pulse.beat("once")
    assert pulse.silent() == {}
