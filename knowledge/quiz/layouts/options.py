"""Options as they stand in one text: A. … B. …, a line each, or divided by signs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from knowledge.quiz.layouts.raw import BadQuestion

LETTERS = "ABCDEFGHIJKL"
_LABEL = r"[（(【\[]?{0}(?:[）)】\]][.、．:：]?|[.、．:：])\s*"
_BARE = r"{0}(?=[\s　]|[一-鿿《“]|\d)\s*"
# A label at the start of a line may be a mere letter; inside one it needs its sign.
_AT_START = {c: re.compile(rf"^(?:{_LABEL.format(c)}|{_BARE.format(c)})", re.M) for c in LETTERS}
_INSIDE = {c: re.compile(rf"(?<![A-Za-z0-9]){_LABEL.format(c)}") for c in LETTERS}
# No question is longer, and no more than so many labels are tried as the first one.
LONGEST, TRIED = 20_000, 12
_ENDS = " \t\n　;；,，"
_DIVIDERS = ("\n", "|", "｜", "$", "；", ";", "\t")


def labelled(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Divide a text at its labels A, B, C …: what stands before them, and the options.

    None if there are not even an A and a B.
    """
    marks = _chain(text)
    if len(marks) < 2:
        return None
    ends = [start for start, _ in marks[1:]] + [len(text)]
    options = tuple(
        text[after:end].strip(_ENDS) for (_, after), end in zip(marks, ends, strict=True)
    )
    return text[: marks[0][0]].strip(), options


def divided(text: str) -> tuple[str, ...]:
    """Return the options that one cell holds; raises `BadQuestion` if they cannot be told apart."""
    if listed := _listed(text):
        return listed
    if found := labelled(text):
        before, options = found
        if before.strip(_ENDS):
            raise BadQuestion("选项前面有多余的文字，分不开")
        return options
    for divider in _DIVIDERS:
        parts = [part.strip(_ENDS) for part in text.split(divider)]
        kept = tuple(part for part in parts if part)
        if len(kept) > 1:
            return kept
    raise BadQuestion("只有一个选项，或选项分不开：请用 A. B. C. 标明，或每行一个")


def unlabelled(text: str, place: int) -> str:
    """Take the label from an option that has a column of its own."""
    pattern = _INSIDE.get(LETTERS[place]) if place < len(LETTERS) else None
    found = pattern.match(text) if pattern else None
    return text[found.end() :].strip() if found else text


def _listed(text: str) -> tuple[str, ...]:
    """Return the options of a JSON list, as programs export them."""
    if not text.startswith("["):
        return ()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(found, list) or not all(isinstance(part, str) for part in found):
        return ()
    return tuple(unlabelled(part.strip(), place) for place, part in enumerate(found))


def _chain(text: str) -> Sequence[tuple[int, int]]:
    """Return start and end of each label, as far as the letters follow each other.

    A label at the start of a line comes before one inside: "A、B 两地" in a stem begins nothing.
    """
    best: list[tuple[int, int]] = []
    if len(text) > LONGEST:
        return best
    for start in (_AT_START["A"], _INSIDE["A"]):
        for first in islice(start.finditer(text), TRIED):
            chain = [(first.start(), first.end()), *_following(text, first.end())]
            if len(chain) >= max(len(best), 2):
                best = chain
        if best:
            return best
    return best


def _following(text: str, position: int) -> Iterator[tuple[int, int]]:
    for letter in LETTERS[1:]:
        found = _AT_START[letter].search(text, position) or _INSIDE[letter].search(text, position)
        if found is None:
            return
        yield found.start(), found.end()
        position = found.end()
