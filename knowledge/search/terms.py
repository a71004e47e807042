"""From normalised text to terms: words, single characters, pairs of syllables.

A term is a 64-bit key: the field in the two highest bits, below it the hash of a word, the code
of a character, or the numbers of two neighbouring syllables. Keys of one field are therefore
neighbours in a sorted list, and one binary search finds terms of any field.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from knowledge.search.constants import CHARACTERS, SYLLABLES, WORDS
from knowledge.search.lexicon import Lexicon
from knowledge.search.pinyin import Codes, codes_of

Keys = npt.NDArray[np.uint64]

FIELD_SHIFT = 62
# Syllables are numbered below 1,024.
SYLLABLE_BITS = 10
_FIRST_HAN = 0x4E00


@lru_cache(maxsize=1 << 16)
def word_key(word: str) -> int:
    """Return the key of a word."""
    digest = blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
    return (int.from_bytes(digest, "little") >> 2) | (WORDS << FIELD_SHIFT)


def character_keys(codes: Codes) -> Keys:
    """Return the keys of the Chinese characters among code units."""
    return codes[codes >= _FIRST_HAN].astype(np.uint64) | np.uint64(CHARACTERS << FIELD_SHIFT)


def syllable_pairs(syllables: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint32]:
    """Return the pair at each place but the last; 0 where a run of text ends."""
    wide = syllables.astype(np.uint32)
    pairs = (wide[:-1] << np.uint32(SYLLABLE_BITS)) | wide[1:]
    return np.where((wide[:-1] > 0) & (wide[1:] > 0), pairs, np.uint32(0))


@dataclass(frozen=True, slots=True)
class Analysis:
    """A question taken apart.

    `keys` are those of all fields with repetitions. `codes` has one code unit a character of
    `text`, and `pairs` one pair of syllables a place but the last.
    """

    text: str
    words: list[str]
    codes: Codes
    pairs: npt.NDArray[np.uint32]
    keys: Keys


def analyse(text: str, lexicon: Lexicon) -> Analysis:
    """Take a normalised question apart."""
    words = lexicon.segment(text)
    codes = codes_of(text)
    pairs = syllable_pairs(lexicon.syllables(codes))
    used = pairs[pairs > 0].astype(np.uint64) | np.uint64(SYLLABLES << FIELD_SHIFT)
    word_keys = np.array([word_key(word) for word in words], dtype=np.uint64)
    keys = np.concatenate((word_keys, character_keys(codes), used))
    return Analysis(text, words, codes, pairs, keys)


def field_of(keys: Keys) -> npt.NDArray[np.intp]:
    """Return the field of each key."""
    return np.asarray(keys >> np.uint64(FIELD_SHIFT), dtype=np.intp)
