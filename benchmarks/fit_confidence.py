"""Fit the constants of `knowledge.search.confidence`: `python -m benchmarks.fit_confidence FOLDER`.

Each set of the folder is asked as it is, and, where its titles differ, once more with titles
alone and once with texts alone (the titles being the questions), so that the rule does not learn
the shape of one library. Strangers are the everyday questions of `data/foreign.txt`, single and
three in a row. The second regression is about questions that have an answer. Every group of
questions weighs the same. Prints the constants; nothing is written.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import measures, sets
from benchmarks.sets import QuestionSet
from knowledge.search.confidence import Evidence
from knowledge.search.index import Index
from knowledge.search.lexicon import Lexicon

Floats = npt.NDArray[np.float64]

RIDGE = 1e-3
STEPS = 50
# A set whose titles are mostly different is one of questions with answers.
DISTINCT = 0.5
# Strangers let through at most, and wrong ones among the answers, in choosing the thresholds.
THROUGH = 0.05


@dataclass(frozen=True)
class Group:
    """Questions of one kind put to one library: what was seen, and what was true."""

    name: str
    evidence: list[Evidence]
    right: list[bool]
    known: bool


def groups(folder: Path) -> Iterator[Group]:
    """Ask all questions and yield what was seen."""
    lexicon = Lexicon.load(plain=True)
    strangers = sets.foreign()
    rows = ["，".join(strangers[i : i + 3]) for i in range(len(strangers) - 2)]
    for chosen in (variant for one in sets.find(folder) for variant in variants(one)):
        index = Index.build(chosen.passages, lexicon)
        for file in chosen.questions:
            yield _group(f"{chosen.name}/{file}", index, chosen, file, known=True)
        for name, texts in (("strangers", strangers), ("strangers in a row", rows)):
            evidence = [index.search(text).evidence for text in texts]
            yield Group(f"{chosen.name}/{name}", evidence, [False] * len(texts), known=False)


def variants(chosen: QuestionSet) -> Iterator[QuestionSet]:
    """Yield a set, then titles alone and texts alone where the titles are questions."""
    yield chosen
    if len({p.title for p in chosen.passages}) < DISTINCT * len(chosen.passages):
        return
    if any("第" in p.title and p.title.endswith("条") for p in chosen.passages[:50]):
        return
    titles = [replace(p, text="") for p in chosen.passages]
    yield replace(chosen, name=f"{chosen.name}, titles", passages=titles)
    texts = [replace(p, title="") for p in chosen.passages]
    asked = [sets.Question(str(p.id), p.title) for p in chosen.passages]
    yield QuestionSet(
        f"{chosen.name}, texts",
        texts,
        chosen.names,
        {"titles": asked},
        {str(p.id): frozenset({p.id}) for p in texts},
    )


def _group(name: str, index: Index, chosen: QuestionSet, file: str, *, known: bool) -> Group:
    evidence, right = [], []
    for question in chosen.judged(file):
        ranking = index.search(question.text, limit=1)
        evidence.append(ranking.evidence)
        right.append(bool(ranking.hits) and ranking.hits[0].id in chosen.relevant[question.id])
    return Group(name, evidence, right, known)


def logistic(features: Floats, truth: Floats, weight: Floats) -> Floats:
    """Fit a logistic regression by Newton's method with a small ridge; intercept first.

    `features` has shape (questions, features), the others (questions,).
    """
    x = np.column_stack((np.ones(len(features)), features))
    ridge = RIDGE * np.eye(x.shape[1])
    ridge[0, 0] = 0
    constants = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-x @ constants))
        slope = x.T @ (weight * (p - truth)) + ridge @ constants
        curve = (x * (weight * p * (1 - p))[:, None]).T @ x + ridge
        constants -= np.linalg.solve(curve, slope)
    return constants


def fit(chosen: Sequence[Group], names: Sequence[str], truth: str) -> Floats:
    """Fit one regression over some groups, each of the same weight."""
    features = [feature(e, names) for group in chosen for e in group.evidence]
    weight = [1 / len(group.evidence) for group in chosen for _ in group.evidence]
    if truth == "known":
        true = [group.known for group in chosen for _ in group.evidence]
    else:
        true = [right for group in chosen for right in group.right]
    return logistic(np.array(features), np.array(true, dtype=float), np.array(weight))


def feature(evidence: Evidence, names: Sequence[str]) -> list[float]:
    """Return what the regressions see: the evidence, the strength by its logarithm."""
    values = {**asdict(evidence), "strength": math.log1p(evidence.strength)}
    return [values[name] for name in names]


def scores(group: Group, names: Sequence[str], constants: Floats) -> list[float]:
    """Return what a regression says of the questions of a group, from 0 to 1."""
    features = np.array([feature(e, names) for e in group.evidence])
    return list(chance(constants, features).tolist())


def chance(constants: Floats, features: Floats) -> Floats:
    """Return the chance that a regression gives to each row of features."""
    return np.asarray(1 / (1 + np.exp(-constants[0] - features @ constants[1:])))


def main() -> None:
    """Fit both regressions and print them with what they tell apart."""
    parser = argparse.ArgumentParser(prog="benchmarks.fit_confidence", description=__doc__)
    parser.add_argument("folder", type=Path)
    here = list(groups(parser.parse_args().folder))
    seen, sure = ("share", "strength", "vocabulary"), ("share", "strength", "margin")
    known = fit(here, seen, "known")
    right = fit([group for group in here if group.known], sure, "right")
    print("KNOWN =", tuple(np.round(known, 2).tolist()))
    print("RIGHT =", tuple(np.round(right, 2).tolist()))
    # Three questions in a row are told too easily to say where the threshold must be.
    single = [group for group in here if group.name.endswith("/strangers")]
    told = [scores(group, seen, known) for group in single]
    strangers = [score for library in told for score in library]
    through = max(float(np.quantile(library, 1 - THROUGH)) for library in told)
    print(f"SUGGEST_FROM at {THROUGH:.0%} let through in the worst library: {through:.2f}")
    for group in here:
        if group.known:
            own = scores(group, seen, known)
            print(
                f"  {group.name:32} AUROC {measures.auroc(own, strangers):.3f}"
                f"  kept {100 * np.mean(np.array(own) >= through):5.1f} %"
            )
    print("By the chance of the first passage: answered, and right of these, at thresholds")
    for threshold in (0.4, 0.5, 0.6, 0.7):
        print(f"  {threshold}: " + ", ".join(_answered(here, seen, known, sure, right, threshold)))


def _answered(
    chosen: Sequence[Group],
    seen: Sequence[str],
    known: Floats,
    sure: Sequence[str],
    right: Floats,
    threshold: float,
) -> Iterator[str]:
    for group in chosen:
        whole = np.array(scores(group, seen, known)) * np.array(scores(group, sure, right))
        passed = whole >= threshold
        precise = 100 * np.array(group.right)[passed].mean() if passed.any() else 100.0
        yield f"{group.name} {100 * passed.mean():.0f} %/{precise:.0f} %"


if __name__ == "__main__":
    main()
