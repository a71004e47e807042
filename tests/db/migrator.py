"""What a process does that migrates a store."""

from __future__ import annotations

import asyncio

from db.engine import Database
from db.migrate import upgrade


def migrate(url: str) -> None:
    """Bring the store to the newest schema."""
    asyncio.run(_migrate(url))


async def _migrate(url: str) -> None:
    database = Database(url)
    await upgrade(database)
    await database.close()
