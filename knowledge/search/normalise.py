"""The one form of a text in which passages and questions meet.

Full width becomes half width (NFKC), traditional becomes simplified, numerals become digits,
letters become small; everything that is neither a Chinese character nor a letter of a to z nor
a digit becomes a space. What is left is also all that the segmenter sees, which is why jieba
and its stand-in cannot disagree over hyphens, addresses or characters outside the plane.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from knowledge.search.numerals import to_digits
from knowledge.search.reading import table_lines

DATA = Path(__file__).parents[1] / "data"

# 9FD5 is where jieba's Han ends.
_FOREIGN = re.compile(r"[^\u4e00-\u9fd5a-z0-9.%]+")
# 3.5% is a number and one word; v2.5 and 1.2.3 are not, and cutters differ over them.
_SIGNED = re.compile(r"[a-z0-9.%]*[.%][a-z0-9.%]*")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?%?")
_SIGN = re.compile(r"[.%]")
_SPACES = re.compile(" {2,}")


class Normaliser:
    """Brings texts into the one form; made once from the table of traditional characters."""

    def __init__(self, traditional: Mapping[str, str]) -> None:
        self._characters = {ord(old): new for old, new in traditional.items() if len(old) == 1}
        phrases = {old: new for old, new in traditional.items() if len(old) > 1}
        # A phrase in its simplified form is kept too, so that a second pass changes nothing.
        self._phrases = phrases | {new: new for new in phrases.values()}
        self._openings = frozenset(phrase[0] for phrase in self._phrases)

    @classmethod
    def load(cls, folder: Path = DATA) -> Normaliser:
        """Read `traditional.tsv` of a folder."""
        return cls(dict(table_lines(folder / "traditional.tsv")))

    def __call__(self, text: str) -> str:
        """Return the one form of a text. Every `str` has one, and it is its own form."""
        text = self.simplified(unicodedata.normalize("NFKC", text).lower())
        text = to_digits(_INVISIBLE.sub("", text))
        text = _SIGNED.sub(_number_or_words, _FOREIGN.sub(" ", text))
        return _SPACES.sub(" ", text).strip(" ")

    @cached_property
    def _phrase(self) -> re.Pattern[str]:
        """Finds the phrases, the longest first; few texts need it."""
        longest_first = sorted(self._phrases, key=lambda phrase: (-len(phrase), phrase))
        return re.compile("|".join(longest_first) or "(?!)")

    def simplified(self, text: str) -> str:
        """Return a text in simplified characters, changed in nothing else."""
        if self._openings.isdisjoint(text):
            return text.translate(self._characters)
        parts, end = [], 0
        for found in self._phrase.finditer(text):
            parts.append(text[end : found.start()].translate(self._characters))
            parts.append(self._phrases[found[0]])
            end = found.end()
        parts.append(text[end:].translate(self._characters))
        return "".join(parts)


def _number_or_words(found: re.Match[str]) -> str:
    return found[0] if _NUMBER.fullmatch(found[0]) else _SIGN.sub(" ", found[0])


# Soft hyphens and joiners are invisible inside a word that was pasted from a page.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
