"""Cutting a long text where a reader would: between paragraphs, sentences, words.

Telegram counts UTF-16 code units and refuses a text that is one too long. A cut never falls
into a grapheme cluster (a letter with its marks, a flag, a family of emoji) nor, where it can
be helped, into a span that is shown as one piece.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BORDERS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[。！？!?…；;][”’」』）)]*|[.](?=\s)"),
    re.compile(r"[，、：,:\s]"),
)
_ZWJ = "\u200d"


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a text from `start` to `end` (code points) that is shown as `kind`."""

    start: int
    end: int
    kind: str


def units(text: str) -> int:
    """Count UTF-16 code units, Telegram's measure of length and offset."""
    return len(text) + sum(char > "\uffff" for char in text)


def split(text: str, limit: int, spans: Sequence[Span] = ()) -> list[tuple[int, int]]:
    """Return the ranges (code points) of parts of at most `limit` UTF-16 units.

    The parts follow each other without gap or overlap; an empty text has none. `limit` is at
    least 2. Only a cluster or span longer than `limit` itself is cut.
    """
    return list(_parts(text, limit, spans))


def _parts(text: str, limit: int, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = _furthest(text, start, limit)
        if end < len(text):
            end = _cut(text, start, end, spans)
        yield start, end
        start = end


def _furthest(text: str, start: int, limit: int) -> int:
    """Return the end of the longest piece from `start` that fits into `limit` units."""
    end = min(len(text), start + limit)
    size = units(text[start:end])
    while size > limit:
        end -= 1
        size -= 2 if text[end] > "\uffff" else 1
    return end


def _cut(text: str, start: int, end: int, spans: Sequence[Span]) -> int:
    """Choose the best place to cut in (start, end]: the last one of the strongest border."""
    for border in _BORDERS:
        # A border in the first third would leave a part that is mostly empty.
        earliest = start + (end - start) // 3
        ends = [found.end() for found in border.finditer(text, earliest, end)]
        for place in reversed(ends):
            if _safe(text, place, spans):
                return place
    for place in range(end, start, -1):
        if _safe(text, place, spans):
            return place
    return _inside_span(text, start, end)


def _inside_span(text: str, start: int, end: int) -> int:
    """Cut a span that is longer than a message, at the end of a line or a cluster of it."""
    line = text.rfind("\n", start, end) + 1
    if line > start:
        return line
    places = (place for place in range(end, start, -1) if _between_clusters(text, place))
    return next(places, end)


def _safe(text: str, place: int, spans: Sequence[Span]) -> bool:
    inside = any(span.start < place < span.end for span in spans)
    return not inside and _between_clusters(text, place)


def _between_clusters(text: str, place: int) -> bool:
    """Tell whether `place` is between two grapheme clusters (a practical part of UAX 29)."""
    if not 0 < place < len(text):
        return True
    before, after = text[place - 1], text[place]
    if before == _ZWJ or _extends(after) or (before == "\r" and after == "\n"):
        return False
    if _regional(before) and _regional(after):
        return _flags_before(text, place) % 2 == 0
    return not (_hangul(before) and _hangul(after))


def _extends(char: str) -> bool:
    """Tell whether `char` belongs to the character before it."""
    if char == _ZWJ or unicodedata.category(char).startswith("M"):
        return True
    return "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f"


def _regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flags_before(text: str, place: int) -> int:
    """Count the regional indicators that end at `place`: two of them are a flag."""
    first = place
    while first > 0 and _regional(text[first - 1]):
        first -= 1
    return place - first


def _hangul(char: str) -> bool:
    """Tell whether `char` is a conjoining jamo, which joins its neighbours to a syllable."""
    return "\u1100" <= char <= "\u11ff"
