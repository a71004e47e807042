"""How much a file may hold before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

MEBI = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one file; sizes in bytes, `ratio` is unpacked to packed of one archive member.

    Office files of ordinary content stay under a ratio of 60 and some hundred members; sheets
    of repeated values reach 150. `cells` bounds what a sheet makes us walk through, empty or not.
    """

    size: int = 20 * MEBI
    entries: int = 5_000
    ratio: int = 200
    unpacked: int = 200 * MEBI
    pages: int = 3_000
    cells: int = 2_000_000
    rows: int = 100_000
    characters: int = 5_000_000


DEFAULT = Limits()
