"""What the processes do that the tests of the sweep kill."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database, is_store_fault
from scheduler import notices
from tests.scheduler.world import swept

# Small batches: many places to be killed at.
BATCH = 4


def sweep_on(url: str, now: datetime) -> None:
    """Sweep again and again; a lock that another process holds is waited for."""
    asyncio.run(_sweep_on(url, now))


def die_before_the_message(url: str, now: datetime) -> None:
    """Sweep, and die when the duty is changed and on record, and no message yet written."""
    notices.tell = _die
    asyncio.run(swept(Database(url), now))


async def _sweep_on(url: str, now: datetime) -> None:
    database = Database(url)
    while True:
        try:
            await swept(database, now, limit=BATCH)
        except Exception as error:
            if not is_store_fault(error):
                raise
        await asyncio.sleep(0.01)


async def _die(session: AsyncSession, *args: Any, **kwargs: Any) -> NoReturn:
    await session.flush()
    os._exit(9)
