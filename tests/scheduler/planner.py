"""A process that plans one round: `python -m tests.scheduler.planner URL NOW`."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

from db.engine import Database
from scheduler import planning
from tests.scheduler.world import BOOK, ZONE

# Small batches: many places to be killed at.
BATCH = 4


async def run(url: str, now: datetime) -> None:
    """Plan the small organisation's rules."""
    database = Database(url)
    await planning.plan(database, BOOK, now=now, sent_at=now, zone=ZONE, batch=BATCH)
    await database.close()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], datetime.fromisoformat(sys.argv[2])))
