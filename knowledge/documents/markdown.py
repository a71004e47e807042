"""Markdown: headings, tables, and the rest as paragraphs without their marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.documents.encoding import decode
from knowledge.documents.limits import Limits
from knowledge.documents.model import Block, BlockKind, Document, Kind
from knowledge.documents.titles import LONGEST_TITLE, first_heading
from knowledge.documents.words import glue, row, tidy

# Spans are bounded and repetitions possessive: a line may be as long as the file.
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t\u3000]+(.*))?$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+")
_BULLET = re.compile(r"[ \t]*[-*+][ \t]+(?:\[[ xX]\][ \t]+)?")
_QUOTE = re.compile(r" {0,3}(?:>[ \t]?)+")
_DIVIDER = re.compile(r"[ \t]*+\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_FRONT = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:(.+)$", re.MULTILINE)
_INLINE = (
    (re.compile(r"<!--.{0,500}?-->"), ""),
    (re.compile(r"<br[ \t]*/?>", re.IGNORECASE), "\n"),
    # An address has one of these marks and no Chinese: 条例[修订](试行) is no link.
    (re.compile(r"!?\[([^\[\]]*)\]\((?=[^()\s]*[./#:])[!-'*-~]+(?:[ \t]+\"[^\"]*\")?\)"), r"\1"),
    (re.compile(r"(\*\*|__|~~)(?=\S)(.{1,200}?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])[*_](?=\S)([^*_\n]{1,200}?)(?<=\S)[*_](?![\w*])"), r"\1"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!|>~-])"), r"\1"),
)


def read(data: bytes, limits: Limits) -> Document:
    """Return the blocks; the title is that of the front matter, else the first heading's."""
    text = decode(data)
    front = _FRONT.match(text)
    named = _FRONT_TITLE.search(front[1]) if front else None
    blocks = tuple(_Lines(text[front.end() :] if front else text).blocks())
    title = tidy(named[1]).strip("\"'")[:LONGEST_TITLE] if named else first_heading(blocks)
    return Document(Kind.MARKDOWN, title, blocks)


class _Lines:
    """Reads line by line, with the paragraph that is being gathered."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._paragraph = ""
        self._fence = ""
        self._table = 0
        self._in_table = False

    def blocks(self) -> Iterator[Block]:
        for place, line in enumerate(self._lines):
            following = self._lines[place + 1] if place + 1 < len(self._lines) else ""
            yield from self._line(line, following)
        yield from self._end()

    def _line(self, line: str, following: str) -> Iterator[Block]:
        if self._fence or _FENCE.match(line):
            yield from self._fenced(line)
        elif self._in_table and "|" in line:
            yield from self._cells(line)
        elif "|" in line and "-" in following and _DIVIDER.fullmatch(following):
            yield from self._end()
            self._in_table, self._table = True, self._table + 1
            yield from self._cells(line)
        else:
            self._in_table = False
            yield from self._plain(line)

    def _plain(self, line: str) -> Iterator[Block]:
        heading, underline = _HEADING.match(line), _UNDERLINE.match(line)
        if heading:
            yield from self._end()
            text = (heading[2] or "").rstrip()
            yield from _heading(text.rstrip("#"), len(heading[1]))
        elif underline and self._paragraph:
            text, self._paragraph = self._paragraph, ""
            yield from _heading(text, 1 if underline[1][0] == "=" else 2)
        elif not line.strip() or _RULE.match(line):
            yield from self._end()
        elif _ITEM.match(line):
            yield from self._end()
            self._paragraph = _BULLET.sub("", line, count=1).strip()
        else:
            self._paragraph = glue(self._paragraph, _QUOTE.sub("", line).strip())

    def _fenced(self, line: str) -> Iterator[Block]:
        """Take the lines of a code block as they are."""
        mark = _FENCE.match(line)
        if not self._fence and mark:
            yield from self._end()
            self._fence = mark[1]
        elif mark and line.strip() == mark[1] and mark[1].startswith(self._fence):
            self._fence = ""
        elif tidy(line):
            yield Block(BlockKind.PARAGRAPH, tidy(line))

    def _cells(self, line: str) -> Iterator[Block]:
        if _DIVIDER.fullmatch(line):
            return
        parts = _CELL_BORDER.split(line.strip().removeprefix("|").removesuffix("|"))
        cells = tuple(_plain(part) for part in parts)
        if any(cells):
            yield Block(BlockKind.ROW, row(cells), cells=cells, table=self._table)

    def _end(self) -> Iterator[Block]:
        text, self._paragraph = _plain(self._paragraph), ""
        if text:
            yield Block(BlockKind.PARAGRAPH, text)


def _heading(text: str, level: int) -> Iterator[Block]:
    plain = _plain(text).replace("\n", " ")
    if plain:
        yield Block(BlockKind.HEADING, plain, level)


def _plain(text: str) -> str:
    """Return the words without emphasis, links and escapes."""
    for pattern, words in _INLINE:
        text = pattern.sub(words, text)
    return "\n".join(line for part in text.split("\n") if (line := tidy(part)))
