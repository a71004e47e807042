"""A table in a chat: small ones as monospaced text, others as a spreadsheet."""

from __future__ import annotations

import io
import re
import unicodedata

from bot.filenames import file_name
from scheduler.messages import Table

WIDEST = 44
"""Columns of a monospaced line that a phone shows without breaking it."""
LONGEST = 30
"""Lines that are still read as one grid."""
NAMELESS = "表格"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def workbook_name(table: Table) -> str:
    """Return the name of a table's spreadsheet."""
    # A name of dots and blanks would leave nothing but the ending.
    return file_name(f"{table.name.strip('. ') or NAMELESS}.xlsx")


def monospaced(table: Table) -> str | None:
    """Align `table` in a fixed-width font; None when it is too large to be read that way."""
    rows = [[" ".join(cell.split()) for cell in row] for row in table.rows]
    columns = max((len(row) for row in rows), default=0)
    rows = [row + [""] * (columns - len(row)) for row in rows]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    if not rows or len(rows) > LONGEST or sum(widths) + 2 * (columns - 1) > WIDEST:
        return None
    return "\n".join("  ".join(map(_pad, row, widths)).rstrip() for row in rows)


def workbook(table: Table) -> bytes:
    """Write `table` as .xlsx in which every cell is text, so that none can be a formula."""
    from openpyxl import Workbook  # costs 0.2 s, needed for large tables only

    book = Workbook(write_only=False)
    sheet = book.worksheets[0]
    for number, row in enumerate(table.rows, start=1):
        for column, text in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = _CONTROL.sub("\ufffd", text)
            cell.data_type, cell.quotePrefix = "s", True
    sheet.freeze_panes = "A2"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
