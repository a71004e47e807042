"""What a question names: other bodies and fields, which our rules do not answer, and the trade.

A trade union elects for a term too, the youth league has branches and dues, and a school has an
age of entry. What a name in `data/bodies.txt` or a word in `data/fields.txt` stands for is only
known by a passage that speaks of it. A question that holds no word of `data/trade.txt` either,
such as who chairs the acceptance of a building, is hardly one for the pairs of question and
answer about party affairs, however much it sounds like them.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from knowledge.search.reading import lines

DATA = Path(__file__).parent / "data"
STRANGE = ("bodies.txt", "fields.txt")
TRADE = ("trade.txt",)
# The questions of one message are put to several passages each.
RECENT = 64


def strangers(question: str, passage: str) -> list[str]:
    """Return what a question names and a passage does not, in the order of the lists."""
    return [name for name in named(question) if name not in passage]


@lru_cache(RECENT)
def named(question: str) -> tuple[str, ...]:
    """Return the other bodies and fields that a question names."""
    text = question.lower()
    found = [row for row in _names(STRANGE) if row[0] in text]
    return tuple(name for name, besides in found if _stands(name, besides, text))


@lru_cache(RECENT)
def of_the_trade(text: str) -> bool:
    """Tell whether a text holds a word of the trade."""
    return any(name in text and _stands(name, besides, text) for name, besides in _names(TRADE))


def _stands(name: str, besides: tuple[str, ...], text: str) -> bool:
    """Tell whether a name that is in a text is so other than as a part of words that hold it."""
    for longer in besides:
        text = text.replace(longer, " ")
    return name in text


@cache
def _names(files: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Read lists: each name with the words that hold it by chance."""
    rows = [line.split() for file in files for line in lines(DATA / file)]
    return tuple((name, tuple(besides)) for name, *besides in rows)
