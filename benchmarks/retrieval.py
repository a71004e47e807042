"""Search quality, ours beside others: `python -m benchmarks.retrieval FOLDER [--json]`.

For every question file of every set in the folder: R@1, R@5 and MRR@10 of our search, of ours
without the vocabulary of the trade, and of rank_bm25, bm25s, tantivy and SQLite FTS5. Then how
well our confidence tells the questions that the set cannot answer: everyday questions of other
domains, and questions of the set whose answers were taken out.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import measures, sets
from benchmarks.engines import ENGINES, Engine
from benchmarks.sets import QuestionSet
from knowledge.search.index import Index
from knowledge.search.lexicon import Lexicon

DEPTH = measures.DEPTH
KEPT = 0.95


@dataclass(frozen=True)
class Quality:
    """How well one engine ranks for the questions of one file, in per cent."""

    set: str
    questions: str
    engine: str
    asked: int
    r1: float
    r5: float
    mrr10: float


@dataclass(frozen=True)
class Telling:
    """How well answerable questions are told from others, and what our verdicts were.

    `auroc` from 0 to 1; the others in per cent: the false alarms where 95 % of the answerable
    are kept, and which share of either kind got which verdict by the fixed rule.
    """

    set: str
    questions: str
    against: str
    auroc: float
    false_alarms: float
    kept: float
    let_through: float
    answered: float
    answered_right: float
    answered_wrongly: float


def qualities(chosen: QuestionSet, only: Sequence[str]) -> Iterator[Quality]:
    """Measure every engine on every question file of a set."""
    for name, kind in ENGINES.items():
        if only and name not in only:
            continue
        _say(f"{chosen.name}: {name}")
        with tempfile.TemporaryDirectory() as folder:
            try:
                kind.build(chosen.passages, Path(folder))
            except ImportError as error:
                _say(f"{name} is not installed and left out: {error}")
                continue
            engine = kind.open(Path(folder))
            for file in chosen.questions:
                yield _quality(chosen, file, name, engine)


def _quality(chosen: QuestionSet, file: str, name: str, engine: Engine) -> Quality:
    questions = chosen.judged(file)
    ranks = []
    for number, question in enumerate(questions):
        found = engine.search(question.text, DEPTH)
        ranks.append(measures.rank(found, chosen.relevant[question.id]))
        if number % 200 == 199:
            _say(f"{chosen.name}: {name}, {file}: {number + 1} of {len(questions)}")
    return Quality(
        chosen.name,
        file,
        name,
        len(questions),
        measures.recall(ranks, 1),
        measures.recall(ranks, 5),
        measures.mrr(ranks),
    )


def tellings(chosen: QuestionSet) -> Iterator[Telling]:
    """Measure how our confidence tells questions without an answer in the set."""
    index = Index.build(chosen.passages, Lexicon.load())
    strange = _asked(index, sets.foreign())
    answerable = {file: _answerable(chosen, file, index) for file in chosen.questions}
    for file, asked in answerable.items():
        yield _telling(chosen.name, file, "other domains", asked, strange)
    for file in chosen.questions:
        without = chosen.judged(file)[1::2]
        gone = {id_ for question in without for id_ in chosen.relevant[question.id]}
        index.put([p for p in chosen.passages if p.id not in set(index.ids)])
        index.remove(gone)
        missing = _asked(index, [question.text for question in without])
        yield _telling(chosen.name, file, "answer taken out", answerable[file], missing)


@dataclass(frozen=True)
class _Judged:
    """A question as it came out: score, verdict, and whether the first passage was right."""

    score: float
    verdict: str
    right: bool


def _answerable(chosen: QuestionSet, file: str, index: Index) -> list[_Judged]:
    judged = []
    for question in chosen.judged(file):
        ranking = index.search(question.text, limit=1)
        right = bool(ranking.hits) and ranking.hits[0].id in chosen.relevant[question.id]
        judged.append(_Judged(ranking.score, ranking.verdict, right))
    return judged


def _asked(index: Index, questions: Sequence[str]) -> list[_Judged]:
    rankings = [index.search(question, limit=1) for question in questions]
    return [_Judged(ranking.score, ranking.verdict, False) for ranking in rankings]


def _telling(
    name: str, file: str, against: str, asked: Sequence[_Judged], others: Sequence[_Judged]
) -> Telling:
    positive, negative = [j.score for j in asked], [j.score for j in others]
    answered = [judged for judged in asked if judged.verdict == "answer"]
    return Telling(
        name,
        file,
        against,
        measures.auroc(positive, negative),
        measures.false_alarms(positive, negative, kept=KEPT),
        _share(asked, lambda judged: judged.verdict != "decline"),
        _share(others, lambda judged: judged.verdict != "decline"),
        _share(asked, lambda judged: judged.verdict == "answer"),
        _share(answered, lambda judged: judged.right),
        _share(others, lambda judged: judged.verdict == "answer"),
    )


def _share(judged: Sequence[_Judged], condition: Callable[[_Judged], bool]) -> float:
    return 100 * sum(map(condition, judged)) / max(len(judged), 1)


def _say(line: str) -> None:
    """Progress goes to the error stream, so that `--json` stays clean."""
    print(line, file=sys.stderr, flush=True)


def print_qualities(rows: Sequence[Quality]) -> None:
    """Print the qualities as a table, a block for every question file."""
    for key in dict.fromkeys((row.set, row.questions) for row in rows):
        block = [row for row in rows if (row.set, row.questions) == key]
        print(f"\n{key[0]} / {key[1]}: {block[0].asked} questions")
        print(f"  {'':22}{'R@1':>7}{'R@5':>7}{'MRR@10':>8}")
        for row in block:
            print(f"  {row.engine:22}{row.r1:7.1f}{row.r5:7.1f}{row.mrr10:8.1f}")


def print_tellings(rows: Sequence[Telling]) -> None:
    """Print how questions without an answer are told."""
    print("\nQuestions without an answer; FA: let through where 95 % of the answerable are kept.")
    print("By the fixed rule: kept, let through, answered, right of these, answered wrongly.")
    for row in rows:
        print(
            f"  {row.set:14} {row.questions:18} {row.against:17} AUROC {row.auroc:.3f}"
            f"  FA {row.false_alarms:5.1f} | kept {row.kept:5.1f}  through {row.let_through:5.1f}"
            f"  answered {row.answered:5.1f}  right {row.answered_right:5.1f}"
            f"  wrongly {row.answered_wrongly:5.1f}"
        )


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.retrieval", description=__doc__)
    parser.add_argument("folder", type=Path, help="a question set, or a folder of such sets")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", action="append", default=[], help="measure only this engine")
    arguments = parser.parse_args()
    chosen = list(sets.find(arguments.folder))
    quality = [row for one in chosen for row in qualities(one, arguments.only)]
    telling = [row for one in chosen for row in tellings(one)]
    if arguments.json:
        rows = {"quality": [asdict(r) for r in quality], "telling": [asdict(r) for r in telling]}
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        print_qualities(quality)
        print_tellings(telling)


if __name__ == "__main__":
    main()
