"""Workbooks: each row of each sheet. Formulas are not evaluated, their saved values are read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from knowledge.documents import sheets
from knowledge.documents.errors import DocumentError
from knowledge.documents.limits import Limits
from knowledge.documents.model import Block, BlockKind, Document, Kind
from knowledge.documents.words import row, tidy_lines

TOO_MANY = "表格过大（超过 {rows} 行或 {cells} 格），请拆分或删去空行空列后再发。"


def read(data: bytes, limits: Limits) -> Document:
    """Return the rows that hold something, placed by their first cell."""
    if sheets.exceeds(data, rows=limits.rows, cells=limits.cells):
        reason = TOO_MANY.format(rows=limits.rows, cells=limits.cells)
        raise DocumentError(reason, "xlsx: too many rows or cells")
    workbook = openpyxl.load_workbook(
        BytesIO(data), read_only=True, data_only=True, keep_links=False
    )
    try:
        rows = _Rows(limits)
        for number, sheet in enumerate(workbook.worksheets, start=1):
            if sheet.sheet_state == "visible":
                rows.add(sheet, number)
        return Document(Kind.XLSX, "", tuple(rows.blocks))
    finally:
        workbook.close()


class _Rows:
    """Collects the rows of all sheets, within one bound for all of them."""

    def __init__(self, limits: Limits) -> None:
        self.blocks: list[Block] = []
        self._limits = limits
        self._cells = 0

    def add(self, sheet: Any, table: int) -> None:
        """Walk through a sheet; empty rows and cells count too, since walking costs."""
        # What the file says of its own size is not to be believed.
        sheet.reset_dimensions()
        for number, values in enumerate(self._bounded(sheet), start=1):
            cells = _cells(values)
            if not cells:
                continue
            first = next(i for i, cell in enumerate(cells, start=1) if cell)
            place = f"{sheet.title}!{get_column_letter(first)}{number}"
            self.blocks.append(Block(BlockKind.ROW, row(cells), 0, place, cells, table))

    def _bounded(self, sheet: Any) -> Iterator[tuple[Any, ...]]:
        for values in sheet.iter_rows(values_only=True):
            self._cells += max(1, len(values))
            if self._cells > self._limits.cells or len(self.blocks) >= self._limits.rows:
                reason = TOO_MANY.format(rows=self._limits.rows, cells=self._limits.cells)
                raise DocumentError(reason, f"xlsx: {self._cells} cells")
            yield values


def _cells(values: tuple[Any, ...]) -> tuple[str, ...]:
    cells = [_written(value) for value in values]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def _written(value: object) -> str:
    """Write a value as a reader of the sheet sees it: no time in a date, no ".0" in a number."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "minutes")
        case date() | time():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return tidy_lines(str(value))
