"""One redactor for everything that is written where people's numbers must not stand."""

from __future__ import annotations

import re

# The longer pattern first: an identity number holds what looks like a phone number.
PATTERNS = (
    (re.compile(r"(?<!\d)\d{6,10}:[A-Za-z0-9_-]{30,}"), "[token]"),
    (re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])"), "[identity]"),
    (re.compile(r"(?<![0-9A-Za-z])\d{15}(?![0-9A-Za-z])"), "[identity]"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)"), "[phone]"),
)
FULL_WIDTH = {ord("０") + d: ord("0") + d for d in range(10)} | {ord("Ｘ"): "X", ord("ｘ"): "x"}


def redact(text: str) -> str:
    """Replace identity numbers, mobile phone numbers and bot tokens by their kind.

    Full-width digits are read as digits. The text is otherwise unchanged.
    """
    plain = text.translate(FULL_WIDTH)
    # Without a hit the text is returned as it was, full-width digits and all.
    found = any(pattern.search(plain) for pattern, _ in PATTERNS)
    if not found:
        return text
    for pattern, kind in PATTERNS:
        plain = pattern.sub(kind, plain)
    return plain


def for_people(text: str) -> str:
    """Leave numbers out of words that somebody typed and that a messenger carries on."""
    return re.sub(r"\[(?:identity|phone|token)\]", "（号码略）", redact(text))
