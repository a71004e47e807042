"""What came of a round: who took part, what was right, what most got wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Person, QuizAnswer, QuizPost, QuizQuestion


@dataclass(frozen=True, slots=True)
class RoundAnswer:
    """An answer that counts; `person_id` is None for an account bound to nobody."""

    id: int
    post_id: int
    question_id: int
    account_id: int
    person_id: int | None
    correct: bool
    at: datetime

    @property
    def who(self) -> tuple[str, int]:
        """One key for all answers of a person, from whichever account."""
        if self.person_id is None:
            return "account", self.account_id
        return "person", self.person_id


@dataclass(frozen=True, slots=True)
class Tally:
    """How one question of a round was answered."""

    post: QuizPost
    question: QuizQuestion
    answered: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Leader:
    """A person who took part, with how many answers were right."""

    name: str
    right: int


@dataclass(frozen=True, slots=True)
class Standings:
    """The whole of a round. `perfect` is how many had every question right.

    `leaders` holds those with a name, the best first, and who was sooner before the others;
    `unbound` counts those without.
    """

    people: int
    unbound: int
    answers: int
    right: int
    perfect: int
    tallies: tuple[Tally, ...]
    leaders: tuple[Leader, ...]


async def answers_of_round(session: AsyncSession, round_id: int) -> list[RoundAnswer]:
    """Return the answers of a round that count, in the order in which they came."""
    statement = (
        select(
            QuizAnswer.id,
            QuizAnswer.post_id,
            QuizPost.question_id,
            QuizAnswer.account_id,
            QuizAnswer.person_id,
            QuizAnswer.correct,
            QuizAnswer.at,
        )
        .join(QuizPost, QuizPost.id == QuizAnswer.post_id)
        .where(QuizPost.round_id == round_id)
        .order_by(QuizAnswer.id)
    )
    return [RoundAnswer(*row) for row in await session.execute(statement)]


async def of_round(
    session: AsyncSession, round_id: int, put: Sequence[tuple[QuizPost, QuizQuestion]]
) -> Standings:
    """Count a round whose posts are closed; `put` holds the questions that were seen."""
    seen = {post.id for post, _ in put}
    answers = [a for a in await answers_of_round(session, round_id) if a.post_id in seen]
    by_who: dict[tuple[str, int], list[RoundAnswer]] = defaultdict(list)
    for answer in answers:
        by_who[answer.who].append(answer)
    right = {who: sum(a.correct for a in given) for who, given in by_who.items()}
    return Standings(
        people=len(by_who),
        unbound=sum(kind == "account" for kind, _ in by_who),
        answers=len(answers),
        right=sum(right.values()),
        perfect=sum(number == len(put) for number in right.values()),
        tallies=tuple(_tally(post, question, answers) for post, question in put),
        leaders=await _leaders(session, round_id, right, by_who),
    )


async def first_right(session: AsyncSession, post_id: int) -> RoundAnswer | None:
    """Return the first right answer to a post, by the order of the store."""
    statement = (
        select(QuizAnswer)
        .where(QuizAnswer.post_id == post_id, QuizAnswer.correct.is_(True))
        .order_by(QuizAnswer.id)
        .limit(1)
    )
    found = (await session.scalars(statement)).first()
    if found is None:
        return None
    ids = (found.id, post_id, 0, found.account_id, found.person_id)
    return RoundAnswer(*ids, found.correct, found.at)


async def names_of(session: AsyncSession, person_ids: Sequence[int]) -> dict[int, str]:
    """Return the names of a few people."""
    named = select(Person.id, Person.name).where(Person.id.in_(person_ids))
    return dict((await session.execute(named)).all())


def _tally(post: QuizPost, question: QuizQuestion, answers: Sequence[RoundAnswer]) -> Tally:
    given = [answer for answer in answers if answer.post_id == post.id]
    return Tally(post, question, len(given), sum(not answer.correct for answer in given))


async def _leaders(
    session: AsyncSession,
    round_id: int,
    right: dict[tuple[str, int], int],
    by_who: dict[tuple[str, int], list[RoundAnswer]],
) -> tuple[Leader, ...]:
    bound = [who for who in by_who if who[0] == "person"]
    took_part = (
        select(QuizAnswer.person_id)
        .join(QuizPost, QuizPost.id == QuizAnswer.post_id)
        .where(QuizPost.round_id == round_id)
    )
    named = select(Person.id, Person.name).where(Person.id.in_(took_part))
    names = dict((await session.execute(named)).all())
    bound.sort(key=lambda who: (-right[who], by_who[who][-1].id))
    return tuple(Leader(names[who[1]], right[who]) for who in bound)
