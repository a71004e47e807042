"""Rows of a sheet as sections, each with the names of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from knowledge.documents.model import Block, Section

LONGEST_NAME = 20


def records(blocks: Sequence[Block]) -> Iterator[Section]:
    """Return a section for each row: "支部：一支部；应到：12". Its path is what stands above."""
    for _, group in groupby(blocks, key=lambda block: block.table):
        yield from _table(list(group))


def _table(rows: Sequence[Block]) -> Iterator[Section]:
    header = next((i for i, row in enumerate(rows[:-1]) if _is_header(row)), None)
    if header is None:
        for row in rows:
            yield Section(row.place, row.text, (), "", row.place)
        return
    path = tuple(row.text.replace("\n", " ") for row in rows[:header])
    for row in rows[header + 1 :]:
        text = _named(rows[header].cells, row.cells)
        yield Section(row.place, text, path, "", row.place)


def _is_header(row: Block) -> bool:
    """Tell a row of names: several short ones; a row with one cell is a title or a remark."""
    names = [cell for cell in row.cells if cell]
    return len(names) > 1 and all(len(n) <= LONGEST_NAME and not n.isdecimal() for n in names)


def _named(names: Sequence[str], cells: Sequence[str]) -> str:
    padded = (*names, *[""] * (len(cells) - len(names)))
    pairs = zip(padded, cells, strict=False)
    return "；".join(f"{name}：{cell}" if name else cell for name, cell in pairs if cell)
