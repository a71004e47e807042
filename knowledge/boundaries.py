"""What is no question for the library: private records, chit-chat, orders to the assistant.

The rules are data (`data/boundaries.toml`); here they are read and applied.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.search.lexicon import shipped

# importlib.resources takes 10 ms to import, which the first answer of a process would pay.
RULES = Path(__file__).parent / "data" / "boundaries.toml"
# A rule is about one short request; what follows is not read.
READ = 400
EDGES = " ,.!?;:~，。！？；：、～…\"'“”‘’"
# Emoji and their shades say nothing that a rule could be about.
PICTURES = ("So", "Sk")
SPACES = re.compile(r"\s+")
CJK_SPACE = re.compile(r"(?<=[^ -~]) (?=[^ -~])")


@dataclass(frozen=True, slots=True)
class Boundary:
    """Why a text is declined (private, chitchat, greeting, injection), and what is said."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of request; fits if any pattern does and `unless` does not."""

    boundary: Boundary
    patterns: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None
    whole: bool

    def fits(self, text: str) -> bool:
        """Tell whether a folded text is of this kind."""
        if self.unless is not None and self.unless.search(text):
            return False
        if self.whole:
            return any(pattern.fullmatch(text) for pattern in self.patterns)
        return any(pattern.search(text) for pattern in self.patterns)


def judge(text: str) -> Boundary | None:
    """Return why a text is no question for the library, or None when it may be one."""
    folded = _fold(text)
    return next((rule.boundary for rule in _rules() if rule.fits(folded)), None)


def _fold(text: str) -> str:
    even = unicodedata.normalize("NFKC", text[:READ]).lower()
    even = shipped().normalise.simplified(even)
    even = "".join(c for c in even if unicodedata.category(c) not in PICTURES)
    return CJK_SPACE.sub("", SPACES.sub(" ", even)).strip(EDGES)


@cache
def _rules() -> tuple[Rule, ...]:
    data = tomllib.loads(RULES.read_text("utf-8"))
    groups = data["groups"]
    return tuple(
        Rule(
            Boundary(rule["reason"], data["texts"][rule["say"]]),
            tuple(re.compile(_expand(pattern, groups)) for pattern in _patterns(rule)),
            re.compile(rule["unless"]) if "unless" in rule else None,
            rule.get("whole", False),
        )
        for rule in data["rule"]
    )


def _patterns(rule: dict[str, Any]) -> list[str]:
    """Return the patterns of a rule; what follows a name is one, since names take long to read."""
    named = rule.get("of_somebody", ())
    return [*rule["patterns"], *([f"{{start}}{{name}}(?:{'|'.join(named)})"] if named else [])]


def _expand(pattern: str, groups: dict[str, str]) -> str:
    for name, group in groups.items():
        pattern = pattern.replace("{" + name + "}", group)
    return pattern
