"""What is brought into the library: one version of a document, as plain values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Item:
    """One passage to be stored; `key` is unique in its version and stays when the text changes.

    Fields as in `db.tables.Passage`. Dates of its own go before those of the version.
    """

    key: str
    text: str
    question: str = ""
    aliases: tuple[str, ...] = ()
    regulation: str = ""
    article: str = ""
    label: str = ""
    certainty: str = ""
    topic: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def digest(self) -> str:
        """Return a hash of the whole content."""
        content = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()

    @property
    def heading(self) -> str:
        """Return what a list shows of it."""
        return self.question or self.article or self.text[:20]


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of one document, as it shall stand in the store.

    `key` identifies the document, `label` the version within it. `valid_to` is exclusive.
    """

    key: str
    title: str
    label: str
    items: tuple[Item, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do. `mark` is the state of the document that it was made for.

    `added`, `changed` and `removed` hold keys; `supersedes` the labels of the versions that
    would end on the day this one begins; `described` whether title, reach or dates change.
    """

    edition: Edition
    mark: int
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    same: int = 0
    supersedes: tuple[str, ...] = ()
    described: bool = False

    @property
    def empty(self) -> bool:
        """Tell whether the store already holds exactly this."""
        return not (self.added or self.changed or self.removed or self.described)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many passages an import touched."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    same: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.added + other.added,
            self.changed + other.changed,
            self.removed + other.removed,
            self.same + other.same,
        )
