"""A mark outside the store by which one that was put back is known.

The store counts its marks; the newest count is also kept in a small file beside it, with the
head of the record of acts. A store that knows less than the file is older than what has already
been sent from it, and would send it again: it is held until an administrator has looked.
Several processes on one store each have a file; the count is the store's.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import holds
from db.engine import Database
from db.tables import AuditLine, Heartbeat

log = logging.getLogger(__name__)

FILE = "anchor.json"
# The heartbeat whose note is the count.
LOOP = "anchor"


class StoreGone(Exception):
    """There is a mark, but the store that it was made of is not there any more."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The store's count of marks, and number and hash of the newest line of its record."""

    count: int
    line: int
    hash: str


def require(database: Database, folder: Path) -> None:
    """Raise `StoreGone` where an empty store would be made in the place of one that is gone."""
    if database.is_missing and read(folder) is not None:
        raise StoreGone(f"the store {database.url.database} is gone")


async def renew(database: Database, folder: Path, *, now: datetime) -> Anchor:
    """Count one more mark in the store, then write it down beside it."""
    before = read(folder)
    async with database.write() as session:
        count = max(await _count(session), before.count if before else 0) + 1
        await session.merge(Heartbeat(loop=LOOP, beat_at=now, note=str(count)))
        head = await _head(session)
    anchor = Anchor(count, head.seq if head else 0, head.hash if head else "")
    _write(folder, anchor)
    return anchor


async def guard(database: Database, folder: Path, *, now: datetime) -> str | None:
    """Hold the sending of a store that is older than its mark; return why, None if it is not."""
    anchor = read(folder)
    if anchor is None:
        return None
    async with database.write() as session:
        reason = await _older(session, anchor)
        if reason is not None:
            await holds.hold(session, holds.RESTORED, reason, now=now)
            log.error("nothing is sent: %s. See zhibu outbox show", reason)
    return reason


def read(folder: Path) -> Anchor | None:
    """Return the mark beside the store; None where there is none, or none that can be read."""
    try:
        return Anchor(**json.loads((folder / FILE).read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        log.error("%s cannot be read: whether the store is older is not known", FILE)
        return None


def _write(folder: Path, anchor: Anchor) -> None:
    part = folder / f"{FILE}.part"
    with part.open("w", encoding="utf-8") as file:
        json.dump(asdict(anchor), file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / FILE)


async def _older(session: AsyncSession, anchor: Anchor) -> str | None:
    count = await _count(session)
    if count < anchor.count:
        return f"the store is older than its mark ({count} of {anchor.count}): it was put back"
    kept = await session.scalar(select(AuditLine.hash).where(AuditLine.seq == anchor.line))
    if anchor.line and kept != anchor.hash:
        return f"line {anchor.line} of the record of acts is not the one that was marked"
    return None


async def _count(session: AsyncSession) -> int:
    note = await session.scalar(select(Heartbeat.note).where(Heartbeat.loop == LOOP))
    return int(note or 0)


async def _head(session: AsyncSession) -> AuditLine | None:
    return await session.scalar(select(AuditLine).order_by(AuditLine.seq.desc()).limit(1))
