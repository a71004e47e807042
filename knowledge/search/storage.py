"""A segment in one file: written whole or not at all, mapped when read.

The file is a cache beside the truth in SQL. Whatever is wrong with it, `read` raises and the
caller builds it again.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.search.files import replacing
from knowledge.search.postings import Segment

FORMAT = 1
MAGIC = b"ZHIBUIDX"
ALIGNED = 64
_PIECE = 1 << 24


class UnusableIndex(Exception):
    """The stored index is missing, damaged, or was made by another version or lexicon."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A segment as it was read, with the revision of the truth that it was built from."""

    segment: Segment
    revision: int


def write(path: Path, segment: Segment, *, revision: int, fingerprint: int) -> None:
    """Store a segment; a crash at any moment leaves the file that was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        header, blocks = _layout(segment, revision, fingerprint)
        file.write(header)
        for block in blocks:
            file.write(block)


def read(path: Path, *, fingerprint: int) -> Stored:
    """Map a stored segment. Raises `UnusableIndex` if it cannot be used."""
    try:
        data = np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError) as error:
        raise UnusableIndex(f"{path.name}: {error}") from error
    head = len(MAGIC) + 8
    if len(data) < head or data[: len(MAGIC)].tobytes() != MAGIC:
        raise UnusableIndex(f"{path.name} is no index")
    length = int.from_bytes(data[len(MAGIC) : head].tobytes(), "little")
    header = _header(path, data[head : head + length].tobytes())
    if header["format"] != FORMAT or header["fingerprint"] != fingerprint:
        raise UnusableIndex(f"{path.name} was made by another version or lexicon")
    body = np.asarray(data[_aligned(head + length) :])
    if _checksum(body) != header["checksum"]:
        raise UnusableIndex(f"{path.name} is damaged")
    arrays = {name: _array(body, entry) for name, entry in header["arrays"].items()}
    return Stored(Segment(**arrays), header["revision"])


def _layout(segment: Segment, revision: int, fingerprint: int) -> tuple[bytes, list[bytes]]:
    """Return the header with its padding, and the arrays as bytes."""
    entries, blocks, offset, checksum = {}, [], 0, 0
    for field in fields(Segment):
        array = np.ascontiguousarray(getattr(segment, field.name))
        block = array.tobytes().ljust(_aligned(array.nbytes), b"\0")
        entries[field.name] = [offset, array.dtype.str, list(array.shape)]
        offset += len(block)
        checksum = zlib.crc32(block, checksum)
        blocks.append(block)
    header = {
        "format": FORMAT,
        "revision": revision,
        "fingerprint": fingerprint,
        "checksum": checksum,
        "arrays": entries,
    }
    text = json.dumps(header).encode()
    start = MAGIC + len(text).to_bytes(8, "little") + text
    return start.ljust(_aligned(len(start)), b"\0"), blocks


def _header(path: Path, text: bytes) -> Any:
    try:
        header = json.loads(text)
        if header.keys() >= {"format", "revision", "fingerprint", "checksum", "arrays"}:
            return header
    except (ValueError, AttributeError):
        pass
    raise UnusableIndex(f"{path.name} has no readable header")


def _array(body: np.ndarray[Any, np.dtype[np.uint8]], entry: list[Any]) -> np.ndarray[Any, Any]:
    offset, kind, shape = entry
    dtype = np.dtype(kind)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    array: np.ndarray[Any, Any] = body[offset : offset + size].view(dtype).reshape(shape)
    return array


def _checksum(body: np.ndarray[Any, np.dtype[np.uint8]]) -> int:
    checksum = 0
    for start in range(0, len(body), _PIECE):
        checksum = zlib.crc32(body[start : start + _PIECE].data, checksum)
    return checksum


def _aligned(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED
