"""What people type to choose, and the order that they choose from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.tables import QuizQuestion
from knowledge.quiz.choices import parse_choice, shuffled
from knowledge.quiz.model import Question, letters
from tests.knowledge.quiz.make import JUDGE, NOW, SINGLE

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300)


def row(question: Question) -> QuizQuestion:
    return QuizQuestion(key=question.key, created_at=NOW, **question.values)


@pytest.mark.parametrize(
    ("text", "count", "places"),
    [
        ("a", 4, (0,)),
        ("ac", 4, (0, 2)),
        ("CA", 4, (0, 2)),
        ("A C", 4, (0, 2)),
        ("a，c", 4, (0, 2)),
        ("Ａ、Ｃ", 4, (0, 2)),
        ("A和C", 4, (0, 2)),
        ("（B）", 4, (1,)),
        ("选B。", 4, (1,)),
        ("我选 A、B", 4, (0, 1)),
        ("答案：ABD", 4, (0, 1, 3)),
        ("1 3", 4, (0, 2)),
        ("13", 4, (0, 2)),
        ("１", 4, (0,)),
        ("12", 12, (11,)),
        ("1 2", 12, (0, 1)),
        ("AAB", 4, (0, 1)),
        ("对", 2, (0,)),
        ("错", 2, (1,)),
        ("×", 2, (1,)),
        ("正确！", 2, (0,)),
        ("不对", 2, (1,)),
        ("B", 2, (1,)),
        ("e", 4, None),
        ("5", 4, None),
        ("0", 4, None),
        ("对", 4, None),
        ("", 4, None),
        ("，", 4, None),
        ("支委会多久开一次", 4, None),
        ("A或者不选", 4, None),
    ],
)
def test_a_choice_is_read(text: str, count: int, places: tuple[int, ...] | None) -> None:
    assert parse_choice(text, count) == places


@given(st.text(max_size=200), st.integers(1, 26))
def test_any_text_is_a_choice_in_range_or_none(text: str, count: int) -> None:
    places = parse_choice(text, count)
    assert places is None or (places and set(places) <= set(range(count)))


@given(st.integers(2, 26), st.data())
def test_letters_are_read_back(count: int, data: st.DataObject) -> None:
    places = tuple(sorted(data.draw(st.sets(st.integers(0, count - 1), min_size=1))))
    assert parse_choice(letters(places), count) == places


@given(st.lists(texts, min_size=2, max_size=12, unique=True), st.text(max_size=20))
def test_a_right_option_stays_right_wherever_it_is_shown(options: list[str], seed: str) -> None:
    """Twelve options, three hundred characters each: the index of the right one survives."""
    question = row(replace(SINGLE, options=tuple(options), correct=(len(options) - 1,)))
    order = shuffled(question, seed)
    assert sorted(order) == list(range(len(options)))
    shown = [question.options[i] for i in order]
    places = [place for place, i in enumerate(order) if i in question.correct]
    assert [shown[place] for place in places] == [options[-1]]
    assert order == shuffled(question, seed)


def test_options_move_from_seed_to_seed() -> None:
    orders = {shuffled(row(SINGLE), f"seed {number}") for number in range(50)}
    assert len(orders) > 10


def test_right_and_wrong_keep_their_places() -> None:
    assert {shuffled(row(JUDGE), str(seed)) for seed in range(20)} == {(0, 1)}


def test_all_of_the_above_stays_last() -> None:
    question = row(replace(SINGLE, options=("甲", "乙", "丙", "以上都是")))
    assert {shuffled(question, str(seed))[3] for seed in range(20)} == {3}
    assert len({shuffled(question, str(seed)) for seed in range(20)}) > 1


@pytest.mark.parametrize("option", ["A和B", "AB", "A、C都对", "只有B"])
def test_options_that_name_letters_do_not_move(option: str) -> None:
    question = row(replace(SINGLE, options=("甲", "乙", "丙", option)))
    assert {shuffled(question, str(seed)) for seed in range(20)} == {(0, 1, 2, 3)}
