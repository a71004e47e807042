"""From a file to its blocks, whatever its format."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from knowledge.documents.archives import BROKEN
from knowledge.documents.errors import DocumentError
from knowledge.documents.limits import DEFAULT, Limits
from knowledge.documents.model import Document, Kind
from knowledge.documents.safety import check_upload, load

TOO_LONG = "文件内容过多（超过 {limit} 字），请拆分后再发。"
NO_TEXT = "文件里没有文字。"
# Imported when needed only: their libraries take longer to load than most files to read.
READERS = {
    Kind.DOCX: "knowledge.documents.docx",
    Kind.XLSX: "knowledge.documents.xlsx",
    Kind.PPTX: "knowledge.documents.pptx",
    Kind.PDF: "knowledge.documents.pdf",
    Kind.HTML: "knowledge.documents.html",
    Kind.MARKDOWN: "knowledge.documents.markdown",
    Kind.CSV: "knowledge.documents.csv",
    Kind.TEXT: "knowledge.documents.plain",
}


class Reader(Protocol):
    """A module that reads one kind of file."""

    def read(self, data: bytes, limits: Limits) -> Document:
        """Return the document that the bytes hold."""


def read(name: str, data: bytes | Path, limits: Limits = DEFAULT) -> Document:
    """Check a file and read it; raises `DocumentError` if it is refused or broken.

    May take seconds of CPU: call it in a worker thread or process.
    """
    data = load(data, limits)
    kind = check_upload(name, data, limits)
    reader = cast(Reader, import_module(READERS[kind]))
    try:
        document = reader.read(data, limits)
    except DocumentError:
        raise
    except Exception as error:
        # A hostile file can make a parser fail in any way; none of them is ours to handle.
        raise DocumentError(BROKEN, f"{kind}: {error!r}") from error
    _check_text(document, limits)
    return document


def _check_text(document: Document, limits: Limits) -> None:
    length = sum(len(block.text) for block in document.blocks)
    if length > limits.characters:
        raise DocumentError(TOO_LONG.format(limit=limits.characters), f"{length} characters")
    if not length:
        raise DocumentError(NO_TEXT, f"{document.kind} without text")
