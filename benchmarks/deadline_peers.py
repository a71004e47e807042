"""What others take: one APScheduler job a deadline, and procrastinate's queue."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.executors.base import BaseExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.base import BaseScheduler

from benchmarks.deadline_store import DUE_EVERY

if TYPE_CHECKING:
    from tests.postgres import Server


class _Nothing(BaseExecutor):  # type: ignore[misc]  # the package is not typed
    """Takes jobs and does nothing with them: only the scheduler's own work is measured."""

    taken = 0

    def _do_submit_job(self, job: object, run_times: object) -> None:
        self.taken += 1


class _Stepped(BaseScheduler):  # type: ignore[misc]  # the package is not typed
    """A scheduler whose tick is ours to call."""

    def shutdown(self, wait: bool = True) -> None:
        """End it and its stores."""
        super().shutdown(wait)

    def wakeup(self) -> None:
        """Do nothing: nobody sleeps."""

    def tick(self) -> None:
        """Submit what is due."""
        self._process_jobs()


def remind() -> None:
    """The job that stands for a deadline."""


def apscheduler_tick(jobs: int) -> tuple[int, float]:
    """Return how many jobs were due at a tick and the seconds that it took.

    The jobs stand in memory, the fastest store that it has; those in a database are slower.
    """
    scheduler, executor = _Stepped(timezone=UTC), _Nothing()
    scheduler.add_jobstore(MemoryJobStore())
    scheduler.add_executor(executor)
    scheduler.start()
    now = datetime.now(UTC)
    for number in range(jobs):
        ahead = timedelta(days=-1) if number % DUE_EVERY == 0 else timedelta(days=3)
        scheduler.add_job(
            remind, "date", run_date=now + ahead, id=str(number), misfire_grace_time=None
        )
    begun = time.perf_counter()
    scheduler.tick()
    spent = time.perf_counter() - begun
    scheduler.shutdown()
    return executor.taken, spent


async def procrastinate_drain(server: Server, database: str, jobs: int, at_once: int) -> float:
    """Return the seconds in which a worker does so many jobs that do nothing.

    Raises `ImportError` where the package is missing.
    """
    from procrastinate import App, PsycopgConnector
    from procrastinate.types import JSONDict

    address = server.url(database).replace("+asyncpg", "")
    app = App(connector=PsycopgConnector(conninfo=address))

    @app.task(name="send")
    async def send(number: int) -> None:
        """Send nothing."""

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        tasks: list[JSONDict] = [{"number": number} for number in range(jobs)]
        await send.batch_defer_async(*tasks)
        begun = time.perf_counter()
        await app.run_worker_async(
            wait=False, concurrency=at_once, install_signal_handlers=False, listen_notify=False
        )
        return time.perf_counter() - begun
