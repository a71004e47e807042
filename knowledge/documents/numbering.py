"""The numbers that Word writes by itself, from `numbering.xml`.

第三条 is often not in the text at all: the paragraph points to a list, the list says "第%1条" and
how to count. ECMA-376 part 1, 17.9 says how: counters belong to the abstract list, so that two
lists made from it go on counting together; a level begins anew after each paragraph of a level
above it; a list may override where it begins, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.documents.numerals import format_number

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEVELS = 9
MOST = 1_000_000
_PLACEHOLDER = re.compile("%([1-9])")


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list counts. `restart` is the level (from 1) after which it begins anew.

    None restarts after any level above, 0 never does. `style` is the paragraph style tied to it.
    """

    style_of_number: str = "decimal"
    text: str = ""
    start: int = 1
    restart: int | None = None
    decimal_only: bool = False
    style: str = ""


@dataclass(slots=True)
class _List:
    """A list as paragraphs name it: its abstract list, with what it overrides."""

    abstract: str
    levels: dict[int, Level]
    starts: dict[int, int]
    begun: set[int] = field(default_factory=set)


class Numbering:
    """Counts paragraphs in the order in which they are handed in."""

    def __init__(self, root: Any | None, style_lists: Mapping[str, str]) -> None:
        """`root` is the element `w:numbering`; `style_lists` gives the list of a list style."""
        self._lists: dict[str, _List] = {}
        self._counters: dict[str, list[int | None]] = {}
        if root is not None:
            self._load(root, style_lists)

    def level_of(self, list_id: str, style: str) -> int:
        """Return the level of a list that a paragraph style is tied to, the first if none."""
        found = self._lists.get(list_id)
        tied = (i for i, level in found.levels.items() if level.style == style) if found else ()
        return next(iter(tied), 0)

    def label(self, list_id: str, level: int) -> str:
        """Count one paragraph and return what Word writes before it, empty for bullets."""
        found = self._lists.get(list_id)
        if found is None or not 0 <= level < LEVELS:
            return ""
        rule = found.levels.get(level, Level())
        numbers = self._count(found, level, rule)
        if rule.style_of_number in ("bullet", "none") and "%" not in rule.text.replace("%%", ""):
            return ""
        return _PLACEHOLDER.sub(lambda m: _written(found, rule, numbers, int(m[1]) - 1), rule.text)

    def _count(self, list_: _List, level: int, rule: Level) -> list[int | None]:
        numbers = self._counters.setdefault(list_.abstract, [None] * LEVELS)
        if level in list_.starts and level not in list_.begun:
            list_.begun.add(level)
            numbers[level] = None
        for above in range(level):
            if numbers[above] is None:
                numbers[above] = _start(list_, above)
        now = numbers[level]
        numbers[level] = _start(list_, level) if now is None else min(now + 1, MOST)
        for below in range(level + 1, LEVELS):
            if _restarts(list_.levels.get(below, Level()), level):
                numbers[below] = None
        return numbers

    def _load(self, root: Any, style_lists: Mapping[str, str]) -> None:
        abstracts = {a.get(f"{W}abstractNumId", ""): a for a in root.iter(f"{W}abstractNum")}
        targets = {n.get(f"{W}numId", ""): _value(n, "abstractNumId") for n in root.iter(f"{W}num")}
        levels = {key: dict(_levels(element)) for key, element in abstracts.items()}
        for list_id, element in ((n.get(f"{W}numId", ""), n) for n in root.iter(f"{W}num")):
            abstract = targets[list_id]
            linked = style_lists.get(_value(abstracts.get(abstract), "numStyleLink"))
            abstract = targets.get(linked, abstract) if linked else abstract
            overridden, starts = _overrides(element)
            merged = levels.get(abstract, {}) | overridden
            self._lists[list_id] = _List(abstract, merged, starts)


def _restarts(below: Level, used: int) -> bool:
    """Tell whether a level begins anew after a paragraph of level `used` (from 0)."""
    return below.restart is None or used < below.restart


def _start(list_: _List, level: int) -> int:
    return list_.starts.get(level, list_.levels.get(level, Level()).start)


def _written(list_: _List, rule: Level, numbers: list[int | None], level: int) -> str:
    number = numbers[level]
    if number is None:
        return ""
    style = list_.levels.get(level, Level()).style_of_number
    return str(number) if rule.decimal_only else format_number(number, style)


def _overrides(element: Any) -> tuple[dict[int, Level], dict[int, int]]:
    levels: dict[int, Level] = {}
    starts: dict[int, int] = {}
    for override in element.iter(f"{W}lvlOverride"):
        levels |= dict(_levels(override))
        start = _value(override, "startOverride")
        if start:
            starts[_number(override.get(f"{W}ilvl"), 0)] = _number(start, 1)
    return levels, starts


def _levels(parent: Any) -> Iterable[tuple[int, Level]]:
    for element in parent.iter(f"{W}lvl"):
        restart = _value(element, "lvlRestart")
        yield (
            _number(element.get(f"{W}ilvl"), 0),
            Level(
                style_of_number=_number_format(element),
                text=_value(element, "lvlText"),
                start=_number(_value(element, "start"), 1),
                restart=_number(restart, 0) if restart else None,
                decimal_only=_is_on(element.find(f"{W}isLgl")),
                style=_value(element, "pStyle"),
            ),
        )


def _number_format(level: Any) -> str:
    """Return the format; newer ones are wrapped with a plain one for older programs."""
    found = next(level.iter(f"{W}numFmt"), None)
    return "decimal" if found is None else str(found.get(f"{W}val", "decimal"))


def _value(element: Any | None, name: str) -> str:
    child = None if element is None else element.find(W + name)
    return "" if child is None else str(child.get(f"{W}val", ""))


def _is_on(element: Any | None) -> bool:
    return element is not None and element.get(f"{W}val", "1") not in ("0", "false", "off")


def _number(text: str | None, default: int) -> int:
    """Read a small number that a file may have written in any way."""
    plain = (text or "").strip()
    return min(int(plain), MOST) if re.fullmatch("[0-9]{1,9}", plain) else default
