"""The metronome: a few jobs that look at the tables now. It holds no truth.

APScheduler with a memory store: a job that was missed is simply run late, once.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)


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

    def __init__(self, zone: tzinfo, jobs: Sequence[Job]) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=zone,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for job in jobs:
            # Left out, the first run is one interval from now.
            first = {"next_run_time": datetime.now(zone)} if job.at_once else {}
            self._scheduler.add_job(
                job.run, "interval", seconds=job.seconds, id=job.name, name=job.name, **first
            )

    @property
    def names(self) -> list[str]:
        """The names of the jobs."""
        return [job.id for job in self._scheduler.get_jobs()]

    def start(self) -> None:
        """Begin to tick in the running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking; a job under way is left to end."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
