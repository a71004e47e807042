"""What must hold of rules together and of each alone, beyond the types of their values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from datetime import date
from itertools import combinations, pairwise

from scheduler.rulebook.model import AnchorKind, Owner, Rule, Span
from scheduler.rulebook.problems import Problem
from scheduler.rulebook.recurring import BadRecurrence, recurrence
from scheduler.rulebook.strictness import laxer, together

CERTAINTIES = ("甲", "乙")
OWN = "本单位"
EVIDENCE = ("text", "photo", "file")
# Events that are no step of a case.
EVENTS = frozenset({"appointed", "probation"})
FOREVER = date.max
# The most of a span: years, months, days, workdays. Counting workdays beyond it would take long.
MOST = (100, 1_200, 36_600, 26_000)
# How far from a limit anybody is told, in days.
FARTHEST = 3_660


def check(read: Sequence[tuple[str, Rule]]) -> list[Problem]:
    """Return every problem of the rules, each with the file that it stands in."""
    problems = []
    for file, rule in read:
        problems += [Problem(file, rule.id, reason) for reason in _alone(rule)]
    problems += _overlaps(read)
    problems += _events(read)
    problems += _places(read)
    problems += laxer(read)
    return problems


def _alone(rule: Rule) -> Iterator[str]:
    yield from _anchor(rule)
    if rule.effective_until is not None and rule.effective_until <= rule.effective_from:
        yield "effective_until is not after effective_from"
    if (
        list(rule.remind) != sorted(set(rule.remind), reverse=True)
        or min(rule.remind, default=0) < 0
    ):
        yield "remind must be days before the limit, each once, the largest first"
    afters = [rung.after for rung in rule.ladder]
    if afters != sorted(afters) or min(afters, default=1) < 1:
        yield "the ladder's delays must be 1 day or more and must not fall"
    if unknown := set(rule.evidence) - set(EVIDENCE):
        yield f"unknown evidence {', '.join(sorted(unknown))}"
    yield from _lengths(rule)
    yield from _ownership(rule)
    if rule.case and not rule.step:
        yield "a step of a case needs its place (step)"
    if rule.step and not rule.case:
        yield "step without case"
    if (rule.earliest is None) != (not rule.earliest_after):
        yield "earliest and earliest_after go together"
    if not rule.case and rule.owner is Owner.SUBJECT:
        yield "only a step of a case is owed by its subject"


def _anchor(rule: Rule) -> Iterator[str]:
    anchor = rule.anchor
    if anchor.kind is AnchorKind.PERIOD:
        yield from _recurrence(rule)
    elif anchor.rrule or anchor.dtstart:
        yield "rrule and dtstart are for an anchor of kind period"
    if anchor.kind is AnchorKind.TERM and anchor.years < 1:
        yield "a term needs its years"
    if anchor.kind is AnchorKind.EVENT and not anchor.event:
        yield "an event anchor needs the event"
    if anchor.kind is AnchorKind.EVENT and not rule.case and rule.limit is None:
        yield "a duty after an event needs a limit"
    if anchor.kind is AnchorKind.ONCE and anchor.on is None:
        yield "an anchor of kind once needs its day (on)"


def _recurrence(rule: Rule) -> Iterator[str]:
    try:
        recurrence(rule.anchor)
    except BadRecurrence as error:
        yield str(error)


def _lengths(rule: Rule) -> Iterator[str]:
    """Yield what would count backwards, not at all, or beyond any calendar."""
    counts_back = rule.anchor.kind is AnchorKind.TERM
    if rule.limit is not None and not counts_back and min(astuple(rule.limit)) < 0:
        yield "only a term's limit counts back (a negative limit)"
    for name in ("earliest", "suggested", "repeat", "postpone"):
        span: Span | None = getattr(rule, name)
        if span is not None and (min(astuple(span)) < 0 or not any(astuple(span))):
            yield f"{name} must be longer than nothing"
    spans = filter(None, (rule.limit, rule.earliest, rule.suggested, rule.repeat, rule.postpone))
    if any(
        abs(count) > most for span in spans for count, most in zip(astuple(span), MOST, strict=True)
    ):
        yield f"a length of time goes beyond {MOST[0]} years"
    if rule.anchor.years > MOST[0]:
        yield f"a term goes beyond {MOST[0]} years"
    if max([*rule.remind, *(rung.after for rung in rule.ladder)], default=0) > FARTHEST:
        yield f"reminders and the ladder stay within {FARTHEST} days of the limit"


def _ownership(rule: Rule) -> Iterator[str]:
    by_hand = rule.anchor.kind is AnchorKind.HAND
    if by_hand and (rule.own or rule.case or rule.limit or rule.postpone):
        yield "what is handed out has no limit, case or unit of its own in the rule"
    if by_hand and rule.certainty != OWN:
        yield f'what an organisation hands out has the certainty "{OWN}"'
    if not rule.own and not by_hand and rule.certainty not in CERTAINTIES:
        yield f"certainty must be one of {', '.join(CERTAINTIES)}: what is less sure is no rule"
    if rule.own and rule.certainty != OWN:
        yield f'a unit\'s own rule has the certainty "{OWN}"'
    if rule.stricter_than and not rule.own:
        yield "stricter_than is for a unit's own rule (unit)"
    if rule.own and rule.case:
        yield "a unit's own rule is no step of a case: all units go by the same steps"


def _overlaps(read: Sequence[tuple[str, Rule]]) -> Iterator[Problem]:
    by_id: dict[str, list[tuple[str, Rule]]] = defaultdict(list)
    for file, rule in read:
        by_id[rule.id].append((file, rule))
    for versions in by_id.values():
        if len({rule.version for _, rule in versions}) < len(versions):
            file, rule = versions[-1]
            yield Problem(file, rule.id, f"version {rule.version} is there twice")
        ordered = sorted(versions, key=lambda each: each[1].effective_from)
        for (_, earlier), (file, later) in pairwise(ordered):
            if (earlier.effective_until or FOREVER) > later.effective_from:
                reason = f"versions {earlier.version} and {later.version} overlap"
                yield Problem(file, later.id, reason)


def _places(read: Sequence[tuple[str, Rule]]) -> Iterator[Problem]:
    by_place: dict[tuple[str, float], list[tuple[str, Rule]]] = defaultdict(list)
    for file, rule in read:
        if rule.case:
            by_place[rule.case, rule.step].append((file, rule))
    for (case, step), rules in by_place.items():
        for (_, one), (file, other) in combinations(rules, 2):
            if one.id != other.id and together(one, other):
                reason = f"step {step:g} of {case} is {one.id} already"
                yield Problem(file, other.id, reason)


def _events(read: Sequence[tuple[str, Rule]]) -> Iterator[Problem]:
    """Yield what hangs on something that is not there.

    A rule of no case may follow another one: it is owed once that one's duty was done.
    """
    steps = {(rule.case, rule.id) for _, rule in read}
    followed = {(rule.id, rule.owner) for _, rule in read if not rule.own}
    for file, rule in read:
        wanted = [rule.anchor.event, rule.earliest_after]
        for event in filter(None, wanted):
            if event not in EVENTS and (rule.case, event) not in steps:
                yield Problem(file, rule.id, f"there is no event or step {event!r}")
        if (event := rule.anchor.event) in EVENTS or not event or rule.case:
            continue
        if event == rule.id:
            yield Problem(file, rule.id, "a rule cannot follow itself")
        elif ("", event) in steps and (event, rule.owner) not in followed:
            yield Problem(file, rule.id, f"it follows {event}, which others owe")
