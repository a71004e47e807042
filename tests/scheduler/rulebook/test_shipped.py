"""The shipped rule book: read whole, kept whole, and true to the verified facts."""

from __future__ import annotations

import json
from datetime import date

import pytest

from scheduler.rulebook.keeping import from_json, to_json
from scheduler.rulebook.model import AnchorKind, Force, Owner, RuleBook, Span
from scheduler.rulebook.reading import SHIPPED, read_folder
from scheduler.rulebook.wording import limit_words

OLD, NEW = date(2026, 5, 17), date(2026, 5, 18)


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return read_folder(SHIPPED)


def test_what_is_kept_in_the_store_is_the_same_book(book: RuleBook) -> None:
    stored = json.loads(json.dumps(to_json(book)))
    assert from_json(book.digest, stored) == book


@pytest.mark.parametrize(
    ("rule", "owner", "rrule", "force"),
    [
        ("branch-assembly", Owner.BRANCH, "FREQ=MONTHLY;INTERVAL=3", Force.USUALLY),
        ("committee-meeting", Owner.BRANCH, "FREQ=MONTHLY", Force.USUALLY),
        ("group-meeting", Owner.GROUP, "FREQ=MONTHLY", Force.USUALLY),
        ("theme-day", Owner.BRANCH, "FREQ=MONTHLY", Force.SHALL),
        ("life-meeting", Owner.BRANCH, "FREQ=YEARLY", Force.SHALL),
        ("appraisal", Owner.BRANCH, "FREQ=YEARLY", Force.USUALLY),
        ("talks", Owner.BRANCH, "FREQ=YEARLY", Force.USUALLY),
        ("dues", Owner.MEMBERS, "FREQ=MONTHLY", Force.SHALL),
        ("hours-member", Owner.MEMBERS, "FREQ=YEARLY", Force.USUALLY),
        ("study-group", Owner.COMMITTEE, "FREQ=MONTHLY;INTERVAL=3", Force.SHALL),
        ("half-year-governance", Owner.COMMITTEE, "FREQ=MONTHLY;INTERVAL=6", Force.SHALL),
        ("democratic-life", Owner.COMMITTEE, "FREQ=YEARLY", Force.SHALL),
        ("committee-lecture", Owner.COMMITTEE, "FREQ=YEARLY", Force.SHALL),
        ("education-report", Owner.COMMITTEE, "FREQ=YEARLY", Force.SHALL),
        ("yearly-statistics", Owner.COMMITTEE, "FREQ=YEARLY", Force.SHALL),
        ("hours-officer", Owner.OFFICERS, "FREQ=YEARLY", Force.USUALLY),
        ("officer-course", Owner.SECRETARIES, "FREQ=YEARLY", Force.USUALLY),
        ("debriefing", Owner.SECRETARIES, "FREQ=YEARLY", Force.SHALL),
    ],
)
def test_the_standing_duties(
    book: RuleBook, rule: str, owner: Owner, rrule: str, force: Force
) -> None:
    (found,) = book.of_id(rule)
    assert (found.owner, found.anchor.rrule, found.force) == (owner, rrule, force)


@pytest.mark.parametrize(
    ("rule", "years", "limit"),
    [
        ("term-committee", 5, None),
        ("term-branch", 3, None),
        ("term-general-branch", 3, None),
        ("letter-branch", 3, Span(months=-6)),
        ("letter-committee", 5, Span(months=-6)),
    ],
)
def test_terms_and_the_notice_half_a_year_before(
    book: RuleBook, rule: str, years: int, limit: Span | None
) -> None:
    (found,) = book.of_id(rule)
    assert (found.anchor.kind, found.anchor.years, found.limit) == (AnchorKind.TERM, years, limit)


def test_the_25_steps_of_2014_end_the_day_before_those_of_2026(book: RuleBook) -> None:
    old, new = book.steps("发展党员", OLD), book.steps("发展党员", NEW)
    assert [rule.step for rule in old] == [float(step) for step in range(1, 26)]
    assert {rule.version for rule in old} == {"2014"}
    assert [rule.step for rule in new if rule.step == int(rule.step)] == [r.step for r in old]
    assert {rule.version for rule in new} == {"2026"}


@pytest.mark.parametrize(
    ("step", "day", "limit"),
    [
        ("joining-2", OLD, Span(months=1)),
        ("joining-2", NEW, Span(months=1)),
        ("joining-15", OLD, None),
        ("joining-15", NEW, Span(months=1)),
        ("joining-17", OLD, Span(months=3)),
        ("joining-17", NEW, Span(months=3)),
        ("joining-20", OLD, None),
        ("joining-20", NEW, Span(months=1)),
        ("joining-24", NEW, Span(months=3)),
    ],
)
def test_the_limits_of_each_version(
    book: RuleBook, step: str, day: date, limit: Span | None
) -> None:
    rule = book.version(step, day)
    assert rule is not None
    assert rule.limit == limit


@pytest.mark.parametrize(
    ("rule", "anchor", "limit", "repeat", "certainty"),
    [
        ("democratic-life-report", "democratic-life", Span(days=15), None, "乙"),
        ("first-training", "appointed", Span(months=6), None, "乙"),
        ("new-member-course", "probation", Span(years=2), None, "乙"),
        ("founding-2", "founding-1", Span(months=1), None, "甲"),
        ("away-2", "away-1", Span(years=1), Span(years=1), "甲"),
        ("abroad-2", "abroad-1", Span(months=6), Span(months=6), "甲"),
        ("abroad-3", "abroad-1", Span(years=5), None, "甲"),
        ("lost-2", "lost-1", Span(months=6), None, "甲"),
        ("lost-3", "lost-2", Span(years=2), None, "甲"),
        ("mending-2", "mending-1", Span(years=1), None, "乙"),
        ("graduate-2", "graduate-1", Span(years=2), None, "甲"),
        ("transfer-2", "transfer-1", Span(months=3), None, "甲"),
        ("transfer-3", "transfer-2", Span(months=1), None, "乙"),
    ],
)
def test_what_is_counted_from_an_event(
    book: RuleBook, rule: str, anchor: str, limit: Span, repeat: Span | None, certainty: str
) -> None:
    (found,) = book.of_id(rule)
    assert (found.anchor.kind, found.anchor.event) == (AnchorKind.EVENT, anchor)
    assert (found.limit, found.repeat, found.certainty) == (limit, repeat, certainty)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("democratic-life-report", "democratic-life 办结后15天内"),
        ("first-training", "任职后6个月内"),
        ("lost-3", "lost-2 办结后2年内"),
        ("away-3", "法规没有规定时限"),
        ("letter-branch", "任期（3年）届满6个月前"),
    ],
)
def test_a_limit_is_told_with_what_it_is_counted_from(
    book: RuleBook, rule: str, words: str
) -> None:
    (found,) = book.of_id(rule)
    assert limit_words(found) == words


def test_the_public_notice_is_of_2026_only(book: RuleBook) -> None:
    assert book.version("joining-7a", OLD) is None
    notice = book.version("joining-7a", NEW)
    assert notice is not None
    assert (notice.earliest, notice.earliest_after) == (Span(workdays=5), "joining-7")


def test_what_the_sources_disagree_on_is_marked(book: RuleBook) -> None:
    disputed = book.version("joining-8", NEW)
    assert disputed is not None
    assert disputed.unverified


def test_no_rule_speaks_of_an_amount_of_dues(book: RuleBook) -> None:
    (dues,) = book.of_id("dues")
    assert "元" not in dues.note + dues.hand_in + dues.title
