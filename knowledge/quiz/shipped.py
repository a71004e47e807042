"""The questions that come with the program, as TOML: one file a topic, one table a question.

At the head of a file stands `topic`; a `[[question]]` table holds

    key          a stable name, lower case, parts joined by "-"; the store knows it by this
    kind         single, multiple or judge
    stem         what is asked
    options      what can be chosen; 对 and 错 for a judge question
    answer       the letters of what is right: "B", "ACD"
    explanation  why, in our own words
    regulation   full name in 《》
    article      第X条; left out where it is not known
    version      the year of the wording that is meant
    difficulty   1 easy to 3 hard
    valid_from   first day on which the answer is true; valid_to is the first after it
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from db.tables import QuestionKind
from knowledge.quiz.model import DIFFICULTIES, JUDGE_OPTIONS, Question

SEED = "knowledge.quiz.seed"
SUFFIX = ".toml"
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ANSWER = re.compile(r"[A-Z]{1,26}")
_FIELDS: Mapping[str, type] = {
    "key": str,
    "kind": str,
    "stem": str,
    "options": list,
    "answer": str,
    "explanation": str,
    "regulation": str,
    "article": str,
    "version": str,
    "difficulty": int,
    "valid_from": date,
    "valid_to": date,
}
_NEEDED = ("key", "kind", "stem", "options", "answer", "difficulty")


class QuestionError(ValueError):
    """A question cannot be read; the message names the file, the question and the field."""


def texts() -> dict[str, str]:
    """Return the shipped files by name."""
    found = sorted(files(SEED).iterdir(), key=lambda file: file.name)
    return {f.name: f.read_text(encoding="utf-8") for f in found if f.name.endswith(SUFFIX)}


def digest(texts: Mapping[str, str]) -> str:
    """Tell one edition of the shipped bank from another without reading it."""
    written = hashlib.sha256()
    for name, text in sorted(texts.items()):
        written.update(f"{name}\0{text}\0".encode())
    return written.hexdigest()


@cache
def load_questions() -> tuple[Question, ...]:
    """Return the shipped questions by file and place; raises `QuestionError` for a fault."""
    return read(texts())


def read(texts: Mapping[str, str]) -> tuple[Question, ...]:
    """Read the questions of several files, given as text by name."""
    found: dict[str, Question] = {}
    for name, text in texts.items():
        for question in _read(name, text):
            if question.key in found:
                raise QuestionError(
                    f"{question.place}: the key is already in {found[question.key].place}"
                )
            found[question.key] = question
    return tuple(found.values())


def _read(name: str, text: str) -> Iterator[Question]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise QuestionError(f"{name}: {error}") from error
    if set(tables) != {"topic", "question"} or not _said(tables["topic"]):
        raise QuestionError(f"{name}: must hold a topic and [[question]] tables, nothing else")
    for number, table in enumerate(tables["question"], 1):
        where = f"{name}: {table.get('key', f'question {number}')}"
        _check(where, table)
        yield _question(where, tables["topic"], table)


def _question(where: str, topic: str, table: Mapping[str, Any]) -> Question:
    more = {k: v for k, v in table.items() if k not in ("answer", "kind", "options")}
    question = Question(
        **more,
        kind=QuestionKind(table["kind"]),
        options=tuple(table["options"]),
        correct=tuple(sorted({ord(letter) - ord("A") for letter in table["answer"]})),
        topic=topic,
        place=where,
    )
    if question.correct[-1] >= len(question.options):
        raise QuestionError(f"{where}: answer {table['answer']} is no option")
    return question


def _check(where: str, table: Mapping[str, Any]) -> None:
    """Check the shape: every field is known, of its type, and says something."""
    if missing := [name for name in _NEEDED if name not in table]:
        raise QuestionError(f"{where}: {missing[0]} is missing")
    for name, value in table.items():
        kind = _FIELDS.get(name)
        if kind is None:
            raise QuestionError(f"{where}: {name} is not a field")
        if type(value) is not kind:
            raise QuestionError(f"{where}: {name} must be {kind.__name__}")
        parts = value if isinstance(value, list) else [value]
        if value == [] or not all(_said(part) for part in parts):
            raise QuestionError(f"{where}: {name} is empty, or has spaces at its ends")
    for right, complaint in (
        (_KEY.fullmatch(table["key"]), "key is not of lower-case parts joined by '-'"),
        (table["kind"] in tuple(QuestionKind), f"kind must be one of {', '.join(QuestionKind)}"),
        (_ANSWER.fullmatch(table["answer"]), 'answer must be letters, as "B" or "ACD"'),
        (table["difficulty"] in DIFFICULTIES, f"difficulty must be one of {DIFFICULTIES}"),
        (_judges(table), "the options of a judge question are 对 and 错"),
        (_ends_later(table), "valid_to must be after valid_from"),
    ):
        if not right:
            raise QuestionError(f"{where}: {complaint}")


def _judges(table: Mapping[str, Any]) -> bool:
    return table["kind"] != QuestionKind.JUDGE or tuple(table["options"]) == JUDGE_OPTIONS


def _ends_later(table: Mapping[str, Any]) -> bool:
    return bool(table.get("valid_from", date.min) < table.get("valid_to", date.max))


def _said(part: object) -> bool:
    """Tell whether a value says something; what is no text always does, save a table."""
    if isinstance(part, str):
        return part != "" and part == part.strip()
    return isinstance(part, int | date)
