"""A unit may be stricter than a regulation, never laxer: what its own rule asks less.

A unit's own rule stands in for the regulation's there, so whatever it leaves out is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice, pairwise

from scheduler.rulebook.model import Anchor, AnchorKind, Audience, Rule, Span
from scheduler.rulebook.problems import Problem
from scheduler.rulebook.recurring import days_of

# So many periods show how long they get: quarters and half-years differ within a year.
LOOKED_AT = 30


def laxer(read: Sequence[tuple[str, Rule]]) -> Iterator[Problem]:
    """Yield in what units' own rules ask less than the rules that they stand in for."""
    regulations = [rule for _, rule in read if not rule.own]
    for file, own in read:
        if not own.stricter_than:
            continue
        bases = [rule for rule in regulations if rule.id == own.stricter_than]
        if not bases:
            yield Problem(file, own.id, f"there is no regulation's rule {own.stricter_than!r}")
        for base in bases:
            if together(own, base):
                for reason in _slack(own, base):
                    where = f"is laxer than {base.id} ({base.version})"
                    yield Problem(file, own.id, f"{where}: {reason}")


def together(one: Rule, other: Rule) -> bool:
    """Tell whether two rules are in force on a common day."""
    return one.effective_from < (other.effective_until or date.max) and other.effective_from < (
        one.effective_until or date.max
    )


def _slack(own: Rule, base: Rule) -> Iterator[str]:
    if base.case:
        yield "a step of a case is done as the regulation says"
        return
    if own.owner is not base.owner:
        yield f"it is owed by {own.owner}, not {base.owner}"
    if own.anchor.kind is not base.anchor.kind or own.anchor.event != base.anchor.event:
        yield "it hangs on something else"
        return
    yield from _time(own, base)
    yield from _telling(own, base)
    if base.accept and not own.accept:
        yield "nobody accepts the result"
    if base.evidence and not own.evidence:
        yield "no evidence is wanted"
    elif base.evidence and (more := set(own.evidence) - set(base.evidence)):
        yield f"it is content with {', '.join(sorted(more))}"


def _time(own: Rule, base: Rule) -> Iterator[str]:
    kind = own.anchor.kind
    if kind is AnchorKind.PERIOD and (slack := list(_period(own, base))):
        yield from slack
        return
    if kind is AnchorKind.TERM and own.anchor.years > base.anchor.years:
        yield "the term is longer"
    if kind is AnchorKind.ONCE and (own.anchor.on or date.max) > (base.anchor.on or date.max):
        yield "the day is later"
    if _reach(own) > _reach(base):
        yield "the limit is later"
    if _length(own.postpone) > _length(base.postpone):
        yield "the limit may be moved further"


def _period(own: Rule, base: Rule) -> Iterator[str]:
    lasts, allowed = _longest(own.anchor), _longest(base.anchor)
    if lasts > allowed:
        yield f"a period lasts up to {lasts} days, there {allowed}"
    begins = own.anchor.dtstart or date.max
    if (begins - own.effective_from).days > allowed:
        yield f"nothing is owed from {own.effective_from} until {begins}"


def _telling(own: Rule, base: Rule) -> Iterator[str]:
    if base.remind and not own.remind:
        yield "nobody is reminded"
    told = _told(own)
    for audience, after in _told(base).items():
        if audience not in told:
            yield f"{audience} is never told that it is overdue"
        elif told[audience] > after:
            yield f"{audience} is told {told[audience]} days late, there {after}"


def _told(rule: Rule) -> dict[Audience, int]:
    """Return after how many days each audience is first told; the ladder rises."""
    return {rung.to: rung.after for rung in reversed(rule.ladder)}


def _reach(rule: Rule) -> float:
    """Return how many days a rule leaves from its anchor, to compare two; none is without end."""
    if rule.limit is not None:
        return _length(rule.limit)
    match rule.anchor.kind:
        case AnchorKind.PERIOD:
            return _longest(rule.anchor)
        case AnchorKind.EVENT:
            return float("inf")
        case _:
            return 0


def _length(span: Span | None) -> float:
    """Return about how many days a span has."""
    if span is None:
        return 0
    return span.years * 365.25 + span.months * 30.44 + span.days + span.workdays * 1.4


def _longest(anchor: Anchor) -> int:
    """Return the days of the longest of the first periods; 0 where it is no good recurrence."""
    days = islice(days_of(anchor), LOOKED_AT)
    return max(((later - earlier).days for earlier, later in pairwise(days)), default=0)
