"""Counting the terms of passages: the first half of building an index.

Passages are counted in batches, so that a million of them never stand in memory as words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice

import numpy as np
import numpy.typing as npt

from knowledge.search.constants import CHARACTERS, SYLLABLES
from knowledge.search.lexicon import Lexicon
from knowledge.search.passages import Passage
from knowledge.search.pinyin import codes_of
from knowledge.search.terms import FIELD_SHIFT, Keys, syllable_pairs, word_key

BATCH = 20_000
# Later than the last day of the calendar.
NEVER = date.max.toordinal() + 1
_FIRST_HAN = 0x4E00
# 第十三条 and other numbers tell articles of one law apart; without them the titles are the same.
_NUMBERING = re.compile(r"第?[0-9]+(?:条|款|项|章|节|编)?(?:之[一二三四五六七八九十])?")

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class About:
    """What is kept of each passage besides its terms; each array has one entry a passage.

    Days are proleptic ordinals. `stems` is a hash of the title without its numbers, 0 where
    there is no title.
    """

    ids: Ints
    valid_from: npt.NDArray[np.int32]
    valid_to: npt.NDArray[np.int32]
    internal: npt.NDArray[np.bool_]
    stems: npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each term stands in each passage of a batch.

    The postings of the term `keys[i]` are `starts[i]` to `starts[i + 1]` in `docs` (number of
    the passage in the batch, ascending), `total` (frequency in title and text) and `title`
    (frequency in the title). `lengths` and `title_lengths` are tokens, shape (fields, passages).
    `pairs` are the words of two characters, for correcting homophones: two code units in one
    number.
    """

    about: About
    keys: Keys
    starts: Ints
    docs: npt.NDArray[np.int32]
    total: Bytes
    title: Bytes
    lengths: Floats
    title_lengths: Floats
    pairs: npt.NDArray[np.uint32]


def batches(passages: Iterable[Passage], lexicon: Lexicon) -> Iterator[Counts]:
    """Count passages, a batch at a time."""
    rest = iter(passages)
    while batch := list(islice(rest, BATCH)):
        yield count(batch, lexicon)


def count(passages: Sequence[Passage], lexicon: Lexicon) -> Counts:
    """Count the terms of a batch of passages."""
    titles = [_one_form(" ".join((p.title, *p.aliases)), lexicon) for p in passages]
    texts = [_one_form(p.text, lexicon) for p in passages]
    words, pairs = _words(titles, texts, lexicon)
    fields = [words, *_characters_and_syllables(titles, texts, lexicon)]
    lengths = np.stack([f.lengths(len(passages)) for f in fields])
    title_lengths = np.stack([f.title_lengths(len(passages)) for f in fields])
    grouped = [f.grouped() for f in fields]
    keys, sizes, docs, total, title = (np.concatenate(part) for part in zip(*grouped, strict=True))
    starts = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    about = _about(passages, titles)
    return Counts(about, keys, starts, docs, total, title, lengths, title_lengths, pairs)


def _one_form(text: str, lexicon: Lexicon) -> str:
    """Normalise a text and write its abbreviations out, as is done with questions."""
    return lexicon.written_out(lexicon.normalise(text))


@dataclass(frozen=True, slots=True)
class _Tokens:
    """The tokens of one field: for each its term, its passage, and whether it is of the title.

    Terms are numbers of less than 31 bits; `key` turns ascending numbers into ascending keys.
    """

    key: Callable[[npt.NDArray[np.uint64]], Keys]
    terms: npt.NDArray[np.uint64]
    docs: npt.NDArray[np.uint64]
    titled: npt.NDArray[np.uint64]

    def lengths(self, passages: int) -> Floats:
        return np.bincount(self.docs.astype(np.intp), minlength=passages).astype(np.float32)

    def title_lengths(self, passages: int) -> Floats:
        docs = self.docs[self.titled > 0].astype(np.intp)
        return np.bincount(docs, minlength=passages).astype(np.float32)

    def grouped(
        self,
    ) -> tuple[Keys, Ints, npt.NDArray[np.int32], Bytes, Bytes]:
        """Return keys, sizes of their postings, and the postings: passage, both frequencies."""
        tokens = np.sort((self.terms << np.uint64(33)) | (self.docs << np.uint64(1)) | self.titled)
        pairs = tokens >> np.uint64(1)
        first = np.flatnonzero(np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)])
        total = np.diff(np.append(first, len(pairs)))
        title = _sums(tokens & np.uint64(1), first)
        terms = pairs[first] >> np.uint64(32)
        docs = (pairs[first] & np.uint64(0xFFFFFFFF)).astype(np.int32)
        used, sizes = np.unique(terms, return_counts=True)
        return self.key(used), sizes.astype(np.int64), docs, _capped(total), _capped(title)


def _sums(values: npt.NDArray[np.uint64], first: npt.NDArray[np.intp]) -> Ints:
    if not len(first):
        return np.zeros(0, dtype=np.int64)
    return np.add.reduceat(values, first).astype(np.int64)


def _capped(frequencies: Ints) -> Bytes:
    """A frequency beyond 255 scores like 255: BM25 has saturated long before."""
    return np.clip(frequencies, 0, 255).astype(np.uint8)


def _words(
    titles: list[str], texts: list[str], lexicon: Lexicon
) -> tuple[_Tokens, npt.NDArray[np.uint32]]:
    """Cut titles and texts into words; also return the words of two characters."""
    numbers: dict[str, int] = {}
    runs = [lexicon.segment(run) for run in _alternating(titles, texts)]
    terms = np.array(
        [numbers.setdefault(word, len(numbers)) for run in runs for word in run], dtype=np.intp
    )
    sizes = np.array([len(run) for run in runs])
    docs = np.repeat(np.arange(len(runs)) // 2, sizes).astype(np.uint64)
    titled = np.repeat(np.arange(len(runs)) % 2 == 0, sizes).astype(np.uint64)
    keys = np.array([word_key(word) for word in numbers], dtype=np.uint64)
    order = np.argsort(keys)
    rank = np.empty(len(keys), dtype=np.uint64)
    rank[order] = np.arange(len(keys), dtype=np.uint64)
    keys = keys[order]
    return _Tokens(lambda used: keys[used], rank[terms], docs, titled), _pairs(numbers)


def _alternating(titles: list[str], texts: list[str]) -> list[str]:
    """Return each title followed by its text."""
    return list(chain.from_iterable(zip(titles, texts, strict=True)))


def _pairs(words: Iterable[str]) -> npt.NDArray[np.uint32]:
    """Return the Chinese words of two characters, both code units in one number, ascending."""
    text = "".join(word for word in words if len(word) == 2 and ord(min(word)) >= _FIRST_HAN)
    codes = codes_of(text).astype(np.uint32)
    return np.sort((codes[0::2] << 16) | codes[1::2])


def _characters_and_syllables(
    titles: list[str], texts: list[str], lexicon: Lexicon
) -> tuple[_Tokens, _Tokens]:
    """Take all titles and texts as one long text, with a gap behind each."""
    runs = _alternating(titles, texts)
    codes = codes_of("".join(f"{run} " for run in runs))
    run = np.repeat(np.arange(len(runs)), [len(text) + 1 for text in runs])
    docs, titled = (run // 2).astype(np.uint64), (run % 2 == 0).astype(np.uint64)
    han = codes >= _FIRST_HAN
    field = _in_field(CHARACTERS)
    characters = _Tokens(field, codes[han].astype(np.uint64), docs[han], titled[han])
    pairs = syllable_pairs(lexicon.syllables(codes))
    at = np.flatnonzero(pairs)
    field = _in_field(SYLLABLES)
    return characters, _Tokens(field, pairs[at].astype(np.uint64), docs[at], titled[at])


def _in_field(field: int) -> Callable[[npt.NDArray[np.uint64]], Keys]:
    """Return what turns the number of a term into its key."""
    return lambda terms: terms | np.uint64(field << FIELD_SHIFT)


def _about(passages: Sequence[Passage], titles: list[str]) -> About:
    stems = [word_key(_NUMBERING.sub("", title)) if title else 0 for title in titles]
    return About(
        ids=np.array([p.id for p in passages], dtype=np.int64),
        valid_from=np.array([_day(p.valid_from, 0) for p in passages], dtype=np.int32),
        valid_to=np.array([_day(p.valid_to, NEVER) for p in passages], dtype=np.int32),
        internal=np.array([p.internal for p in passages], dtype=np.bool_),
        stems=np.array(stems, dtype=np.uint64),
    )


def _day(day: date | None, otherwise: int) -> int:
    return otherwise if day is None else day.toordinal()
