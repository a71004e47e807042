"""The engines beside ours: word-level BM25 over title and text, each with jieba's search mode.

All get k1 1.2 and b 0.75 where they can be set (tantivy and SQLite have these built in) and the
same words: lower case, half width, jieba's search mode, without punctuation.
"""

from __future__ import annotations

import logging
import sqlite3
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np

from knowledge.search.passages import Passage

K1, B = 1.2, 0.75


class Engine(Protocol):
    """What is compared: built once from passages, then asked."""

    def search(self, question: str, limit: int) -> list[int]:
        """Return the ids of the best passages, best first."""
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


class RankBm25:
    """rank_bm25's BM25Okapi, by its own `get_scores`."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        from rank_bm25 import BM25Okapi

        # Every document needs a word, or the mean length divides by nothing.
        self._index = BM25Okapi([words(_whole(p)) or [""] for p in passages], k1=K1, b=B)
        self._ids = [p.id for p in passages]

    def search(self, question: str, limit: int) -> list[int]:
        scores = self._index.get_scores(words(question))
        return [self._ids[i] for i in np.argsort(-scores, kind="stable")[:limit].tolist()]


class Bm25s:
    """bm25s in its Lucene form, its default."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        import bm25s

        self._index = bm25s.BM25(k1=K1, b=B)
        self._index.index([words(_whole(p)) for p in passages], show_progress=False)
        self._ids = [p.id for p in passages]

    def search(self, question: str, limit: int) -> list[int]:
        asked = [word for word in words(question) if word in self._index.vocab_dict]
        if not asked:
            return []
        count = min(limit, len(self._ids))
        found, _ = self._index.retrieve([asked], k=count, show_progress=False)
        return [self._ids[int(i)] for i in found[0]]


class Tantivy:
    """tantivy with words joined by spaces, and a plain OR of the question's words."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("id", stored=True, indexed=False)
        builder.add_text_field("body", stored=False, tokenizer_name="whitespace")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema)
        writer = self._index.writer(num_threads=1)
        for p in passages:
            body = " ".join(words(_whole(p)))
            writer.add_document(tantivy.Document(id=p.id, body=body))
        writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, question: str, limit: int) -> list[int]:
        import tantivy

        terms = [tantivy.Query.term_query(self._schema, "body", word) for word in words(question)]
        if not terms:
            return []
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        hits = self._searcher.search(query, limit, count=False).hits
        return [self._searcher.doc(address)["id"][0] for _, address in hits]


class Fts5:
    """SQLite's FTS5 in memory, words joined by spaces, ordered by its bm25()."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._store = sqlite3.connect(":memory:")
        self._store.execute("CREATE VIRTUAL TABLE body USING fts5(words, detail=full)")
        rows = ((p.id, " ".join(words(_whole(p)))) for p in passages)
        self._store.executemany("INSERT INTO body (rowid, words) VALUES (?, ?)", rows)

    def search(self, question: str, limit: int) -> list[int]:
        asked = " OR ".join(f'"{word}"' for word in words(question))
        if not asked:
            return []
        sql = "SELECT rowid FROM body WHERE body MATCH ? ORDER BY bm25(body) LIMIT ?"
        return [row[0] for row in self._store.execute(sql, (asked, limit))]


PEERS: dict[str, Callable[[Sequence[Passage]], Engine]] = {
    "rank_bm25": RankBm25,
    "bm25s": Bm25s,
    "tantivy": Tantivy,
    "fts5": Fts5,
}
