"""Questions about other bodies, which sound like ours and must not be answered by our rules.

A trade union elects for a term too, and the youth league has branches and dues. What a name in
`data/bodies.txt` stands for is only known by a passage that speaks of it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from knowledge.search.reading import lines

FILE = Path(__file__).parent / "data" / "bodies.txt"


def strangers(question: str, passage: str) -> list[str]:
    """Return the bodies that a question names and a passage does not, in the order of the list."""
    return [name for name in _names() if name in question and name not in passage]


@cache
def _names() -> tuple[str, ...]:
    return tuple(lines(FILE))
