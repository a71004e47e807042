"""PDF: lines become paragraphs again; page numbers and running heads are left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from threading import Lock
from typing import Any

import pypdfium2
from pypdfium2 import raw

from knowledge.documents.archives import BROKEN, ENCRYPTED
from knowledge.documents.errors import DocumentError
from knowledge.documents.limits import Limits
from knowledge.documents.model import Block, BlockKind, Document, Kind
from knowledge.documents.numerals import in_locator
from knowledge.documents.structure import (
    LONGEST_HEADING,
    find_article,
    heading_rank,
    item_label,
    point_rank,
)
from knowledge.documents.titles import CENTRED_LEVEL, is_note, joined_title
from knowledge.documents.words import glue, tidy

SCANNED = "PDF 里没有文字，像是扫描件，请发送文字版。"
TOO_MANY = "PDF 超过 {limit} 页，请拆分后再发。"
# PDFium may be used by one thread of a process at a time.
_PDFIUM = Lock()
# A running head is on this share of the pages, and there must be that many pages.
RUNNING_SHARE, RUNNING_PAGES, EDGE = 0.6, 3, 2
# A page with fewer lines does not show its type area; that of the whole file is taken.
FULL_PAGE = 5
_PAGE_NUMBER = re.compile(
    r"[-—–―·•~\s]*(?:第\s*)?(?:[0-9]{1,4}|[ivxIVX]{1,6})(?:\s*页)?"
    r"(?:\s*[/／,，]?\s*(?:共\s*)?[0-9]{1,4}(?:\s*页)?)?[-—–―·•~\s]*"
)
_BEGINS = re.compile(r"(?:[0-9]{1,2}[.．、](?![0-9])|[（(][0-9]{1,2}[）)]|[①-⑳]|[●•·○■]|附件|附录)")
_ENDS = re.compile(r"[。！？!?：:；;]$")
_DIGITS = re.compile("[0-9]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line; measures in points from the left and lower edge of its page."""

    text: str
    page: int
    left: float
    right: float
    height: float


@dataclass(frozen=True, slots=True)
class _Measure:
    """The type area of a page: its edges, and the width of a character."""

    left: float
    right: float
    character: float
    width: float

    def is_centred(self, line: Line) -> bool:
        """Tell a line that stands away from both edges, as far from one as from the other."""
        before, after = line.left - self.left, self.right - line.right
        off_centre = abs((line.left + line.right) / 2 - self.width / 2)
        return min(before, after) > 2.5 * self.character and off_centre < 1.5 * self.character

    def is_short(self, line: Line) -> bool:
        """Tell whether another character would have fitted into the line."""
        return self.right - line.right > 2 * self.character

    def is_indented(self, line: Line) -> bool:
        return line.left - self.left > 1.2 * self.character


def read(data: bytes, limits: Limits) -> Document:
    """Return the paragraphs of all pages, placed by the page each begins on."""
    with _PDFIUM:
        pages = _pages(data, limits)
    lines = [line for page, _ in pages for line in page]
    if not lines:
        raise DocumentError(SCANNED, "pdf: no text")
    measures = {
        page[0].page: _measure(page if len(page) >= FULL_PAGE else lines, width)
        for page, width in pages
        if page
    }
    title, blocks = joined_title(list(_blocks(_without_edges(pages), measures)))
    return Document(Kind.PDF, title, tuple(blocks))


def _pages(data: bytes, limits: Limits) -> list[tuple[list[Line], float]]:
    """Return the lines of each page with its width."""
    try:
        file = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        raise DocumentError(ENCRYPTED if locked else BROKEN, f"pdf: {error}") from error
    try:
        if len(file) > limits.pages:
            raise DocumentError(TOO_MANY.format(limit=limits.pages), f"pdf: {len(file)} pages")
        found, characters = [], 0
        for number in range(len(file)):
            found.append(_page(file, number))
            characters += sum(len(line.text) for line in found[-1][0])
            if characters > limits.characters:
                raise DocumentError(TOO_MANY.format(limit=number), "pdf: too much text")
        return found
    finally:
        file.close()


def _page(file: Any, number: int) -> tuple[list[Line], float]:
    page = file[number]
    text_page = page.get_textpage()
    try:
        return list(_lines(text_page, number + 1)), page.get_width()
    finally:
        text_page.close()
        page.close()


def _lines(text_page: Any, page: int) -> Iterator[Line]:
    """Cut the characters of a page at the line ends that PDFium puts between them."""
    start, characters = 0, text_page.count_chars()
    text = [chr(raw.FPDFText_GetUnicode(text_page, i)) for i in range(characters)]
    for end in [i for i, c in enumerate(text) if c in "\r\n"] + [characters]:
        line = _line(text_page, text, start, end, page)
        if line is not None:
            yield line
        start = end + 1


def _line(text_page: Any, text: list[str], start: int, end: int, page: int) -> Line | None:
    inked = [i for i in range(start, end) if text[i].strip("\0 \u3000\xa0\ufffe")]
    if not inked:
        return None
    words = "".join(text[start:end]).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    first, last = text_page.get_charbox(inked[0]), text_page.get_charbox(inked[-1])
    return Line(tidy(words), page, first[0], last[2], max(first[3] - first[1], last[3] - last[1]))


def _measure(lines: Sequence[Line], width: float) -> _Measure:
    long = [line for line in lines if len(line.text) >= 8] or lines
    character = median((line.right - line.left) / max(1, len(line.text)) for line in long)
    return _Measure(
        min(line.left for line in long), max(line.right for line in long), character or 10.0, width
    )


def _without_edges(pages: Sequence[tuple[list[Line], float]]) -> list[Line]:
    """Return all lines but page numbers and what is repeated at the edges of the pages.

    A page that holds nothing else is kept: what is on every page is then what it says.
    """
    running = _running(pages)
    kept: list[Line] = []
    for lines, _ in pages:
        kept += [line for i, line in enumerate(lines) if not _is_edge(lines, i, running)] or lines
    return kept


def _is_edge(lines: Sequence[Line], place: int, running: set[str]) -> bool:
    line, outermost = lines[place], place in (0, len(lines) - 1)
    if outermost and _PAGE_NUMBER.fullmatch(line.text):
        return True
    return not EDGE <= place < len(lines) - EDGE and _pattern(line) in running


def _running(pages: Sequence[tuple[list[Line], float]]) -> set[str]:
    if len(pages) < RUNNING_PAGES:
        return set()
    seen: Counter[str] = Counter()
    for lines, _ in pages:
        seen.update({_pattern(line) for line in (*lines[:EDGE], *lines[-EDGE:])})
    return {text for text, times in seen.items() if times >= RUNNING_SHARE * len(pages)}


def _pattern(line: Line) -> str:
    return _DIGITS.sub("0", line.text)


def _blocks(lines: Sequence[Line], measures: dict[int, _Measure]) -> Iterator[Block]:
    """Join the lines that one paragraph was broken into."""
    text, before = "", None
    page = 0
    for line in lines:
        if before is not None and _continues(before, line, measures):
            text = glue(text, line.text)
        else:
            yield from _block(text, before, page, measures)
            text, page = line.text, line.page
        before = line
    yield from _block(text, before, page, measures)


def _block(
    text: str, last: Line | None, page: int, measures: dict[int, _Measure]
) -> Iterator[Block]:
    if last is None:
        return
    place = f"第{in_locator(page)}页"
    alone = text == last.text
    fits = alone and len(text) <= LONGEST_HEADING and not _ENDS.search(text)
    if fits and not is_note(text) and measures[last.page].is_centred(last):
        yield Block(BlockKind.HEADING, text, CENTRED_LEVEL, place)
    else:
        yield Block(BlockKind.PARAGRAPH, text, 0, place)


def _continues(before: Line, line: Line, measures: dict[int, _Measure]) -> bool:
    """Tell whether a line goes on with the paragraph of the one before."""
    above, here = measures[before.page], measures[line.page]
    if above.is_centred(before) or here.is_centred(line) or above.is_short(before):
        return False
    if heading_rank(before.text) is not None or here.is_indented(line):
        return False
    return not _begins_paragraph(line.text)


def _begins_paragraph(text: str) -> bool:
    article = find_article(text)
    numbered = heading_rank(text) is not None or point_rank(text) is not None
    return (
        numbered
        or bool(item_label(text))
        or _BEGINS.match(text) is not None
        or (article is not None and article.apart and not article.cited)
    )
