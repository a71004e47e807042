"""What `numpy.unique` does, for arrays that are sorted already.

That function imports numpy's masked arrays when it is first called, 20 ms of a first answer.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Kind = TypeVar("Kind", bound=np.generic)


def distinct(sorted_: npt.NDArray[Kind]) -> tuple[npt.NDArray[Kind], npt.NDArray[np.intp]]:
    """Return the distinct values of a sorted array and where each begins."""
    first = np.ones(len(sorted_), dtype=np.bool_)
    np.not_equal(sorted_[1:], sorted_[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    return sorted_[starts], starts
