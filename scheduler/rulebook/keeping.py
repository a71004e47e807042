"""The rule book in force is in the store: every process goes by the same one.

A folder with errors never replaces it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.tables import RuleBookEdition
from db.types import lock_chain
from scheduler.rulebook.model import Rule, RuleBook
from scheduler.rulebook.problems import RuleBookError
from scheduler.rulebook.reading import read_folder, rule_from

log = logging.getLogger(__name__)

# The newest book as it was read last, by digest: reading it anew takes milliseconds each time.
_read: dict[str, RuleBook] = {}
_DAYS = ("effective_from", "effective_until")
_ANCHOR_DAYS = ("dtstart", "on")


async def current(session: AsyncSession) -> RuleBook | None:
    """Return the book in force; None before the first was taken."""
    newest = select(RuleBookEdition.digest).order_by(RuleBookEdition.id.desc()).limit(1)
    digest = await session.scalar(newest)
    if digest is None:
        return None
    if digest not in _read:
        content = select(RuleBookEdition.content).where(RuleBookEdition.digest == digest)
        _read.clear()
        _read[digest] = from_json(digest, await session.scalar(content.limit(1)) or {})
    return _read[digest]


async def take(session: AsyncSession, book: RuleBook, *, now: datetime) -> bool:
    """Take a book into force; False if it is in force already."""
    await lock_chain(session)
    newest = select(RuleBookEdition.digest).order_by(RuleBookEdition.id.desc()).limit(1)
    if await session.scalar(newest) == book.digest:
        return False
    session.add(RuleBookEdition(digest=book.digest, taken_at=now, content=to_json(book)))
    await session.flush()
    return True


async def refresh(database: Database, *folders: Path, now: datetime) -> RuleBook | None:
    """Read the folders and take their book into force, or say what is wrong and keep the old."""
    try:
        book = read_folder(*folders)
    except RuleBookError as error:
        for problem in error.problems:
            log.error("the rule book is refused: %s", problem)
        async with database.read() as session:
            return await current(session)
    async with database.write() as session:
        if await take(session, book, now=now):
            log.info("a rule book was taken into force: %s", book.digest[:12])
    return book


def to_json(book: RuleBook) -> dict[str, Any]:
    """Return the rules as JSON values; what has its default is left out."""
    return {"rules": [_plain(rule) for rule in book.rules]}


def from_json(digest: str, content: Mapping[str, Any]) -> RuleBook:
    """Rebuild what `to_json` wrote."""
    return RuleBook(digest, tuple(rule_from(_dated(rule)) for rule in content.get("rules", ())))


def _plain(rule: Rule) -> dict[str, Any]:
    values = {key: value for key, value in asdict(rule).items() if value not in (None, "", (), 0)}
    values["anchor"] = {k: v for k, v in asdict(rule.anchor).items() if v not in (None, "", 0)}
    for key in _DAYS:
        if key in values:
            values[key] = values[key].isoformat()
    for key in _ANCHOR_DAYS:
        if key in values["anchor"]:
            values["anchor"][key] = values["anchor"][key].isoformat()
    values.setdefault("article", "")
    return {key: list(each) if isinstance(each, tuple) else each for key, each in values.items()}


def _dated(values: Mapping[str, Any]) -> dict[str, Any]:
    dated = dict(values)
    dated["anchor"] = dict(dated["anchor"])
    for key in _DAYS:
        if key in dated:
            dated[key] = date.fromisoformat(dated[key])
    for key in _ANCHOR_DAYS:
        if key in dated["anchor"]:
            dated["anchor"][key] = date.fromisoformat(dated["anchor"][key])
    return dated
