"""A document that was read and waits for its confirmation.

What was read is kept as a stored file of the person who sent it, until title, version and first
day are confirmed.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import conversation
from db.tables import StoredFile
from knowledge.editions import Edition, Item

PREFIX = "file:"
MEDIA_TYPE = "application/vnd.zhibu.draft+json"
# A version without a year of its own is called so.
CURRENT = "现行"
_OUTSIDE = re.compile(r"[《》\s\0]+")


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that was read. `starts` and `label` are guesses, `evidence` the words they rest on.

    `problems` are Chinese sentences about parts that were left out.
    """

    title: str
    items: tuple[Item, ...]
    label: str = CURRENT
    starts: date | None = None
    evidence: str = ""
    internal: bool = False
    problems: tuple[str, ...] = ()

    def edition(self) -> Edition:
        """Return what would be stored."""
        key = PREFIX + _OUTSIDE.sub("", self.title)
        items = tuple(
            replace(i, regulation=i.regulation or f"《{self.title}》") for i in self.items
        )
        return Edition(key, self.title, self.label, items, self.starts, None, self.internal)

    def to_json(self) -> bytes:
        """Return the draft as bytes, for `from_json`."""
        return json.dumps(asdict(self), ensure_ascii=False, default=date.isoformat).encode()

    @staticmethod
    def from_json(data: bytes) -> Draft:
        """Read what `to_json` wrote."""
        values = json.loads(data)
        values["items"] = tuple(_item(item) for item in values["items"])
        values["problems"] = tuple(values["problems"])
        return Draft(**{**values, "starts": _date(values["starts"])})


async def keep(session: AsyncSession, draft: Draft, *, owner_id: int, now: datetime) -> int:
    """Keep a draft until it is confirmed; returns its number."""
    file = await conversation.keep_file(
        session,
        name=draft.title,
        media_type=MEDIA_TYPE,
        data=draft.to_json(),
        owner_id=owner_id,
        now=now,
    )
    return file.id


async def find(session: AsyncSession, number: int, *, owner_id: int) -> Draft | None:
    """Return a draft of this very person, None if it is gone."""
    statement = select(StoredFile.data).where(
        StoredFile.id == number,
        StoredFile.owner_id == owner_id,
        StoredFile.media_type == MEDIA_TYPE,
    )
    data = await session.scalar(statement)
    return None if data is None else Draft.from_json(data)


async def drop(session: AsyncSession, number: int, *, owner_id: int) -> None:
    """Forget a draft."""
    await session.execute(
        delete(StoredFile).where(
            StoredFile.id == number,
            StoredFile.owner_id == owner_id,
            StoredFile.media_type == MEDIA_TYPE,
        )
    )


def _item(values: dict[str, Any]) -> Item:
    return Item(
        **{
            **values,
            "aliases": tuple(values["aliases"]),
            "valid_from": _date(values["valid_from"]),
            "valid_to": _date(values["valid_to"]),
        }
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
