"""The engines that are compared: ours, and word-level BM25 over title and text by four others.

The others get k1 1.2 and b 0.75 (tantivy and SQLite have these built in) and the same words:
lower case, half width, jieba's search mode, without punctuation. Each engine keeps its index in
a folder, in its own format, so that a fresh process can open it.
"""

from __future__ import annotations

import json
import logging
import pickle
import sqlite3
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from knowledge.search.passages import Passage

WORDS = "words"
K1, B = 1.2, 0.75


class Engine(Protocol):
    """What is compared: opened from the folder where it was built, then asked."""

    def search(self, question: str, limit: int) -> list[int]:
        """Return the ids of the best passages, best first."""
        ...

    def add(self, passage: Passage) -> bool:
        """Add a passage so that it is found at once; False where only building again does."""
        ...


class Kind(Protocol):
    """A kind of engine, as `ENGINES` lists it."""

    def build(self, passages: Sequence[Passage], folder: Path) -> None:
        """Make an index in a folder. Raises `ImportError` where the engine is not installed."""
        ...

    def open(self, folder: Path) -> Engine:
        """Open an index in a fresh process."""
        ...


@cache
def _jieba() -> Any:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    return jieba


def words(text: str) -> list[str]:
    """Cut a text by jieba's search mode."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return [word for word in _jieba().cut_for_search(plain) if word[0].isalnum()]


def _whole(passage: Passage) -> str:
    return f"{passage.title}\n{passage.text}"


class Ours:
    """The search of this project; `plain` leaves out the vocabulary of the trade."""

    def __init__(self, *, plain: bool = False) -> None:
        self._plain = plain

    def build(self, passages: Sequence[Passage], folder: Path) -> None:
        from knowledge.search.index import Index

        lexicon = self._lexicon()
        Index.build(passages, lexicon).save(folder, revision=1)
        lexicon.segment.keep(folder / WORDS)

    def open(self, folder: Path) -> Engine:
        from knowledge.search.index import Index

        lexicon = self._lexicon()
        lexicon.segment.use(folder / WORDS)
        return _OursOpened(Index.open(folder, lexicon))

    def _lexicon(self) -> Any:
        from knowledge.search.lexicon import Lexicon

        return Lexicon.load(plain=self._plain)


class _OursOpened:
    def __init__(self, index: Any) -> None:
        self._index = index

    def search(self, question: str, limit: int) -> list[int]:
        return [hit.id for hit in self._index.search(question, limit=limit).hits]

    def add(self, passage: Passage) -> bool:
        self._index.put([passage])
        return True


class RankBm25:
    """rank_bm25's BM25Okapi by its own `get_scores`, kept as a pickle."""

    def build(self, passages: Sequence[Passage], folder: Path) -> None:
        from rank_bm25 import BM25Okapi

        # Every document needs a word, or the mean length divides by nothing.
        index = BM25Okapi([words(_whole(p)) or [""] for p in passages], k1=K1, b=B)
        (folder / "index").write_bytes(pickle.dumps((index, [p.id for p in passages])))

    def open(self, folder: Path) -> Engine:
        return _RankBm25Opened(*pickle.loads((folder / "index").read_bytes()))


class _RankBm25Opened:
    def __init__(self, index: Any, ids: list[int]) -> None:
        self._index, self._ids = index, ids

    def search(self, question: str, limit: int) -> list[int]:
        scores = self._index.get_scores(words(question))
        return [self._ids[i] for i in np.argsort(-scores, kind="stable")[:limit].tolist()]

    def add(self, passage: Passage) -> bool:
        return False


class Bm25s:
    """bm25s in its Lucene form, its default."""

    def build(self, passages: Sequence[Passage], folder: Path) -> None:
        import bm25s

        index = bm25s.BM25(k1=K1, b=B)
        index.index([words(_whole(p)) for p in passages], show_progress=False)
        index.save(folder, show_progress=False)
        (folder / "ids").write_text(json.dumps([p.id for p in passages]))

    def open(self, folder: Path) -> Engine:
        import bm25s

        index = bm25s.BM25.load(folder, mmap=True, show_progress=False)
        return _Bm25sOpened(index, json.loads((folder / "ids").read_text()))


class _Bm25sOpened:
    def __init__(self, index: Any, ids: list[int]) -> None:
        self._index, self._ids = index, ids

    def search(self, question: str, limit: int) -> list[int]:
        asked = [word for word in words(question) if word in self._index.vocab_dict]
        if not asked:
            return []
        count = min(limit, len(self._ids))
        found, _ = self._index.retrieve([asked], k=count, show_progress=False)
        return [self._ids[int(i)] for i in found[0]]

    def add(self, passage: Passage) -> bool:
        return False


class Tantivy:
    """tantivy with words joined by spaces, and a plain OR of the question's words."""

    def build(self, passages: Sequence[Passage], folder: Path) -> None:
        import tantivy

        index = tantivy.Index(self._schema(), path=str(folder))
        writer = index.writer(num_threads=1)
        for p in passages:
            writer.add_document(tantivy.Document(id=p.id, body=" ".join(words(_whole(p)))))
        writer.commit()
        writer.wait_merging_threads()

    def open(self, folder: Path) -> Engine:
        import tantivy

        return _TantivyOpened(tantivy.Index(self._schema(), path=str(folder)), self._schema())

    def _schema(self) -> Any:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("id", stored=True, indexed=False)
        builder.add_text_field("body", stored=False, tokenizer_name="whitespace")
        return builder.build()


class _TantivyOpened:
    def __init__(self, index: Any, schema: Any) -> None:
        self._index, self._schema = index, schema
        self._searcher = index.searcher()
        self._writer: Any = None

    def search(self, question: str, limit: int) -> list[int]:
        import tantivy

        terms = [tantivy.Query.term_query(self._schema, "body", word) for word in words(question)]
        if not terms:
            return []
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        hits = self._searcher.search(query, limit, count=False).hits
        return [self._searcher.doc(address)["id"][0] for _, address in hits]

    def add(self, passage: Passage) -> bool:
        import tantivy

        self._writer = self._writer or self._index.writer(num_threads=1)
        body = " ".join(words(_whole(passage)))
        self._writer.add_document(tantivy.Document(id=passage.id, body=body))
        self._writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()
        return True


class Fts5:
    """SQLite's FTS5 in a file, words joined by spaces, ordered by its bm25()."""

    def build(self, passages: Sequence[Passage], folder: Path) -> None:
        with sqlite3.connect(folder / "index") as store:
            store.execute("CREATE VIRTUAL TABLE body USING fts5(words)")
            rows = ((p.id, " ".join(words(_whole(p)))) for p in passages)
            store.executemany("INSERT INTO body (rowid, words) VALUES (?, ?)", rows)

    def open(self, folder: Path) -> Engine:
        return _Fts5Opened(sqlite3.connect(folder / "index"))


class _Fts5Opened:
    def __init__(self, store: sqlite3.Connection) -> None:
        self._store = store

    def search(self, question: str, limit: int) -> list[int]:
        asked = " OR ".join(f'"{word}"' for word in words(question))
        if not asked:
            return []
        sql = "SELECT rowid FROM body WHERE body MATCH ? ORDER BY bm25(body) LIMIT ?"
        return [row[0] for row in self._store.execute(sql, (asked, limit))]

    def add(self, passage: Passage) -> bool:
        row = (passage.id, " ".join(words(_whole(passage))))
        with self._store:
            self._store.execute("INSERT INTO body (rowid, words) VALUES (?, ?)", row)
        return True


ENGINES: dict[str, Kind] = {
    "ours": Ours(),
    "ours, plain lexicon": Ours(plain=True),
    "rank_bm25": RankBm25(),
    "bm25s": Bm25s(),
    "tantivy": Tantivy(),
    "fts5": Fts5(),
}
