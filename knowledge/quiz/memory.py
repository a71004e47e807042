"""How well a person knows a question: when it is due again, and the wrong-answer book.

FSRS (the `fsrs` package) works out the day. It wants a rating of each answer:

- wrong: Again; the question comes back after ten minutes, and then soon;
- right: Good;
- right on the first meeting, where a guess seldom helps (single and multiple choice): Easy.
  Of two options half the guesses are right, so 对 and 错 give Good.

Whoever answers wrongly has the question in the wrong-answer book until it was answered rightly
twice in a row on different days, or until it is taken out by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fsrs import Card, Rating, Scheduler, State
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import PracticeCard, QuestionKind, QuizQuestion
from db.types import insert_new

AGAIN_AFTER = timedelta(minutes=10)
LONGEST_DAYS = 365
# Without its fuzz, so that the same answers always give the same day.
SCHEDULER = Scheduler(
    learning_steps=(AGAIN_AFTER,),
    relearning_steps=(AGAIN_AFTER,),
    maximum_interval=LONGEST_DAYS,
    enable_fuzzing=False,
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """That a person answered a question: `on` is the local date of the event."""

    person_id: int
    question: QuizQuestion
    correct: bool
    at: datetime
    on: date


def rating(kind: str, *, correct: bool, first: bool) -> Rating:
    """Rate an answer for FSRS."""
    if not correct:
        return Rating.Again
    return Rating.Easy if first and kind != QuestionKind.JUDGE else Rating.Good


def review(card: PracticeCard, lesson: Lesson) -> None:
    """Move a card by one answer. Never back in time: a vote may be learnt after a later answer."""
    at = max(lesson.at, card.last_review or lesson.at).astimezone(UTC)
    rated = rating(lesson.question.kind, correct=lesson.correct, first=card.last_review is None)
    # With an id of ours: the package would look at the clock, and wait, to make one.
    before = Card(
        card_id=card.question_id,
        state=State(card.state),
        step=card.step,
        stability=card.stability,
        difficulty=card.difficulty,
        due=card.due,
        last_review=card.last_review,
    )
    after, _ = SCHEDULER.review_card(before, rated, at)
    card.state, card.step = int(after.state), after.step
    card.stability, card.difficulty = after.stability, after.difficulty
    card.due, card.last_review = after.due, at
    _keep_book(card, lesson)


def _keep_book(card: PracticeCard, lesson: Lesson) -> None:
    """Count the answer, and put the question into the wrong-answer book or take it out."""
    if not lesson.correct:
        card.wrong += 1
        card.wrong_at, card.mended_on = lesson.at, None
        return
    card.right += 1
    if card.wrong_at is None:
        return
    if card.mended_on is None:
        card.mended_on = lesson.on
    elif card.mended_on != lesson.on:
        card.wrong_at = card.mended_on = None


async def learn(session: AsyncSession, lessons: Sequence[Lesson]) -> None:
    """Move the cards of people by their answers, which are no two of one person and question.

    Cards are locked in one order, so that transactions that share some wait and do not fail.
    """
    ordered = sorted(lessons, key=lambda lesson: (lesson.person_id, lesson.question.id))
    if not ordered:
        return
    await insert_new(session, PracticeCard, [_blank(lesson) for lesson in ordered])
    found = await session.scalars(
        select(PracticeCard)
        .where(
            PracticeCard.person_id.in_({lesson.person_id for lesson in ordered}),
            PracticeCard.question_id.in_({lesson.question.id for lesson in ordered}),
        )
        .order_by(PracticeCard.person_id, PracticeCard.question_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    cards = {(card.person_id, card.question_id): card for card in found}
    for lesson in ordered:
        review(cards[lesson.person_id, lesson.question.id], lesson)
    await session.flush()


def _blank(lesson: Lesson) -> dict[str, Any]:
    return {
        "person_id": lesson.person_id,
        "question_id": lesson.question.id,
        "state": int(State.Learning),
        "step": 0,
        "stability": None,
        "difficulty": None,
        "due": lesson.at,
        "last_review": None,
        "right": 0,
        "wrong": 0,
        "wrong_at": None,
        "mended_on": None,
    }
