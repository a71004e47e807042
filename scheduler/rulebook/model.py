"""What a rule says. Rules are read from TOML (`reading`) and never written in code.

The version of a rule that was in force on the day of the event applies. Five kinds of dates are
kept apart: the legal limit (`limit`), the earliest day (`earliest`), a suggested window
(`suggested`), the actual day (entered on the duty) and the decision of an organisation
(`decision`: entered, never inferred).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Owner(StrEnum):
    """Who owes the duty. A unit's duty is told to whoever answers for the unit (`handlers`).

    `OFFICERS` are the holders of 书记, 副书记 and the 委员 posts, each for oneself; `SUBJECT` is
    the person of a case; `SUPERIOR` is the unit above the one that the duty is about.
    """

    COMMITTEE = "党委"
    GENERAL_BRANCH = "党总支"
    BRANCH = "党支部"
    GROUP = "党小组"
    MEMBERS = "党员"
    FULL_MEMBERS = "正式党员"
    PROBATIONARY = "预备党员"
    SECRETARIES = "书记"
    OFFICERS = "班子成员"
    SUBJECT = "本人"
    SUPERIOR = "上级党组织"


class AnchorKind(StrEnum):
    """What a limit is counted from."""

    PERIOD = "period"
    TERM = "term"
    EVENT = "event"
    ONCE = "once"
    HAND = "hand"


class Audience(StrEnum):
    """Whom a step of the ladder tells, seen from the owner."""

    OWNER = "本人"
    GROUP_LEADER = "小组长"
    SECRETARY = "书记"
    SUPERIOR_ORGANISATION = "上级组织委员"
    SUPERIOR_SECRETARY = "上级书记"


class Force(StrEnum):
    """How strong the regulation's word is: 一般 admits a reasoned exception, 应当 does not."""

    SHALL = "应当"
    USUALLY = "一般"
    CUSTOM = "惯例"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time. Months without the same day end on their last day."""

    years: int = 0
    months: int = 0
    days: int = 0
    workdays: int = 0


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a duty hangs on.

    PERIOD: `rrule` with `dtstart` (RFC 5545), each occurrence begins a period that ends where
    the next begins. TERM: the election day plus `years`. EVENT: the day on which `event`
    happened: "appointed" (a post's first day), "probation" (became 预备党员), the id of another
    rule (the actual day on which its duty was done), or, in a case, the id of a step. ONCE: `on`.
    HAND: an organisation hands out each duty by itself, with its own limit; planning makes none
    and leaves them alone.
    """

    kind: AnchorKind
    rrule: str = ""
    dtstart: date | None = None
    years: int = 0
    event: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: `after` days past the last day in time, tell `to`."""

    after: int
    to: Audience


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule.

    `limit` is counted from the anchor; for a period without one, the period's last day is the
    limit; for a term, a negative span counts back from its end. Outside periods, no limit means
    that the regulation sets none; `postpone` is the most by which an organisation may move it.
    `remind` are days before the last day, largest first. `evidence` may hold "text", "photo" and
    "file" (any of them will do); with `accept` what was handed in goes to the level above.
    `repeat` plans the duty again so long after it was done, until the case moves on. `unit` names
    the unit whose own rule it is, and `stricter_than` the rule that it tightens and stands in
    for there; both are empty in rules of regulations.

    In a case (`case` is its kind) `step` is the place in it, `approver` who decides, `documents`
    what must be there, and `earliest` is counted from the day on which the step `earliest_after`
    was done.
    """

    id: str
    title: str
    owner: Owner
    anchor: Anchor
    regulation: str
    article: str
    version: str
    effective_from: date
    effective_until: date | None
    force: Force
    certainty: str
    limit: Span | None = None
    remind: tuple[int, ...] = ()
    ladder: tuple[Rung, ...] = ()
    evidence: tuple[str, ...] = ()
    accept: bool = False
    hand_in: str = ""
    note: str = ""
    unit: str = ""
    stricter_than: str = ""
    case: str = ""
    step: float = 0
    approver: str = ""
    documents: tuple[str, ...] = ()
    decision: bool = False
    optional: bool = False
    earliest: Span | None = None
    earliest_after: str = ""
    suggested: Span | None = None
    repeat: Span | None = None
    postpone: Span | None = None
    unverified: bool = False

    @property
    def own(self) -> bool:
        """Whether a unit made it for itself; shown apart from regulations."""
        return bool(self.unit)

    def in_force(self, day: date) -> bool:
        """Tell whether this version applied on a day."""
        return self.effective_from <= day and (
            self.effective_until is None or day < self.effective_until
        )


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All versions of all rules, checked."""

    digest: str
    rules: tuple[Rule, ...]
    _by_id: dict[str, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the rules by id."""
        by_id: dict[str, list[Rule]] = {}
        for rule in self.rules:
            by_id.setdefault(rule.id, []).append(rule)
        object.__setattr__(self, "_by_id", {id_: tuple(rules) for id_, rules in by_id.items()})

    def version(self, rule_id: str, day: date) -> Rule | None:
        """Return the version of a rule in force on a day."""
        return next((r for r in self._by_id.get(rule_id, ()) if r.in_force(day)), None)

    def edition(self, rule_id: str, version: str) -> Rule | None:
        """Return a rule by its version, in force or not."""
        return next((r for r in self._by_id.get(rule_id, ()) if r.version == version), None)

    def of_id(self, rule_id: str) -> tuple[Rule, ...]:
        """Return every version of a rule."""
        return self._by_id.get(rule_id, ())

    def standing(self) -> list[Rule]:
        """Return the rules that hang on no case."""
        return [r for r in self.rules if not r.case]

    def steps(self, case: str, day: date) -> list[Rule]:
        """Return the steps of a kind of case as in force on a day, in order."""
        found = [r for r in self.rules if r.case == case and r.in_force(day)]
        return sorted(found, key=lambda rule: rule.step)
