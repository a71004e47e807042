"""The measures of the benchmarks, each in per cent unless it says otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

DEPTH = 10


def rank(found: Sequence[int], relevant: frozenset[int]) -> int:
    """Return the place of the first relevant passage, counted from 1; 0 if there is none."""
    return next((place for place, id_ in enumerate(found, 1) if id_ in relevant), 0)


def recall(ranks: Sequence[int], depth: int) -> float:
    """Return the share of questions with a relevant passage among the first `depth`."""
    return 100 * sum(0 < rank <= depth for rank in ranks) / max(len(ranks), 1)


def mrr(ranks: Sequence[int]) -> float:
    """Return the mean of 1/rank, 0 beyond the tenth place."""
    return 100 * sum(1 / rank for rank in ranks if 0 < rank <= DEPTH) / max(len(ranks), 1)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return the chance, 0 to 1, that a positive scores above a negative; ties count half."""
    low = np.sort(np.array(negative))
    scores = np.array(positive)
    below = np.searchsorted(low, scores, side="left") + np.searchsorted(low, scores, side="right")
    return float(below.mean() / 2 / max(len(low), 1))


def false_alarms(positive: Sequence[float], negative: Sequence[float], *, kept: float) -> float:
    """Return the share of negatives that pass where a share `kept` of the positives passes."""
    threshold = np.quantile(np.array(positive), 1 - kept, method="lower")
    return float(100 * np.mean(np.array(negative) >= threshold))


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile of values, in their unit."""
    return float(np.percentile(np.array(values), share))
