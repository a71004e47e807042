"""The library as it is served: the search index and the cards, without a database.

A snapshot is a folder of its own below the shelf's folder; the file `current` names the one
that counts and is replaced in one step. So a crash at any point leaves the snapshot before,
and two processes that save at once leave a whole one of either.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from knowledge.answering import Found
from knowledge.cards import Card, Cards
from knowledge.search.index import Index
from knowledge.search.lexicon import shipped
from knowledge.search.passages import Passage
from knowledge.search.storage import UnusableIndex

log = logging.getLogger(__name__)

POINTER = "current"
# A folder that is not the current one may still be under way in another process.
SPARED_S = 600


class Shelf:
    """Everything that answers need, as of one revision of the store."""

    def __init__(self, index: Index, cards: Cards, revision: int) -> None:
        self.index = index
        self.cards = cards
        self.revision = revision

    @classmethod
    def build(cls, cards: Iterable[Card], revision: int) -> Shelf:
        """Make a shelf from all cards; takes seconds for tens of thousands."""
        kept = Cards()
        kept.put(cards)
        return cls(Index.build(map(_passage, kept), shipped()), kept, revision)

    @classmethod
    def open(cls, folder: Path) -> Shelf | None:
        """Map the current snapshot; None when there is none, or it is damaged."""
        try:
            name = (folder / POINTER).read_text("utf-8").strip()
            snapshot = folder / Path(name).name
            index = Index.open(snapshot, shipped())
            if not shipped().segment.use(_words(folder)):
                # Without it each process to come would load the whole dictionary first.
                shipped().segment.keep(_words(folder))
            return cls(index, Cards.open(snapshot), index.revision)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, UnusableIndex) as error:
            log.warning("the snapshot of the library is not usable: %s", error)
            return None

    def save(self, folder: Path) -> None:
        """Write a snapshot and make it the current one."""
        name = f"{self.revision}-{secrets.token_hex(4)}"
        snapshot = folder / name
        snapshot.mkdir(parents=True)
        self.index.save(snapshot, revision=self.revision)
        self.cards.save(snapshot)
        shipped().segment.keep(_words(folder))
        _sync(snapshot)
        _point(folder, name)
        _prune(folder, name)

    def put(self, cards: Iterable[Card]) -> None:
        """Add cards, or put them in the place of those with the same id."""
        cards = list(cards)
        self.cards.put(cards)
        self.index.put([_passage(card) for card in cards])

    def remove(self, ids: Iterable[int]) -> None:
        """Take passages away; unknown ids do no harm."""
        known = [passage_id for passage_id in ids if self.cards.get(passage_id) is not None]
        self.cards.remove(known)
        self.index.remove(known)

    def find(self, question: str, *, limit: int, as_of: date, internal: bool) -> Found:
        """Search among the passages that are valid on a day."""
        ranking = self.index.search(question, limit=limit, as_of=as_of, internal=internal)
        hits = tuple((hit.id, hit.score) for hit in ranking.hits)
        vocabulary = ranking.evidence.vocabulary
        return Found(ranking.verdict, ranking.score, hits, vocabulary, ranking.question)

    def card(self, passage_id: int) -> Card | None:
        """Return what is shown of a passage."""
        return self.cards.get(passage_id)


def _words(folder: Path) -> Path:
    """Return where the words of the lexicon are kept for the first answers of a process."""
    return folder / f"words-{shipped().fingerprint:08x}"


def _passage(card: Card) -> Passage:
    """Return what is searched of a card; a text without a question is headed by its place."""
    return Passage(
        id=card.id,
        title=card.question or f"{card.title} {card.topic} {card.article}",
        text=card.body,
        aliases=card.aliases,
        valid_from=card.valid_from,
        valid_to=card.valid_to,
        internal=card.internal,
    )


def _point(folder: Path, name: str) -> None:
    """Make a snapshot the current one, in one step that a crash cannot halve."""
    draft = folder / f".{name}.pointer"
    with draft.open("w", encoding="utf-8") as file:
        file.write(name)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / POINTER)
    _sync(folder)


def _prune(folder: Path, current: str) -> None:
    """Delete what is older than the current snapshot and not fresh enough to be in the making."""
    try:
        kept = {POINTER, current, _words(folder).name}
        limit = (folder / POINTER).stat().st_mtime - SPARED_S
        for entry in folder.iterdir():
            if entry.name in kept or entry.stat().st_mtime > limit:
                continue
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    except OSError as error:
        # Another process may be tidying up too; what is left goes the next time.
        log.info("an old snapshot was not deleted: %s", error)


def _sync(folder: Path) -> None:
    """See the names in a folder on the disk, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
