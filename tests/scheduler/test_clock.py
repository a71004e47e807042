"""The metronome ticks, survives what it calls, and stops without cutting anything off."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC

import pytest

from scheduler.clock import Clock, Job


async def test_what_is_under_way_ends_before_the_clock_has_stopped() -> None:
    """A job that is cut off in its transaction leaves a line of error at every stop."""
    started, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def job() -> None:
        started.set()
        await go_on.wait()
        done.set()

    clock = Clock(UTC, [Job("slow", job, seconds=3600, at_once=True)])
    clock.start()
    await started.wait()
    stopping = asyncio.create_task(clock.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    go_on.set()
    await stopping
    assert done.is_set()


async def test_a_job_that_fails_runs_again(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []
    twice = asyncio.Event()

    async def job() -> None:
        runs.append(1)
        if len(runs) == 2:
            twice.set()
        raise RuntimeError("once more")

    clock = Clock(UTC, [Job("odd", job, seconds=0.05, at_once=True)])
    clock.start()
    await asyncio.wait_for(twice.wait(), 10)
    await clock.stop()
    assert "once more" in caplog.text


@pytest.mark.parametrize(("jump", "runs"), [(-600.0, 2), (600.0, 1)])
async def test_a_clock_that_is_put_back_holds_no_job_up(jump: float, runs: int) -> None:
    """Fault 16: APScheduler's next run would be an interval after a time that comes again."""
    ran: list[int] = []
    looks = asyncio.Semaphore(0)
    ahead = 0.0

    async def job() -> None:
        ran.append(1)

    def wall() -> float:
        looks.release()
        return time.time() + ahead

    clock = Clock(UTC, [Job("sweep", job, seconds=3600, at_once=True)], wall=wall, look_s=0.02)
    clock.start()
    await looks.acquire()
    ahead = jump
    for _ in range(4):
        await looks.acquire()
    await clock.stop()
    assert len(ran) == runs
