"""Questions that sound like those of the library and that no entry answers.

How many copies of a form are wanted shares all but a word with who fills it in. Neither that word
nor its rarity tells the two apart, but people ask the same in vain again and again, of one paper
after another: `data/unanswered.txt` crosses what is asked about with what is not told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.search.reading import lines

FILE = Path(__file__).parent / "data" / "unanswered.txt"
HEAD = "="
# The forms of one message are judged several times each.
RECENT = 64
# No character has this code.
AFTER_ALL = np.uint32(0xFFFFFFFF)

Bits = NDArray[np.uint64]
# What is asked about, and what is asked of each; whole questions where there are no subjects.
Group = tuple[Sequence[str], Sequence[str]]


class Unanswered:
    """Questions as sets of characters, a column of bits each."""

    def __init__(self, groups: Iterable[Group]) -> None:
        groups = list(groups)
        letters = sorted({*chain(*chain(*chain(*groups)))})
        self._letters = np.append(_codes("".join(letters)), AFTER_ALL)
        crossed = [self._crossed(*group) for group in groups]
        self._questions = np.concatenate([self._bits([]), *crossed]).T.copy()
        self._sizes = np.bitwise_count(self._questions).sum(axis=0, dtype=np.int64)

    def likeness(self, asked: frozenset[str]) -> float:
        """Return how like a question is to the most like of these, from 0 to 1.

        `asked` are its characters in the form of the search. The likeness is what both hold as a
        share of what either holds (Jaccard 1901).
        """
        mask = self._bits(["".join(asked)])[0]
        some = np.flatnonzero(mask)
        shared = np.bitwise_count(self._questions[some] & mask[some, None]).sum(axis=0)
        return float(np.max(shared / (self._sizes + len(asked) - shared), initial=0.0))

    def _crossed(self, subjects: Sequence[str], sides: Sequence[str]) -> Bits:
        """Return a row for each side of each subject."""
        about, of_it = self._bits(subjects or [""]), self._bits(sides)
        crossed: Bits = (about[:, None] | of_it).reshape(-1, about.shape[1])
        return crossed

    def _bits(self, texts: Sequence[str]) -> Bits:
        """Return a row for each text, with a bit for each letter of ours that is in it."""
        held = np.zeros((len(texts), -(-len(self._letters) // 64) * 64), dtype=np.uint8)
        codes = _codes("".join(texts))
        rows = np.repeat(np.arange(len(texts)), list(map(len, texts)))
        places = np.searchsorted(self._letters, codes)
        ours = self._letters[places] == codes
        held[rows[ours], places[ours]] = 1
        return np.packbits(held, axis=1).view(np.uint64)


def read(rows: Iterable[str]) -> Iterator[Group]:
    """Read groups: a line of subjects behind `=`, then lines of what no entry tells of them."""
    subjects: list[str] = []
    sides: list[str] = []
    for row in chain(rows, [HEAD]):
        if not row.startswith(HEAD):
            sides += row.split()
            continue
        if sides:
            yield subjects, sides
        subjects, sides = row.removeprefix(HEAD).split(), []


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32)


@lru_cache(RECENT)
def likeness(asked: frozenset[str]) -> float:
    """Return how like a question is to the most like of those shipped, from 0 to 1."""
    return shipped().likeness(asked)


@cache
def shipped() -> Unanswered:
    """Return the questions that come with the program, read once."""
    return Unanswered(read(lines(FILE)))
