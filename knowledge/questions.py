"""The questions that were put: what came of them, and what the library lacks."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.access import Scope
from db.tables import Asked, Document, Passage, Proposal, Unit, Version
from knowledge.answering import Answer
from knowledge.revisions import begin_change
from knowledge.search.normalise import Normaliser

KEPT = 1_000
PERIOD = timedelta(days=180)
# So many different wordings are looked at, and so many groups shown.
WORDINGS, GROUPS, EXAMPLES = 2_000, 20, 3
# Wordings this alike (0 to 100) ask the same; only so many groups are compared with each.
ALIKE, COMPARED = 72, 8

# What people write between the groups of a number.
_GAP = r"[-\s.·_—–]{0,2}"
# The longer first: an identity number holds what looks like a phone number.
NUMBERS = {
    "identity": re.compile(
        rf"(?<!\d)(\d{{6}}){_GAP}(?:[1１][89８９]|[2２][0０])\d\d{_GAP}\d\d{_GAP}\d\d{_GAP}(\d{{3}}[\dXxＸｘ])(?!\d)"
    ),
    "card": re.compile(
        rf"(?<!\d)(\d{{4}})(?:{_GAP}\d{{4}}){{2}}{_GAP}\d\d(\d\d)(?:{_GAP}\d{{1,3}})?(?!\d)"
    ),
    "phone": re.compile(rf"(?<!\d)([1１][3-9３-９]\d){_GAP}\d{{4}}{_GAP}\d\d(\d\d)(?!\d)"),
    "other": re.compile(r"(?<!\d)(\d{3})\d{5,16}(\d{2})(?!\d)"),
}

ANSWERS_KEY, ANSWERS_TITLE, ANSWERS_LABEL = "qa:answers", "组织委员答复", "答复"


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions alike that the library did not answer well.

    `key` names the group for `settle`; `question` is the wording put most often.
    """

    key: str
    question: str
    count: int
    last: datetime
    examples: tuple[str, ...]


async def record(
    session: AsyncSession,
    *,
    account_id: int,
    unit_id: int | None,
    text: str,
    answer: Answer,
    now: datetime,
) -> int:
    """Note a question and what came of it; returns its number.

    What was declined unsearched is noted by its reason, without the text if that was private.
    """
    kept = "" if answer.reason == "private" else mask(text[:KEPT])
    row = Asked(
        account_id=account_id,
        unit_id=unit_id,
        at=now,
        text=kept,
        # Folding brings the digits of a number together that were apart.
        folded=mask(_folded(kept)),
        verdict=answer.reason or answer.verdict,
        score=answer.score,
        passage_id=answer.passage_id,
    )
    session.add(row)
    await session.flush()
    return row.id


async def mark(session: AsyncSession, asked_id: int, *, account_id: int, useful: bool) -> bool:
    """Note whether an answer helped; False if the question is not of this account."""
    done = await session.execute(
        update(Asked)
        .where(Asked.id == asked_id, Asked.account_id == account_id)
        .values(useful=useful)
        .returning(Asked.id)
    )
    return done.first() is not None


async def gaps(
    session: AsyncSession, *, within: Scope, now: datetime, limit: int = GROUPS
) -> list[Gap]:
    """Return what was asked and not answered well of late, grouped by likeness, hottest first."""
    return [group.gap() for group in await _groups(session, within, now)][:limit]


async def settle(session: AsyncSession, key: str, *, within: Scope, now: datetime) -> int:
    """Take a group off the list; returns how many questions it held, 0 if it is gone."""
    found = next((g for g in await _groups(session, within, now) if g.key == key), None)
    if found is None:
        return 0
    wordings = [wording.folded for wording in found.wordings]
    return await _settle(session, within, Asked.folded.in_(wordings), _open(now), at=now)


async def unsettle(session: AsyncSession, at: datetime, *, within: Scope) -> int:
    """Undo the `settle` of that moment; returns how many questions are back."""
    return await _settle(session, within, Asked.settled_at == at, at=None)


async def publish(
    session: AsyncSession, proposal: Proposal, *, by: int, now: datetime, today: date
) -> int:
    """Put an approved pair into the library, for bound persons; returns the passage's id."""
    revision = await begin_change(session)
    unit = await session.get_one(Unit, proposal.unit_id)
    version = await _answers(session, by=by, now=now)
    passage = Passage(
        version_id=version.id,
        key=f"proposal:{proposal.id}",
        question=proposal.question,
        text=proposal.answer,
        regulation=ANSWERS_TITLE,
        label=f"{unit.name} {today}",
        topic=ANSWERS_TITLE,
        digest=hashlib.sha256(f"{proposal.question}\n{proposal.answer}".encode()).hexdigest(),
        position=proposal.id,
        revision=revision,
    )
    session.add(passage)
    await session.flush()
    proposal.passage_id = passage.id
    await session.flush()
    return passage.id


def mask(text: str) -> str:
    """Hide the middle of identity, phone and card numbers, also of those written in groups."""
    for kind, pattern in NUMBERS.items():
        stars = "*" * (8 if kind == "identity" else 4)
        text = pattern.sub(rf"\1{stars}\2", text)
    return text


@dataclass(slots=True)
class _Wording:
    """One wording with all the times that it was put."""

    folded: str
    text: str
    count: int
    last: datetime


@dataclass(slots=True)
class _Group:
    """Wordings alike; the first is the one put most often."""

    wordings: list[_Wording] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Name the group by its first wording, so that the name outlives a new question."""
        return hashlib.sha256(self.wordings[0].folded.encode()).hexdigest()[:16]

    @property
    def heat(self) -> tuple[int, datetime]:
        return sum(w.count for w in self.wordings), max(w.last for w in self.wordings)

    def gap(self) -> Gap:
        texts = tuple(w.text for w in self.wordings[:EXAMPLES])
        return Gap(self.key, texts[0], *self.heat, texts)


async def _groups(session: AsyncSession, within: Scope, now: datetime) -> list[_Group]:
    rows = await session.execute(
        select(
            Asked.folded,
            func.min(Asked.text).label("text"),
            func.count(Asked.id).label("times"),
            func.max(Asked.at).label("last"),
        )
        .join(Unit, Unit.id == Asked.unit_id, isouter=True)
        .where(_visible(within), _open(now))
        .group_by(Asked.folded)
        .order_by(func.count(Asked.id).desc(), func.max(Asked.at).desc(), Asked.folded)
        .limit(WORDINGS)
    )
    return sorted(_grouped(_wording(row) for row in rows), key=lambda g: g.heat, reverse=True)


def _wording(row: Row[*tuple[Any, ...]]) -> _Wording:
    return _Wording(row.folded, row.text, row.times, row.last)


def _grouped(wordings: Iterable[_Wording]) -> list[_Group]:
    """Put wordings with those like them.

    Each is compared with the few groups that share most of its character pairs, so the work
    grows with the number of wordings, not with its square.
    """
    groups: list[_Group] = []
    holding: dict[str, list[int]] = {}
    for wording in wordings:
        place = _nearest(wording, groups, holding)
        if place is None:
            place = len(groups)
            groups.append(_Group())
            for pair in _pairs(wording.folded):
                holding.setdefault(pair, []).append(place)
        groups[place].wordings.append(wording)
    return groups


def _nearest(
    wording: _Wording, groups: Sequence[_Group], holding: dict[str, list[int]]
) -> int | None:
    shared: Counter[int] = Counter()
    for pair in _pairs(wording.folded):
        # A pair that very many groups share tells nothing.
        places = holding.get(pair, ())
        if len(places) <= WORDINGS // 10:
            shared.update(places)
    for place, _ in shared.most_common(COMPARED):
        if fuzz.ratio(wording.folded, groups[place].wordings[0].folded) >= ALIKE:
            return place
    return None


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(max(1, len(text) - 1))}


def _open(now: datetime) -> ColumnElement[bool]:
    """Say which questions are a gap: unsure or not found, or an answer that did not help."""
    missed = or_(Asked.verdict.in_(("suggest", "decline")), Asked.useful.is_(False))
    return and_(missed, Asked.settled_at.is_(None), Asked.at > now - PERIOD)


def _visible(within: Scope) -> ColumnElement[bool]:
    """Narrow to units of the scope; questions of unbound persons belong to the root's editors."""
    covers_root = any(prefix.count("/") == 2 for prefix in within.prefixes)
    return or_(within.units(), Asked.unit_id.is_(None)) if covers_root else within.units()


async def _settle(
    session: AsyncSession, within: Scope, *which: ColumnElement[bool], at: datetime | None
) -> int:
    """Set when questions were settled, in the caller's scope; returns how many."""
    seen = (
        select(Asked.id).join(Unit, Unit.id == Asked.unit_id, isouter=True).where(_visible(within))
    )
    done = await session.execute(
        update(Asked)
        .where(Asked.id.in_(seen), *which)
        .values(settled_at=at)
        .returning(Asked.id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


async def _answers(session: AsyncSession, *, by: int, now: datetime) -> Version:
    """Return the version that answered questions are kept in; the first one makes it."""
    found = (
        await session.scalars(
            select(Version)
            .join(Document, Document.id == Version.document_id)
            .where(Document.key == ANSWERS_KEY)
        )
    ).one_or_none()
    if found is not None:
        return found
    document = Document(key=ANSWERS_KEY, title=ANSWERS_TITLE, internal=True, created_at=now)
    session.add(document)
    await session.flush()
    version = Version(
        document_id=document.id, label=ANSWERS_LABEL, digest="", imported_at=now, imported_by=by
    )
    session.add(version)
    await session.flush()
    return version


def _folded(text: str) -> str:
    return _normaliser()(text).replace(" ", "")


@cache
def _normaliser() -> Normaliser:
    return Normaliser.load()
