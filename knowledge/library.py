"""The library that follows the store: SQL is the truth, the shelf is a cache of it.

Every change of a passage carries a revision (`knowledge.revisions`); `refresh` takes over what
is newer than what was seen. Several processes on one store follow each other the same way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import ColumnElement, Row, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Document, Passage, Version
from knowledge import answering, revisions
from knowledge.answering import Answer
from knowledge.cards import Card
from knowledge.shelf import Shelf

log = logging.getLogger(__name__)

# With more than this share of all passages changed, building anew is quicker than a patch.
REBUILD_SHARE = 0.3
PATCH = 2_000


class Library:
    """What questions are put to; one per process, used from its event loop."""

    def __init__(self, shelf: Shelf, folder: Path, *, saved: int | None = None) -> None:
        self._shelf = shelf
        self._folder = folder
        self._saved = saved
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, folder: Path, session: AsyncSession) -> Library:
        """Open the snapshot of a folder and bring it to what the store holds.

        Every passage is compared, so a snapshot of another store, or of one that was restored
        from a backup, does no harm. Without a usable snapshot all is built from the store.
        """
        number = await revisions.current(session)
        shelf = await asyncio.to_thread(Shelf.open, folder)
        patched = None if shelf is None else await _reconcile(shelf, session)
        if shelf is None or patched is None:
            shelf = await _build(session, number)
        saved = shelf.revision if patched == 0 else None
        shelf.revision = number
        return cls(shelf, folder, saved=saved)

    @property
    def shelf(self) -> Shelf:
        """Return what answers are served from just now."""
        return self._shelf

    @property
    def revision(self) -> int:
        """Return the number of the last change that was taken over."""
        return self._shelf.revision

    async def refresh(self, session: AsyncSession) -> None:
        """Take over what was committed since the last look.

        A transaction that has changed the library itself may yet be undone, so it is passed
        over; so is one that sees an older state than was seen already.
        """
        if revisions.changed_here(session):
            return
        async with self._turn:
            number = await revisions.current(session)
            if number <= self._shelf.revision:
                return
            newer = (await session.execute(_NEWER, {"seen": self._shelf.revision})).all()
            self._shelf.remove(row.id for row in newer if not _live(row))
            self._shelf.put(_card(row) for row in newer if _live(row))
            self._shelf.revision = number

    def save(self) -> None:
        """Write a snapshot for the next start, if there is anything new, and serve from it."""
        if self._saved == self._shelf.revision:
            return
        self._shelf.save(self._folder)
        # Mapped, the same content takes a fraction of the memory. Another process may have
        # saved in between; `refresh` goes on from whatever revision was opened.
        self._shelf = Shelf.open(self._folder) or self._shelf
        self._saved = self._shelf.revision

    async def checkpoint(self) -> None:
        """Save beside the conversation: in a thread, and not while changes are taken over."""
        async with self._turn:
            await asyncio.to_thread(self.save)

    def answer(self, question: str, *, as_of: date, internal: bool) -> Answer:
        """Answer a text that somebody typed; see `knowledge.answering.answer`."""
        return answering.answer(self._shelf, question, as_of=as_of, internal=internal)

    def show(self, passage_id: int, *, as_of: date, internal: bool) -> Answer | None:
        """Return a passage that was chosen from a list."""
        return answering.show(self._shelf, passage_id, as_of=as_of, internal=internal)


async def _build(session: AsyncSession, number: int) -> Shelf:
    log.info("building the search index from the store")
    rows = await _rows(session, *_LIVE)
    return await asyncio.to_thread(Shelf.build, [_card(row) for row in rows], number)


async def _reconcile(shelf: Shelf, session: AsyncSession) -> int | None:
    """Bring a shelf to the state of the store.

    Returns how many passages were others, or None if it is better built anew.
    """
    held = shelf.cards.stamps()
    stored = {row.id: _stamp(row) async for row in _stamps(session)}
    changed = [i for i, stamp in stored.items() if held.get(i) != stamp]
    gone = [i for i in held if i not in stored]
    if len(changed) + len(gone) > REBUILD_SHARE * len(stored):
        return None
    shelf.remove(gone)
    for start in range(0, len(changed), PATCH):
        rows = await _rows(session, Passage.id.in_(changed[start : start + PATCH]))
        shelf.put(_card(row) for row in rows)
    return len(changed) + len(gone)


_COLUMNS = (
    Passage.id,
    Passage.question,
    Passage.aliases,
    Passage.text,
    Passage.regulation,
    Passage.article,
    Passage.label,
    Passage.certainty,
    Passage.topic,
    Passage.related,
    Passage.valid_from,
    Passage.valid_to,
    Passage.digest,
    Passage.revision,
    Passage.retired_at,
    Document.title,
    Document.internal,
    Document.retired_at.label("document_retired_at"),
)


_LIVE = (Passage.retired_at.is_(None), Document.retired_at.is_(None))
_ROWS = (
    select(*_COLUMNS)
    .join(Version, Version.id == Passage.version_id)
    .join(Document, Document.id == Version.document_id)
    .order_by(Passage.id)
)
_NEWER = _ROWS.where(Passage.revision > bindparam("seen"))


async def _rows(
    session: AsyncSession, *which: ColumnElement[bool]
) -> Sequence[Row[*tuple[Any, ...]]]:
    return (await session.execute(_ROWS.where(*which))).all()


async def _stamps(session: AsyncSession) -> AsyncIterator[Row[*tuple[Any, ...]]]:
    statement = (
        select(Passage.id, Passage.revision, Passage.digest)
        .join(Version, Version.id == Passage.version_id)
        .join(Document, Document.id == Version.document_id)
        .where(*_LIVE)
    )
    async for row in await session.stream(statement):
        yield row


def _live(row: Row[*tuple[Any, ...]]) -> bool:
    return row.retired_at is None and row.document_retired_at is None


def _stamp(row: Row[*tuple[Any, ...]]) -> int:
    """Return a number that changes with every change of the passage."""
    return crc32(f"{row.revision}:{row.digest}".encode())


def _card(row: Row[*tuple[Any, ...]]) -> Card:
    return Card(
        id=row.id,
        text=row.text,
        question=row.question,
        aliases=tuple(filter(None, row.aliases.split("\n"))),
        title=row.title,
        regulation=row.regulation,
        article=row.article,
        version=row.label,
        certainty=row.certainty,
        topic=row.topic,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        related=tuple(int(number) for number in row.related.split()),
        internal=row.internal,
        stamp=_stamp(row),
    )
