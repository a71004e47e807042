"""What an account has chosen of the questions in its chats: shown to that account alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Account, QuizAnswer, QuizDraft, QuizPost, QuizRound, RoundKind


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """The places of the options that were chosen, and whether they were right.

    `correct` is None while they are only marked. The right ones are `told` with the answer; in a
    race only after it, since others still think.
    """

    places: tuple[int, ...]
    correct: bool | None = None
    told: bool = False


async def by_message(
    session: AsyncSession, *, channel: str, account: str, outbox_ids: Collection[int]
) -> dict[int, OwnAnswer]:
    """Return an account's answers and marks by the outbox rows that carry the questions."""
    who = and_(Account.channel == channel, Account.external == account)
    marks = (
        select(QuizPost.outbox_id, QuizDraft.places)
        .join(QuizDraft, QuizDraft.post_id == QuizPost.id)
        .join(Account, and_(Account.id == QuizDraft.account_id, who))
        .where(QuizPost.outbox_id.in_(outbox_ids))
    )
    found = {row.outbox_id: OwnAnswer(tuple(row.places)) for row in await session.execute(marks)}
    answers = (
        select(
            QuizPost.outbox_id,
            QuizPost.order,
            QuizPost.closed_at,
            QuizRound.kind,
            QuizAnswer.chosen,
            QuizAnswer.correct,
        )
        .join(QuizRound, QuizRound.id == QuizPost.round_id)
        .join(QuizAnswer, QuizAnswer.post_id == QuizPost.id)
        .join(Account, and_(Account.id == QuizAnswer.account_id, who))
        .where(QuizPost.outbox_id.in_(outbox_ids))
    )
    for row in await session.execute(answers):
        places = sorted(row.order.index(option) for option in row.chosen)
        told = row.closed_at is not None or row.kind != RoundKind.RACE.value
        found[row.outbox_id] = OwnAnswer(tuple(places), row.correct, told)
    return found
