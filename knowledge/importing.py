"""Texts into the store: first a plan that can be shown, then all of it or nothing.

A document has versions, each in force from a day; a new one supersedes the one before from that
day on, and the older texts stay, marked. Importing the same version again touches only the
passages whose content is another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Document, Passage, Version
from knowledge.editions import Counts, Edition, Item, Plan
from knowledge.revisions import LibraryError, begin_change

# SQLite takes some 32,000 values in one statement.
BATCH = 5_000
OUTDATED = "知识库在预览之后有了变化，这次导入没有保存。请重新发送文件。"
NO_DAY = "这份资料已有别的版本，请给出这一版的生效日期，才能分清先后。"
SAME_DAY = "已有同一天生效的版本“{label}”。请改生效日期，或者用同一个版本名覆盖它。"
WRONG_ORDER = "失效日期应当晚于生效日期。"


async def plan(session: AsyncSession, edition: Edition) -> Plan:
    """Compare an edition with the store; raises `LibraryError` if it cannot be stored."""
    _check(edition)
    state = await _state(session, edition)
    stored = state.passages
    keys = {item.key for item in edition.items}
    dropped = (k for k, row in stored.items() if k not in keys and row.digest)
    return Plan(
        edition,
        mark=state.mark,
        added=tuple(i.key for i in edition.items if _is_new(stored.get(i.key))),
        changed=tuple(i.key for i in edition.items if _is_other(stored.get(i.key), i)),
        removed=tuple(dropped),
        same=sum(1 for i in edition.items if _is_same(stored.get(i.key), i)),
        supersedes=state.superseded_by(edition),
        described=state.differs(edition),
    )


async def apply(session: AsyncSession, plan_: Plan, *, by: int | None, now: datetime) -> Counts:
    """Store what a plan says, in the caller's transaction.

    Raises `LibraryError` if the document was changed since the plan was made.
    """
    counts = Counts(len(plan_.added), len(plan_.changed), len(plan_.removed), plan_.same)
    if plan_.empty:
        return counts
    revision = await begin_change(session)
    edition = plan_.edition
    if (await _state(session, edition)).mark != plan_.mark:
        raise LibraryError(OUTDATED)
    document = await _document(session, edition, now)
    version = await _version(session, document, edition, revision, by=by, now=now)
    await _store(session, version, plan_, revision=revision, now=now)
    await _describe(session, document, edition, revision)
    await chain(session, document.id, revision)
    return counts


async def chain(session: AsyncSession, document_id: int, revision: int) -> None:
    """End every version of a document, that is in use, on the day the next one begins.

    A version ends earlier if it says so itself. Versions that are wholly retired do not count,
    and one that was ended by them is open again.
    """
    versions = await _versions(session, document_id)
    begun = {v.valid_from for v in versions if v.valid_from}
    in_use = [v for v in versions if await _is_in_use(session, v.id)]
    in_use.sort(key=lambda v: v.valid_from or date.min)
    for place, version in enumerate(in_use):
        following = next((v.valid_from for v in in_use[place + 1 :] if v.valid_from), None)
        own = None if version.valid_to in begun else version.valid_to
        await _end(
            session, version, min((d for d in (own, following) if d), default=None), revision
        )


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the store holds of one passage; an empty digest says that its source dropped it."""

    id: int
    digest: str
    retired: bool


@dataclass(frozen=True, slots=True)
class _State:
    """What the store holds of a document, read without caching."""

    mark: int
    title: str | None
    internal: bool
    versions: tuple[Any, ...]
    label: str
    passages: dict[str, _Stored]

    def superseded_by(self, edition: Edition) -> tuple[str, ...]:
        """Return the versions that end when the edition begins; raises when it is undecided."""
        others = [v for v in self.versions if v.label != edition.label]
        if others and edition.valid_from is None:
            raise LibraryError(NO_DAY)
        same = next((v.label for v in others if v.valid_from == edition.valid_from), None)
        if same is not None:
            raise LibraryError(SAME_DAY.format(label=same))
        start = edition.valid_from or date.min
        earlier = (v for v in others if (v.valid_from or date.min) < start)
        return tuple(v.label for v in earlier if v.valid_to is None or v.valid_to > start)

    def differs(self, edition: Edition) -> bool:
        """Tell whether title, reach or first day of the stored version are others."""
        own = next((v for v in self.versions if v.label == edition.label), None)
        if own is None:
            return True
        known = (self.title, self.internal, own.valid_from)
        ends = edition.valid_to is not None and own.valid_to != edition.valid_to
        return ends or known != (edition.title, edition.internal, edition.valid_from)


async def _state(session: AsyncSession, edition: Edition) -> _State:
    document = (
        await session.execute(
            select(Document.id, Document.title, Document.internal).where(
                Document.key == edition.key
            )
        )
    ).one_or_none()
    if document is None:
        return _State(0, None, False, (), edition.label, {})
    versions = (
        await session.execute(
            select(Version.id, Version.label, Version.valid_from, Version.valid_to)
            .where(Version.document_id == document.id)
            .order_by(Version.id)
        )
    ).all()
    mark = await session.scalar(
        select(func.max(Passage.revision)).where(Passage.version_id.in_([v.id for v in versions]))
    )
    own = next((v.id for v in versions if v.label == edition.label), None)
    passages = {} if own is None else await _passages(session, own)
    return _State(
        mark or 0, document.title, document.internal, tuple(versions), edition.label, passages
    )


async def _passages(session: AsyncSession, version_id: int) -> dict[str, _Stored]:
    rows = await session.execute(
        select(Passage.key, Passage.id, Passage.digest, Passage.retired_at).where(
            Passage.version_id == version_id
        )
    )
    return {row.key: _Stored(row.id, row.digest, row.retired_at is not None) for row in rows}


def _is_new(stored: _Stored | None) -> bool:
    return stored is None or not stored.digest


def _is_other(stored: _Stored | None, item: Item) -> bool:
    return stored is not None and stored.digest not in ("", item.digest)


def _is_same(stored: _Stored | None, item: Item) -> bool:
    return stored is not None and stored.digest == item.digest


def _check(edition: Edition) -> None:
    if edition.valid_from and edition.valid_to and edition.valid_to <= edition.valid_from:
        raise LibraryError(WRONG_ORDER)
    if len({item.key for item in edition.items}) != len(edition.items):
        raise ValueError("two items of an edition have one key")


async def _document(session: AsyncSession, edition: Edition, now: datetime) -> Document:
    statement = select(Document).where(Document.key == edition.key)
    found = (await session.scalars(statement)).one_or_none()
    if found is None:
        found = Document(
            key=edition.key, title=edition.title, internal=edition.internal, created_at=now
        )
        session.add(found)
        await session.flush()
    return found


async def _version(
    session: AsyncSession,
    document: Document,
    edition: Edition,
    revision: int,
    *,
    by: int | None,
    now: datetime,
) -> Version:
    statement = select(Version).where(
        Version.document_id == document.id, Version.label == edition.label
    )
    found = (await session.scalars(statement)).one_or_none()
    if found is None:
        found = Version(
            document_id=document.id,
            label=edition.label,
            valid_from=edition.valid_from,
            valid_to=edition.valid_to,
        )
        session.add(found)
    found.digest = _together(edition.items)
    found.imported_at, found.imported_by = now, by
    await session.flush()
    await _begin(session, found, edition.valid_from, revision)
    await _end(session, found, edition.valid_to or found.valid_to, revision)
    return found


async def _store(
    session: AsyncSession, version: Version, plan_: Plan, *, revision: int, now: datetime
) -> None:
    """Write the passages that are new or other, and take out of use those that are gone."""
    stored = await _passages(session, version.id)
    touched = {*plan_.added, *plan_.changed}
    for position, item in enumerate(plan_.edition.items):
        if item.key not in touched:
            continue
        values = _values(item, version, position=position, revision=revision)
        if item.key not in stored:
            session.add(Passage(version_id=version.id, key=item.key, **values))
            continue
        if _is_new(stored[item.key]):
            values["retired_at"] = None
        await _update(session, [stored[item.key].id], values)
    gone = [stored[key].id for key in plan_.removed]
    await _update(session, gone, {"retired_at": now, "digest": "", "revision": revision})
    await session.flush()


def _values(item: Item, version: Version, *, position: int, revision: int) -> dict[str, Any]:
    return {
        "question": item.question,
        "aliases": "\n".join(item.aliases),
        "text": item.text,
        "regulation": item.regulation,
        "article": item.article,
        "label": item.label or version.label,
        "certainty": item.certainty,
        "topic": item.topic,
        "valid_from": item.valid_from or version.valid_from,
        "valid_to": item.valid_to or version.valid_to,
        "digest": item.digest,
        "position": position,
        "revision": revision,
    }


async def _update(session: AsyncSession, ids: Sequence[int], values: dict[str, Any]) -> None:
    for start in range(0, len(ids), BATCH):
        await session.execute(
            update(Passage)
            .where(Passage.id.in_(ids[start : start + BATCH]))
            .values(**values)
            .execution_options(synchronize_session=False)
        )


async def _describe(
    session: AsyncSession, document: Document, edition: Edition, revision: int
) -> None:
    """Bring title and reach of the document up to date, for all its passages."""
    if (document.title, document.internal) == (edition.title, edition.internal):
        return
    document.title, document.internal = edition.title, edition.internal
    versions = [version.id for version in await _versions(session, document.id)]
    await _restamp(session, versions, revision=revision)


async def _versions(session: AsyncSession, document_id: int) -> list[Version]:
    await session.flush()
    statement = select(Version).where(Version.document_id == document_id).order_by(Version.id)
    return list(await session.scalars(statement))


async def _is_in_use(session: AsyncSession, version_id: int) -> bool:
    statement = select(Passage.id).where(
        Passage.version_id == version_id, Passage.retired_at.is_(None)
    )
    return await session.scalar(statement.limit(1)) is not None


async def _begin(session: AsyncSession, version: Version, day: date | None, revision: int) -> None:
    """Set the day from which a version is in force, on it and on the passages that follow it."""
    before = version.valid_from
    if day == before:
        return
    version.valid_from = day
    follows = Passage.valid_from.is_(None) if before is None else Passage.valid_from == before
    await _restamp(session, [version.id], follows, valid_from=day, revision=revision)
    for other in await _versions(session, version.document_id):
        # Open again what ended with the old first day; `chain` ends it with the new one.
        if before is not None and other.valid_to == before:
            await _end(session, other, None, revision)


async def _end(session: AsyncSession, version: Version, day: date | None, revision: int) -> None:
    """Set the day from which a version is not in force, on it and on its passages."""
    before = version.valid_to
    if day == before:
        return
    version.valid_to = day
    follows = Passage.valid_to.is_(None) if before is None else Passage.valid_to == before
    beyond = or_(follows, Passage.valid_to > day) if day else follows
    await _restamp(session, [version.id], beyond, valid_to=day, revision=revision)


async def _restamp(
    session: AsyncSession, versions: Sequence[int], *which: ColumnElement[bool], **values: Any
) -> None:
    """Set values on the passages of versions."""
    await session.execute(
        update(Passage)
        .where(Passage.version_id.in_(versions), *which)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _together(items: Iterable[Item]) -> str:
    return hashlib.sha256("".join(item.digest for item in items).encode()).hexdigest()
