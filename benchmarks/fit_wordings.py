"""Fit the constants of `knowledge.wordings`: `python -m benchmarks.fit_wordings`.

The wordings of the shipped entries are held back in five parts, each asked of a library without
them; the questions out of scope are those of the developing half of our own, held back in five
parts from what is known to be unanswered. What is fitted is
the chance that the first candidate is the entry whose wording was asked (`RIGHT`), and the chance
that a wording was asked at all (`KNOWN`); a sibling that answers as well counts as wrong, so the
figures are lower bounds. Prints the constants and how often the right entry comes first with and
without the comparison; nothing is written.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.fit_confidence import chance, logistic
from benchmarks.own_questions import TODAY, cards, read_questions
from knowledge import unanswered, wordings
from knowledge.entries import Entry, load_entries
from knowledge.search.lexicon import shipped
from knowledge.search.reading import lines
from knowledge.shelf import Shelf
from knowledge.unanswered import Unanswered

Weights = NDArray[np.float64]
Truth = NDArray[np.bool_]

PARTS = 5
DEPTH = 20


@dataclass(frozen=True, slots=True)
class Case:
    """One question put to a library; `searched` and `ordered` tell if its entry came first."""

    seen: tuple[float, ...]
    searched: bool
    ordered: bool


def held_back(entries: Sequence[Entry]) -> Iterator[Case]:
    """Ask every wording but the questions themselves, each of a library without it."""
    rows = [(n, words) for n, e in enumerate(entries) if e.valid_on(TODAY) for words in e.asks]
    random.Random(1).shuffle(rows)
    for part in range(PARTS):
        asked = rows[part::PARTS]
        gone = {words for _, words in asked}
        left = [replace(e, asks=tuple(w for w in e.asks if w not in gone)) for e in entries]
        shelf = Shelf.build(cards(left), revision=0)
        for number, words in asked:
            yield from case(shelf, words, number + 1, unanswered.shipped())


def outside(entries: Sequence[Entry]) -> Iterator[Case]:
    """Ask the questions out of scope; one that is in the list of them is held back from it."""
    shelf = Shelf.build(cards(entries), revision=0)
    groups = list(unanswered.read(lines(unanswered.FILE)))
    questions = [question.text for question in read_questions("dev") if not question.expect]
    random.Random(1).shuffle(questions)
    for part in range(PARTS):
        asked = questions[part::PARTS]
        gone = {form(question) for question in asked}
        left = [(about, [side for side in sides if side not in gone]) for about, sides in groups]
        listed = Unanswered(left)
        for question in asked:
            yield from case(shelf, question, None, listed)


def form(question: str) -> str:
    """Return a question in the form of the list."""
    lexicon = shipped()
    return re.sub(r"\W", "", lexicon.written_out(lexicon.normalise(question)))


def case(shelf: Shelf, question: str, right: int | None, listed: Unanswered) -> Iterator[Case]:
    """Put one question; yield nothing where the search declines."""
    found = shelf.find(question, limit=DEPTH, as_of=TODAY, internal=True)
    near = [(card, score) for number, score in found.hits if (card := shelf.card(number))]
    if found.verdict == "decline" or not near:
        return
    candidates = wordings.ordered(found.question, near)
    elsewhere = listed.likeness(wordings.characters(found.question))
    seen = wordings.features(candidates, found.vocabulary, elsewhere)
    if seen is not None:
        yield Case(seen, near[0][0].id == right, candidates[0].card.id == right)


def print_answers(own: Weights, other: Weights, first: Truth) -> None:
    """Print what answering from a chance on gives; `first` tells where the right entry is."""
    for limit in (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8):
        good, told = (own >= limit) & first, (own >= limit) & ~first
        print(
            f"answer from {limit:.2f}: right {good.mean():.1%}, wrong {told.mean():.1%}, "
            f"out of scope {(other >= limit).mean():.1%}"
        )


def print_declined(right: Weights, known: Weights, ours: Truth, first: Truth) -> None:
    """Print what declining below a chance of being known does, unless the first is surely right."""
    for limit in (0.02, 0.05, 0.1, 0.15, 0.2):
        lost = (known < limit) & (right < wordings.SURE_FROM)
        print(
            f"known from {limit:.2f}: lost {lost[ours & first].sum() / ours.sum():.1%} that were "
            f"right and {lost[ours & ~first].sum() / ours.sum():.1%} that were not, "
            f"out of scope {lost[~ours].mean():.1%}"
        )


def main() -> None:
    """Fit, and print what the rules tell apart at several thresholds."""
    entries = load_entries()
    inside, strange = list(held_back(entries)), list(outside(entries))
    features = np.array([c.seen for c in [*inside, *strange]])
    first = np.array([c.ordered for c in [*inside, *strange]])
    ours = np.arange(len(features)) < len(inside)
    right = logistic(features, first.astype(float), np.ones(len(features)))
    even = np.where(ours, 1.0, len(inside) / len(strange))
    known = logistic(features, ours.astype(float), even)
    print("RIGHT =", tuple(np.round(right, 2).tolist()))
    print("KNOWN =", tuple(np.round(known, 2).tolist()))
    searched = sum(c.searched for c in inside) / len(inside)
    print(f"first: {searched:.1%} as searched, {first[ours].mean():.1%} compared")
    against = features[:, 2] + features[:, 3] / wordings.UNTOLD
    print(f"against the right ones: {against[first].mean():.2f}")
    answers = chance(right, features)
    print_answers(answers[ours], answers[~ours], first[ours])
    print_declined(answers, chance(known, features), ours, first)


if __name__ == "__main__":
    main()
