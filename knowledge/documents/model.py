"""What reading and splitting hand on: plain values that can be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A type of file, as found in its content; the value is its usual suffix."""

    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"
    PDF = "pdf"
    HTML = "html"
    MARKDOWN = "md"
    CSV = "csv"
    TEXT = "txt"


class BlockKind(StrEnum):
    """What a block is. `CONTENTS` is a line of the table of contents."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ROW = "row"
    CONTENTS = "contents"


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading or table row.

    `level` is that of a heading: 0 for the title of the document, then 1 to 9. `place` says
    where it stands ("第三页", "Sheet1!A5"), empty in documents without pages. `cells` are those
    of a row, `table` the number of its table, from 1.
    """

    kind: BlockKind
    text: str
    level: int = 0
    place: str = ""
    cells: tuple[str, ...] = ()
    table: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """The blocks of a file in reading order. `title` is empty where the file names none."""

    kind: Kind
    title: str
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        """Return all blocks, a line each."""
        return "\n".join(block.text for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of a document that can be an answer.

    `path` holds the headings above it, outermost first; `article` the article it is (a part of),
    in Chinese numerals ("第十二条之一"), empty if none; `locator` tells the sections of a document
    apart as far as the document does ("第十二条（三）", "第三页", "Sheet1!A5"); `place` is where
    its first block stands.
    """

    locator: str
    text: str
    path: tuple[str, ...] = ()
    article: str = ""
    place: str = ""
