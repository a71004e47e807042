"""Slides: title, text and tables of each, then its notes."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import count
from typing import Any

import pptx
from pptx.enum.shapes import MSO_SHAPE_TYPE

from knowledge.documents.limits import Limits
from knowledge.documents.model import Block, BlockKind, Document, Kind
from knowledge.documents.numerals import in_locator
from knowledge.documents.titles import LONGEST_TITLE, first_heading
from knowledge.documents.words import row, tidy, tidy_lines

NOTES = "备注："


def read(data: bytes, limits: Limits) -> Document:
    """Return the slides in order; a hidden slide is left out."""
    presentation = pptx.Presentation(BytesIO(data))
    blocks: list[Block] = []
    tables = count(1)
    for number, slide in enumerate(presentation.slides, start=1):
        if slide.element.get("show") != "0":
            blocks += _slide(slide, f"第{in_locator(number)}张", tables)
    named = tidy(presentation.core_properties.title or "")
    return Document(Kind.PPTX, first_heading(blocks) or named[:LONGEST_TITLE], tuple(blocks))


def _slide(slide: Any, place: str, tables: Iterator[int]) -> Iterator[Block]:
    title = slide.shapes.title
    heading = tidy_lines(title.text_frame.text).replace("\n", "") if title is not None else ""
    if heading:
        yield Block(BlockKind.HEADING, heading, 1, place)
    for shape in _flat(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if shape.has_text_frame:
            yield from _paragraphs(shape.text_frame, place)
        elif getattr(shape, "has_table", False):
            yield from _rows(shape.table, place, next(tables))
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield from _paragraphs(slide.notes_slide.notes_text_frame, place, NOTES)


def _flat(shapes: Any) -> Iterator[Any]:
    """Return the shapes with those inside groups; a stack, since groups may nest deeply."""
    waiting = list(shapes)[::-1]
    while waiting:
        shape = waiting.pop()
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            waiting += list(shape.shapes)[::-1]
        else:
            yield shape


def _paragraphs(frame: Any, place: str, prefix: str = "") -> Iterator[Block]:
    for paragraph in frame.paragraphs:
        text = tidy_lines(paragraph.text.replace("\v", "\n"))
        if text:
            yield Block(BlockKind.PARAGRAPH, prefix + text, place=place)
            prefix = ""


def _rows(table: Any, place: str, number: int) -> Iterator[Block]:
    for line in table.rows:
        cells = tuple("" if cell.is_spanned else tidy_lines(cell.text) for cell in line.cells)
        if any(cells):
            yield Block(BlockKind.ROW, row(cells), place=place, cells=cells, table=number)
