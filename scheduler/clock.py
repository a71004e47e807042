"""The metronome: a few jobs that look at the tables now. It holds no truth.

APScheduler with a memory store: a job that was missed is simply run late, once. It goes by the
wall clock, so a clock that is put back would hold every job up for as long: that is watched for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)
# It warns of a job left out because the run before is still under way, which is meant here; that
# a job raised is an error and is told all the same.
logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)

# How often the wall clock is compared with one that never jumps, and what counts as put back.
LOOK_S, PUT_BACK_S = 1.0, 1.0
# How long jobs that are under way at the end are waited for.
FINISH_S = 20.0


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so many seconds; safe to do twice or late.

    With `at_once` it is done at the start, too.
    """

    name: str
    run: Callable[[], Awaitable[None]]
    seconds: float
    at_once: bool = False


class Clock:
    """Runs jobs until it is stopped; one that fails is logged and runs again next time."""

    def __init__(
        self,
        zone: tzinfo,
        jobs: Sequence[Job],
        *,
        wall: Callable[[], float] = time.time,
        look_s: float = LOOK_S,
    ) -> None:
        self._zone = zone
        self._wall = wall
        self._look_s = look_s
        self._looking: asyncio.Task[None] | None = None
        self._scheduler = AsyncIOScheduler(
            timezone=zone,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._under_way: set[asyncio.Task[Any]] = set()
        for job in jobs:
            # Left out, the first run is one interval from now.
            first = {"next_run_time": datetime.now(zone)} if job.at_once else {}
            self._scheduler.add_job(
                self._run,
                "interval",
                args=[job.run],
                seconds=job.seconds,
                id=job.name,
                name=job.name,
                **first,
            )

    @property
    def names(self) -> list[str]:
        """The names of the jobs."""
        return [job.id for job in self._scheduler.get_jobs()]

    def start(self) -> None:
        """Begin to tick in the running event loop."""
        self._scheduler.start()
        self._looking = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Stop ticking, and let the jobs under way end: APScheduler's own stop cancels them."""
        if self._looking is not None:
            self._looking.cancel()
        if self._scheduler.running:
            self._scheduler.pause()
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=FINISH_S)
            self._scheduler.shutdown(wait=False)

    async def _look(self) -> None:
        """Let every job run at once when the wall clock was put back."""
        ahead = self._wall() - time.monotonic()
        while True:
            await asyncio.sleep(self._look_s)
            before, ahead = ahead, self._wall() - time.monotonic()
            if ahead < before - PUT_BACK_S:
                log.warning("the clock was put back by %.0f s: every job runs now", before - ahead)
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=datetime.now(self._zone))

    async def _run(self, run: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.current_task()
        assert task is not None  # a coroutine runs in one
        self._under_way.add(task)
        try:
            await run()
        finally:
            self._under_way.discard(task)
