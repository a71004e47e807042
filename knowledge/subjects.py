"""What a question is about: a word of `data/subjects.txt` that its answer has to name as well.

Two passages of the same affair share most of their words, and the search may put first what says
nothing about the one word that matters: how many votes a resolution takes, when the question was
how many the approval of full membership takes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from knowledge.search.reading import lines

# What is longer tells a story.
SHORT = 24
FILE = Path(__file__).parent / "data" / "subjects.txt"


def lacks(passage: str, question: str) -> bool:
    """Tell whether a passage does not name a subject that a question names.

    A story names much besides what it asks about, so it is never lacking.
    """
    return len(question) <= SHORT and any(
        names[0] in question and not any(name in passage for name in names) for names in _subjects()
    )


@cache
def _subjects() -> tuple[tuple[str, ...], ...]:
    """Read the list: each subject with the words that say the same."""
    return tuple(tuple(line.split()) for line in lines(FILE))
