"""How sure a result is, by one rule for every library: answer, suggest or decline.

Two questions are asked, each answered by a logistic regression over what the search saw. Is the
question about something that the library knows? Foreign questions match in scattered small
words: the score is a small share of what a perfect match would get and small in itself, and much
of the question is in no passage at all. Is it this passage rather than the next? The margin says
so. The constants come from `python -m benchmarks.fit_confidence` on the development sets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["answer", "suggest", "decline"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about the first passage and the question.

    From 0 to 1: `share`, its score as a share of a perfect match; `vocabulary`, the share of the
    question's weight whose terms stand anywhere in the library; `margin`, how far the second
    passage falls behind the first. `strength` is its score in units of the rarest possible term:
    a long-winded question that was understood has a small share but a great strength.
    """

    share: float
    strength: float
    vocabulary: float
    margin: float


NOTHING = Evidence(0.0, 0.0, 0.0, 0.0)

# Intercept, then the weights of share, log(1 + strength) and vocabulary.
KNOWN = (-14.57, 9.82, 2.11, 11.28)
# Intercept, then the weights of share, log(1 + strength) and margin.
RIGHT = (-4.26, 2.33, 0.78, 9.46)

# 5 % of single foreign questions are let through in the worst development library at 0.55 without
# the vocabulary of the trade, which knows a few more of their words.
SUGGEST_FROM = 0.6
# On the question-like development set nine of ten passages given as answers are right, or more.
ANSWER_FROM = 0.6


def known(evidence: Evidence) -> float:
    """Return the chance that the question is about something in the library.

    This is the score that is shown: it tells both foreign questions and those whose answer is
    missing better than the chance that a certain passage is right.
    """
    if evidence == NOTHING:
        return 0.0
    intercept, share, strength, vocabulary = KNOWN
    return logistic(
        intercept
        + share * evidence.share
        + strength * math.log1p(evidence.strength)
        + vocabulary * evidence.vocabulary
    )


def right(evidence: Evidence) -> float:
    """Return the chance that the first passage is the right one, the answer being there."""
    intercept, share, strength, margin = RIGHT
    return logistic(
        intercept
        + share * evidence.share
        + strength * math.log1p(evidence.strength)
        + margin * evidence.margin
    )


def answers(evidence: Evidence) -> float:
    """Return the chance that the first passage answers the question."""
    return known(evidence) * right(evidence)


def verdict(evidence: Evidence) -> Verdict:
    """Say what to do with a result."""
    if known(evidence) < SUGGEST_FROM:
        return "decline"
    return "answer" if answers(evidence) >= ANSWER_FROM else "suggest"


def logistic(value: float) -> float:
    """Return the chance that a weighted sum of evidence stands for, from 0 to 1."""
    return 1 / (1 + math.exp(-value))
