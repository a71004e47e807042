"""Reading the data files: lines that people edit, with comments that begin with `#`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def lines(path: Path) -> Iterator[str]:
    """Yield the lines that hold something, without comments and outer spaces."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def table_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the two columns of a table whose columns are separated by a tab.

    Raises `ValueError` with the file and the line where there are not two columns.
    """
    for line in lines(path):
        columns = line.split("\t")
        if len(columns) != 2:
            raise ValueError(f"{path.name}: two columns are wanted, not {line!r}")
        yield columns[0], columns[1]
