"""Scoring one segment: find candidates by the rare terms, then complete them exactly.

The shortest posting lists are read until a budget is spent; they carry most of the weight. The
best passages so far are the candidates, and what the unread lists and the forward index add to
them is looked up for these alone, so a score is the full sum over all terms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.search.constants import CANDIDATES, IMPACT_STEP, POSTINGS_READ
from knowledge.search.postings import Docs, Segment
from knowledge.search.sorting import distinct
from knowledge.search.terms import Keys

Weights = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

# So few candidates are worth looking at the champions of the frequent terms too.
FEW = 64
# A passage is counted once for each list that it was found in; so many to keep enough distinct.
REPEATED = 8


@dataclass(frozen=True, slots=True)
class Lookup:
    """The terms of a question in one segment: which are there, and where their lists stand."""

    present: Places
    places: Places
    columns: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    @classmethod
    def of(cls, segment: Segment, keys: Keys) -> Lookup:
        """Find keys in a segment."""
        if not len(segment.keys):
            none = np.zeros(0, dtype=np.intp)
            return cls(none, none, none.astype(np.int32), none, none)
        near = np.minimum(np.searchsorted(segment.keys, keys), len(segment.keys) - 1)
        present = np.flatnonzero(segment.keys[near] == keys)
        places = near[present]
        starts, ends = segment.starts[places], segment.starts[places + 1]
        return cls(present, places, segment.columns[places], starts, ends)


@dataclass(frozen=True, slots=True)
class Scored:
    """Passages of a segment by their number, best first, with their exact scores."""

    docs: Docs
    scores: Weights


def score(
    segment: Segment, found: Lookup, weights: Weights, allowed: Bools, *, limit: int
) -> Scored:
    """Return the best passages for a question.

    `weights` belong to the keys that were looked up; `allowed` marks the passages that may be
    returned.
    """
    own = weights[found.present] * np.float32(IMPACT_STEP)
    candidates, scores = _candidates(segment, found, own, allowed)
    if not len(candidates):
        return Scored(candidates, scores)
    count = min(limit, len(candidates))
    best = np.argpartition(scores, len(scores) - count)[len(scores) - count :]
    # Equal scores stand in the order of their numbers, so that results never depend on chance.
    best = best[np.lexsort((candidates[best], -scores[best]))]
    return Scored(candidates[best], scores[best])


def _candidates(
    segment: Segment, found: Lookup, weights: Weights, allowed: Bools
) -> tuple[Docs, Weights]:
    """Return the candidates, ascending, and their complete scores."""
    sizes = found.ends - found.starts
    rare = np.flatnonzero(found.columns < 0)
    rare = rare[np.argsort(sizes[rare], kind="stable")]
    budget = np.searchsorted(np.cumsum(sizes[rare]), POSTINGS_READ, side="right")
    read, unread = rare[: max(int(budget), 1)], rare[max(int(budget), 1) :]
    frequent = np.flatnonzero(found.columns >= 0)
    docs, sums = _read(segment, found, read, weights, sizes)
    chosen = _best_distinct(docs[allowed[docs]], sums)
    if len(chosen) < FEW and len(frequent):
        extra, _ = _lists(segment, found, frequent)
        chosen = np.union1d(chosen, extra[allowed[extra]])
    scores = sums[chosen].astype(np.float32)
    if len(frequent):
        rows = segment.forward[chosen[:, None], found.columns[frequent]]
        scores += rows.astype(np.float32) @ weights[frequent]
    for index in unread.tolist():
        _complete(segment, found, index, chosen, weights[index], scores)
    return chosen, scores


def _read(
    segment: Segment,
    found: Lookup,
    terms: Places,
    weights: Weights,
    sizes: npt.NDArray[np.int64],
) -> tuple[Docs, npt.NDArray[np.float64]]:
    """Read posting lists: the passages as they stand in them, and the sums of all passages."""
    docs, impacts = _lists(segment, found, terms)
    gains = impacts * np.repeat(weights[terms], sizes[terms])
    sums = np.bincount(docs, gains, minlength=segment.size)
    return docs, np.asarray(sums, dtype=np.float64)


def _lists(segment: Segment, found: Lookup, terms: Places) -> tuple[Docs, npt.NDArray[np.uint8]]:
    """Return the postings of some terms, one list behind the other."""
    if not len(terms):
        return segment.docs[:0], segment.impacts[:0]
    parts = [
        slice(start, end)
        for start, end in zip(found.starts[terms].tolist(), found.ends[terms].tolist(), strict=True)
    ]
    docs, impacts = segment.docs, segment.impacts
    return np.concatenate([docs[p] for p in parts]), np.concatenate([impacts[p] for p in parts])


def _best_distinct(docs: Docs, sums: npt.NDArray[np.float64]) -> Docs:
    """Return the passages with the greatest sums, ascending, each once."""
    many = CANDIDATES * REPEATED
    if len(docs) > many:
        repeated = sums[docs]
        docs = docs[np.argpartition(repeated, len(docs) - many)[len(docs) - many :]]
    docs, _ = distinct(np.sort(docs))
    if len(docs) > CANDIDATES:
        best = np.argpartition(sums[docs], len(docs) - CANDIDATES)[len(docs) - CANDIDATES :]
        docs = np.sort(docs[best])
    return docs


def _complete(
    segment: Segment, found: Lookup, index: int, chosen: Docs, weight: np.float32, scores: Weights
) -> None:
    """Add what one unread list gives to the candidates."""
    part = slice(found.starts[index], found.ends[index])
    docs = segment.docs[part]
    place = np.minimum(docs.searchsorted(chosen), len(docs) - 1)
    hit = docs[place] == chosen
    scores += np.where(hit, segment.impacts[part][place], 0) * weight
