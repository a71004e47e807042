"""The index: what questions are put to.

A large segment holds what was there at the last build, a small one beside it what was put since.
Both are searched with common document frequencies. Removed passages are masked until the two are
merged. The index is a cache: the truth is in SQL, and whoever owns the index keeps it in step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

from knowledge.search import confidence, postings, scoring, storage
from knowledge.search.confidence import Evidence, Verdict
from knowledge.search.counting import batches, count
from knowledge.search.homophones import Homophones
from knowledge.search.lexicon import Lexicon
from knowledge.search.passages import Passage
from knowledge.search.postings import Segment
from knowledge.search.question import Query, understand
from knowledge.search.scoring import Bools, Lookup, Weights

FILE = "search.index"
# So many changed passages are searched beside the others before merging is worth its time.
DELTA = 256
# Days whose valid passages are remembered; nearly every question is about today.
DAYS = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found; `confidence` is the chance that it is the right one, 0 to 1."""

    id: int
    score: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a search gave: passages, best first, the verdict, and what it rests on.

    `score` is the chance, 0 to 1, that the library knows what was asked. `question` is the
    question as it was understood: normalised, without fillers, corrected.
    """

    hits: tuple[Hit, ...]
    verdict: Verdict
    score: float
    evidence: Evidence
    question: str


@dataclass(frozen=True)
class _Part:
    """A segment with the passages of it that were not removed."""

    segment: Segment
    kept: Bools
    masks: dict[tuple[int, bool], Bools] = field(default_factory=dict)

    @classmethod
    def of(cls, segment: Segment) -> _Part:
        return cls(segment, np.ones(segment.size, dtype=np.bool_))

    def without(self, ids: Sequence[int]) -> _Part:
        gone = np.isin(self.segment.ids, np.array(ids, dtype=np.int64))
        return _Part(self.segment, self.kept & ~gone) if gone.any() else self

    def allowed(self, day: int, internal: bool) -> Bools:
        """Mark the passages that hold on a day and may be shown; the last days are remembered."""
        mask = self.masks.get((day, internal))
        if mask is None:
            s = self.segment
            mask = self.kept & (s.valid_from <= day) & (day < s.valid_to)
            mask = mask if internal else mask & ~s.internal
            if len(self.masks) >= DAYS:
                self.masks.clear()
            self.masks[day, internal] = mask
        return mask


@dataclass(frozen=True)
class _State:
    """All that a search needs, replaced as a whole by every change."""

    parts: tuple[_Part, _Part]
    homophones: Homophones

    @classmethod
    def of(cls, segment: Segment, lexicon: Lexicon) -> _State:
        homophones = Homophones(segment.pairs, segment.pair_frequency, lexicon.syllables)
        return cls((_Part.of(segment), _Part.of(postings.empty(segment.means))), homophones)

    def __len__(self) -> int:
        return sum(int(np.count_nonzero(part.kept)) for part in self.parts)


class Index:
    """Passages of a library, ready to be searched.

    Searching may run beside `put`, `remove` and `merge` of one other thread: each of these ends
    in one assignment, and a search works on what it found when it began.
    """

    def __init__(self, segment: Segment, lexicon: Lexicon, *, revision: int = 0) -> None:
        self.lexicon = lexicon
        self.revision = revision
        self._state = _State.of(segment, lexicon)

    @classmethod
    def build(cls, passages: Iterable[Passage], lexicon: Lexicon) -> Index:
        """Build an index from all passages of a library."""
        counted = list(batches(passages, lexicon))
        return cls(postings.build(counted) if counted else postings.empty(), lexicon)

    @classmethod
    def open(cls, folder: Path, lexicon: Lexicon) -> Index:
        """Map the index that was saved in a folder.

        Raises `storage.UnusableIndex` where it is missing, damaged, or of another version or
        lexicon; the caller then builds it again.
        """
        stored = storage.read(folder / FILE, fingerprint=lexicon.fingerprint)
        return cls(stored.segment, lexicon, revision=stored.revision)

    def save(self, folder: Path, *, revision: int) -> None:
        """Merge and store the index, with the revision of the truth that it stands for."""
        self.merge()
        segment, fingerprint = self._state.parts[0].segment, self.lexicon.fingerprint
        storage.write(folder / FILE, segment, revision=revision, fingerprint=fingerprint)
        self.revision = revision

    def __len__(self) -> int:
        return len(self._state)

    @property
    def ids(self) -> set[int]:
        """The ids of the passages."""
        parts = self._state.parts
        return {id_ for part in parts for id_ in part.segment.ids[part.kept].tolist()}

    @property
    def wants_merge(self) -> bool:
        """Whether so much was put since the last merge that searching gets slower by it."""
        return self._state.parts[1].segment.size > DELTA

    def put(self, passages: Sequence[Passage]) -> None:
        """Add passages, or replace those that have the same id; found from now on."""
        if not passages:
            return
        counted = count(passages, self.lexicon)
        main, delta = (part.without([p.id for p in passages]) for part in self._state.parts)
        if not main.segment.size:
            # Nothing was ever measured: the first passages set the mean lengths.
            self._state = _State.of(postings.build([counted]), self.lexicon)
            return
        new = postings.extend(counted, (main.segment, delta.segment))
        everything = np.ones(new.size, dtype=np.bool_)
        joined = postings.merge((delta.segment, new), (delta.kept, everything))
        self._state = replace(self._state, parts=(main, _Part.of(joined)))

    def remove(self, ids: Iterable[int]) -> None:
        """Take passages out; ids that are not there are no error."""
        gone = list(ids)
        main, delta = self._state.parts
        self._state = replace(self._state, parts=(main.without(gone), delta.without(gone)))

    def merge(self) -> None:
        """Make one segment of all passages. Takes about 0.3 s for 10,000."""
        main, delta = self._state.parts
        if delta.segment.size or not main.kept.all():
            segments, kept = (main.segment, delta.segment), (main.kept, delta.kept)
            self._state = _State.of(postings.merge(segments, kept), self.lexicon)

    def search(
        self, question: str, *, limit: int = 10, as_of: date | None = None, internal: bool = False
    ) -> Ranking:
        """Rank the passages that hold on a day, today if None, for a question."""
        state = self._state
        query = understand(question, self.lexicon, state.homophones)
        asked = _Asked.of(state, query)
        day = (as_of or date.today()).toordinal()
        hits = [
            hit
            for number, part in enumerate(state.parts)
            for hit in asked.best(number, part.allowed(day, internal), max(limit, 2))
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.part, hit.doc))
        return _ranking(asked, hits, limit)


@dataclass(frozen=True, slots=True)
class _Found:
    """A passage that was found, by its number in its part."""

    score: float
    part: int
    doc: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question on its way: its terms, where they stand in each part, what each is worth."""

    state: _State
    query: Query
    lookups: tuple[Lookup, ...]
    idf: Weights

    @classmethod
    def of(cls, state: _State, query: Query) -> _Asked:
        lookups = tuple(Lookup.of(part.segment, query.keys) for part in state.parts)
        frequency = np.zeros(len(query.keys), dtype=np.float32)
        for part, found in zip(state.parts, lookups, strict=True):
            frequency[found.present] += part.segment.frequency[found.places]
        size = sum(part.segment.size for part in state.parts)
        idf = np.log1p((size - frequency + 0.5) / (frequency + 0.5))
        return cls(state, query, lookups, np.asarray(idf, dtype=np.float32))

    def best(self, number: int, allowed: Bools, limit: int) -> Iterator[_Found]:
        """Yield the best passages of one part."""
        segment = self.state.parts[number].segment
        if not segment.size:
            return
        weights = self.query.weights * self.idf
        found = scoring.score(segment, self.lookups[number], weights, allowed, limit=limit)
        for doc, score in zip(found.docs.tolist(), found.scores.tolist(), strict=True):
            if score > 0:
                yield _Found(score, number, doc)

    def evidence(self, hits: Sequence[_Found]) -> Evidence:
        """Say how much speaks for the first passage."""
        perfect = self.query.perfect * self.idf
        whole = float(perfect.sum())
        if not hits or whole <= 0:
            return confidence.NOTHING
        known = np.zeros(len(perfect), dtype=np.bool_)
        for found in self.lookups:
            known[found.present] = True
        first, second = hits[0].score, hits[1].score if len(hits) > 1 else 0.0
        size = sum(part.segment.size for part in self.state.parts)
        return Evidence(
            share=min(first / whole, 1.0),
            strength=first / math.log1p((size + 0.5) / 0.5),
            vocabulary=min(float(perfect[known].sum()) / whole, 1.0),
            margin=1 - second / first,
        )


def _ranking(asked: _Asked, found: Sequence[_Found], limit: int) -> Ranking:
    """Word what was found; the passages behind the first are less sure by their score."""
    evidence = asked.evidence(found)
    sure = confidence.answers(evidence)
    hits = tuple(
        Hit(
            id=int(asked.state.parts[hit.part].segment.ids[hit.doc]),
            score=hit.score,
            confidence=sure * (hit.score / found[0].score),
        )
        for hit in found[:limit]
    )
    decided, score = confidence.verdict(evidence), confidence.known(evidence)
    return Ranking(hits, decided, score, evidence, asked.query.text)
