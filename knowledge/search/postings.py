"""Posting lists and the forward index: the second half of building, and merging.

A segment is a set of flat arrays, so that it can be mapped from a file as it is. A posting is a
passage and an impact: what the term adds to the score of the passage before the term's own
weight, that is BM25's saturated frequency in the text plus its share from the title, in a byte.
Terms in more than a sixteenth of the passages have no full list: their impacts are columns of a
table with one row a passage (the forward index), and their list holds only the passages where
the term counts most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.search.constants import (
    CHAMPIONS,
    FORWARD_FROM,
    FREQUENT,
    IMPACT_STEP,
    K1,
    TITLE_B,
    TITLE_K1,
    TITLE_WEIGHT,
    B,
)
from knowledge.search.counting import About, Bytes, Counts, Floats, Ints
from knowledge.search.terms import Keys, field_of, word_key

Docs = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Segment:
    """The arrays of one segment; N passages, V terms, P postings, H frequent terms.

    `columns[i]` is the column of term i in `forward` (N, H), or -1. `frequency[i]` is in how
    many passages term i stands, also where the list is cut to champions. `pairs` are the words
    of two characters and `pair_frequency` in how many passages each stands. `means` holds the
    mean lengths that the impacts rest on: text and title of each field, shape (2, fields).
    """

    ids: Ints
    valid_from: npt.NDArray[np.int32]
    valid_to: npt.NDArray[np.int32]
    internal: npt.NDArray[np.bool_]
    stems: npt.NDArray[np.uint64]
    keys: Keys
    starts: Ints
    frequency: npt.NDArray[np.int32]
    columns: npt.NDArray[np.int32]
    docs: Docs
    impacts: Bytes
    forward: Bytes
    pairs: npt.NDArray[np.uint32]
    pair_frequency: npt.NDArray[np.int32]
    means: Floats

    @property
    def size(self) -> int:
        """The number of passages, those that were removed since included."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class _Lists:
    """Complete posting lists of some passages, before the frequent terms are set apart."""

    about: About
    keys: Keys
    starts: Ints
    docs: Docs
    impacts: Bytes
    pairs: npt.NDArray[np.uint32]


def build(batches: Sequence[Counts]) -> Segment:
    """Build a segment from counted passages."""
    means = _means(batches)
    stems = np.concatenate([batch.about.stems for batch in batches])
    bearers = _bearers(stems, stems)
    ends = np.cumsum([len(batch.about.ids) for batch in batches])[:-1]
    shares = np.split(bearers, ends)
    lists = [_weighed(batch, means, share) for batch, share in zip(batches, shares, strict=True)]
    return _segment(_joined(lists), means)


def extend(counts: Counts, beside: Sequence[Segment]) -> Segment:
    """Build a small segment of new passages beside others.

    The mean lengths are those of the first segment, so that scores can be compared; a title
    is shared with the passages there that bear it.
    """
    own = counts.about.stems
    same = [segment.stems[np.isin(segment.stems, own)] for segment in beside]
    bearers = _bearers(own, np.concatenate([own, *same]))
    return _segment(_weighed(counts, beside[0].means, bearers), beside[0].means)


def merge(segments: Sequence[Segment], kept: Sequence[npt.NDArray[np.bool_]]) -> Segment:
    """Join segments into one and leave out the passages that are not kept."""
    lists = [_complete(segment, keep) for segment, keep in zip(segments, kept, strict=True)]
    return _segment(_joined(lists), segments[0].means)


def empty(means: Floats | None = None) -> Segment:
    """Return a segment without passages."""
    none = np.zeros(0, dtype=np.int64)
    days, stems = none.astype(np.int32), none.astype(np.uint64)
    about = About(none, days, days, none.astype(np.bool_), stems)
    lists = _Lists(
        about,
        none.astype(np.uint64),
        np.zeros(1, dtype=np.int64),
        none.astype(np.int32),
        none.astype(np.uint8),
        none.astype(np.uint32),
    )
    return _segment(lists, np.ones((2, len(K1)), dtype=np.float32) if means is None else means)


def bm25(frequency: Bytes, length: Floats, *, k1: float | Floats, b: float) -> Floats:
    """Saturate term frequencies; `length` is in multiples of the mean, one for each frequency.

    Robertson and Zaragoza 2009, section 3, without the inverse document frequency.
    """
    tf = frequency.astype(np.float32)
    return np.asarray(tf * (k1 + 1) / (tf + k1 * (1 - b + b * length)), dtype=np.float32)


def _means(batches: Sequence[Counts]) -> Floats:
    """Return mean lengths of text and title; titles are averaged over those there are."""
    lengths = np.concatenate([batch.lengths for batch in batches], axis=1)
    titles = np.concatenate([batch.title_lengths for batch in batches], axis=1)
    titled = np.maximum((titles > 0).sum(axis=1), 1)
    means = np.stack((lengths.mean(axis=1), titles.sum(axis=1) / titled))
    return np.asarray(np.maximum(means, 1.0), dtype=np.float32)


def _bearers(stems: npt.NDArray[np.uint64], among: npt.NDArray[np.uint64]) -> Floats:
    """Return for each title how many of the titles are the same but for numbers."""
    known, counts = np.unique(among, return_counts=True)
    return np.asarray(counts[np.searchsorted(known, stems)], dtype=np.float32)


def _weighed(counts: Counts, means: Floats, bearers: Floats) -> _Lists:
    """Turn frequencies into impacts."""
    field = np.repeat(field_of(counts.keys), np.diff(counts.starts))
    docs = counts.docs
    text = bm25(
        counts.total,
        (counts.lengths / means[0][:, None])[field, docs],
        k1=np.array(K1, dtype=np.float32)[field],
        b=B,
    )
    relative = counts.title_lengths / means[1][:, None]
    title = bm25(counts.title, relative[field, docs], k1=TITLE_K1, b=TITLE_B)
    impacts = text + TITLE_WEIGHT * title / bearers[docs]
    steps = np.clip(np.rint(impacts / IMPACT_STEP), 1, 255).astype(np.uint8)
    return _Lists(counts.about, counts.keys, counts.starts, docs, steps, counts.pairs)


def _joined(lists: Sequence[_Lists]) -> _Lists:
    """Join posting lists; the passages of the second follow those of the first, and so on.

    Every list goes straight to its place, so nothing is sorted but the distinct terms.
    """
    if len(lists) == 1:
        return lists[0]
    keys = np.unique(np.concatenate([part.keys for part in lists]))
    sizes = np.zeros(len(keys), dtype=np.int64)
    places = [np.searchsorted(keys, part.keys) for part in lists]
    for part, place in zip(lists, places, strict=True):
        sizes[place] += np.diff(part.starts)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    docs = np.empty(starts[-1], dtype=np.int32)
    impacts = np.empty(starts[-1], dtype=np.uint8)
    free, first = starts[:-1].copy(), 0
    for part, place in zip(lists, places, strict=True):
        own = np.diff(part.starts)
        target = _places(free[place], own)
        docs[target], impacts[target] = part.docs + first, part.impacts
        free[place] += own
        first += len(part.about.ids)
    pairs = np.unique(np.concatenate([part.pairs for part in lists]))
    return _Lists(_all_about([p.about for p in lists]), keys, starts, docs, impacts, pairs)


def _all_about(parts: Sequence[About]) -> About:
    columns = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(About)}
    return About(**columns)


def _segment(lists: _Lists, means: Floats) -> Segment:
    """Set the frequent terms apart and cut their lists to the champions."""
    passages = len(lists.about.ids)
    frequency = np.diff(lists.starts).astype(np.int32)
    limit = passages * FREQUENT if passages >= FORWARD_FROM else passages
    frequent = np.flatnonzero(frequency > limit)
    columns = np.full(len(lists.keys), -1, dtype=np.int32)
    columns[frequent] = np.arange(len(frequent))
    forward = np.zeros((passages, len(frequent)), dtype=np.uint8)
    wanted = np.ones(len(lists.docs), dtype=np.bool_)
    for column, term in enumerate(frequent):
        part = slice(lists.starts[term], lists.starts[term + 1])
        forward[lists.docs[part], column] = lists.impacts[part]
        wanted[part] = _champions(lists.impacts[part])
    sizes = np.add.reduceat(wanted, lists.starts[:-1]) if len(wanted) else frequency
    starts = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    about = {f.name: getattr(lists.about, f.name) for f in fields(About)}
    return Segment(
        **about,
        keys=lists.keys,
        starts=starts,
        frequency=frequency,
        columns=columns,
        docs=lists.docs[wanted],
        impacts=lists.impacts[wanted],
        forward=forward,
        pairs=lists.pairs,
        pair_frequency=_pair_frequency(lists, frequency),
        means=means,
    )


def _pair_frequency(lists: _Lists, frequency: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return in how many passages each word of two characters stands."""
    words = [chr(pair >> 16) + chr(pair & 0xFFFF) for pair in lists.pairs.tolist()]
    keys = np.array([word_key(word) for word in words], dtype=np.uint64)
    if not len(lists.keys):
        return np.zeros(len(keys), dtype=np.int32)
    place = np.minimum(np.searchsorted(lists.keys, keys), len(lists.keys) - 1)
    return np.where(lists.keys[place] == keys, frequency[place], 0).astype(np.int32)


def _champions(impacts: Bytes) -> npt.NDArray[np.bool_]:
    """Mark the greatest impacts of a long list."""
    chosen = np.zeros(len(impacts), dtype=np.bool_)
    count = min(CHAMPIONS, len(impacts))
    chosen[np.argpartition(impacts, len(impacts) - count)[len(impacts) - count :]] = True
    return chosen


def _complete(segment: Segment, kept: npt.NDArray[np.bool_]) -> _Lists:
    """Return the full lists of a segment, without the passages that are not kept."""
    docs, impacts, starts = _uncut(segment)
    stays = kept[docs]
    left = np.concatenate(([0], np.cumsum(stays)))
    sizes = left[starts[1:]] - left[starts[:-1]]
    used = sizes > 0
    number = np.cumsum(kept) - 1
    return _Lists(
        About(**{f.name: getattr(segment, f.name)[kept] for f in fields(About)}),
        segment.keys[used],
        np.concatenate(([0], np.cumsum(sizes[used]))),
        number[docs[stays]].astype(np.int32),
        impacts[stays],
        segment.pairs,
    )


def _uncut(segment: Segment) -> tuple[Docs, Bytes, Ints]:
    """Return all postings with where each list begins, the frequent terms' among them."""
    if not segment.forward.size:
        return segment.docs, segment.impacts, segment.starts
    frequent = segment.columns >= 0
    own = np.diff(segment.starts)
    starts = np.concatenate(([0], np.cumsum(np.where(frequent, segment.frequency, own))))
    docs = np.empty(starts[-1], dtype=np.int32)
    impacts = np.empty(starts[-1], dtype=np.uint8)
    listed = np.repeat(~frequent, own)
    target = _places(starts[:-1][~frequent], own[~frequent])
    docs[target], impacts[target] = segment.docs[listed], segment.impacts[listed]
    # Columns stand in the order of their terms, so the table's transpose is their lists in order.
    columns, rows = np.nonzero(segment.forward.T)
    target = _places(starts[:-1][frequent], segment.frequency[frequent])
    docs[target], impacts[target] = rows, segment.forward[rows, columns]
    return docs, impacts, starts


def _places(starts: Ints, sizes: npt.NDArray[np.integer[Any]]) -> Ints:
    """Return the places of lists that begin at `starts`, one list behind the other."""
    before = np.cumsum(sizes) - sizes
    return np.asarray(np.repeat(starts - before, sizes) + np.arange(sizes.sum()), dtype=np.int64)
