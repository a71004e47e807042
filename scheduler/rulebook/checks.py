"""What must hold of rules together and of each alone, beyond the types of their values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from dateutil.rrule import rrule, rrulestr

from scheduler.rulebook.model import AnchorKind, Owner, Rule, Span
from scheduler.rulebook.problems import Problem

CERTAINTIES = ("甲", "乙")
EVIDENCE = ("text", "photo", "file")
# Events that are no step of a case.
EVENTS = frozenset({"appointed", "probation"})
FOREVER = date.max
UNITS = frozenset({Owner.COMMITTEE, Owner.GENERAL_BRANCH, Owner.BRANCH, Owner.GROUP})


def check(read: Sequence[tuple[str, Rule]]) -> list[Problem]:
    """Return every problem of the rules, each with the file that it stands in."""
    problems = []
    for file, rule in read:
        problems += [Problem(file, rule.id, reason) for reason in _alone(rule)]
    problems += _overlaps(read)
    problems += _events(read)
    problems += _laxer(read)
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
    if not rule.own and rule.certainty not in CERTAINTIES:
        yield f"certainty must be one of {', '.join(CERTAINTIES)}: what is less sure is no rule"
    if rule.own and rule.certainty != "本单位":
        yield 'a unit\'s own rule has the certainty "本单位"'
    if rule.case and not rule.step:
        yield "a step of a case needs its place (step)"
    if rule.step and not rule.case:
        yield "step without case"
    if (rule.earliest is None) != (not rule.earliest_after):
        yield "earliest and earliest_after go together"
    if rule.stricter_than and not rule.own:
        yield "stricter_than is for a unit's own rule (unit)"
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
    anchor = rule.anchor
    if anchor.dtstart is None:
        yield "an RRULE needs its DTSTART (dtstart)"
        return
    try:
        found = rrulestr(anchor.rrule, dtstart=datetime.combine(anchor.dtstart, time()))
    except (ValueError, TypeError, AttributeError) as error:
        yield f"bad RRULE {anchor.rrule!r}: {error}"
        return
    if not isinstance(found, rrule):
        yield f"bad RRULE {anchor.rrule!r}: one recurrence, no set"
    elif found._freq > 3:  # type: ignore[attr-defined]  # no public name; 3 is DAILY
        yield f"bad RRULE {anchor.rrule!r}: nothing is due more often than daily"


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


def _events(read: Sequence[tuple[str, Rule]]) -> Iterator[Problem]:
    steps = {(rule.case, rule.id) for _, rule in read if rule.case}
    for file, rule in read:
        wanted = [rule.anchor.event, rule.earliest_after]
        for event in filter(None, wanted):
            if event not in EVENTS and (rule.case, event) not in steps:
                yield Problem(file, rule.id, f"there is no event or step {event!r}")


def _laxer(read: Sequence[tuple[str, Rule]]) -> Iterator[Problem]:
    rules = [rule for _, rule in read]
    for file, own in read:
        if not own.stricter_than:
            continue
        bases = [rule for rule in rules if rule.id == own.stricter_than and not rule.own]
        if not bases:
            yield Problem(file, own.id, f"there is no regulation's rule {own.stricter_than!r}")
        for base in bases:
            for reason in _slack(own, base):
                yield Problem(file, own.id, f"is laxer than {base.id} ({base.version}): {reason}")


def _slack(own: Rule, base: Rule) -> Iterator[str]:
    """Yield in what a unit's own rule asks less than the regulation does."""
    if own.owner is not base.owner and own.owner not in UNITS:
        yield f"it is owed by {own.owner}, not {base.owner}"
    if own.anchor.kind is not base.anchor.kind:
        yield "it hangs on something else"
        return
    if own.anchor.kind is AnchorKind.PERIOD and _longest(own) > _longest(base):
        yield f"a period lasts up to {_longest(own)} days, there {_longest(base)}"
    if own.anchor.kind is AnchorKind.TERM and own.anchor.years > base.anchor.years:
        yield "the term is longer"
    if base.limit is not None and (own.limit is None or _days(own.limit) > _days(base.limit)):
        yield "the limit is later"
    if base.accept and not own.accept:
        yield "nobody accepts the result"
    if base.evidence and not own.evidence:
        yield "no evidence is wanted"


def _longest(rule: Rule) -> int:
    """Return the days of the longest of a rule's first periods."""
    assert rule.anchor.dtstart is not None  # only rules that were read whole come here
    try:
        recurring = rrulestr(
            rule.anchor.rrule, dtstart=datetime.combine(rule.anchor.dtstart, time())
        )
    except (ValueError, TypeError, AttributeError):
        return 0
    days = [day for day, _ in zip(recurring, range(30), strict=False)]
    gaps = [later - earlier for earlier, later in pairwise(days)]
    return max(gaps, default=timedelta()).days


def _days(span: Span) -> float:
    """Return about how many days a span has, to compare two."""
    return span.years * 365.25 + span.months * 30.44 + span.days + span.workdays * 1.4
