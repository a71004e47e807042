"""Answers to the questions of a round, from native polls and from buttons.

The first answer of a person counts: two unique keys say so, however many presses arrive at once
and on however many processes, and so a vote that is delivered twice needs no other mark. A vote
in a poll whose sending is not noted yet waits as a stray and is counted when it is. Whether an
answer came before the end is decided by the store's order: closing a post and answering it take
turns at its row.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Date,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from db import accounts
from db.tables import (
    Account,
    Outbox,
    OutboxState,
    Person,
    QuizAnswer,
    QuizDraft,
    QuizPost,
    StrayVote,
)
from db.types import insert_new, lock_name

log = logging.getLogger(__name__)

# A message of a poll in these states may have arrived without anybody having noted it.
UNNOTED = (OutboxState.LEASED.value, OutboxState.PARKED.value)
# Votes do not move the time at which an account was last seen more often than this.
SEEN_EVERY = timedelta(hours=1)
# A stray whose poll has not been found by then belongs to none of ours.
STRAY_LIFE = timedelta(days=7)


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
class Ballot:
    """A vote in a native poll as its messenger tells it: the account by the messenger's id.

    `places` are those of the options as they were shown.
    """

    channel: str
    poll: str
    account: str
    name: str
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer; `correct` is None unless it was counted.

    `right` holds the places of the right options.
    """

    cast: Cast
    correct: bool | None = None
    right: tuple[int, ...] = ()


async def cast_in_poll(
    session: AsyncSession, ballot: Ballot, *, today: date, now: datetime
) -> Answered:
    """Count a vote in a native poll. Raises `ValueError` for a place that is not there."""
    if not ballot.places:
        return Answered(Cast.EMPTY)
    given = {
        "channel": ballot.channel,
        "poll": ballot.poll,
        "external": ballot.account,
        "today": today,
    }
    row = (await session.execute(_in_poll(), given)).first()
    if row is None:
        # Whoever notes the sending takes its turn here, too: one of both sees the other.
        await _take_turn(session, ballot.channel, ballot.poll)
        row = (await session.execute(_in_poll(), given)).first()
    voter = await _voter(session, ballot, row, today=today, now=now)
    if row is None:
        return await _keep_stray(session, ballot, voter, now=now)
    return await _count(session, row, voter, ballot.places, now=now)


async def cast(
    session: AsyncSession, post_id: int, voter: Voter, places: Sequence[int], *, now: datetime
) -> Answered:
    """Count an answer to a post unless it is closed or the person has answered.

    Raises `LookupError` for a post, `ValueError` for a place, that is not there.
    """
    if not places:
        return Answered(Cast.EMPTY)
    row = (await session.execute(_of_post(), {"post": post_id})).first()
    if row is None:
        raise LookupError(f"there is no post {post_id}")
    return await _count(session, row, voter, places, now=now)


async def mark(session: AsyncSession, post_id: int, account_id: int, place: int) -> tuple[int, ...]:
    """Mark an option of a question with several right ones, or take the mark away.

    Returns the places that are marked now.
    """
    key = {"post_id": post_id, "account_id": account_id}
    await insert_new(session, QuizDraft, {**key, "places": []})
    draft = await session.get_one(QuizDraft, (post_id, account_id), with_for_update=True)
    draft.places = sorted(set(draft.places) ^ {place})
    await session.flush()
    return tuple(draft.places)


async def marked(session: AsyncSession, post_id: int, account_id: int) -> tuple[int, ...]:
    """Return the places that an account has marked."""
    draft = await session.get(QuizDraft, (post_id, account_id))
    return tuple(draft.places) if draft else ()


async def is_doubtful(session: AsyncSession, channel: str) -> bool:
    """Tell whether some poll of a channel may be there without anybody having noted it."""
    return bool(await session.scalar(select(exists().where(*_doubtful(channel)))))


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

    It is known by its words, which name round and position; True if one was found. One that is
    being sent keeps its claim: whoever sent it still notes which message it is in.
    """
    told = _words(question, options)
    rows = select(Outbox).where(*_doubtful(channel)).with_for_update(skip_locked=True)
    for row in await session.scalars(rows):
        shown = row.content.get("poll") or {}
        if _words(shown.get("question", ""), shown.get("options", ())) == told:
            row.poll, row.sent_at = poll, now
            if row.state == OutboxState.PARKED.value:
                row.state = OutboxState.SENT.value
            await session.flush()
            await adopt(session, channel=channel, poll=poll)
            return True
    return False


async def arrived(session: AsyncSession, post_id: int, *, message: str | None) -> None:
    """Note that the message of a post is there, since somebody presses a button in it."""
    outbox_id = select(QuizPost.outbox_id).where(QuizPost.id == post_id).scalar_subquery()
    parked = and_(Outbox.id == outbox_id, Outbox.state == OutboxState.PARKED.value)
    noted = update(Outbox).where(parked).values(state=OutboxState.SENT.value, external=message)
    await session.execute(noted, execution_options={"synchronize_session": False})


async def adopt(session: AsyncSession, *, channel: str, poll: str) -> None:
    """Count the votes that came before the sending of their poll was noted."""
    await _take_turn(session, channel, poll)
    same = (StrayVote.channel == channel, StrayVote.poll == poll)
    strays = list(await session.scalars(select(StrayVote).where(*same).order_by(StrayVote.id)))
    if not strays:
        return
    post_id = await session.scalar(
        select(QuizPost.id)
        .join(Outbox, Outbox.id == QuizPost.outbox_id)
        .where(Outbox.poll == poll, Outbox.channel == channel)
    )
    for stray in strays if post_id is not None else ():
        voter = Voter(stray.account_id, stray.person_id)
        try:
            await cast(session, post_id or 0, voter, stray.places, now=stray.at)
        except ValueError as error:
            log.warning("a vote was refused: %s", error)
    await session.execute(delete(StrayVote).where(*same))


async def sweep(session: AsyncSession, *, now: datetime) -> None:
    """Forget strays whose poll was never found."""
    await session.execute(delete(StrayVote).where(StrayVote.at < now - STRAY_LIFE))


async def _count(
    session: AsyncSession,
    row: Row[*tuple[Any, ...]],
    voter: Voter,
    places: Sequence[int],
    *,
    now: datetime,
) -> Answered:
    if not all(0 <= place < len(row.order) for place in places):
        raise ValueError(f"post {row.post_id} has no options at {list(places)}")
    right_options = row.pinned["correct"]
    right = tuple(place for place, option in enumerate(row.order) if option in right_options)
    if row.closed_at is not None:
        return Answered(Cast.CLOSED, right=right)
    chosen = sorted({row.order[place] for place in places})
    correct = chosen == sorted(right_options)
    answer: dict[str, Any] = {
        "post_id": row.post_id,
        "account_id": voter.account_id,
        "person_id": voter.person_id,
        "chosen": chosen,
        "correct": correct,
        "at": now,
    }
    if not await insert_new(session, QuizAnswer, answer):
        return Answered(Cast.ALREADY, right=right)
    return Answered(Cast.COUNTED, correct, right)


async def _voter(
    session: AsyncSession,
    ballot: Ballot,
    row: Row[*tuple[Any, ...]] | None,
    *,
    today: date,
    now: datetime,
) -> Voter:
    """Return who votes; an account seen lately under the same name needs no writing down."""
    if row is not None and row.account_id is not None:
        known = not ballot.name or row.name == ballot.name
        if known and now - row.seen_at < SEEN_EVERY:
            return Voter(row.account_id, row.person_id)
    account = await accounts.seen(
        session,
        channel=ballot.channel,
        external=ballot.account,
        name=ballot.name,
        chat=None,
        now=now,
    )
    person = None
    if account.person_id is not None:
        person = await accounts.person_today(session, account.person_id, today=today)
    return Voter(account.id, person.id if person else None)


async def _keep_stray(
    session: AsyncSession, ballot: Ballot, voter: Voter, *, now: datetime
) -> Answered:
    stray: Mapping[str, Any] = {
        "channel": ballot.channel,
        "poll": ballot.poll,
        "account_id": voter.account_id,
        "person_id": voter.person_id,
        "places": list(ballot.places),
        "at": now,
    }
    return Answered(Cast.STRAY if await insert_new(session, StrayVote, stray) else Cast.ALREADY)


async def _take_turn(session: AsyncSession, channel: str, poll: str) -> None:
    await lock_name(session, f"poll:{channel}:{poll}")


@cache
def _of_post() -> Select[*tuple[Any, ...]]:
    """Return the query for a post that is not closed before this transaction ends."""
    return (
        select(QuizPost.id.label("post_id"), QuizPost.order, QuizPost.closed_at, QuizPost.pinned)
        .where(QuizPost.id == bindparam("post"))
        # Shared, so that answers do not wait for each other, only for the closing.
        .with_for_update(read=True, of=QuizPost)
    )


@cache
def _in_poll() -> Select[*tuple[Any, ...]]:
    """Return the query for the post that a poll carries, and for who answers it.

    Made once, and one for both: this is what each vote waits for.
    """
    today: BindParameter[date] = bindparam("today", type_=Date())
    present = or_(Person.left_on.is_(None), Person.left_on > today)
    account = and_(
        Account.channel == bindparam("channel"), Account.external == bindparam("external")
    )
    return (
        select(
            QuizPost.id.label("post_id"),
            QuizPost.order,
            QuizPost.closed_at,
            QuizPost.pinned,
            Account.id.label("account_id"),
            Account.name,
            Account.seen_at,
            Person.id.label("person_id"),
        )
        .join(Outbox, Outbox.id == QuizPost.outbox_id)
        .outerjoin(Account, account)
        .outerjoin(Person, and_(Person.id == Account.person_id, present))
        .where(Outbox.poll == bindparam("poll"), Outbox.channel == bindparam("channel"))
        .with_for_update(read=True, of=QuizPost)
    )


def _doubtful(channel: str) -> tuple[Any, ...]:
    return (
        Outbox.kind == "poll",
        Outbox.channel == channel,
        Outbox.state.in_(UNNOTED),
        Outbox.poll.is_(None),
    )


def _words(question: str, options: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a poll without what a messenger may change in them."""
    return tuple(" ".join(text.split()) for text in (question, *options))
