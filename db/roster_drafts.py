"""A roster that was read and waits for its confirmation, sealed as a whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import conversation
from db.roster import RosterRow
from db.secrets import Secrets
from db.tables import Stage, StoredFile, Title

LIFE = timedelta(hours=12)
MEDIA_TYPE = "application/vnd.zhibu.roster"
_PLACE = "stored_file.data"


async def keep(
    session: AsyncSession,
    secrets: Secrets,
    rows: Sequence[RosterRow],
    mark: str,
    *,
    owner_id: int,
    now: datetime,
) -> int:
    """Keep the rows of one person in place of any before, with the mark of what was shown.

    Returns their number. Those of others whose time is over are forgotten on this occasion.
    """
    await session.execute(
        delete(StoredFile).where(
            StoredFile.media_type == MEDIA_TYPE,
            or_(StoredFile.owner_id == owner_id, StoredFile.created_at <= now - LIFE),
        )
    )
    plain = json.dumps(
        [mark, [asdict(row) for row in rows]], ensure_ascii=False, default=date.isoformat
    )
    file = await conversation.keep_file(
        session,
        name="roster",
        media_type=MEDIA_TYPE,
        data=secrets.seal(plain, _PLACE).encode(),
        owner_id=owner_id,
        now=now,
    )
    return file.id


async def find(
    session: AsyncSession, secrets: Secrets, number: int, *, owner_id: int, now: datetime
) -> tuple[str, list[RosterRow]] | None:
    """Return the mark and the rows of this very person, None if they are gone or too old."""
    statement = select(StoredFile.data).where(
        StoredFile.id == number,
        StoredFile.owner_id == owner_id,
        StoredFile.media_type == MEDIA_TYPE,
        StoredFile.created_at > now - LIFE,
    )
    data = await session.scalar(statement)
    if data is None:
        return None
    mark, rows = json.loads(secrets.open(data.decode(), _PLACE))
    return mark, [_row(values) for values in rows]


async def drop(session: AsyncSession, *, owner_id: int) -> bool:
    """Forget the rows of a person; False if there were none."""
    gone = await session.execute(
        delete(StoredFile)
        .where(StoredFile.owner_id == owner_id, StoredFile.media_type == MEDIA_TYPE)
        .returning(StoredFile.id)
    )
    return gone.first() is not None


def _row(values: dict[str, Any]) -> RosterRow:
    joined = values["joined_on"]
    return RosterRow(
        **{
            **values,
            "stage": Stage(values["stage"]) if values["stage"] else None,
            "posts": tuple((Title(title), unit) for title, unit in values["posts"]),
            "joined_on": date.fromisoformat(joined) if joined else None,
        }
    )
