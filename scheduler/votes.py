"""Answers to the questions of a round, from native polls and from buttons.

The first answer of a person counts: two unique keys say so, however many presses arrive at once
and on however many processes. A vote in a poll whose sending is not noted yet waits as a stray
and is counted when it is. Whether an answer came before the end is decided by the store's order:
closing a post and answering it take turns at its row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Outbox, OutboxState, QuizAnswer, QuizPost, QuizQuestion, StrayVote
from db.types import insert_new

# A message of a poll in these states may have arrived without anybody having noted it.
UNNOTED = (OutboxState.LEASED.value, OutboxState.PARKED.value)


class Cast(StrEnum):
    """What became of an answer."""

    COUNTED = "counted"
    ALREADY = "already"
    CLOSED = "closed"
    STRAY = "stray"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Voter:
    """Who answers: an account, and the person behind it if it is bound."""

    account_id: int
    person_id: int | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer; `correct` is None unless it was counted."""

    cast: Cast
    correct: bool | None = None


async def cast_in_poll(
    session: AsyncSession,
    voter: Voter,
    places: Sequence[int],
    *,
    channel: str,
    poll: str,
    now: datetime,
) -> Answered:
    """Count a vote in a native poll; `places` are those of the options as they were shown."""
    if not places:
        return Answered(Cast.EMPTY)
    post_id = await session.scalar(
        select(QuizPost.id)
        .join(Outbox, Outbox.id == QuizPost.outbox_id)
        .where(Outbox.poll == poll, Outbox.channel == channel)
    )
    if post_id is not None:
        return await cast(session, post_id, voter, places, now=now)
    stray = {
        "channel": channel,
        "poll": poll,
        "account_id": voter.account_id,
        "person_id": voter.person_id,
        "places": list(places),
        "at": now,
    }
    return Answered(Cast.STRAY if await insert_new(session, StrayVote, stray) else Cast.ALREADY)


async def cast(
    session: AsyncSession, post_id: int, voter: Voter, places: Sequence[int], *, now: datetime
) -> Answered:
    """Count an answer to a post unless it is closed or the person has answered.

    Raises `LookupError` for a post, `ValueError` for a place, that is not there.
    """
    post, question = await _locked(session, post_id)
    if post.closed_at is not None:
        return Answered(Cast.CLOSED)
    if not all(0 <= place < len(post.order) for place in places):
        raise ValueError(f"post {post_id} has no options at {list(places)}")
    chosen = sorted({post.order[place] for place in places})
    correct = chosen == sorted(question.correct)
    answer: dict[str, Any] = {
        "post_id": post_id,
        "account_id": voter.account_id,
        "person_id": voter.person_id,
        "chosen": chosen,
        "correct": correct,
        "at": now,
    }
    if not await insert_new(session, QuizAnswer, answer):
        return Answered(Cast.ALREADY)
    return Answered(Cast.COUNTED, correct)


async def recognise(
    session: AsyncSession,
    *,
    channel: str,
    poll: str,
    question: str,
    options: Sequence[str],
    now: datetime,
) -> bool:
    """Note that a poll of which it was not known whether it arrived is there after all.

    It is known by its words, which name round and position; True if one was found.
    """
    doubtful = select(Outbox).where(
        Outbox.kind == "poll",
        Outbox.channel == channel,
        Outbox.state.in_(UNNOTED),
        Outbox.poll.is_(None),
    )
    for row in await session.scalars(doubtful.with_for_update()):
        told = row.content.get("poll") or {}
        if (told.get("question"), tuple(told.get("options", ()))) == (question, tuple(options)):
            row.state, row.poll, row.sent_at = OutboxState.SENT.value, poll, now
            await session.flush()
            await adopt(session, channel=channel, poll=poll)
            return True
    return False


async def adopt(session: AsyncSession, *, channel: str, poll: str) -> None:
    """Count the votes that came before the sending of their poll was noted."""
    same = (StrayVote.channel == channel, StrayVote.poll == poll)
    for stray in list(await session.scalars(select(StrayVote).where(*same).order_by(StrayVote.id))):
        voter = Voter(stray.account_id, stray.person_id)
        await cast_in_poll(session, voter, stray.places, channel=channel, poll=poll, now=stray.at)
    await session.execute(delete(StrayVote).where(*same))


async def _locked(session: AsyncSession, post_id: int) -> tuple[QuizPost, QuizQuestion]:
    """Return a post that is not closed before this transaction ends, and its question."""
    statement = (
        select(QuizPost, QuizQuestion)
        .join(QuizQuestion, QuizQuestion.id == QuizPost.question_id)
        .where(QuizPost.id == post_id)
        # Shared, so that answers do not wait for each other, only for the closing.
        .with_for_update(read=True, of=QuizPost)
    )
    for post, question in await session.execute(statement):
        return post, question
    raise LookupError(f"there is no post {post_id}")
