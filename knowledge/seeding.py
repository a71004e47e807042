"""The entries that come with the program, brought into the store.

They are documents like any other, one a subject, under keys that begin with "seed:". A newer
program changes only what it words differently, and what an editor took out of use stays so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Document, Passage, Version
from knowledge.cards import NOTE
from knowledge.editions import Counts, Edition, Item
from knowledge.entries import Entry, load_entries
from knowledge.importing import apply, plan
from knowledge.revisions import begin_change

PREFIX = "seed:"
LABEL = "内置"
ARTICLE_UNCERTAIN = "条号待核"


async def seed(
    session: AsyncSession, *, now: datetime, entries: Iterable[Entry] | None = None
) -> Counts:
    """Bring the shipped entries into the store; a second time changes nothing."""
    entries = tuple(load_entries() if entries is None else entries)
    editions = _editions(entries)
    counts = Counts()
    for edition in (*editions, *await _dropped(session, {e.key for e in editions})):
        counts += await apply(session, await plan(session, edition), by=None, now=now)
    await _relate(session, {entry.id: entry.see for entry in entries})
    return counts


def item(entry: Entry) -> Item:
    """Turn an entry into what is stored of it."""
    certainty = [entry.certainty, *([] if entry.article_certain else [ARTICLE_UNCERTAIN])]
    note = NOTE + entry.note if entry.note else ""
    return Item(
        key=entry.id,
        text=entry.answer + note,
        question=entry.question,
        aliases=tuple(entry.asks),
        regulation=entry.regulation,
        article=entry.article,
        label=entry.version,
        certainty=" ".join(certainty),
        topic=entry.topic,
        valid_from=entry.effective_from,
        valid_to=entry.effective_to,
    )


def _editions(entries: Iterable[Entry]) -> list[Edition]:
    topics: dict[str, list[Item]] = {}
    for entry in entries:
        topics.setdefault(entry.topic, []).append(item(entry))
    return [Edition(PREFIX + topic, topic, LABEL, tuple(items)) for topic, items in topics.items()]


async def _dropped(session: AsyncSession, keys: set[str]) -> list[Edition]:
    """Return the subjects that the program does not bring any more, as empty editions."""
    rows = await session.execute(
        select(Document.key, Document.title).where(
            Document.key.startswith(PREFIX, autoescape=True), Document.key.not_in(keys)
        )
    )
    return [Edition(row.key, row.title, LABEL, ()) for row in rows]


async def _relate(session: AsyncSession, see: Mapping[str, Iterable[str]]) -> None:
    """Point each entry to the passages of those that it names."""
    rows = (
        await session.execute(
            select(Passage.id, Passage.key, Passage.related)
            .join(Version, Version.id == Passage.version_id)
            .join(Document, Document.id == Version.document_id)
            .where(Document.key.startswith(PREFIX, autoescape=True), Passage.digest != "")
        )
    ).all()
    ids = {row.key: row.id for row in rows}
    wanted = {
        row.id: " ".join(str(ids[key]) for key in see.get(row.key, ()) if key in ids)
        for row in rows
    }
    others = [row.id for row in rows if row.related != wanted[row.id]]
    revision = await begin_change(session) if others else 0
    for passage_id in others:
        await session.execute(
            update(Passage)
            .where(Passage.id == passage_id)
            .values(related=wanted[passage_id], revision=revision)
            .execution_options(synchronize_session=False)
        )
