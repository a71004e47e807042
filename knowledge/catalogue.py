"""What is in the library: listing, showing, taking out of use and back, comparing versions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Document, Passage, Version
from knowledge.documents.fingerprints import compare
from knowledge.documents.model import Section
from knowledge.importing import chain
from knowledge.revisions import begin_change

PAGE = 10


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in a list; `count` is the number of passages in use."""

    id: int
    label: str
    valid_from: date | None
    valid_to: date | None
    count: int

    def state(self, today: date) -> str:
        """Word where the version stands today."""
        if not self.count:
            return "已停用"
        if self.valid_from is not None and self.valid_from > today:
            return "尚未生效"
        if self.valid_to is not None and self.valid_to <= today:
            return "已被取代"
        return "现行"


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document in a list, with its versions, the newest first."""

    id: int
    title: str
    internal: bool
    retired: bool
    versions: tuple[VersionLine, ...]

    @property
    def count(self) -> int:
        """Return the number of passages in use."""
        return sum(version.count for version in self.versions)


@dataclass(frozen=True, slots=True)
class PassageLine:
    """A passage in a list."""

    id: int
    heading: str
    text: str
    retired: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One article in two versions; the text that is not there is empty."""

    heading: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What two versions do not share; `same` counts what they do."""

    added: tuple[Change, ...]
    changed: tuple[Change, ...]
    removed: tuple[Change, ...]
    same: int


async def documents(
    session: AsyncSession, *, page: int = 1, internal: bool = True
) -> list[DocumentLine]:
    """Return one page of the documents, the youngest first."""
    statement = select(Document).order_by(Document.id.desc())
    if not internal:
        statement = statement.where(Document.internal.is_(False))
    rows = list(await session.scalars(statement.limit(PAGE).offset((page - 1) * PAGE)))
    versions = await _versions(session, [row.id for row in rows])
    return [
        DocumentLine(
            row.id, row.title, row.internal, row.retired_at is not None, versions.get(row.id, ())
        )
        for row in rows
    ]


async def count_documents(session: AsyncSession, *, internal: bool = True) -> int:
    """Return how many documents there are."""
    statement = select(func.count(Document.id))
    if not internal:
        statement = statement.where(Document.internal.is_(False))
    return await session.scalar(statement) or 0


async def document(session: AsyncSession, document_id: int) -> DocumentLine | None:
    """Return one document."""
    row = await session.get(Document, document_id, populate_existing=True)
    if row is None:
        return None
    versions = await _versions(session, [row.id])
    return DocumentLine(
        row.id, row.title, row.internal, row.retired_at is not None, versions.get(row.id, ())
    )


async def document_of(session: AsyncSession, version_id: int) -> DocumentLine | None:
    """Return the document that a version belongs to."""
    version = await session.get(Version, version_id)
    return None if version is None else await document(session, version.document_id)


async def passages(
    session: AsyncSession, version_id: int, *, page: int = 1, size: int = PAGE
) -> list[PassageLine]:
    """Return one page of a version's passages in their order."""
    rows = await session.scalars(
        select(Passage)
        .where(Passage.version_id == version_id, Passage.digest != "")
        .order_by(Passage.position, Passage.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return [_line(row) for row in rows]


async def passage(session: AsyncSession, passage_id: int) -> PassageLine | None:
    """Return one passage."""
    row = await session.get(Passage, passage_id, populate_existing=True)
    return None if row is None else _line(row)


async def retire_document(session: AsyncSession, document_id: int, *, now: datetime) -> bool:
    """Take a document out of use; False if it is so already or does not exist."""
    return await _switch_document(session, document_id, Document.retired_at.is_(None), now)


async def restore_document(session: AsyncSession, document_id: int) -> bool:
    """Undo `retire_document`; False if the document is in use."""
    return await _switch_document(session, document_id, Document.retired_at.is_not(None), None)


async def retire_version(session: AsyncSession, version_id: int, *, now: datetime) -> int:
    """Take a version's passages out of use and return how many; the one before speaks again."""
    which = (Passage.version_id == version_id, Passage.retired_at.is_(None))
    return len(await _switch(session, which, now))


async def restore_version(session: AsyncSession, version_id: int) -> int:
    """Bring back what was taken out of use last, and return how many passages it was."""
    of_version = (Passage.version_id == version_id, Passage.digest != "")
    last = select(func.max(Passage.retired_at)).where(*of_version).scalar_subquery()
    return len(await _switch(session, (*of_version, Passage.retired_at == last), None))


async def retire_passage(session: AsyncSession, passage_id: int, *, now: datetime) -> bool:
    """Take one passage out of use; False if it is so already or does not exist."""
    which = (Passage.id == passage_id, Passage.retired_at.is_(None))
    return bool(await _switch(session, which, now))


async def restore_passage(session: AsyncSession, passage_id: int) -> bool:
    """Undo `retire_passage`; False if it is in use, or gone from its source."""
    which = (Passage.id == passage_id, Passage.retired_at.is_not(None), Passage.digest != "")
    return bool(await _switch(session, which, None))


async def difference(session: AsyncSession, old_id: int, new_id: int) -> Difference:
    """Compare two versions article by article; an article that only moved counts as changed."""
    old, new = await _sections(session, old_id), await _sections(session, new_id)
    found = await asyncio.to_thread(compare, old, new)
    return Difference(
        added=tuple(Change(section.locator, "", section.text) for section in found.added),
        changed=tuple(_changed(old, new) for old, new in found.changed),
        removed=tuple(Change(section.locator, section.text, "") for section in found.removed),
        same=len(found.same),
    )


async def _versions(
    session: AsyncSession, document_ids: Sequence[int]
) -> dict[int, tuple[VersionLine, ...]]:
    rows = await session.execute(
        select(
            Version.document_id,
            Version.id,
            Version.label,
            Version.valid_from,
            Version.valid_to,
            func.count(Passage.id).label("passages"),
        )
        .join(
            Passage,
            (Passage.version_id == Version.id) & Passage.retired_at.is_(None),
            isouter=True,
        )
        .where(Version.document_id.in_(document_ids))
        .group_by(Version.id)
    )
    found: dict[int, list[VersionLine]] = {}
    for row in rows:
        line = VersionLine(row.id, row.label, row.valid_from, row.valid_to, row.passages)
        found.setdefault(row.document_id, []).append(line)
    return {
        key: tuple(sorted(lines, key=lambda v: (v.valid_from or date.min, v.id), reverse=True))
        for key, lines in found.items()
    }


def _line(row: Passage) -> PassageLine:
    heading = row.question or row.article or row.text[:20]
    return PassageLine(row.id, heading, row.text, row.retired_at is not None)


async def _switch_document(
    session: AsyncSession, document_id: int, which: ColumnElement[bool], at: datetime | None
) -> bool:
    revision = await begin_change(session)
    done = await session.execute(
        update(Document)
        .where(Document.id == document_id, which)
        .values(retired_at=at)
        .returning(Document.id)
    )
    if done.first() is None:
        return False
    versions = select(Version.id).where(Version.document_id == document_id)
    await session.execute(
        update(Passage)
        .where(Passage.version_id.in_(versions))
        .values(revision=revision)
        .execution_options(synchronize_session=False)
    )
    return True


async def _switch(
    session: AsyncSession, which: Sequence[ColumnElement[bool]], at: datetime | None
) -> Sequence[int]:
    """Set when passages were taken out of use, and let the versions' days follow."""
    revision = await begin_change(session)
    ids = (
        await session.scalars(
            update(Passage)
            .where(*which)
            .values(retired_at=at, revision=revision)
            .returning(Passage.id)
            .execution_options(synchronize_session=False)
        )
    ).all()
    owners = await session.scalars(
        select(Version.document_id)
        .join(Passage, Passage.version_id == Version.id)
        .where(Passage.id.in_(ids[:1]))
    )
    for document_id in owners.all():
        await chain(session, document_id, revision)
    return ids


async def _sections(session: AsyncSession, version_id: int) -> list[Section]:
    """Return what a version says, a section for each heading."""
    rows = await session.scalars(
        select(Passage)
        .where(Passage.version_id == version_id, Passage.digest != "")
        .order_by(Passage.position, Passage.id)
    )
    texts: dict[str, list[str]] = {}
    for row in rows:
        # A long article is several passages.
        texts.setdefault(row.question or row.article or row.key, []).append(row.text)
    return [Section(heading, "\n".join(parts)) for heading, parts in texts.items()]


def _changed(old: Section, new: Section) -> Change:
    moved = f"{old.locator} → {new.locator}"
    return Change(new.locator if old.locator == new.locator else moved, old.text, new.text)
