"""The entries that come with the program: one question, one answer, one source.

They are data, in `seed/*.toml`, one file a subject and one `[[entry]]` table each:

    id              a stable name, lower case, parts joined by "-"; the store knows it by this
    question        as a member would ask it; unlike every other question
    asks            one to forty other ways to ask the same
    answer          a few sentences in our own words, with the force (一般, 应当, 不得) of the rule
    regulation      full name in 《》; without 《》 where the source is a custom or not certain
    article         第X条; left out where it is not known
    article_certain false where the number of the article is still to be checked (条号待核)
    version         the year of the wording that is meant; left out where there is none
    certainty       甲: two or more independent sources; 乙: one; 待核: disputed or none
    effective_from  first day on which the entry is true; effective_to is the first after it
    topic           the subject, which is that of the file
    see             ids of related entries
    note            what a careful reader should know besides
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

SEED = "knowledge.seed"
CERTAINTIES = ("甲", "乙", "待核")
ASKS = range(1, 41)
ANSWER_LENGTH = range(6, 181)
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ARTICLE = re.compile(r"第[一二三四五六七八九十]+条(、第[一二三四五六七八九十]+条)*")
_YEAR = re.compile(r"(19|20)\d\d")
_PUNCTUATION = re.compile(r"\W+")


class EntryError(ValueError):
    """An entry cannot be read; the message names the file, the entry and the field."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One shipped entry, as the file tells it; `effective_to` is exclusive."""

    id: str
    question: str
    asks: tuple[str, ...]
    answer: str
    regulation: str
    certainty: str
    topic: str
    article: str = ""
    article_certain: bool = True
    version: str = ""
    effective_from: date | None = None
    effective_to: date | None = None
    see: tuple[str, ...] = ()
    note: str = ""

    def valid_on(self, day: date) -> bool:
        """Tell whether the entry is true on a day."""
        begun = self.effective_from is None or self.effective_from <= day
        return begun and (self.effective_to is None or day < self.effective_to)

    def overlaps(self, other: Entry) -> bool:
        """Tell whether there is a day on which both entries are true."""
        first, last = date.min, date.max
        begin = max(self.effective_from or first, other.effective_from or first)
        return begin < min(self.effective_to or last, other.effective_to or last)


_KINDS: Mapping[str, type] = {
    **dict.fromkeys((field.name for field in fields(Entry)), str),
    "asks": list,
    "see": list,
    "article_certain": bool,
    "effective_from": date,
    "effective_to": date,
}
_NEEDED = ("id", "question", "asks", "answer", "regulation", "certainty", "topic")


@cache
def load_entries() -> tuple[Entry, ...]:
    """Return the shipped entries by file and place; raises `EntryError` when one is not right."""
    seed = sorted(files(SEED).iterdir(), key=lambda file: file.name)
    texts = {f.name: f.read_text(encoding="utf-8") for f in seed if f.name.endswith(".toml")}
    return read_entries(texts)


def read_entries(texts: Mapping[str, str]) -> tuple[Entry, ...]:
    """Read the entries of several files, given as text by name, and check them together."""
    placed = [(name, entry) for name, text in texts.items() for entry in _read(name, text)]
    for complaint in _complaints(placed):
        raise EntryError(complaint)
    return tuple(entry for _, entry in placed)


def fold(question: str) -> str:
    """Return a question without what does not tell it from another: punctuation and case."""
    return _PUNCTUATION.sub("", question).lower()


def _read(name: str, text: str) -> Iterator[Entry]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EntryError(f"{name}: {error}") from error
    if set(tables) != {"entry"}:
        raise EntryError(f"{name}: holds something else than [[entry]] tables")
    for number, table in enumerate(tables["entry"], 1):
        where = f"{name}: {table.get('id', f'entry {number}')}"
        _check_fields(where, table)
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in table.items()
        }
        entry = Entry(**values)
        _check_values(where, entry)
        yield entry


def _check_fields(where: str, table: Mapping[str, Any]) -> None:
    """Check the shape: every field is known, of its type, and not empty."""
    if missing := [name for name in _NEEDED if name not in table]:
        raise EntryError(f"{where}: {missing[0]} is missing")
    for name, value in table.items():
        kind = _KINDS.get(name)
        if kind is None:
            raise EntryError(f"{where}: {name} is not a field")
        if type(value) is not kind:
            raise EntryError(f"{where}: {name} must be {kind.__name__}")
        parts = value if isinstance(value, list) else [value]
        if value == [] or not all(_said(part) for part in parts):
            raise EntryError(f"{where}: {name} is empty, or has spaces at its ends")


def _said(part: object) -> bool:
    """Tell whether a value says something; what is no text always does."""
    return not isinstance(part, str) or (part != "" and part == part.strip())


def _check_values(where: str, entry: Entry) -> None:
    """Check what the fields of one entry say."""
    first, last = entry.effective_from or date.min, entry.effective_to or date.max
    for right, complaint in (
        (_ID.fullmatch(entry.id), "id is not of lower-case parts joined by '-'"),
        (len(entry.asks) in ASKS, "asks must be one to forty"),
        (len(entry.answer) in ANSWER_LENGTH, "answer is too short or too long"),
        (entry.certainty in CERTAINTIES, f"certainty must be one of {CERTAINTIES}"),
        (not entry.article or _ARTICLE.fullmatch(entry.article), "article must read 第X条"),
        (entry.article or entry.article_certain, "article_certain without an article"),
        (not entry.version or _YEAR.fullmatch(entry.version), "version must be a year"),
        (first < last, "effective_to must be after effective_from"),
        (_says_open(entry), "an answer says 待核 first if, and only if, its certainty is 待核"),
    ):
        if not right:
            raise EntryError(f"{where}: {complaint}")


def _says_open(entry: Entry) -> bool:
    return entry.answer.startswith("待核：") == (entry.certainty == "待核")


def _complaints(placed: Iterable[tuple[str, Entry]]) -> Iterator[str]:
    """Yield what is wrong between entries: doubles, a foreign topic, `see` to nowhere."""
    placed = list(placed)
    ids = {entry.id for _, entry in placed}
    seen: dict[str, str] = {}
    topics: dict[str, str] = {}
    for name, entry in placed:
        for key in (entry.id, fold(entry.question)):
            if key in seen:
                yield f"{name}: {entry.id}: {key} is already in {seen[key]}"
            seen[key] = name
        if topics.setdefault(name, entry.topic) != entry.topic:
            yield f"{name}: {entry.id}: the topic of this file is {topics[name]}"
        if lost := [key for key in entry.see if key not in ids - {entry.id}]:
            yield f"{name}: {entry.id}: see names {lost[0]}, which is no other entry"
