"""When a question is due again, and what is in the book, after any course of answers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from fsrs import Rating
from hypothesis import given
from hypothesis import strategies as st

from db.tables import PracticeCard, QuestionKind, QuizQuestion
from knowledge.quiz.memory import AGAIN_AFTER, LONGEST_DAYS, Lesson, rating, review
from tests.knowledge.quiz.make import JUDGE, NOW, SINGLE

DAY = timedelta(days=1)
# Right or wrong, and the minutes since the answer before.
COURSES = st.lists(st.tuples(st.booleans(), st.integers(0, 200_000)), min_size=1, max_size=30)


def blank() -> PracticeCard:
    return PracticeCard(
        id=1, person_id=1, question_id=1, state=1, step=0, due=NOW, right=0, wrong=0
    )


def asked(kind: str = QuestionKind.SINGLE) -> QuizQuestion:
    question = SINGLE if kind == QuestionKind.SINGLE else JUDGE
    return QuizQuestion(id=1, key=question.key, **question.values)


def answer(card: PracticeCard, *, correct: bool, at: datetime = NOW) -> PracticeCard:
    review(card, Lesson(1, asked(), correct, at, at.date()))
    return card


@pytest.mark.parametrize(
    ("kind", "correct", "first", "expected"),
    [
        ("single", True, True, Rating.Easy),
        ("multiple", True, True, Rating.Easy),
        ("judge", True, True, Rating.Good),
        ("single", True, False, Rating.Good),
        ("single", False, True, Rating.Again),
        ("judge", False, False, Rating.Again),
    ],
)
def test_an_answer_is_rated(kind: str, correct: bool, first: bool, expected: Rating) -> None:
    assert rating(kind, correct=correct, first=first) is expected


def test_what_was_wrong_comes_back_after_ten_minutes() -> None:
    assert answer(blank(), correct=False).due == NOW + AGAIN_AFTER


def test_what_is_known_at_once_comes_back_after_more_than_a_guess_of_two() -> None:
    known, guessed = answer(blank(), correct=True), blank()
    review(guessed, Lesson(1, asked(QuestionKind.JUDGE), True, NOW, NOW.date()))
    assert known.due > guessed.due >= NOW + DAY


def test_a_vote_that_is_learnt_late_does_not_turn_time_back() -> None:
    card = answer(blank(), correct=True)
    before = card.due
    answer(card, correct=True, at=NOW - timedelta(hours=1))
    assert card.last_review == NOW
    assert card.due >= before


@given(COURSES)
def test_any_course_keeps_what_must_hold(course: list[tuple[bool, int]]) -> None:
    """Due lies ahead and within a year, counts are exact, the book follows its rule."""
    card, at = blank(), NOW
    streak: list[object] | None = None
    for correct, minutes in course:
        at += timedelta(minutes=minutes)
        answer(card, correct=correct, at=at)
        assert at < card.due <= at + LONGEST_DAYS * DAY
        if correct:
            assert card.due >= at + DAY
            if streak is not None:
                streak.append(at.date())
        else:
            assert card.due == at + AGAIN_AFTER
            streak = []
        if streak is not None and len(set(streak)) > 1:
            streak = None
        assert (card.wrong_at is not None) is (streak is not None)
    assert card.right == sum(correct for correct, _ in course)
    assert card.right + card.wrong == len(course)


@given(COURSES)
def test_the_same_answers_give_the_same_day(course: list[tuple[bool, int]]) -> None:
    dues = []
    for card in (blank(), blank()):
        at = NOW
        for correct, minutes in course:
            at += timedelta(minutes=minutes)
            answer(card, correct=correct, at=at)
        dues.append((card.due, card.stability, card.difficulty))
    assert dues[0] == dues[1]
