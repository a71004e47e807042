"""A file on its way into the library: read in a worker, then planned and stored.

Reading is pure and may take seconds, so it happens outside any transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from db.engine import Database
from knowledge import documents
from knowledge.documents import DocumentError, Kind, Section
from knowledge.documents.faq import Pair, extract
from knowledge.documents.proposals import Proposal, propose
from knowledge.documents.split import split
from knowledge.drafts import CURRENT, Draft
from knowledge.editions import Counts, Item
from knowledge.importing import apply, plan
from knowledge.revisions import LibraryError

NOTHING = "没有读到可以入库的内容。"
TABLES = (Kind.XLSX, Kind.CSV)
# A document without a title is called by its file, as far as a title may be long.
LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file: counts, or why it was refused."""

    name: str
    counts: Counts | None = None
    refusal: str = ""


def read(name: str, data: bytes) -> Draft:
    """Read a file into what would be stored; raises `DocumentError` if it is refused.

    May take seconds of CPU: call it in a worker thread.
    """
    document = documents.read(name, data)
    faq = extract(document)
    # What stands beside the questions in a sheet are titles and remarks.
    sections = [] if faq.pairs and document.kind in TABLES else split(faq.rest)
    proposal = propose(document)
    title = _called(name, proposal)
    # A plain text tells its title in a first line, which says nothing by itself.
    cut = [_cut(section) for section in sections if section.text.strip("《》 \n") != title]
    items = (*map(_answered, faq.pairs), *cut)
    if not items:
        raise DocumentError(NOTHING, f"{name}: no sections")
    return _draft(proposal, title, items, faq.problems)


async def import_files(
    database: Database,
    paths: Sequence[Path],
    *,
    now: datetime,
    progress: Callable[[int, int, str], None],
    change: Callable[[Draft], Draft] = lambda draft: draft,
) -> list[Outcome]:
    """Bring files into the library, each in a transaction of its own.

    `progress(done, all, name)` is called before each file and at the end; `change` may set
    title, label, first day and reach of a draft, since nobody confirms them here.
    """
    outcomes: list[Outcome] = []
    for done, path in enumerate(paths):
        progress(done, len(paths), path.name)
        outcomes.append(await _import(database, path, now=now, change=change))
    progress(len(paths), len(paths), "")
    return outcomes


async def _import(
    database: Database, path: Path, *, now: datetime, change: Callable[[Draft], Draft]
) -> Outcome:
    try:
        data = await asyncio.to_thread(path.read_bytes)
        draft = change(await asyncio.to_thread(read, path.name, data))
        async with database.write() as session:
            wanted = await plan(session, draft.edition())
            counts = await apply(session, wanted, by=None, now=now)
    except (DocumentError, LibraryError, OSError) as error:
        return Outcome(path.name, refusal=str(error))
    return Outcome(path.name, counts)


def _draft(
    proposal: Proposal, title: str, items: Iterable[Item], problems: tuple[str, ...]
) -> Draft:
    starts = proposal.starts
    year = str(starts.day.year) if starts else ""
    return Draft(
        title=title,
        items=_unique(items),
        label=proposal.label.removesuffix("年") or year or CURRENT,
        starts=starts.day if starts else None,
        evidence=starts.evidence if starts else "",
        problems=problems,
    )


def _called(name: str, proposal: Proposal) -> str:
    title = proposal.title.strip("《》 ") or documents.safe_name(name).rpartition(".")[0]
    return title[:LONGEST_TITLE]


def _answered(pair: Pair) -> Item:
    """Store a question with its answer; the same question may have several versions."""
    parts = (pair.question, pair.regulation, pair.label, str(pair.starts or ""))
    return Item(
        key="|".join(part for part in parts if part),
        text=pair.answer,
        question=pair.question,
        aliases=pair.aliases,
        regulation=pair.regulation,
        article=pair.article,
        label=pair.label,
        topic=pair.topic,
        valid_from=pair.starts,
        valid_to=pair.ends,
    )


def _cut(section: Section) -> Item:
    """Store an article or another piece; the heading above it is its subject."""
    return Item(
        key=section.locator,
        text=section.text,
        article=section.locator,
        topic=section.path[-1] if section.path else "",
    )


def _unique(items: Iterable[Item]) -> tuple[Item, ...]:
    """Give items that claim one key a number each, in their order."""
    seen: dict[str, int] = {}
    kept = []
    for item in items:
        seen[item.key] = seen.get(item.key, 0) + 1
        number = seen[item.key]
        kept.append(item if number == 1 else replace(item, key=f"{item.key}#{number}"))
    return tuple(kept)
