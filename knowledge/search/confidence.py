"""How sure a result is, by one rule for every library: answer, suggest or decline.

Two questions are asked, each answered by a logistic regression over what the search saw. Is the
question about something that the library knows? Foreign questions match in scattered small
words: their score is a small share of what a perfect match would get, and some of their words
are in no passage at all. Is it this passage rather than the next? The margin says so. The
constants come from `python -m benchmarks.fit_confidence` on the development sets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["answer", "suggest", "decline"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about the first passage and the question; each from 0 to 1.

    `share` is the passage's score as a share of a perfect match, `coverage` the share of the
    question's weight whose terms stand in it, `vocabulary` the share of the weight of its words
    that stand anywhere in the library, `margin` how far the second passage falls behind it.
    """

    share: float
    coverage: float
    vocabulary: float
    margin: float


NOTHING = Evidence(0.0, 0.0, 0.0, 0.0)

# Intercept, then the weights of share, coverage and vocabulary.
KNOWN = (-7.5, 6.44, 8.19, 6.6)
# Intercept, then the weights of share and margin.
RIGHT = (-3.88, 4.15, 3.57)

# In the worst development library 5 % of single foreign questions are let through; 95 to 99 % of
# the answerable are kept on question-like ones, and nine of ten passages given as answers are
# right.
SUGGEST_FROM = 0.65
ANSWER_FROM = 0.5


def known(evidence: Evidence) -> float:
    """Return the chance that the question is about something in the library."""
    intercept, share, coverage, vocabulary = KNOWN
    return _logistic(
        intercept
        + share * evidence.share
        + coverage * evidence.coverage
        + vocabulary * evidence.vocabulary
    )


def right(evidence: Evidence) -> float:
    """Return the chance that the first passage is the right one, the question being known."""
    intercept, share, margin = RIGHT
    return _logistic(intercept + share * evidence.share + margin * evidence.margin)


def score(evidence: Evidence) -> float:
    """Return the chance that the first passage answers the question."""
    return 0.0 if evidence == NOTHING else known(evidence) * right(evidence)


def verdict(evidence: Evidence) -> Verdict:
    """Say what to do with a result."""
    if evidence == NOTHING or known(evidence) < SUGGEST_FROM:
        return "decline"
    return "answer" if score(evidence) >= ANSWER_FROM else "suggest"


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
