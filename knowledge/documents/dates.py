"""Days as documents write them. A day that no calendar has is none."""

from __future__ import annotations

import re
from datetime import date

from knowledge.documents.numerals import from_chinese

EARLIEST, LATEST = 1900, 2100
_DIGIT = "0-9０-９〇零○一二三四五六七八九"
DAY = (
    rf"(?P<year>[{_DIGIT}]{{4}})\s*年\s*(?P<month>[{_DIGIT}十]{{1,3}})\s*月"
    rf"\s*(?P<day>[{_DIGIT}十廿卅]{{1,3}})\s*[日号]"
)
_PLAIN = r"(?P<year>[0-9]{4})(?P<sep>[-/.])(?P<month>[0-9]{1,2})(?P=sep)(?P<day>[0-9]{1,2})"
_DAYS = (re.compile(DAY), re.compile(rf"{_PLAIN}(?:[ T]00:00(?::00)?)?"))


def find_date(text: str) -> date | None:
    """Return the day that a text is, None if it is anything else."""
    for pattern in _DAYS:
        found = pattern.fullmatch(text.strip())
        if found:
            return to_date(found)
    return None


def to_date(found: re.Match[str]) -> date | None:
    """Return the day of a match with the groups year, month and day, None if there is no such."""
    try:
        year, month, day = (from_chinese(found[part]) for part in ("year", "month", "day"))
        return date(year, month, day) if EARLIEST <= year <= LATEST else None
    except ValueError:
        return None
