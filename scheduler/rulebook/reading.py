"""Reading rules from TOML: all of a folder is taken, or nothing and every problem is named.

A file holds `[defaults]` (values for each of its rules) and a `[[rule]]` table a rule.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from scheduler.rulebook.checks import check
from scheduler.rulebook.model import (
    Anchor,
    AnchorKind,
    Audience,
    Force,
    Owner,
    Rule,
    RuleBook,
    Rung,
    Span,
)
from scheduler.rulebook.problems import Problem, RuleBookError

SHIPPED = Path(__file__).parent.parent / "rules"


class Digest(Protocol):
    """What takes in bytes to make a digest of them."""

    def update(self, data: bytes, /) -> None:
        """Take in some bytes."""


class _Wrong(Exception):
    """One value is wrong."""


def read_folder(*folders: Path) -> RuleBook:
    """Read and check every `*.toml` of the folders; raises `RuleBookError`.

    The first folder holds the regulations' rules; in any other each rule is a unit's own.
    """
    digest = hashlib.sha256()
    problems: list[Problem] = []
    read: list[tuple[str, Rule]] = []
    for number, folder in enumerate(folders):
        for file in sorted(folder.glob("*.toml")):
            for found in _read_file(file, digest):
                if isinstance(found, Problem):
                    problems.append(found)
                elif number and not found.own:
                    reason = "a rule beside the shipped ones is a unit's own: unit is missing"
                    problems.append(Problem(file.name, found.id, reason))
                else:
                    read.append((file.name, found))
    if not read and not problems:
        problems.append(Problem(", ".join(map(str, folders)), "", "there is no rule file"))
    problems += check(read)
    if problems:
        raise RuleBookError(tuple(problems))
    return RuleBook(digest.hexdigest(), tuple(rule for _, rule in read))


def rule_from(values: Mapping[str, Any]) -> Rule:
    """Make a rule of plain values; raises `ValueError` naming the wrong one."""
    try:
        return _rule(values)
    except _Wrong as error:
        raise ValueError(str(error)) from error


def _read_file(file: Path, digest: Digest) -> Iterator[Rule | Problem]:
    try:
        data = file.read_bytes()
    except OSError as error:
        yield Problem(file.name, "", f"cannot be read: {error.strerror}")
        return
    digest.update(data)
    yield from _read_text(file.name, data)


def _read_text(name: str, data: bytes) -> Iterator[Rule | Problem]:
    try:
        # Some editors begin a UTF-8 file with a byte order mark, which is no TOML.
        content = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        yield Problem(name, "", f"is no TOML: {error}")
        return
    for key in content.keys() - {"defaults", "rule"}:
        yield Problem(name, "", f"unknown table {key}")
    defaults, tables = content.get("defaults", {}), content.get("rule", [])
    if not isinstance(defaults, dict) or not isinstance(tables, list):
        yield Problem(name, "", "defaults must be a table and rule a list of tables")
        return
    for table in tables:
        values = {**defaults, **table} if isinstance(table, dict) else {}
        try:
            yield _rule(values)
        except _Wrong as error:
            yield Problem(name, str(values.get("id", "?")), str(error))


def _rule(values: Mapping[str, Any]) -> Rule:
    known = {field.name: field for field in fields(Rule)}
    if unknown := sorted(values.keys() - known.keys()):
        raise _Wrong(f"unknown key {', '.join(unknown)}")
    read: dict[str, Any] = {}
    for name, field in known.items():
        if name in values:
            read[name] = _READERS[name](values[name], name)
        elif name == "effective_until":
            read[name] = None
        elif field.default is MISSING:
            raise _Wrong(f"{name} is missing")
    return Rule(**read)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{name} must be a text")
    return value.strip()


def _some_text(value: Any, name: str) -> str:
    if not (text := _text(value, name)):
        raise _Wrong(f"{name} is empty")
    return text


def _day(value: Any, name: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _Wrong(f"{name} must be a date such as 2018-10-28")
    return value


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(f"{name} must be true or false")
    return value


def _whole(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Wrong(f"{name} must be a whole number")
    return value


def _number(value: Any, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _Wrong(f"{name} must be a number")
    return float(value)


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _Wrong(f"{name} must be a list of texts")
    return tuple(_some_text(each, name) for each in value)


def _one_of(kind: type[StrEnum]) -> Callable[[Any, str], Any]:
    def read(value: Any, name: str) -> Any:
        try:
            return kind(value)
        except ValueError as error:
            allowed = ", ".join(kind)
            raise _Wrong(f"unknown {name} {value!r}: one of {allowed}") from error

    return read


def _table(value: Any, name: str, keys: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{name} must be a table")
    if unknown := sorted(value.keys() - keys):
        raise _Wrong(f"unknown key {', '.join(unknown)} in {name}")
    return value


def _span(value: Any, name: str) -> Span:
    table = _table(value, name, {"years", "months", "days", "workdays"})
    return Span(**{unit: _whole(count, f"{name}.{unit}") for unit, count in table.items()})


def _anchor(value: Any, name: str) -> Anchor:
    readers: dict[str, Callable[[Any, str], Any]] = {
        "kind": _one_of(AnchorKind),
        "rrule": _some_text,
        "dtstart": _day,
        "years": _whole,
        "event": _some_text,
        "on": _day,
    }
    table = _table(value, name, set(readers))
    read = {key: readers[key](each, f"{name}.{key}") for key, each in table.items()}
    if "kind" not in read:
        raise _Wrong("anchor.kind is missing")
    return Anchor(**read)


def _remind(value: Any, name: str) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise _Wrong(f"{name} must be a list of days")
    return tuple(_whole(days, name) for days in value)


def _ladder(value: Any, name: str) -> tuple[Rung, ...]:
    if not isinstance(value, list):
        raise _Wrong(f"{name} must be a list of steps")
    rungs = []
    for each in value:
        table = _table(each, name, {"after", "to"})
        if table.keys() != {"after", "to"}:
            raise _Wrong(f"each step of the {name} needs after and to")
        to = _one_of(Audience)(table["to"], f"{name}.to")
        rungs.append(Rung(_whole(table["after"], f"{name}.after"), to))
    return tuple(rungs)


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "id": _some_text,
    "title": _some_text,
    "owner": _one_of(Owner),
    "anchor": _anchor,
    "regulation": _some_text,
    "article": _text,
    "version": _some_text,
    "effective_from": _day,
    "effective_until": _day,
    "force": _one_of(Force),
    "certainty": _some_text,
    "limit": _span,
    "remind": _remind,
    "ladder": _ladder,
    "evidence": _texts,
    "accept": _flag,
    "hand_in": _text,
    "note": _text,
    "unit": _some_text,
    "stricter_than": _some_text,
    "case": _some_text,
    "step": _number,
    "approver": _text,
    "documents": _texts,
    "decision": _flag,
    "optional": _flag,
    "earliest": _span,
    "earliest_after": _some_text,
    "suggested": _span,
    "repeat": _span,
    "postpone": _span,
    "unverified": _flag,
}
