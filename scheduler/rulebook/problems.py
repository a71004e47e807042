"""What can be wrong with rules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, in which rule of which file."""

    file: str
    rule: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.rule, self.reason) if part)


class RuleBookError(Exception):
    """The rules cannot be taken; `problems` says why, each with file, rule and reason."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems
