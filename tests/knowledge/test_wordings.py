"""Of siblings the one comes first whose wordings the question says, and no more than it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.cards import Card
from knowledge.wordings import (
    FEW,
    KNOWN,
    KNOWN_FROM,
    NEAR,
    RIGHT,
    Candidate,
    features,
    known,
    ordered,
    profile,
    right,
    unlike,
)

BRANCH = Card(
    1,
    "三年。",
    question="党支部任期几年？",
    aliases=("支部一届几年", "支部干几年换届", "支部的届期"),
)
VILLAGE = Card(
    2,
    "五年。",
    question="村党支部任期几年？",
    aliases=("村里支部几年一届", "村支部干几年换届", "村支部的届期"),
)
DOCUMENT = Card(3, "支部每届任期三年。", title="条例")


def first(question: str, *found: tuple[Card, float]) -> int:
    return ordered(question, found)[0].card.id


def test_a_sibling_that_says_more_than_was_asked_comes_second() -> None:
    """Its wording is the nearest of all, but all of its wordings say 村."""
    assert first("支部几年一届", (VILLAGE, 10.0), (BRANCH, 9.5)) == BRANCH.id
    assert first("村支部几年一届", (BRANCH, 10.0), (VILLAGE, 9.5)) == VILLAGE.id


def test_a_far_better_score_still_counts() -> None:
    assert first("支部几年一届", (VILLAGE, 10.0), (BRANCH, 1.0)) == VILLAGE.id


def test_a_text_with_few_wordings_is_neither_raised_nor_sunk() -> None:
    """A document has none, so that only the search can tell."""
    assert unlike(DOCUMENT, frozenset("支部")) is None
    assert first("支部几年一届", (DOCUMENT, 10.0), (BRANCH, 4.0)) == DOCUMENT.id
    assert first("支部几年一届", (DOCUMENT, 10.0), (BRANCH, 9.9)) == BRANCH.id
    assert features(ordered("支部几年一届", [(DOCUMENT, 10.0)]), 1.0, 0.0) is None


def test_what_lies_far_behind_keeps_its_place() -> None:
    far = [(DOCUMENT, 10.0)] * NEAR + [(BRANCH, 9.9)]
    assert [c.card.id for c in ordered("支部几年一届", far)][-1] == BRANCH.id


def test_wordings_are_compared_in_the_form_of_the_search() -> None:
    """三年 and 3年 are one, and 支委 is written out."""
    said = profile(("支委三年", "支委３年", "支部委員3年", "支部委员三年"))
    assert set(said) == set("支部委员3年")


def test_nothing_found_is_no_candidate() -> None:
    assert ordered("支部几年一届", []) == []


@pytest.mark.parametrize("constants", [RIGHT, KNOWN])
def test_a_wider_margin_and_less_untold_make_it_surer(constants: tuple[float, ...]) -> None:
    _, vocabulary, margin, lack, untold, elsewhere = constants
    assert vocabulary > 0 < margin
    assert lack < 0 > untold
    assert elsewhere < 0


@pytest.mark.parametrize("chance", [right, known])
def test_what_is_like_the_wordings_is_surer(chance: Callable[[tuple[float, ...]], float]) -> None:
    assert chance((1.0, 0.5, 0.3, 0.0, 0.2)) > chance((1.0, 0.0, 0.6, 0.3, 0.2))


def test_what_is_unlike_all_wordings_is_not_known() -> None:
    assert known((1.0, 0.2, 0.4, 0.1, 0.3)) > KNOWN_FROM > known((0.8, 0.0, 0.8, 0.4, 0.3))
    assert known((1.0, 0.2, 0.4, 0.1, 0.9)) < known((1.0, 0.2, 0.4, 0.1, 0.3))


questions = st.text("党支部村任期几年换届费", min_size=1, max_size=12)


@given(questions, st.lists(questions, min_size=FEW, max_size=8))
def test_what_tells_against_a_passage_is_a_share(question: str, wordings: list[str]) -> None:
    card = Card(1, "答", question=wordings[0], aliases=tuple(wordings[1:]))
    against = unlike(card, frozenset(question))
    assert against is not None
    assert -1e-9 <= against.lack <= 1
    assert 0 <= against.untold <= 1


@given(questions, st.permutations([BRANCH, VILLAGE, DOCUMENT]))
def test_all_that_was_found_stays(question: str, cards: list[Card]) -> None:
    found = [(card, 10.0 - place) for place, card in enumerate(cards)]
    candidates: list[Candidate] = ordered(question, found)
    assert sorted(c.card.id for c in candidates) == [1, 2, 3]
