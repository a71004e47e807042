"""What guards the store while the assistant runs: its mark, and copies of it."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from bot.settings import Settings
from db import anchor, backup
from db.engine import Database
from db.instants import of_store
from db.secrets import Secrets

log = logging.getLogger(__name__)

# The folder of the hourly copies, in the data folder.
BACKUPS = "backups"


def store_file(settings: Settings) -> Path | None:
    """Return the SQLite file of the store, None when it is on a server."""
    url = make_url(settings.database)
    is_file = url.get_backend_name() == "sqlite" and url.database
    return Path(str(url.database)) if is_file else None


class Safekeeping:
    """The jobs that guard one store. `mark` and `copy` are safe to run twice or late."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def look(self) -> str | None:
        """Hold the sending if the store was put back; return why. To be done at the start."""
        now = await self._now()
        return await anchor.guard(self._database, self._settings.data, now=now)

    async def mark(self) -> None:
        """Mark how far the store is."""
        await anchor.renew(self._database, self._settings.data, now=await self._now())

    async def copy(self) -> None:
        """Make a checked copy and delete those not worth keeping. A server makes its own."""
        store = store_file(self._settings)
        if store is None:
            return
        folder = self._settings.data / BACKUPS
        target = folder / backup.name_at(await self._now())
        made = await backup.make(store, target, Secrets(self._settings.key))
        gone = backup.prune(folder)
        log.info("backup %s: %s KB; %s deleted", made.path.name, made.size // 1024, len(gone))

    async def _now(self) -> datetime:
        async with self._database.read() as session:
            return await of_store(session)
