"""Web pages: headings, paragraphs and tables of what a visitor sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from knowledge.documents.encoding import decode_html
from knowledge.documents.limits import Limits
from knowledge.documents.model import Block, BlockKind, Document, Kind
from knowledge.documents.titles import LONGEST_TITLE, first_heading
from knowledge.documents.words import row, tidy, tidy_lines

HEADINGS = {f"h{level}": level for level in range(1, 7)}
CELLS = frozenset({"td", "th"})
UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "head", "nav", "aside", "form", "button"}
    | {"select", "iframe", "object", "svg"}
)
INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "ins"}
    | {"kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike"}
    | {"strong", "sub", "sup", "tt", "u", "var", "wbr"}
)
# A line end that is meant; those of the source are not, and no file still holds this sign.
BREAK = "\v"
# A single cell longer than this, or of several lines, lays out a page and is no table.
LONGEST_CELL = 200
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Chinese source lines are broken anywhere; no blank is meant there.
_BROKEN_LINE = re.compile(r"(?<=[^\x00-\x7f])[ \t\r]*\n[ \t\r\n]*(?=[^\x00-\x7f])")


def read(data: bytes, limits: Limits) -> Document:
    """Return the blocks of the body; the title is the first h1, else what the head says."""
    parser = etree.HTMLParser(
        no_network=True, remove_comments=True, remove_pis=True, huge_tree=True, encoding="utf-8"
    )
    root = etree.fromstring(decode_html(data).encode("utf-8", "replace"), parser)
    if root is None:
        return Document(Kind.HTML, "", ())
    blocks = tuple(_Page().blocks(root))
    named = tidy(root.findtext(".//title") or "")
    return Document(Kind.HTML, first_heading(blocks) or named[:LONGEST_TITLE], blocks)


class _Page:
    """Walks through the tree by events, since a page may nest deeper than calls can."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._level: int | None = None
        self._row: list[str] = []
        self._depth = 0
        self._table = 0

    def blocks(self, root: Any) -> Iterator[Block]:
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            unseen = element.tag in UNSEEN or _is_hidden(element)
            if event == "start" and unseen:
                walk.skip_subtree()
            elif event == "start":
                yield from self._open(element)
                self._add(element.text)
            else:
                if not unseen:
                    yield from self._close(element)
                self._add(element.tail)
        yield from self._paragraphs()

    def _add(self, text: str | None) -> None:
        self._text.append(text or "")

    def _open(self, element: Any) -> Iterator[Block]:
        yield from self._divide(element.tag)
        if element.tag == "table":
            self._depth += 1
            self._table += self._depth == 1
        self._level = HEADINGS.get(element.tag, self._level)

    def _close(self, element: Any) -> Iterator[Block]:
        if element.tag in CELLS and self._depth == 1:
            self._row += [self._taken(), *[""] * (_span(element) - 1)]
        elif element.tag == "tr" and self._depth == 1:
            yield from self._cells()
        else:
            yield from self._divide(element.tag)
        if element.tag == "table":
            self._depth -= 1
        if element.tag in HEADINGS:
            self._level = None

    def _divide(self, tag: str) -> Iterator[Block]:
        """End a paragraph, or only a line if it is inside a table or a mere line break."""
        if tag in INLINE:
            return
        if tag == "br" or self._depth:
            self._text.append(BREAK)
        else:
            yield from self._paragraphs()

    def _taken(self) -> str:
        text = _BROKEN_LINE.sub("", "".join(self._text)).replace("\n", " ")
        self._text.clear()
        return tidy_lines(text.replace(BREAK, "\n"))

    def _paragraphs(self) -> Iterator[Block]:
        text = self._taken()
        if text and self._level is not None:
            yield Block(BlockKind.HEADING, text.replace("\n", " "), self._level)
        else:
            yield from _lines(text)

    def _cells(self) -> Iterator[Block]:
        cells, self._row = tuple(self._row), []
        filled = [cell for cell in cells if cell]
        if len(filled) == 1 and (len(filled[0]) > LONGEST_CELL or "\n" in filled[0]):
            yield from _lines(filled[0])
        elif filled:
            yield Block(BlockKind.ROW, row(cells), cells=cells, table=self._table)


def _lines(text: str) -> Iterator[Block]:
    for line in text.split("\n"):
        if line:
            yield Block(BlockKind.PARAGRAPH, line)


def _span(cell: Any) -> int:
    text = cell.get("colspan", "1")
    return min(max(int(text), 1), 64) if re.fullmatch("[0-9]{1,4}", text) else 1


def _is_hidden(element: Any) -> bool:
    hidden = element.get("hidden") is not None or element.get("aria-hidden") == "true"
    return hidden or _HIDDEN.search(element.get("style", "")) is not None
