"""How sure a result is, by one rule for every library: answer, suggest or decline.

Two things are asked. Is the question about something that the library knows? The score divided
by the score of a perfect match (every term saturated) says so, together with how much of the
question's weight stands in the passage at all. Is it this passage rather than the next? The
margin says so. A logistic regression turns them into the chance that the first passage is right;
`benchmarks/fit_confidence.py` fits its constants on the development sets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["answer", "suggest", "decline"]

INTERCEPT = -4.0
SHARE = 6.0
COVERAGE = 3.0
MARGIN = 2.0

KNOWN_INTERCEPT = -4.0
KNOWN_SHARE = 8.0
KNOWN_COVERAGE = 4.0

ANSWER_FROM = 0.5
SUGGEST_FROM = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about the first passage; each from 0 to 1.

    `share` is its score as a share of a perfect match, `coverage` the share of the question's
    weight whose terms stand in it, `margin` how far the second passage falls behind it.
    """

    share: float
    coverage: float
    margin: float


NOTHING = Evidence(0.0, 0.0, 0.0)


def known(evidence: Evidence) -> float:
    """Return the chance that the question is about something in the library."""
    return _logistic(
        KNOWN_INTERCEPT + KNOWN_SHARE * evidence.share + KNOWN_COVERAGE * evidence.coverage
    )


def right(evidence: Evidence) -> float:
    """Return the chance that the first passage is the right one."""
    return _logistic(
        INTERCEPT + SHARE * evidence.share + COVERAGE * evidence.coverage + MARGIN * evidence.margin
    )


def verdict(evidence: Evidence) -> Verdict:
    """Say what to do with a result."""
    if known(evidence) < SUGGEST_FROM:
        return "decline"
    return "answer" if right(evidence) >= ANSWER_FROM else "suggest"


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
