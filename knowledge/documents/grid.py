"""The cells of a spreadsheet or csv file, a row at a time and never more than a bound."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from io import BytesIO, StringIO
from typing import IO, Any, NamedTuple
from zipfile import ZipFile

from knowledge.documents import sheets
from knowledge.documents.encoding import decode
from knowledge.documents.errors import DocumentError
from knowledge.documents.model import Kind
from knowledge.documents.safety import check_upload

MAX_ROWS = 20_000
# Rows walked through, empty ones included; and columns looked at.
MAX_LINES, MAX_COLUMNS = 50_000, 40
MAX_CELLS = 500_000
EMPTY_LINES = f"表格里空行太多（超过 {MAX_LINES} 行），请删去后再发。"
ENDLESS = (
    f"表格过大或空行太多（一张表不超过 {MAX_LINES} 行、{MAX_CELLS} 格），请删去空行空列后再发。"
)
BROKEN = "表格打不开，请另存为 xlsx 或 csv 后再发。"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows; `kind` is "text", "number", "date", "formula" or "error"."""

    text: str
    kind: str = "text"


Row = tuple[Cell, ...]


class Merge(NamedTuple):
    """A range of merged cells, counted from 1, ends included."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


class Grid:
    """One sheet. Rows are numbered as the spreadsheet numbers them, from 1."""

    def __init__(
        self,
        name: str,
        lines: Callable[[], Iterator[Row]],
        merged: Callable[[], Iterator[Merge]] = lambda: iter(()),
    ) -> None:
        self.name = name
        self._lines = lines
        self._merged = merged

    def head(self, count: int) -> Iterator[tuple[int, Row]]:
        """Yield the first rows."""
        for number, row in enumerate(self._lines(), 1):
            if number > count:
                return
            yield number, row

    def rows(self, *, after: int) -> Iterator[tuple[int, Row]]:
        """Yield what follows a row; raises `DocumentError` when there is no end of it."""
        for number, row in enumerate(self._lines(), 1):
            if number > MAX_LINES:
                raise DocumentError(EMPTY_LINES, "too many lines")
            if number > after:
                yield number, row

    def merged(self) -> Iterator[Merge]:
        """Yield each range of merged cells."""
        return self._merged()


def read_grid(name: str, data: bytes, *, otherwise: str) -> Sequence[Grid]:
    """Return the visible sheets of a file; raises `DocumentError` for what shall not be read.

    `otherwise` says what is wanted to the sender of a file without cells.
    """
    kind = check_upload(name, data)
    if kind is Kind.XLSX:
        return _workbook(data)
    if kind is Kind.CSV:
        return [_csv(decode(data))]
    raise DocumentError(otherwise, f"{kind}")


def _csv(text: str) -> Grid:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;", key=first.count)

    def lines() -> Iterator[Row]:
        try:
            for values in csv.reader(StringIO(text, newline=""), delimiter=delimiter):
                yield tuple(Cell(value.strip()) for value in values[:MAX_COLUMNS])
        except csv.Error as error:
            raise DocumentError(BROKEN, f"csv: {error}") from error

    return Grid("csv", lines)


def _workbook(data: bytes) -> list[Grid]:
    # Slow to import, and needed only for a spreadsheet.
    from openpyxl.reader.excel import ExcelReader

    with _refusing():
        if sheets.exceeds(data, rows=MAX_LINES, cells=MAX_CELLS):
            raise DocumentError(ENDLESS, "too many rows or cells")
        reader = ExcelReader(BytesIO(data), read_only=True, keep_links=False)
        reader.read()
        places = {sheet.name: relation.target for sheet, relation in reader.parser.find_sheets()}
        visible = [s for s in reader.wb.worksheets if s.sheet_state == "visible"]
    return [
        Grid(s.title, partial(_sheet, s), partial(_merges, data, places[s.title])) for s in visible
    ]


def _sheet(sheet: Any) -> Iterator[Row]:
    with _refusing():
        # The size that a sheet declares may be wrong by a million rows.
        sheet.reset_dimensions()
        for cells in sheet.iter_rows(max_col=MAX_COLUMNS):
            yield tuple(_cell(cell.value, cell.data_type) for cell in cells)


def _cell(value: Any, kind: str) -> Cell:
    if value is None:
        return Cell("")
    if kind == "f":
        return Cell("=", "formula")
    if kind == "e":
        return Cell(str(value), "error")
    if isinstance(value, datetime) and value.time() == time():
        return Cell(value.date().isoformat(), "date")
    if isinstance(value, date | datetime | time):
        return Cell(str(value), "date")
    if isinstance(value, float) and value.is_integer():
        return Cell(str(int(value)), "number")
    if isinstance(value, int | float):
        return Cell(str(value), "number")
    return Cell(str(value).strip())


def _merges(data: bytes, place: str) -> Iterator[Merge]:
    """Read the merged ranges, which the row-by-row reader passes over."""
    from openpyxl.utils.cell import range_boundaries

    with _refusing(), ZipFile(BytesIO(data)) as archive, archive.open(place) as member:
        for reference in _references(member):
            first_column, first_row, last_column, last_row = range_boundaries(reference)
            yield Merge(first_row, last_row, first_column, last_column)


def _references(member: IO[bytes]) -> Iterator[str]:
    from defusedxml.ElementTree import iterparse

    for _, element in iterparse(member, forbid_dtd=True):
        if element.tag.endswith("}mergeCell"):
            yield element.get("ref", "")
        if element.tag.endswith("}row"):
            element.clear()


@contextmanager
def _refusing() -> Iterator[None]:
    """Word whatever the parsers of a hostile or broken workbook raise."""
    try:
        yield
    except DocumentError:
        raise
    except Exception as error:
        raise DocumentError(BROKEN, f"xlsx: {error!r}") from error
