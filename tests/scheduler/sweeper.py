"""A process that sweeps until it is killed: `python -m tests.scheduler.sweeper URL NOW`."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

from db.engine import Database, is_store_fault
from tests.scheduler.world import swept

# Small batches: many places to be killed at.
BATCH = 4


async def run(url: str, now: datetime) -> None:
    """Sweep again and again; a lock that another process holds is waited for."""
    database = Database(url)
    while True:
        try:
            await swept(database, now, limit=BATCH)
        except Exception as error:
            if not is_store_fault(error):
                raise
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], datetime.fromisoformat(sys.argv[2])))
