"""Sections that are too long, cut at items, paragraphs or sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from knowledge.documents.model import Section
from knowledge.documents.numerals import in_locator
from knowledge.documents.structure import item_label

LONGEST = 1200
# A last piece shorter than this stays with the one before it.
TINY = 60
_SENTENCE = re.compile(r"(?<=[。！？；!?;])|(?<=\n)")
_CLAUSE = re.compile(r"(?<=[，,、：:\s])")


def pieces(section: Section, longest: int = LONGEST) -> list[Section]:
    """Cut a section, so that none is longer than `longest` characters by more than a few words.

    Every piece keeps the article; its locator names the items it holds, 第十二条（三）至（五）, or
    counts: 第十二条第二部分.
    """
    if len(section.text) <= longest:
        return [section]
    texts = _packed(_items(section.text), longest, _paragraphs)
    if len(texts) > 1 and len(texts[-1]) < TINY:
        texts[-2:] = [texts[-2] + texts[-1]]
    return [
        replace(section, locator=_locator(section.locator, text, number), text=text.strip("\n"))
        for number, text in enumerate(texts, start=1)
    ]


def _locator(locator: str, text: str, number: int) -> str:
    if number == 1:
        return locator
    labels = [label for line in text.strip("\n").split("\n") if (label := item_label(line))]
    if not labels or not item_label(text.lstrip("\n")):
        return f"{locator}第{in_locator(number)}部分"
    return f"{locator}{labels[0]}" + (f"至{labels[-1]}" if len(labels) > 1 else "")


def _packed(
    parts: Iterable[str], longest: int, finer: Callable[[str], Iterable[str]] | None
) -> list[str]:
    """Put parts together as long as they fit; what does not fit at all is cut more finely."""
    packed: list[str] = []
    for part in parts:
        if packed and len(packed[-1]) + len(part) <= longest:
            packed[-1] += part
        elif len(part) <= longest:
            packed.append(part)
        elif finer is None:
            packed += [part[i : i + longest] for i in range(0, len(part), longest)]
        else:
            packed += _packed(finer(part), longest, _FINER.get(finer))
    return packed


def _items(text: str) -> Iterator[str]:
    """Return the items （一）, （二）… with their paragraphs, and what stands before the first."""
    gathered = ""
    for line in text.splitlines(keepends=True):
        if item_label(line) and gathered:
            yield gathered
            gathered = ""
        gathered += line
    yield gathered


def _paragraphs(text: str) -> Sequence[str]:
    return text.splitlines(keepends=True)


def _sentences(text: str) -> Sequence[str]:
    return _SENTENCE.split(text)


def _clauses(text: str) -> Sequence[str]:
    return _CLAUSE.split(text)


# What is tried when a part is too long, from coarse to fine.
_FINER: dict[Callable[[str], Iterable[str]], Callable[[str], Iterable[str]]] = {
    _paragraphs: _sentences,
    _sentences: _clauses,
}
