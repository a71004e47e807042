"""Which questions ask nearly the same, and whether their answers agree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import numpy as np
from rapidfuzz import fuzz, process

from db.tables import QuestionKind, Stage, Title, UnitKind
from knowledge.quiz.model import Question, fold
from knowledge.quiz.wordings import DATA

# Stems that are this alike, in per cent, differ by a word at most.
ALIKE = 88
BLOCK = 500
# So general a stem says nothing without its options.
_GENERAL = re.compile(r"下列|以下|下面|哪些|哪项|哪一项|哪个|说法|表述|选项")
_NUMBERS = re.compile(r"\d+(?:\.\d+)?|[零〇一二三四五六七八九十百千两半]+")


Conflict = tuple[Question, Question, bool]


def conflicts(questions: Sequence[Question]) -> Iterator[Conflict]:
    """Yield pairs whose stems are alike and whose answers are not; true if the stems are the same.

    Both are in force on some day. Each pair comes once.
    """
    groups = _by_stem(questions)
    for group in groups.values():
        for at, first in enumerate(group):
            yield from _torn(first, group[at + 1 :], same=True)
    stems = list(groups)
    for row, column in _near(stems, stems):
        if row < column:
            yield from _torn_stems(stems[row], stems[column], groups, groups)


def conflicts_with(questions: Sequence[Question], known: Sequence[Question]) -> Iterator[Conflict]:
    """Yield such pairs of one of `questions` and one of `known`."""
    groups, others = _by_stem(questions), _by_stem(known)
    for stem, group in groups.items():
        for first in group:
            yield from _torn(first, others.get(stem, ()), same=True)
    stems, known_stems = list(groups), list(others)
    for row, column in _near(stems, known_stems):
        if stems[row] != known_stems[column]:
            yield from _torn_stems(stems[row], known_stems[column], groups, others)


@dataclass(frozen=True, slots=True)
class _Folded:
    """A question with its options as they are compared."""

    question: Question
    right: frozenset[str]
    options: frozenset[str]
    judges: bool


def _by_stem(questions: Sequence[Question]) -> dict[str, list[_Folded]]:
    found: dict[str, list[_Folded]] = {}
    for question in questions:
        right, options = (frozenset(map(fold, o)) for o in (question.answers, question.options))
        folded = _Folded(question, right, options, question.kind is QuestionKind.JUDGE)
        found.setdefault(fold(question.stem), []).append(folded)
    return found


def _near(stems: Sequence[str], others: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of the pairs that are alike."""
    for start in range(0, len(stems), BLOCK):
        scores = process.cdist(
            stems[start : start + BLOCK],
            others,
            scorer=fuzz.ratio,
            score_cutoff=ALIKE,
            dtype=np.uint8,
        )
        for row, column in zip(*np.nonzero(scores), strict=True):
            yield start + int(row), int(column)


def _torn_stems(
    stem: str, other: str, groups: dict[str, list[_Folded]], others: dict[str, list[_Folded]]
) -> Iterator[Conflict]:
    found = [pair for first in groups[stem] for pair in _torn(first, others[other], same=False)]
    if found and _asks_the_same(stem, other):
        yield from found


def _torn(first: _Folded, others: Sequence[_Folded], *, same: bool) -> Iterator[Conflict]:
    for second in others:
        if _contradict(first, second, same=same):
            yield first.question, second.question, same


def _contradict(first: _Folded, second: _Folded, *, same: bool) -> bool:
    """Tell whether two questions that ask the same, answer differently."""
    if first.right == second.right and first.options == second.options:
        return False
    if not _overlap(first.question, second.question):
        return False
    if first.judges or second.judges:
        return first.judges and second.judges and first.right != second.right
    if first.options.isdisjoint(second.options):
        stems = f"{first.question.stem}\n{second.question.stem}"
        return same and not _GENERAL.search(stems)
    wrong, other = second.options - second.right, first.options - first.right
    return not (first.right.isdisjoint(wrong) and second.right.isdisjoint(other))


def _overlap(first: Question, second: Question) -> bool:
    begin = max(first.valid_from or date.min, second.valid_from or date.min)
    return begin < min(first.valid_to or date.max, second.valid_to or date.max)


def _asks_the_same(stem: str, other: str) -> bool:
    """Tell stems that differ in wording only from those that differ in a number or a term."""
    if _NUMBERS.findall(stem) != _NUMBERS.findall(other):
        return False
    return all((stem.count(word) > 0) == (other.count(word) > 0) for word in _telling())


@cache
def _telling() -> tuple[str, ...]:
    """Return the words that tell one question from another."""
    texts = (
        (files(DATA) / "telling.txt").read_text(encoding="utf-8"),
        (files("knowledge") / "data" / "dictionary.txt").read_text(encoding="utf-8"),
    )
    lines = (line.split()[0] for text in texts for line in text.splitlines() if line.strip())
    words = (line for line in lines if not line.startswith("#"))
    return tuple(dict.fromkeys([*words, *UnitKind, *Title, *Stage]))
