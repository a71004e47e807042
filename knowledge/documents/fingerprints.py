"""What changed from one version of a document to the next, section by section."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from knowledge.documents.model import Section

# Likeness of two texts, 0 to 100, from which they are taken for versions of each other.
ALIKE = 70.0
# More comparisons than this are not made; what place does not match is then removed and added.
MOST_COMPARED = 250_000
_NUMBER = re.compile(r"\s*[【\[（(]?第[^条]{1,12}条(?:\s*之[一二三四五六七八九十0-9]{1,3})?")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Diff:
    """Sections by what became of them. `changed` holds (old, new), also where one only moved."""

    added: tuple[Section, ...]
    changed: tuple[tuple[Section, Section], ...]
    removed: tuple[Section, ...]
    same: tuple[Section, ...]


def fingerprint(section: Section) -> str:
    """Return a hash of locator, path and words, whatever the blanks and the width of characters."""
    parts = (section.locator, *section.path, section.text)
    plain = "\0".join(_plain(part) for part in parts)
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def compare(old: Sequence[Section], new: Sequence[Section]) -> Diff:
    """Match the sections of two versions: by place where the words are alike, else by words.

    An article that was inserted moves all numbers after it, so a place alone counts last.
    """
    matching = _Matching(old, new)
    matching.by_key(fingerprint)
    matching.by_key(_words)
    matching.by_place(alike=ALIKE)
    matching.by_likeness()
    matching.by_place(alike=0.0)
    return matching.diff()


class _Matching:
    """Pairs of indexes into both versions, and what has no counterpart yet."""

    def __init__(self, old: Sequence[Section], new: Sequence[Section]) -> None:
        self._old, self._new = old, new
        self._pairs: dict[int, int] = {}
        self._left = list(range(len(old)))
        self._right = list(range(len(new)))

    def by_key(self, key: Callable[[Section], str]) -> None:
        """Pair sections of one key, in their order."""
        waiting: dict[str, deque[int]] = defaultdict(deque)
        for index in self._left:
            waiting[key(self._old[index])].append(index)
        for index in self._right:
            candidates = waiting.get(key(self._new[index]))
            if candidates:
                self._pairs[index] = candidates.popleft()
        self._settle()

    def by_place(self, *, alike: float) -> None:
        """Pair sections of one locator whose texts are alike, in their order."""
        places: dict[str, deque[int]] = defaultdict(deque)
        for index in self._left:
            places[self._old[index].locator].append(index)
        for index in self._right:
            candidates = places[self._new[index].locator]
            if candidates and self._likeness(candidates[0], index) >= alike:
                self._pairs[index] = candidates.popleft()
        self._settle()

    def by_likeness(self) -> None:
        """Pair what is most alike, wherever it stands."""
        if not 0 < len(self._left) * len(self._right) <= MOST_COMPARED:
            return
        old = [_words(self._old[index]) for index in self._left]
        new = [_words(self._new[index]) for index in self._right]
        scores = process.cdist(new, old, scorer=fuzz.ratio, score_cutoff=ALIKE)
        found = [(float(scores[i, j]), i, j) for i, j in zip(*scores.nonzero(), strict=True)]
        taken: set[int] = set()
        for _, i, j in sorted(found, key=lambda hit: (-hit[0], hit[1], hit[2])):
            if self._right[i] not in self._pairs and self._left[j] not in taken:
                self._pairs[self._right[i]] = self._left[j]
                taken.add(self._left[j])
        self._settle()

    def diff(self) -> Diff:
        """Return what became of each section, in the order of the new version."""
        same, changed = [], []
        for index, before in sorted(self._pairs.items()):
            old, new = self._old[before], self._new[index]
            if fingerprint(old) == fingerprint(new):
                same.append(new)
            else:
                changed.append((old, new))
        added = tuple(self._new[index] for index in self._right)
        removed = tuple(self._old[index] for index in self._left)
        return Diff(added, tuple(changed), removed, tuple(same))

    def _likeness(self, old: int, new: int) -> float:
        return fuzz.ratio(_words(self._old[old]), _words(self._new[new]))

    def _settle(self) -> None:
        matched = set(self._pairs.values())
        self._left = [index for index in self._left if index not in matched]
        self._right = [index for index in self._right if index not in self._pairs]


def _words(section: Section) -> str:
    """Return the words without the number of the article, which moves when one is inserted."""
    return _plain(_NUMBER.sub("", section.text, count=1) if section.article else section.text)


def _plain(text: str) -> str:
    return _SPACES.sub("", unicodedata.normalize("NFKC", text))
