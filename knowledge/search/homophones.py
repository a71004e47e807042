"""Correcting homophone slips: 党非 → 党费, 换界 → 换届.

A noisy channel over pairs of neighbouring characters: a pair that is no word, neither of the
library nor of the dictionary, but sounds like a word of the library and differs from it in one
character, was most likely meant to be that word. Function characters are left alone, and so is
a character that makes a word with its other neighbour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.search.lexicon import Lexicon
from knowledge.search.pinyin import Syllables
from knowledge.search.terms import Analysis, syllable_pairs

Pairs = npt.NDArray[np.uint32]
_FIRST_HAN = 0x4E00


@dataclass(frozen=True, slots=True)
class Change:
    """A proposal: which character becomes what, and how often the word stands in the library."""

    place: int
    character: str
    weight: float


class Homophones:
    """The words of two characters of a library, by their sound."""

    def __init__(
        self, pairs: Pairs, frequency: npt.NDArray[np.int32], syllables: Syllables
    ) -> None:
        """Arrange words, given as two code units in one number, with their frequencies."""
        codes = np.stack((pairs >> 16, pairs & 0xFFFF), axis=1).astype(np.uint16)
        wide = syllables(codes.ravel())
        sounds = syllable_pairs(wide)[0::2] if len(pairs) else pairs
        order = np.lexsort((-frequency, sounds))
        self._sounds, self._pairs, self._frequency = sounds[order], pairs[order], frequency[order]

    def correct(self, asked: Analysis, lexicon: Lexicon) -> str:
        """Return the text of a question with its slips corrected, or as it was."""
        changes: dict[int, Change] = {}
        for place, first, last in self._heard(asked):
            change = self._change(asked, place, first, last, lexicon)
            if change and change.weight > changes.get(change.place, _NONE).weight:
                changes[change.place] = change
        if not changes:
            return asked.text
        characters = list(asked.text)
        for change in changes.values():
            characters[change.place] = change.character
        return "".join(characters)

    def _heard(self, asked: Analysis) -> list[tuple[int, int, int]]:
        """Return the places whose pair sounds like words without being one of them.

        With each place: where those words begin and end here.
        """
        first, last = self._range(asked.pairs)
        han = (asked.codes[:-1] >= _FIRST_HAN) & (asked.codes[1:] >= _FIRST_HAN)
        places = np.flatnonzero((last > first) & han)
        columns = (places, first[places], last[places])
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _range(self, sounds: Pairs) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return where the words of each sound begin and end."""
        return self._sounds.searchsorted(sounds), self._sounds.searchsorted(sounds, side="right")

    def _change(
        self, asked: Analysis, place: int, first: int, last: int, lexicon: Lexicon
    ) -> Change | None:
        """Return the best change at one place, if any word is near enough."""
        typed = asked.text[place : place + 2]
        words = self._pairs[first:last].tolist()
        own = (ord(typed[0]) << 16) | ord(typed[1])
        if own in words or lexicon.segment.knows(typed):
            return None
        for word, frequency in zip(words, self._frequency[first:last].tolist(), strict=True):
            meant = chr(word >> 16) + chr(word & 0xFFFF)
            differing = [i for i in (0, 1) if meant[i] != typed[i]]
            if len(differing) == 1 and self._free(asked, place, differing[0], lexicon):
                return Change(place + differing[0], meant[differing[0]], math.log1p(frequency))
        return None

    def _free(self, asked: Analysis, place: int, which: int, lexicon: Lexicon) -> bool:
        """Say whether a character may change: no function word, no word with its neighbour."""
        at = place + which
        if asked.text[at] in lexicon.function_characters:
            return False
        other = at - 1 if which == 0 else at
        if other < 0 or other >= len(asked.pairs):
            return True
        if lexicon.segment.knows(asked.text[other : other + 2]):
            return False
        typed = (int(asked.codes[other]) << 16) | int(asked.codes[other + 1])
        first, last = self._range(asked.pairs[other : other + 1])
        return typed not in self._pairs[first[0] : last[0]].tolist()


_NONE = Change(-1, "", -1.0)
