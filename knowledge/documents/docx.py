"""Word documents: paragraphs with the numbers that Word shows, headings, tables.

What is deleted by a tracked change, hidden, or outside the body (headers, notes) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from itertools import count
from typing import Any

import docx
from docx.opc.constants import RELATIONSHIP_TYPE

from knowledge.documents.limits import Limits
from knowledge.documents.model import Block, BlockKind, Document, Kind
from knowledge.documents.numbering import Numbering, W
from knowledge.documents.structure import LONGEST_HEADING
from knowledge.documents.styles import Look, Styles
from knowledge.documents.titles import CENTRED_LEVEL, is_note, joined_title
from knowledge.documents.words import row, tidy, tidy_lines

MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Text boxes are read after the paragraph they hang on, `Fallback` repeats what precedes it.
_SKIPPED = {f"{W}del", f"{W}moveFrom", f"{W}rPr", f"{W}pPr", f"{MC}Fallback", f"{W}txbxContent"}
_BREAKS = {f"{W}br": "\n", f"{W}cr": "\n", f"{W}tab": " ", f"{W}noBreakHyphen": "-"}
_TRANSPARENT = {f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}ins", f"{W}moveTo"}
_ENDS_SENTENCE = re.compile("[。；;！!？?，,：:]$")


def read(data: bytes, limits: Limits) -> Document:
    """Return the paragraphs and table rows of the body."""
    file = docx.Document(BytesIO(data))
    styles = Styles(_part(file, RELATIONSHIP_TYPE.STYLES))
    numbering = Numbering(_part(file, RELATIONSHIP_TYPE.NUMBERING), styles.lists)
    blocks = list(_Body(styles, numbering).blocks(file.element.body))
    title, blocks = joined_title(blocks)
    return Document(Kind.DOCX, title, tuple(blocks))


def _part(file: Any, type_: str) -> Any | None:
    """Return the root element of a part of its own, None if there is none."""
    related = (r for r in file.part.rels.values() if r.reltype == type_ and not r.is_external)
    return next((r.target_part.element for r in related), None)


class _Body:
    """Walks through the body once, in reading order, counting what is numbered."""

    def __init__(self, styles: Styles, numbering: Numbering) -> None:
        self._styles = styles
        self._numbering = numbering
        self._tables = count(1)

    def blocks(self, parent: Any) -> Iterator[Block]:
        for element in parent:
            if element.tag == f"{W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{W}tbl":
                yield from self._table(element)
            elif element.tag in _TRANSPARENT:
                contents = _is_contents(element)
                for block in self.blocks(element):
                    yield replace(block, kind=BlockKind.CONTENTS) if contents else block

    def _paragraph(self, element: Any) -> Iterator[Block]:
        look = self._styles.look(element)
        text = self._text(element, look)
        if text:
            yield self._block(element, text, look)
        for box in _boxes(element):
            yield from self.blocks(box)

    def _text(self, element: Any, look: Look) -> str:
        """Return the text with its number; an empty paragraph is counted as Word counts it."""
        label = self._label(look)
        text = tidy_lines(_text(element, self._styles))
        return _numbered(label, text) if text else ""

    def _label(self, look: Look) -> str:
        if not look.list_id or look.list_id == "0":
            return ""
        level = look.list_level
        if level is None:
            level = self._numbering.level_of(look.list_id, look.style)
        return self._numbering.label(look.list_id, level)

    def _block(self, element: Any, text: str, look: Look) -> Block:
        if look.is_contents:
            return Block(BlockKind.CONTENTS, text)
        if look.heading is not None and len(text) <= 3 * LONGEST_HEADING:
            return Block(BlockKind.HEADING, text, look.heading)
        if look.centred and self._is_headline(element, text):
            return Block(BlockKind.HEADING, text, CENTRED_LEVEL)
        return Block(BlockKind.PARAGRAPH, text)

    def _is_headline(self, element: Any, text: str) -> bool:
        """Tell a centred line that stands for a heading: short, bold or large, no sentence."""
        flat = text.replace("\n", "")
        if len(flat) > LONGEST_HEADING or _ENDS_SENTENCE.search(flat) or is_note(flat):
            return False
        return self._styles.is_emphatic(element)

    def _table(self, element: Any) -> Iterator[Block]:
        number = next(self._tables)
        for line in _rows(element):
            cells = tuple(self._cells(line))
            if any(cells):
                yield Block(BlockKind.ROW, row(cells), cells=cells, table=number)

    def _cells(self, line: Any) -> Iterator[str]:
        """Return the texts of a row; what is merged into another cell is empty."""
        for cell in _found(line, f"{W}tc"):
            properties = cell.find(f"{W}tcPr")
            merged = None if properties is None else properties.find(f"{W}vMerge")
            continued = merged is not None and merged.get(f"{W}val", "continue") == "continue"
            inner = [b.text for b in self.blocks(cell)]
            yield "" if continued else "\n".join(inner)
            yield from [""] * (_span(properties) - 1)


def _boxes(element: Any) -> Iterator[Any]:
    """Return the text boxes of a paragraph, not those inside another box."""
    for child in element:
        if child.tag == f"{W}txbxContent":
            yield child
        elif child.tag != f"{MC}Fallback" and len(child):
            yield from _boxes(child)


def _is_contents(element: Any) -> bool:
    gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    return gallery is not None and "contents" in gallery.get(f"{W}val", "").lower()


def _rows(table: Any) -> Iterator[Any]:
    for line in _found(table, f"{W}tr"):
        if line.find(f"{W}trPr/{W}del") is None:
            yield line


def _found(parent: Any, tag: str) -> Iterator[Any]:
    """Return the children of a kind, also those inside content controls."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _TRANSPARENT:
            yield from _found(child, tag)


def _span(properties: Any | None) -> int:
    span = None if properties is None else properties.find(f"{W}gridSpan")
    text = "1" if span is None else span.get(f"{W}val", "1")
    return min(max(int(text), 1), 64) if text.isdecimal() else 1


def _text(parent: Any, styles: Styles) -> str:
    """Return the text as it is seen, with line breaks."""
    parts: list[str] = []
    for child in parent:
        if child.tag in _SKIPPED or not isinstance(child.tag, str):
            continue
        if child.tag == f"{W}t":
            parts.append(child.text or "")
        elif child.tag in _BREAKS:
            parts.append(_BREAKS[child.tag])
        elif child.tag != f"{W}r" or not styles.is_hidden(child):
            parts.append(_text(child, styles))
    return "".join(parts)


def _numbered(label: str, text: str) -> str:
    """Put the number before the text: 第三条　…, （一）…, 1. …"""
    label = tidy(label)
    if not label:
        return text
    if label[-1] in "、，：）)．。】」":
        return label + text
    return f"{label}\u3000{text}" if label[-1] > "\x7f" else f"{label} {text}"
