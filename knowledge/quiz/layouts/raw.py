"""A question as a file has it, before its parts are understood."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from knowledge.documents.words import tidy_lines
from knowledge.quiz.model import Question

SHORT = 20
_WIDE = {ord(c): unicodedata.normalize("NFKC", c) for c in "．～　"}
for _first, _last in ("０９", "ＡＺ", "ａｚ"):
    _WIDE |= {code: chr(code - 0xFEE0) for code in range(ord(_first), ord(_last) + 1)}


class BadQuestion(Exception):
    """A question cannot be taken; the text is the reason, for whoever made the file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What was not understood: where it stands, and why."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}：{self.reason}" if self.place else self.reason


@dataclass(frozen=True, slots=True)
class Raw:
    """The texts of one question; an empty one is not there."""

    place: str
    stem: str
    options: tuple[str, ...] = ()
    answer: str = ""
    kind: str = ""
    explanation: str = ""
    source: str = ""
    article: str = ""
    version: str = ""
    topic: str = ""
    difficulty: str = ""
    starts: str = ""
    ends: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds: its questions, and what was not understood of it."""

    questions: tuple[Question, ...]
    faults: tuple[Fault, ...]


def plain(text: str) -> str:
    """Return a text with narrow letters, digits and blanks, its lines tidy.

    Chinese punctuation is left as it is.
    """
    return tidy_lines(text.translate(_WIDE))


def short(text: str) -> str:
    """Return a text as it may be named in a reason."""
    line = re.sub(r"\s+", " ", text).strip()
    return line if len(line) <= SHORT else f"{line[:SHORT]}…"
