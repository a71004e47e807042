"""Answers listed below a paper: 1-5 ABCDA, 6. AB 7. ACD, 1、√ 2、×."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

LONGEST_RANGE = 200
_ANSWER = r"(?:[A-La-l](?:[\s,，、]{0,2}[A-La-l]){0,11}|[√×✓✔✗✘对错]|正确|错误|T|F)"
_RANGE = re.compile(
    r"[（(]?(\d{1,4})\s*[-—－–~至到]{1,2}\s*(\d{1,4})\s*(?:题)?\s*[)）]?\s*[.、:：)）\s]*"
    r"((?:[A-La-l√×✓✔✗✘对错TF]+[\s,，、;；]*)+)"
)
_ONE = re.compile(
    rf"[（(]?\s*(\d{{1,4}})\s*(?:[.．、:：)）]|[\s　])\s*(?:【?(?:正确|参考)?答案】?\s*[:：]?\s*)?"
    rf"[（(【]?\s*({_ANSWER})(?![A-Za-z\u4e00-\u9fff])\s*[)）】]?[\s　,，;；。]*"
)
_EXPLAINED = re.compile(
    r"[【\[（(]?\s*(?:答案)?(?:解析|详解|依据|解释)\s*[】\]）)]?\s*[:：]?\s*(?P<text>.+)", re.S
)


class Key(NamedTuple):
    """The answer to one question of a paper, by its number (and the part that it is in)."""

    number: int
    answer: str
    kind: str = ""
    place: str = ""
    explanation: str = ""


def read_keys(line: str, *, listing: bool) -> Sequence[Key]:
    """Return the answers that a line lists, none if it is no such line.

    Outside of a list one answer is not enough to tell it from a question.
    """
    keys, position = [], 0
    while position < len(line):
        if found := _RANGE.match(line, position):
            run = _run(int(found[1]), int(found[2]), found[3])
            if run is None:
                return ()
            keys += run
        elif found := _ONE.match(line, position):
            keys.append(Key(int(found[1]), found[2]))
        elif keys and listing and (found := _EXPLAINED.fullmatch(line, position)):
            keys[-1] = keys[-1]._replace(explanation=found["text"].strip())
            return keys
        else:
            return ()
        position = found.end()
    return keys if listing or len(keys) > 1 else ()


def _run(first: int, last: int, text: str) -> list[Key] | None:
    """Give 1-5 ABCDA or 1-3 AB ACD BC a number each; None if the counts differ."""
    count = last - first + 1
    if not 0 < count <= LONGEST_RANGE:
        return None
    parts = [part for part in re.split(r"[\s,，、;；]+", text) if part]
    if len(parts) != count:
        parts = list("".join(parts))
    if len(parts) != count:
        return None
    return [Key(first + at, part) for at, part in enumerate(parts)]
