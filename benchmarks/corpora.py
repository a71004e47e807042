"""Passages for the speed benchmark: real text, extended to any size.

Beyond the real passages new ones are put together from real sentences: each takes the number of
sentences of one real passage and draws them from three others, so that lengths, the frequencies
of words, and how words go together stay natural.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks import sets
from knowledge.entries import load_entries
from knowledge.search.passages import Passage

QUESTION_LENGTH = 27
SOURCES = 3
_SENTENCE = re.compile(r"[^。；！？\n]+[。；！？\n]?")


def source(folder: Path | None) -> tuple[list[Passage], list[str]]:
    """Return real passages and real questions: those of a folder, or what we ship."""
    if folder is None:
        shipped = load_entries()
        passages = [Passage(n, e.question, e.answer) for n, e in enumerate(shipped, 1)]
        return passages, [ask for entry in shipped for ask in entry.asks]
    chosen = list(sets.find(folder))
    texts = [(p.title, p.text) for one in chosen for p in one.passages]
    passages = [Passage(n, title, text) for n, (title, text) in enumerate(texts, 1)]
    return passages, [q.text for one in chosen for q in one.questions.get("queries", [])]


def extended(passages: list[Passage], size: int) -> Iterator[Passage]:
    """Yield `size` passages, real ones first; the same ones at every call."""
    chance = random.Random(size)  # A fixed seed: the benchmark must be repeatable.
    real = passages if len(passages) <= size else chance.sample(passages, size)
    for number, passage in enumerate(real, 1):
        yield Passage(number, passage.title, passage.text)
    cut = [_SENTENCE.findall(passage.text) for passage in passages]
    for number in range(len(real) + 1, size + 1):
        title = chance.choice(passages).title
        pool = [sentence for text in chance.choices(cut, k=SOURCES) for sentence in text]
        wanted = len(chance.choice(cut))
        text = "".join(chance.sample(pool, min(wanted, len(pool))))
        yield Passage(number, title, text)


def of_length(questions: list[str], count: int) -> list[str]:
    """Return questions of 27 characters each, cut from real ones that follow one another."""
    chance = random.Random(count)
    line = "，".join(chance.sample(questions, len(questions)))
    places = [chance.randrange(len(line) - QUESTION_LENGTH) for _ in range(count)]
    return [line[place : place + QUESTION_LENGTH] for place in places]


def write(passages: Iterator[Passage], path: Path) -> None:
    """Write passages, one a line."""
    with path.open("w", encoding="utf-8") as file:
        for p in passages:
            file.write(json.dumps([p.id, p.title, p.text], ensure_ascii=False) + "\n")


def read(path: Path) -> Iterator[Passage]:
    """Read what `write` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Passage(*json.loads(line))
