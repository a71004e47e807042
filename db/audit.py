"""The append-only record: every line carries the authenticated hash of the one before.

Haber and Stornetta, "How to time-stamp a digital document" (1991). Persons stand in it by id
only, so that erasing a person leaves the chain whole.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.secrets import Secrets
from db.tables import AuditLine
from db.types import lock_chain

DOMAIN = "zhibu/audit/1"
START = "0" * 64


async def record(
    session: AsyncSession,
    secrets: Secrets,
    *,
    actor_id: int | None,
    action: str,
    object: str,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> int:
    """Append one line in the caller's transaction and return its number.

    `data` holds plain values and ids only.
    """
    await lock_chain(session)
    last = await session.scalar(select(AuditLine).order_by(AuditLine.seq.desc()).limit(1))
    line = AuditLine(
        seq=last.seq + 1 if last else 1,
        at=now,
        actor_id=actor_id,
        action=action,
        object=object,
        data=data or {},
        previous=last.hash if last else START,
    )
    line.hash = secrets.chain(_canonical(line))
    session.add(line)
    await session.flush()
    return line.seq


async def find(session: AsyncSession, seq: int) -> AuditLine | None:
    """Return one line."""
    return await session.get(AuditLine, seq)


async def is_last(session: AsyncSession, line: AuditLine, actions: Collection[str]) -> bool:
    """Tell whether none of `actions` was done to the line's object after it."""
    later = select(AuditLine.seq).where(
        AuditLine.seq > line.seq, AuditLine.object == line.object, AuditLine.action.in_(actions)
    )
    return await session.scalar(later.limit(1)) is None


async def verify(session: AsyncSession, secrets: Secrets) -> int | None:
    """Return the number of the first line that does not hold, or None when all do."""
    previous, expected = START, 1
    lines = await session.stream_scalars(select(AuditLine).order_by(AuditLine.seq))
    async for line in lines:
        holds = (
            line.seq == expected
            and line.previous == previous
            and line.hash == secrets.chain(_canonical(line))
        )
        if not holds:
            return expected
        previous, expected = line.hash, expected + 1
    return None


def _canonical(line: AuditLine) -> str:
    values = [
        DOMAIN,
        line.seq,
        line.at.astimezone(UTC).isoformat(),
        line.actor_id,
        line.action,
        line.object,
        line.data,
        line.previous,
    ]
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
