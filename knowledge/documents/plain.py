"""Plain text: every line that is not empty is a paragraph."""

from __future__ import annotations

from knowledge.documents.encoding import decode
from knowledge.documents.limits import Limits
from knowledge.documents.model import Block, BlockKind, Document, Kind
from knowledge.documents.words import tidy


def read(data: bytes, limits: Limits) -> Document:
    """Return the lines of a text."""
    lines = (tidy(line) for line in decode(data).split("\n"))
    blocks = tuple(Block(BlockKind.PARAGRAPH, line) for line in lines if line)
    return Document(Kind.TEXT, "", blocks)
