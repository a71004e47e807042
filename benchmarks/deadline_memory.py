"""The resident memory of a process that sweeps and audits a store: `… deadline_memory ADDRESS`."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import bot.app  # noqa: F401 - what the real process has loaded counts
from benchmarks.deadline_store import BOOK, NOW, ZONE
from db.engine import Database
from scheduler import auditor, sweep


async def work(address: str) -> None:
    """Do one round of each, as the jobs of the program do."""
    database = Database(address)
    await sweep.sweep(database, BOOK, now=NOW, sent_at=NOW, zone=ZONE)
    await auditor.audit(database, BOOK, now=NOW, sent_at=NOW, zone=ZONE, periods={})
    await database.close()


def most_resident() -> float:
    """Return the most MB that were resident, as Linux counts them.

    `getrusage` would count the process that started this one, too.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise RuntimeError("/proc/self/status has no VmHWM")
    return int(found[1]) / 1024


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
    print(most_resident())
