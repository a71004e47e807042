"""Wordings that go by a superseded version, as `data/superseded.toml` lists them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from db.tables import QuestionKind
from knowledge.quiz.model import Question

DATA = "knowledge.quiz.data"
FILE = "superseded.toml"
# A stem that asks for what is wrong holds nothing to be right.
_ASKS_FOR_WRONG = re.compile(
    r"(?:不|没有|未)(?:正确|准确|恰当|属于|包括|包含|符合|对)|错误|不是|除外|不能|不得|不应"
)
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Wording:
    """One row of the file; `until` is the first day on which it was no longer true."""

    about: re.Pattern[str]
    says: re.Pattern[str]
    unless: re.Pattern[str] | None
    why: str
    regulation: str
    until: date | None

    def fits(self, question: Question) -> bool:
        """Tell whether a question holds the old wording to be right today."""
        stem = _BLANKS.sub("", question.stem)
        if not self.about.search(stem) or (self.unless and self.unless.search(stem)):
            return False
        if _is_marked(question, self.until):
            return False
        return any(self.says.search(claim) for claim in _claims(question, stem))


@dataclass(frozen=True, slots=True)
class OldVersion:
    """A version of a regulation that another has taken the place of."""

    regulation: re.Pattern[str]
    version: str
    why: str
    until: date | None

    def fits(self, question: Question) -> bool:
        """Tell whether a question of today rests on the old version."""
        named = question.version == self.version and self.regulation.search(question.regulation)
        return bool(named) and not _is_marked(question, self.until, self.version)


@dataclass(frozen=True, slots=True)
class Superseded:
    """The whole file."""

    wordings: tuple[Wording, ...]
    versions: tuple[OldVersion, ...]

    def reasons(self, question: Question) -> Iterator[str]:
        """Yield why a question is out of date, in the words of the file."""
        for wording in self.wordings:
            if wording.fits(question):
                source = f"（{wording.regulation}）" if wording.regulation else ""
                yield f"像是旧版或误传的说法：{wording.why}{source}"
        for version in self.versions:
            if version.fits(question):
                yield f"所依据的版本已被替代：{version.why}"


@cache
def load() -> Superseded:
    """Read the file that comes with the program."""
    return read((files(DATA) / FILE).read_text(encoding="utf-8"))


def read(text: str) -> Superseded:
    """Read the rows; raises `ValueError` or `KeyError` if one is not right."""
    tables = tomllib.loads(text)
    wordings = tuple(
        Wording(
            about=re.compile(row["about"]),
            says=re.compile(row["says"]),
            unless=re.compile(row["unless"]) if "unless" in row else None,
            why=row["why"],
            regulation=row["regulation"],
            until=row.get("until"),
        )
        for row in tables.get("wording", ())
    )
    versions = tuple(
        OldVersion(re.compile(row["regulation"]), row["version"], row["why"], row.get("until"))
        for row in tables.get("version", ())
    )
    return Superseded(wordings, versions)


def _is_marked(question: Question, until: date | None, version: str = "") -> bool:
    """Tell a question that says of itself that it is about the past."""
    if question.valid_to is not None and (until is None or question.valid_to <= until):
        return True
    years = [version] if version else [str(y) for y in range(1980, until.year)] if until else []
    return any(year in question.stem for year in years)


def _claims(question: Question, stem: str) -> list[str]:
    """Return what a question holds to be right, without blanks."""
    if question.kind is QuestionKind.JUDGE:
        return [stem] if question.correct == (0,) else []
    if _ASKS_FOR_WRONG.search(stem):
        return []
    return [_BLANKS.sub("", answer) for answer in question.answers]
