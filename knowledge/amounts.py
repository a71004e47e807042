"""Ranges of money: a passage headed 5000元以上到10000元 does not answer for a wage of 12000."""

from __future__ import annotations

import math
import re

from knowledge.search.numerals import to_digits

# What is less is no wage: a share, a count of people or of days.
LEAST = 500.0
_BETWEEN = re.compile(r"(\d+)元以上[到至](\d+)元")
_AT_MOST = re.compile(r"(\d+)元及以下")
_ABOVE = re.compile(r"超过(\d+)元")
# 2027年, 第1000条 and an identity number are no money.
_AMOUNT = re.compile(r"(?<![\d第.])(\d{1,7}(?:\.\d+)?)(万|千)?(?![\d年月日条号%.])")
_SCALE = {"万": 10_000, "千": 1_000}


def fits(heading: str, question: str) -> bool:
    """Tell whether a passage is for an amount that a question names.

    True where the question names none, or the heading gives no range of amounts.
    """
    low, high = _range(heading)
    named = amounts(question) if (low, high) != (-math.inf, math.inf) else []
    return not named or any(low < amount <= high for amount in named)


def amounts(question: str) -> list[float]:
    """Return the amounts of money that a question names."""
    text = to_digits(question)
    values = (float(n) * _SCALE.get(unit, 1) for n, unit in _AMOUNT.findall(text))
    return [value for value in values if value >= LEAST]


def _range(heading: str) -> tuple[float, float]:
    """Return above and up to which amount a heading speaks."""
    if between := _BETWEEN.search(heading):
        return float(between[1]), float(between[2])
    if at_most := _AT_MOST.search(heading):
        return -math.inf, float(at_most[1])
    if above := _ABOVE.search(heading):
        return float(above[1]), math.inf
    return -math.inf, math.inf
