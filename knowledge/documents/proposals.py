"""What a document seems to say of itself: its title, version, and first day in force.

Guesses with the words they rest on, for a person to confirm. Nothing here is taken for a fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from knowledge.documents.dates import DAY, to_date
from knowledge.documents.model import Block, BlockKind, Document
from knowledge.documents.structure import find_article, heading_rank, is_contents_title

LONGEST_TITLE, LONGEST_EVIDENCE, HEAD = 60, 80, 12
_ISSUING = "印发|发布|公布|颁布|通过|批准|修订|修正|审议|制定|下发|签发"
_SELF = r"本(?:条例|规定|办法|细则|准则|规则|制度|规程|章程|意见|方案|通知|规范|决定|法)"
_IN_FORCE = re.compile(rf"自\s*{DAY}\s*起\s*(?:正式|开始)?(?:施行|实施|执行|生效|试行|实行)")
_FIELD = re.compile(rf"(?:生效|施行|实施)(?:日期|时间)[：:]?\s*{DAY}")
_ON_ISSUE = re.compile(
    r"自\s*(?:发布|公布|印发|颁布|下发|通过|签发|发文)之日\s*起\s*(?:正式|开始)?"
    r"(?:施行|实施|执行|生效|试行|实行)"
)
_ISSUED = re.compile(rf"{DAY}[^。；;，,\n]{{0,30}}?(?P<act>{_ISSUING})")
_OWN_TEXT = re.compile(rf"{_SELF}[^。；;]{{0,12}}$")
_EDITION = re.compile(r"[（(]?((?:19|20)[0-9]{2})\s*年?(?:修订|修正|版|年版|修订版|试行)[）)]?")
_ENDS_SENTENCE = re.compile(r"[。；;！!？?，,：:]$")


@dataclass(frozen=True, slots=True)
class Guess:
    """A day with the words of the document that it was taken from, and where they stand."""

    day: date
    evidence: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to ask a person about. `label` is a name for the version ("2018年"), empty if unknown.

    `starts` is the day from which it is in force, `issued` the last day on which it was adopted,
    published or revised.
    """

    title: str
    label: str = ""
    starts: Guess | None = None
    issued: Guess | None = None


def propose(document: Document) -> Proposal:
    """Guess title, version and first day."""
    issued = max(_issues(document), key=lambda guess: guess.day, default=None)
    starts = _starts(document, issued)
    title = document.title.replace("\n", "") or _first_line(document.blocks)
    edition = _EDITION.search(title)
    year = edition[1] if edition else str(issued.day.year) if issued else ""
    return Proposal(title, f"{year}年" if year else "", starts, issued)


def _starts(document: Document, issued: Guess | None) -> Guess | None:
    """Return the day that the text gives for itself, the last one, since it stands at the end."""
    own: Guess | None = None
    other: Guess | None = None
    for block in document.blocks:
        for found in (*_IN_FORCE.finditer(block.text), *_FIELD.finditer(block.text)):
            day = to_date(found)
            if day is None:
                continue
            guess = Guess(day, _around(block.text, found), block.place)
            other = guess
            if _OWN_TEXT.search(_before(block.text, found)):
                own = guess
    return own or other or _on_issue(document, issued)


def _on_issue(document: Document, issued: Guess | None) -> Guess | None:
    """自发布之日起施行: the day of issue, if the document tells it."""
    if issued is None:
        return None
    for block in reversed(document.blocks):
        found = _ON_ISSUE.search(block.text)
        if found:
            evidence = f"{found[0]}；{issued.evidence}"
            return Guess(issued.day, evidence[:LONGEST_EVIDENCE], issued.place)
    return None


def _issues(document: Document) -> Iterator[Guess]:
    """Return the days of adoption, as the note under the title gives them.

    Further down such days belong to the papers that are cited there.
    """
    for block in _head(document.blocks[:HEAD]):
        for found in _ISSUED.finditer(block.text):
            day = to_date(found)
            if day is not None:
                yield Guess(day, _around(block.text, found), block.place)


def _head(blocks: Iterable[Block]) -> Iterator[Block]:
    """Return what stands before the first article or chapter."""
    for block in blocks:
        if find_article(block.text) is not None:
            return
        if heading_rank(block.text) is None:
            yield block


def _first_line(blocks: Iterable[Block]) -> str:
    """Return a first line that can be a title: short, and no sentence."""
    for block in blocks:
        if block.kind is BlockKind.ROW or is_contents_title(block.text):
            return ""
        line = block.text.replace("\n", "")
        titled = len(line) <= LONGEST_TITLE and not _ENDS_SENTENCE.search(line)
        numbered = find_article(line) is not None or heading_rank(line) is not None
        return line.strip("《》") if titled and not numbered else ""
    return ""


def _before(text: str, found: re.Match[str]) -> str:
    """Return some words before a match."""
    return text[max(0, found.start() - LONGEST_EVIDENCE) : found.start()]


def _around(text: str, found: re.Match[str]) -> str:
    """Return the clause that holds a match."""
    before = re.split(r"[。；;\n（(]", _before(text, found))[-1]
    after = re.split(r"[。；;\n）)]", text[found.end() : found.end() + LONGEST_EVIDENCE])[0]
    return f"{before}{found[0]}{after}"[:LONGEST_EVIDENCE]
