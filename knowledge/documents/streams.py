"""How much the compressed streams of a PDF would unpack to, counted without keeping it."""

from __future__ import annotations

import re
import zlib

from knowledge.documents.archives import BOMB
from knowledge.documents.errors import DocumentError
from knowledge.documents.limits import Limits

FIRST, CHUNK = 1024, 256 * 1024
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
# A stream packed twice unpacks a thousand times a thousand; no writer of documents does that.
_TWICE = re.compile(rb"/(?:FlateDecode|Fl)\b\s*/(?:FlateDecode|Fl|LZWDecode|LZW)\b")


def check_streams(data: bytes, limits: Limits) -> None:
    """Raise `DocumentError` if a PDF unpacks to more than the limit."""
    if _TWICE.search(data):
        raise DocumentError(BOMB, "pdf: a stream is packed twice")
    left = limits.unpacked
    for start in _STREAM.finditer(data):
        left -= _unpacked(data, start.end(), left)
        if left < 0:
            raise DocumentError(BOMB, "pdf: streams unpack to too much")


def _unpacked(data: bytes, start: int, most: int) -> int:
    """Return the unpacked length of the deflated stream at `start`, 0 if it is none.

    Counting stops beyond `most`. What is looked at grows step by step, so that a file of a
    million tiny streams costs no more than one of the same size with a single one.
    """
    if int.from_bytes(data[start : start + 2]) % 31 or data[start : start + 1] != b"\x78":
        return 0
    unpacker, view, total, step = zlib.decompressobj(), memoryview(data), 0, FIRST
    pending: bytes | memoryview = b""
    try:
        while total <= most and not unpacker.eof and (pending or start < len(data)):
            if not pending:
                pending, start = view[start : start + step], start + step
                step = min(step * 2, CHUNK)
            total += len(unpacker.decompress(pending, CHUNK))
            pending = unpacker.unconsumed_tail
    except zlib.error:
        # No deflated stream after all, or a broken one, which the reader judges.
        return total
    return total
