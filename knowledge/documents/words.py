"""The spaces of a text, and which of them mean something."""

from __future__ import annotations

import re

_BLANKS = re.compile("[ \t\r\n\x0b\x0c\xa0\u2000-\u200a\u202f\u205f]+")
# Soft hyphens, joiners, direction marks and the byte order mark are not seen and not meant.
_INVISIBLE = re.compile("[\0-\x08\x0e-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def tidy(text: str) -> str:
    """Return a text without invisible characters, with single blanks, not padded.

    The ideographic space is kept inside, where it sets 第一条 apart from its text.
    """
    text = _SURROGATES.sub("\ufffd", _INVISIBLE.sub("", text))
    return _BLANKS.sub(" ", text).strip(" \u3000")


def tidy_lines(text: str) -> str:
    """Do the same for each line, and drop those that are empty."""
    return "\n".join(line for part in text.split("\n") if (line := tidy(part)))


def glue(first: str, second: str) -> str:
    """Join two parts of a broken line: a blank stands between Latin words only."""
    latin = first[-1:].isascii() and second[:1].isascii()
    blank = latin and first[-1:].strip() != "" and second[:1].strip() != ""
    return f"{first} {second}" if blank else first + second


def row(cells: tuple[str, ...]) -> str:
    """Return the cells of a table row as one line, empty if all are."""
    return " | ".join(cell for cell in cells if cell)
