"""The words of a segmenter with their frequencies, in a sorted file that is mapped and not read.

A question of thirty characters holds some thirty words of a dictionary of 350,000. They are
found in two milliseconds, while loading the dictionary is half of a process's first answer. The
file is a cache: whoever finds it missing or damaged loads the dictionary.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Mapping
from pathlib import Path

from knowledge.search.files import replacing

_END = b"\n"
_GAP = b" "


class WordList:
    """The lines "word frequency" of a file, sorted by word; found by bisection."""

    def __init__(self, lines: bytes | mmap.mmap, start: int, total: int) -> None:
        self._lines = lines
        self._start = start
        self.total = total

    @classmethod
    def open(cls, path: Path) -> WordList:
        """Map a file that `write` made. Raises `OSError` or `ValueError` if it cannot be used."""
        with path.open("rb") as file:
            lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        start = lines.find(_END) + 1
        checksum, _, total = lines[:start].strip().partition(_GAP)
        if not total.isdigit() or checksum != _checksum(total, memoryview(lines)[start:]):
            raise ValueError(f"{path.name} is damaged")
        return cls(lines, start, int(total))

    def frequency(self, word: str) -> int:
        """Return how frequent a word is, 0 if it is none."""
        found, frequency = self._at_or_after(word.encode("utf-8", "replace"))
        return frequency if found == word.encode("utf-8", "replace") else 0

    def inside(self, text: str) -> dict[str, int]:
        """Return all words that a text holds, with their frequencies."""
        words: dict[str, int] = {}
        for begin in range(len(text)):
            for end in range(begin + 1, len(text) + 1):
                typed = text[begin:end].encode("utf-8", "replace")
                found, frequency = self._at_or_after(typed)
                if found == typed:
                    words[text[begin:end]] = frequency
                elif not found.startswith(typed):
                    break
        return words

    def _at_or_after(self, word: bytes) -> tuple[bytes, int]:
        """Return the first word that is not before the given one, with its frequency."""
        low, high = self._start, len(self._lines)
        while low < high:
            middle = (low + high) // 2
            begin = max(self._lines.rfind(_END, low, middle) + 1, low)
            end = self._lines.find(_END, middle)
            if self._lines[begin:end].partition(_GAP)[0] < word:
                low = end + 1
            else:
                high = begin
        found, _, frequency = self._lines[low : self._lines.find(_END, low)].partition(_GAP)
        return found, int(frequency or 0)


def write(path: Path, words: Mapping[str, int]) -> None:
    """Store words; a crash at any moment leaves what was there before."""
    rows = sorted((word.encode(), frequency) for word, frequency in words.items())
    body = b"".join(b"%b %d\n" % row for row in rows)
    total = b"%d" % sum(words.values())
    with replacing(path) as file:
        file.write(_checksum(total, body) + _GAP + total + _END + body)


def _checksum(total: bytes, body: bytes | memoryview) -> bytes:
    return b"%d" % zlib.crc32(body, zlib.crc32(total))
