"""Comma-separated values: each record is a table row."""

from __future__ import annotations

import csv
from io import StringIO

from knowledge.documents.encoding import decode
from knowledge.documents.errors import DocumentError
from knowledge.documents.limits import Limits
from knowledge.documents.model import Block, BlockKind, Document, Kind
from knowledge.documents.words import row, tidy_lines

SEPARATORS = ",\t;，"
TOO_MANY = "表格超过 {limit} 行，请拆分后再发。"
BAD_TABLE = "第 {line} 行读不了：单元格过长或引号没有成对。"


def read(data: bytes, limits: Limits) -> Document:
    """Return the records, placed by the line each begins on."""
    text = decode(data)
    reader = csv.reader(StringIO(text), delimiter=_separator(text))
    blocks, line = [], 1
    try:
        for record in reader:
            cells = tuple(tidy_lines(cell) for cell in record)
            if any(cells):
                place = f"第{line}行"
                blocks.append(Block(BlockKind.ROW, row(cells), place=place, cells=cells, table=1))
            line = reader.line_num + 1
            if len(blocks) > limits.rows:
                raise DocumentError(TOO_MANY.format(limit=limits.rows), "csv: too many rows")
    except csv.Error as error:
        raise DocumentError(BAD_TABLE.format(line=line), f"csv: {error}") from error
    return Document(Kind.CSV, "", tuple(blocks))


def _separator(text: str) -> str:
    """Return what divides the first line most often; a comma if nothing does."""
    first = text.lstrip("\n").partition("\n")[0]
    return max(SEPARATORS, key=first.count)
