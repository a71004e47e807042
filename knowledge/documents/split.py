"""A document into sections: one an article, else one a heading, a page or a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from knowledge.documents.contents import without_contents
from knowledge.documents.model import Block, BlockKind, Document, Kind, Section
from knowledge.documents.pieces import LONGEST, pieces
from knowledge.documents.records import records
from knowledge.documents.structure import (
    ANNEX,
    POINT,
    Article,
    find_article,
    heading_rank,
    is_heading_alone,
    point_name,
    point_rank,
)
from knowledge.documents.titles import LOOKED_AT

PREAMBLE, BODY = "序言", "正文"
# A page or slide with less than this is joined to the one before.
TINY = 30
# A point shorter than this is an item of a list, not a section.
SHORTEST_POINT = 60


def split(document: Document, *, longest: int = LONGEST) -> list[Section]:
    """Cut a document into sections of at most `longest` characters, in reading order.

    All words are kept, in a text or in a path, but for the title of the document and tables of
    contents. The numbers of articles are written in Chinese in locators.
    """
    blocks = without_contents(document.blocks)
    if document.kind in (Kind.XLSX, Kind.CSV):
        return [s for record in records(blocks) for s in pieces(record, longest)]
    splitter = _Splitter(document, _is_regulation(blocks))
    for block in _without_title(document, blocks):
        splitter.add(block)
    return [s for section in _joined(splitter.end()) for s in pieces(section, longest)]


@dataclass(slots=True)
class _Heading:
    rank: int
    text: str
    place: str
    used: bool = False


@dataclass(slots=True)
class _Open:
    """A section that is being gathered. `plain` if neither an article nor a heading began it."""

    locator: str
    place: str
    path: tuple[str, ...]
    article: str = ""
    plain: bool = False
    lines: list[str] = field(default_factory=list)


class _Splitter:
    """Takes blocks one by one and knows under which headings the next one stands."""

    def __init__(self, document: Document, regulation: bool) -> None:
        self._kind = document.kind
        self._regulation = regulation
        self._sections: list[tuple[Section, bool]] = []
        self._path: list[_Heading] = []
        self._open: _Open | None = None
        self._article: Article | None = None

    def add(self, block: Block) -> None:
        article = find_article(block.text) if self._regulation else None
        rank = self._rank(block)
        if article is not None and article.begins_after(self._article):
            self._article = article
            self._begin(block, article.locator, article=article.locator)
        elif rank is not None:
            self._head(rank, block)
        elif self._begins_point(block):
            self._begin_point(block)
        else:
            self._append(block)

    def end(self) -> list[tuple[Section, bool]]:
        """Return all sections, each with whether it is plain."""
        self._close()
        self._leave(0)
        return self._sections

    def _rank(self, block: Block) -> int | None:
        """Return the rank of a heading, None for any other block."""
        if block.kind is BlockKind.ROW:
            return None
        by_words = heading_rank(block.text)
        if by_words is not None:
            return by_words
        if block.kind is BlockKind.HEADING:
            return max(block.level, ANNEX)
        if self._regulation or not is_heading_alone(block.text):
            return None
        return point_rank(block.text)

    def _head(self, rank: int, block: Block) -> None:
        self._close()
        self._leave(rank)
        self._path.append(_Heading(rank, block.text, block.place))
        if rank == ANNEX:
            # The articles of an annex, or of the next regulation in the file, begin anew.
            self._article = None

    def _leave(self, rank: int) -> None:
        """Leave the headings of a rank and below; one without any text is its own section."""
        while self._path and self._path[-1].rank >= rank:
            last = self._path.pop()
            if not last.used:
                self._emit(Section(last.text, last.text, self._names(), "", last.place), False)

    def _begins_point(self, block: Block) -> bool:
        point = not self._regulation and block.kind is BlockKind.PARAGRAPH
        return point and len(block.text) >= SHORTEST_POINT and point_rank(block.text) is not None

    def _begin_point(self, block: Block) -> None:
        """Begin a section at a point that goes on in its own line: 一、总体要求。坚持……"""
        rank, name = point_rank(block.text) or POINT, point_name(block.text)
        self._close()
        self._leave(rank)
        self._begin(block, name or block.text[: block.text.find("）") + 1] or BODY)
        if name:
            # It heads the points below it, and its words are in its own text.
            self._path.append(_Heading(rank, name, block.place, used=True))

    def _begin(self, block: Block, locator: str, *, article: str = "") -> None:
        self._close()
        self._open = _Open(locator, block.place, self._names(), article, lines=[block.text])

    def _append(self, block: Block) -> None:
        if self._open is not None and self._turns_page(self._open, block):
            self._close()
        if self._open is None:
            self._open = self._opened(block)
        self._open.lines.append(block.text)

    def _turns_page(self, section: _Open, block: Block) -> bool:
        paged = section.plain or self._kind is Kind.PPTX
        return paged and bool(block.place) and block.place != section.place

    def _opened(self, block: Block) -> _Open:
        """Begin a section where no article or point does."""
        headed = bool(self._path) and self._kind is not Kind.PPTX
        named = self._path[-1].text if headed else block.place
        first = PREAMBLE if self._regulation and not self._sections else BODY
        return _Open(named or first, block.place, self._names(), plain=not self._path)

    def _close(self) -> None:
        if self._open is None:
            return
        done, self._open = self._open, None
        text = "\n".join(done.lines)
        self._emit(Section(done.locator, text, done.path, done.article, done.place), done.plain)

    def _emit(self, section: Section, plain: bool) -> None:
        for heading in self._path:
            heading.used = True
        self._sections.append((section, plain))

    def _names(self) -> tuple[str, ...]:
        return tuple(heading.text.replace("\n", " ") for heading in self._path)


def _is_regulation(blocks: Iterable[Block]) -> bool:
    """Tell a text of articles: two that follow each other, or a single first one."""
    found: list[Article] = []
    for block in blocks:
        article = find_article(block.text)
        if article is not None and article.begins_after(found[-1] if found else None):
            found.append(article)
    return len(found) > 1 or (len(found) == 1 and found[0].apart and found[0].number == 1)


def _without_title(document: Document, blocks: Sequence[Block]) -> Sequence[Block]:
    """Leave out the title at the beginning, which the document holds by itself."""
    title = _squeezed(document.title)
    start = next((i for i, b in enumerate(blocks[:LOOKED_AT]) if _is_title(b, title)), None)
    if start is None:
        return blocks
    end = start + 1
    while end < len(blocks) and blocks[end].level == 0 and _is_title(blocks[end], title):
        end += 1
    return [*blocks[:start], *blocks[end:]]


def _is_title(block: Block, title: str) -> bool:
    """Tell a line of the title: a part of it at level 0, all of it at any other."""
    words = _squeezed(block.text)
    named = words in title if block.level == 0 else words == title
    return block.kind is BlockKind.HEADING and named


def _joined(sections: Iterable[tuple[Section, bool]]) -> list[Section]:
    """Join pages of a few words to the page before."""
    joined: list[Section] = []
    plain_before = False
    for section, plain in sections:
        if plain and plain_before and len(section.text) < TINY:
            before = joined.pop()
            section = Section(
                before.locator, f"{before.text}\n{section.text}", before.path, "", before.place
            )
        joined.append(section)
        plain_before = plain
    return joined


def _squeezed(text: str) -> str:
    return "".join(text.split())
