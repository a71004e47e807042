"""Our own questions over the shipped entries: `python -m benchmarks.own_questions [--half held]`.

The questions in `data/own` were written before any search was run over them, in two halves: the
figures of `dev` may lead the work, `held` is asked at the end. Each goes the way of a message in
chat, from boundaries to verdict, with the entries in memory and no database.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.answering import Answer, answer
from knowledge.cards import Card
from knowledge.entries import Entry, load_entries
from knowledge.seeding import item
from knowledge.shelf import Shelf

FOLDER = Path(__file__).parent / "data" / "own"
HALVES = ("dev", "held")
# The day on which the questions were written; what is in force depends on it.
TODAY = date(2026, 11, 23)
OUT_OF_SCOPE = "out"
RESULTS = ("right", "first", "near", "wrong", "astray", "declined")


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `expect` names every entry that answers it, none where no entry does."""

    id: str
    kind: str
    text: str
    expect: frozenset[str]
    as_of: date = TODAY


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question; `entries` names the passages that were given or offered."""

    question: Question
    answer: Answer
    entries: tuple[str, ...]

    @property
    def result(self) -> str:
        """Return right, first, near, wrong, astray or declined.

        An answer is right if all it gives was expected, and wrong otherwise. A suggestion is
        first if what it offers begins with an expected entry, near if it offers one further
        down, and astray otherwise.
        """
        expected = [entry in self.question.expect for entry in self.entries]
        if self.answer.verdict == "answer":
            return "right" if all(expected) else "wrong"
        if self.answer.verdict == "decline":
            return "declined"
        return "first" if expected[:1] == [True] else "near" if any(expected) else "astray"


@dataclass(frozen=True, slots=True)
class Figures:
    """The results of one kind of question, counted."""

    kind: str
    asked: int
    right: int
    first: int
    near: int
    wrong: int
    astray: int
    declined: int


def read_questions(half: str) -> list[Question]:
    """Read one half of the questions."""
    lines = (FOLDER / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()
    return [_question(json.loads(line)) for line in lines]


def ask(questions: Iterable[Question], entries: Sequence[Entry]) -> Iterator[Outcome]:
    """Put questions to entries, as chat does."""
    shelf = Shelf.build(cards(entries), revision=0)
    for question in questions:
        given = answer(shelf, question.text, as_of=question.as_of, internal=True)
        shown = tuple(entries[passage_id - 1].id for passage_id in _passages(given))
        yield Outcome(question, given, shown)


def figures(outcomes: Iterable[Outcome]) -> list[Figures]:
    """Count the results by kind, in the order in which the kinds come, then of all in scope."""
    counted: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counted.setdefault(outcome.question.kind, Counter())[outcome.result] += 1
    within = sum((c for kind, c in counted.items() if kind != OUT_OF_SCOPE), Counter[str]())
    outside = counted.pop(OUT_OF_SCOPE, Counter[str]())
    rows = {**counted, "all in scope": within, "out of scope": outside}
    return [_figures(kind, results) for kind, results in rows.items()]


def _figures(kind: str, results: Counter[str]) -> Figures:
    counts = {name: results[name] for name in RESULTS}
    return Figures(kind, results.total(), **counts)


def _question(row: dict[str, Any]) -> Question:
    as_of = date.fromisoformat(row["as_of"]) if "as_of" in row else TODAY
    return Question(row["id"], row["kind"], row["question"], frozenset(row["expect"]), as_of)


def cards(entries: Sequence[Entry]) -> Iterator[Card]:
    """Yield the entries as the library holds them, numbered from 1 by their place."""
    numbers = {entry.id: number for number, entry in enumerate(entries, 1)}
    for number, entry in enumerate(entries, 1):
        stored = item(entry)
        yield Card(
            number,
            stored.text,
            question=stored.question,
            aliases=stored.aliases,
            title=entry.topic,
            regulation=stored.regulation,
            article=stored.article,
            version=stored.label,
            certainty=stored.certainty,
            topic=stored.topic,
            valid_from=stored.valid_from,
            valid_to=stored.valid_to,
            related=tuple(numbers[other] for other in entry.see),
        )


def _passages(given: Answer) -> list[int]:
    """Return the passages that an answer gives, or that it offers instead of one."""
    if given.verdict == "answer":
        told = [part.passage_id for part in given.parts or (given,)]
        return [passage_id for passage_id in told if passage_id is not None]
    return [suggestion.passage_id for suggestion in given.suggestions]


def print_figures(rows: Sequence[Figures]) -> None:
    """Print the figures as a table, in per cent."""
    print(f"{'':13}{'asked':>6}" + "".join(f"{name:>9}" for name in RESULTS))
    for row in rows:
        counts = [getattr(row, name) for name in RESULTS]
        shares = "".join(f"{100 * count / max(row.asked, 1):9.1f}" for count in counts)
        print(f"{row.kind:13}{row.asked:6}{shares}")
    print("right, wrong: answered with confidence. first, near, astray: 你是不是想问, with an")
    print("expected entry first, further down, or nowhere. Out of scope, declined is right.")


def print_failures(outcomes: Iterable[Outcome]) -> None:
    """Print what was neither right nor rightly declined, with the passages shown."""
    for outcome in outcomes:
        question = outcome.question
        if outcome.result == ("right" if question.expect else "declined"):
            continue
        print(f"\n{question.id} {question.kind} {outcome.result} {outcome.answer.score:.3f}")
        print(f"  {question.text}")
        print(f"  shown: {' '.join(outcome.entries) or outcome.answer.reason or '-'}")
        print(f"  expected: {' '.join(sorted(question.expect)) or '-'}")


def main() -> None:
    """Read the command line, ask, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.own_questions", description=__doc__)
    parser.add_argument("--half", choices=HALVES, default="dev", help="which half to ask")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--show-wrong", action="store_true", help="print what failed, and how")
    arguments = parser.parse_args()
    outcomes = list(ask(read_questions(arguments.half), load_entries()))
    rows = figures(outcomes)
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
        return
    print_figures(rows)
    if arguments.show_wrong:
        print_failures(outcomes)


if __name__ == "__main__":
    main()
