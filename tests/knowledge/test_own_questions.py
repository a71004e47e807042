"""Our own questions over the shipped entries: a change of data or search must not lose answers.

Only the half that may lead the work is asked. The floors stand a little under what is reached,
which docs/own-questions.md records; whoever improves the search raises them.
"""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.own_questions import HALVES, Outcome, Question, ask, figures, read_questions
from knowledge.answering import Answer
from knowledge.entries import fold, load_entries

RIGHT = 0.985
SHOWN = 0.99
DECLINED = 0.995
ANSWERED_OUT_OF_SCOPE = 0.0


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return list(ask(read_questions("dev"), load_entries()))


def share(outcomes: list[Outcome], *results: str) -> float:
    return sum(outcome.result in results for outcome in outcomes) / len(outcomes)


def inside(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.question.expect]


def outside(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if not outcome.question.expect]


def test_it_answers_rightly_at_first(outcomes: list[Outcome]) -> None:
    assert share(inside(outcomes), "right") >= RIGHT


def test_it_answers_or_offers_the_expected_entry_first(outcomes: list[Outcome]) -> None:
    assert share(inside(outcomes), "right", "first") >= SHOWN


def test_it_says_nothing_wrong_with_confidence(outcomes: list[Outcome]) -> None:
    wrong = [o.question.text for o in inside(outcomes) if o.result == "wrong"]
    assert wrong == []


def test_it_declines_what_the_entries_do_not_hold(outcomes: list[Outcome]) -> None:
    assert share(outside(outcomes), "declined") >= DECLINED
    assert share(outside(outcomes), "wrong") <= ANSWERED_OUT_OF_SCOPE


def test_every_expected_entry_is_shipped() -> None:
    shipped = {entry.id for entry in load_entries()}
    asked = [question for half in HALVES for question in read_questions(half)]
    assert {entry for question in asked for entry in question.expect} <= shipped


def test_no_question_is_a_wording_of_an_entry() -> None:
    """One that is would only show that the search finds what it was given."""
    wordings = {fold(words) for e in load_entries() for words in (e.question, *e.asks)}
    asked = [question for half in HALVES for question in read_questions(half)]
    assert [question.text for question in asked if fold(question.text) in wordings] == []


def test_the_halves_share_no_question() -> None:
    """The same words may be asked of two days; in two halves they would give one away."""
    dev, held = ({fold(q.text) or q.text for q in read_questions(half)} for half in HALVES)
    assert not dev & held


def test_no_two_questions_have_the_same_id() -> None:
    ids = Counter(question.id for half in HALVES for question in read_questions(half))
    assert [name for name, times in ids.items() if times > 1] == []


def test_each_kind_is_in_both_halves() -> None:
    dev, held = ({question.kind for question in read_questions(half)} for half in HALVES)
    assert dev == held


@pytest.mark.parametrize(
    ("verdict", "shown", "result"),
    [
        ("answer", ("a",), "right"),
        ("answer", ("a", "z"), "wrong"),
        ("answer", ("z",), "wrong"),
        ("suggest", ("a", "z"), "first"),
        ("suggest", ("z", "a"), "near"),
        ("suggest", ("z",), "astray"),
        ("suggest", (), "astray"),
        ("decline", (), "declined"),
    ],
)
def test_a_result_is_named_by_what_was_shown(
    verdict: str, shown: tuple[str, ...], result: str
) -> None:
    question = Question("own-000", "colloquial", "？", frozenset({"a", "b"}))
    given = {v: Answer(v, "") for v in ("answer", "suggest", "decline")}[verdict]
    assert Outcome(question, given, shown).result == result


def test_the_figures_count_what_is_in_scope_and_what_is_not() -> None:
    known = Question("own-001", "long", "？", frozenset({"a"}))
    strange = Question("own-002", "out", "？", frozenset())
    outcomes = [
        Outcome(known, Answer("answer", ""), ("a",)),
        Outcome(known, Answer("decline", ""), ()),
        Outcome(strange, Answer("decline", ""), ()),
    ]
    rows = {row.kind: row for row in figures(outcomes)}
    assert list(rows) == ["long", "all in scope", "out of scope"]
    assert (rows["all in scope"].asked, rows["all in scope"].right) == (2, 1)
    assert (rows["out of scope"].asked, rows["out of scope"].declined) == (1, 1)
