"""Where a text asks: its questions, and the short of a long story."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A text of this many characters tells a story around its question.
STORY = 40
# So many clauses before the one that asks may say what it is about.
BEFORE = 2
# A clause shorter than this asks nothing by itself; what a story comes down to says its subject.
SHORTEST = 4
SUBJECT = 8
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]?")
_CLAUSE = re.compile(r"[,，。.！？!?；;：:\n]+")
_ASKS = re.compile(
    r"[?？]|吗|呢|多久|多少|几|怎么|怎样|如何|什么|哪|谁|是否|能否|可否|能不能|要不要|可不可以|是不是"
    r"|合不合|算不算|该不该|行不行|多长|到底"
)
_OPENING = re.compile(
    r"^(?:你好|您好|请问|请教|想问一下|问一下|麻烦问|另外|还有|以及|那么?|\d+[.、]|[,，、 ])+"
)
_EDGES = " ,，。！!;；\n"


def questions(text: str) -> Iterator[str]:
    """Yield the sentences of a text that ask something."""
    for found in _SENTENCE.finditer(text):
        sentence = _OPENING.sub("", found[0].strip(_EDGES))
        if len(sentence) >= SHORTEST and _ASKS.search(sentence):
            yield sentence


def cores(text: str) -> Iterator[str]:
    """Yield what a story may come down to, the end of it first: there it mostly asks.

    Each is a clause that asks, alone and with the clauses before it. Nothing for a short text.
    """
    clauses = [clause.strip() for clause in _CLAUSE.split(text) if clause.strip()]
    if len(text) < STORY or len(clauses) < 2:
        return
    for end in range(len(clauses) - 1, -1, -1):
        if not _ASKS.search(clauses[end]):
            continue
        for start in range(end, max(end - BEFORE, 0) - 1, -1):
            core = _OPENING.sub("", "，".join(clauses[start : end + 1]))
            if len(core) >= SUBJECT and end - start + 1 < len(clauses):
                yield core
