"""Reading question sets: passages, questions, and which passages answer which question.

A set is a folder with `corpus.jsonl`, `qrels.tsv` and any number of `queries*.jsonl`, each plain
or compressed (`.gz`). A folder may also hold several sets, each in a folder of its own.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.search.passages import Passage

FOREIGN = Path(__file__).parent / "data" / "foreign.txt"


@dataclass(frozen=True)
class Question:
    """A question with its id in the set."""

    id: str
    text: str


@dataclass(frozen=True)
class QuestionSet:
    """A set as it was read.

    `names[i]` is the set's own id of the passage with the id i + 1. `questions` holds the files
    by their names, `relevant` the passages (their ids here) that answer each question.
    """

    name: str
    passages: list[Passage]
    names: list[str]
    questions: dict[str, list[Question]]
    relevant: dict[str, frozenset[int]]

    def judged(self, file: str) -> list[Question]:
        """Return the questions of a file that some passage answers."""
        return [question for question in self.questions[file] if self.relevant.get(question.id)]


def find(folder: Path) -> Iterator[QuestionSet]:
    """Yield the sets in a folder, in the order of their names.

    Raises `FileNotFoundError` where there is none.
    """
    found = [path for path in sorted([folder, *folder.rglob("*/")]) if _holds_a_set(path)]
    if not found:
        raise FileNotFoundError(f"no corpus.jsonl with qrels.tsv in {folder}")
    for path in found:
        yield read(path)


def read(folder: Path) -> QuestionSet:
    """Read one set."""
    rows = list(_rows(_file(folder, "corpus.jsonl")))
    passages = [
        Passage(number, str(row.get("title") or ""), str(row.get("text") or ""))
        for number, row in enumerate(rows, 1)
    ]
    numbers = {str(row["id"]): number for number, row in enumerate(rows, 1)}
    questions = {
        path.name.removesuffix(".gz").removesuffix(".jsonl"): [
            Question(str(row["id"]), str(row["text"])) for row in _rows(path)
        ]
        for path in sorted([*folder.glob("queries*.jsonl"), *folder.glob("queries*.jsonl.gz")])
    }
    relevant = _relevant(_file(folder, "qrels.tsv"), numbers)
    return QuestionSet(folder.resolve().name, passages, list(numbers), questions, relevant)


def foreign() -> list[str]:
    """Return everyday questions that no library of regulations answers."""
    lines = FOREIGN.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _relevant(path: Path, numbers: dict[str, int]) -> dict[str, frozenset[int]]:
    relevant: dict[str, set[int]] = defaultdict(set)
    for line in _text(path).splitlines():
        columns = line.split("\t")
        if len(columns) >= 2 and columns[1] in numbers and columns[-1].strip() != "0":
            relevant[columns[0]].add(numbers[columns[1]])
    return {question: frozenset(passages) for question, passages in relevant.items()}


def _holds_a_set(folder: Path) -> bool:
    return all(
        (folder / name).exists() or (folder / f"{name}.gz").exists()
        for name in ("corpus.jsonl", "qrels.tsv")
    )


def _file(folder: Path, name: str) -> Path:
    plain = folder / name
    return plain if plain.exists() else folder / f"{name}.gz"


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in _text(path).split("\n"):
        if line.strip():
            yield json.loads(line)


def _text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
