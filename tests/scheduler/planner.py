"""What a process does that plans one round and may be killed meanwhile."""

from __future__ import annotations

import asyncio
from datetime import datetime

from db.engine import Database
from scheduler import planning
from tests.scheduler.world import BOOK, ZONE

# Small batches: many places to be killed at.
BATCH = 4


def plan(url: str, now: datetime) -> None:
    """Plan the small organisation's rules."""
    asyncio.run(_plan(url, now))


async def _plan(url: str, now: datetime) -> None:
    database = Database(url)
    await planning.plan(database, BOOK, now=now, sent_at=now, zone=ZONE, batch=BATCH)
    await database.close()
