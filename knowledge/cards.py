"""What an answer shows of a passage, kept beside the search index.

Serving an answer needs no database: cards are JSON lines in a file that is memory-mapped, with
a table of offsets by passage id. What changed since the file was written is kept in memory.
"""

from __future__ import annotations

import json
import mmap
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date
from io import BufferedWriter
from pathlib import Path
from typing import Any
from zlib import crc32

LINES = "cards.jsonl"
OFFSETS = "cards.offsets"
# The table begins with the CRC-32 of the lines and of itself, eight bytes to stay aligned.
CHECKSUM = 8
UNCERTAIN = "待核"
# A text may end with a note to the careful reader: shown, not searched, since many share it.
NOTE = "\n注："


@dataclass(frozen=True, slots=True)
class Card:
    """One passage as it is shown. `valid_to` is exclusive; `related` holds passage ids.

    `title` is that of the document, `version` the label that is cited, `certainty` what is known
    of the facts (甲, 乙, 待核; 条号待核 when the number of the article is to be checked). `stamp`
    changes with every change of the passage in the store.
    """

    id: int
    text: str
    question: str = ""
    aliases: tuple[str, ...] = ()
    title: str = ""
    regulation: str = ""
    article: str = ""
    version: str = ""
    certainty: str = ""
    topic: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    related: tuple[int, ...] = ()
    internal: bool = False
    stamp: int = 0

    @property
    def heading(self) -> str:
        """Return the question, or where the text stands if it answers no single one."""
        return self.question or f"{self.regulation or self.title}{self.article}"

    @property
    def wording(self) -> str:
        """Return every word of the passage: what it can be asked by, and what it says."""
        return "\n".join((self.question, *self.aliases, self.regulation, self.title, self.text))

    @property
    def remark(self) -> str:
        """Return what the reader must know of how sure the source is."""
        return "、".join(part for part in self.certainty.split() if UNCERTAIN in part)

    @property
    def body(self) -> str:
        """Return the text that is searched."""
        return self.text.partition(NOTE)[0]

    def valid_on(self, day: date) -> bool:
        """Tell whether the text is in force on a day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day < self.valid_to)


class Cards:
    """All cards by passage id: the mapped file, and what changed since."""

    def __init__(self) -> None:
        self._lines: mmap.mmap | bytes = b""
        self._ids: array[int] = array("q")
        self._starts: array[int] = array("q", [0])
        self._stamps: array[int] = array("q")
        self._changed: dict[int, Card | None] = {}

    @classmethod
    def open(cls, folder: Path) -> Cards:
        """Map the cards of a folder; raises `OSError` or `ValueError` when they are damaged."""
        cards = cls()
        with (folder / LINES).open("rb") as file:
            if os.fstat(file.fileno()).st_size:
                cards._lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        table = (folder / OFFSETS).read_bytes()
        checksum, content = table[:CHECKSUM], table[CHECKSUM:]
        if checksum != _checksum(content, cards._lines):
            raise ValueError("the cards are damaged")
        numbers = array("q", content)
        count = len(numbers) // 3
        cards._ids, cards._stamps = numbers[:count], numbers[count : 2 * count]
        cards._starts = numbers[2 * count :]
        return cards

    def save(self, folder: Path) -> None:
        """Write all cards into an existing folder and see them on the disk."""
        ids, stamps, starts = array("q"), array("q"), array("q", [0])
        checksum = 0
        with (folder / LINES).open("wb") as lines:
            for passage_id, stamp in sorted(self.stamps().items()):
                ids.append(passage_id)
                stamps.append(stamp)
                line = self._line(passage_id)
                starts.append(starts[-1] + lines.write(line))
                checksum = crc32(line, checksum)
            settle(lines)
        table = ids.tobytes() + stamps.tobytes() + starts.tobytes()
        with (folder / OFFSETS).open("wb") as offsets:
            offsets.write(_bytes(crc32(table, checksum)) + table)
            settle(offsets)

    def get(self, passage_id: int) -> Card | None:
        """Return a card, or None when there is no such passage."""
        if passage_id in self._changed:
            return self._changed[passage_id]
        line = self._mapped(passage_id)
        return _decode(line) if line else None

    def put(self, cards: Iterable[Card]) -> None:
        """Add cards, or put them in the place of those with the same id."""
        self._changed.update((card.id, card) for card in cards)

    def remove(self, ids: Iterable[int]) -> None:
        """Forget cards."""
        self._changed.update(dict.fromkeys(ids))

    def stamps(self) -> dict[int, int]:
        """Return the stamp of every card by its id."""
        stamps = dict(zip(self._ids, self._stamps, strict=True))
        for passage_id, card in self._changed.items():
            stamps.pop(passage_id, None)
            if card is not None:
                stamps[passage_id] = card.stamp
        return stamps

    def __iter__(self) -> Iterator[Card]:
        """Yield every card by rising id."""
        for passage_id in sorted({*self._ids, *self._changed}):
            card = self.get(passage_id)
            if card is not None:
                yield card

    def __len__(self) -> int:
        return len(self.stamps())

    def _line(self, passage_id: int) -> bytes:
        card = self._changed.get(passage_id)
        return _encode(card) if card is not None else self._mapped(passage_id)

    def _mapped(self, passage_id: int) -> bytes:
        """Return the line of a passage in the file, empty if it is not there."""
        place = bisect_left(self._ids, passage_id)
        if place == len(self._ids) or self._ids[place] != passage_id:
            return b""
        return self._lines[self._starts[place] : self._starts[place + 1]]


def _encode(card: Card) -> bytes:
    plain = {f.name: f.default for f in fields(Card)}
    values = {k: v for k, v in asdict(card).items() if v != plain[k]}
    return json.dumps(values, ensure_ascii=False, default=date.isoformat).encode() + b"\n"


def _decode(line: bytes) -> Card:
    values: dict[str, Any] = json.loads(line)
    for name in ("valid_from", "valid_to"):
        if name in values:
            values[name] = date.fromisoformat(values[name])
    for name in ("aliases", "related"):
        if name in values:
            values[name] = tuple(values[name])
    return Card(**values)


def _checksum(table: bytes, lines: mmap.mmap | bytes) -> bytes:
    return _bytes(crc32(table, crc32(lines)))


def _bytes(checksum: int) -> bytes:
    return checksum.to_bytes(CHECKSUM, "little")


def settle(file: BufferedWriter) -> None:
    """See what was written on the disk."""
    file.flush()
    os.fsync(file.fileno())
