"""Noting what became of a claimed message, one line of the ledger for each attempt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, distinct, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import accounts, conversation
from db.tables import Attempt, Chat, Outbox, OutboxState
from db.types import insert_new
from scheduler import kinds, outbox, rates, votes
from scheduler.channels import ChannelError, Posted
from scheduler.kinds import Doubtful
from scheduler.rates import Pace

# Waits before the next attempt; after the last the message has failed. The first is short: a
# server that stumbled once should not keep an asker waiting.
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 60, 300, 900, 3600))
# The waits of messages differ by up to this part of them.
JITTER = 0.25
# So many chats limited by the service within so long mean the channel as a whole.
STORM_CHATS, STORM_WINDOW = 3, timedelta(seconds=2)
# Enough of the newest attempts to see a storm in.
STORM_LINES = 50
LIMITED = "limited"
LOST = "lost lease"


async def sent(
    session: AsyncSession, landed: Sequence[tuple[Outbox, str | Posted | None]], *, now: datetime
) -> set[int]:
    """Note that claimed messages were sent; return those whose claim was lost meanwhile.

    `landed` pairs each row with the channel's own id of the message (and the poll in it).
    However many they are, it is two statements: the marks of one round share a transaction.
    """
    if not landed:
        return set()
    names = {row.id: n.message if isinstance(n, Posted) else n for row, n in landed}
    polls = {row.id: n.poll for row, n in landed if isinstance(n, Posted)}
    external = case(names, value=Outbox.id)
    marked = (
        update(Outbox)
        .where(
            tuple_(Outbox.id, Outbox.attempt).in_([(row.id, row.attempt) for row, _ in landed]),
            Outbox.state == OutboxState.LEASED.value,
        )
        .values(state=OutboxState.SENT.value, sent_at=now, external=external, error=None)
        .values(poll=case(polls, value=Outbox.id) if polls else Outbox.poll)
        .returning(Outbox.id)
    )
    options = {"synchronize_session": False}
    kept = set(await session.scalars(marked, execution_options=options))
    await _forget_secrets(session, [row for row, _ in landed if row.id in kept])
    for row, _ in landed:
        if row.id in polls and row.id in kept:
            await votes.adopt(session, channel=row.channel, poll=polls[row.id])
    await session.execute(
        insert(Attempt),
        [
            {
                "outbox_id": row.id,
                "number": row.attempt,
                "at": now,
                "outcome": "sent" if row.id in kept else LOST,
                "detail": names[row.id] or "",
            }
            for row, _ in landed
        ],
    )
    return {row.id for row, _ in landed} - kept


async def failed(
    session: AsyncSession,
    row: Outbox,
    error: ChannelError,
    *,
    now: datetime,
    pace: Pace | None = None,
) -> OutboxState | None:
    """Note that a claimed message was not sent; return its state, None if the claim was lost."""
    if error.moved_to is not None:
        return await _follow(session, row, error.moved_to, now=now)
    if error.gone:
        await accounts.close_chat(session, channel=row.channel, chat=row.chat, now=now)
    values: dict[str, Any] = {"error": str(error), **_verdict(row, error, now)}
    outcome = LIMITED if error.limited else values["state"]
    if error.retry_after:
        until = now + timedelta(seconds=error.retry_after)
        await _rest(session, row, until=until)
    kept = await _settle(session, row, values, outcome=outcome, detail=str(error), now=now)
    if error.limited and pace is not None and await _is_storm(session, row.channel, now=now):
        await rates.rest(session, row.channel, pace, until=until)
    return OutboxState(values["state"]) if kept else None


def backoff(row: Outbox) -> timedelta:
    """Return the wait before the next attempt; what failed together does not come together."""
    return BACKOFF[row.failures] * (1 + JITTER * (row.id * 37 % 100) / 100)


def _verdict(row: Outbox, error: ChannelError, now: datetime) -> dict[str, Any]:
    """Return what a failed attempt makes of its message."""
    if error.permanent:
        return {"state": OutboxState.FAILED.value}
    if error.doubtful and kinds.of(row.kind).doubtful is Doubtful.PARK:
        return {"state": OutboxState.PARKED.value}
    if error.retry_after:
        return {"state": OutboxState.PENDING.value, "send_after": outbox.AT_ONCE}
    if row.failures >= len(BACKOFF):
        return {"state": OutboxState.FAILED.value}
    return {
        "state": OutboxState.PENDING.value,
        "send_after": now + backoff(row),
        "failures": row.failures + 1,
    }


async def _settle(
    session: AsyncSession,
    row: Outbox,
    values: dict[str, Any],
    *,
    outcome: str,
    detail: str,
    now: datetime,
) -> bool:
    held = and_(
        Outbox.id == row.id,
        Outbox.attempt == row.attempt,
        Outbox.state == OutboxState.LEASED.value,
    )
    marked = update(Outbox).where(held).values(values).returning(Outbox.id)
    options = {"synchronize_session": False}
    kept = (await session.scalars(marked, execution_options=options)).first() is not None
    if kept and values["state"] == OutboxState.FAILED.value:
        await _forget_secrets(session, [row])
    session.add(
        Attempt(
            outbox_id=row.id,
            number=row.attempt,
            at=now,
            outcome=outcome if kept else LOST,
            detail=detail,
        )
    )
    await session.flush()
    return kept


async def _forget_secrets(session: AsyncSession, rows: Sequence[Outbox]) -> None:
    """Blank what was a code: a copy of the store must not open what the code opens."""
    secret = [row.id for row in rows if row.content.get("secret")]
    if secret:
        blank = {"text": conversation.NOT_KEPT}
        await session.execute(
            update(Outbox).where(Outbox.id.in_(secret)).values(content=blank),
            execution_options={"synchronize_session": False},
        )


async def _rest(session: AsyncSession, row: Outbox, *, until: datetime) -> None:
    """Leave a chat alone until then."""
    await insert_new(session, Chat, {"channel": row.channel, "external": row.chat})
    await session.execute(
        update(Chat)
        .where(Chat.channel == row.channel, Chat.external == row.chat)
        .values(next_ok_at=until)
    )


async def _is_storm(session: AsyncSession, channel: str, *, now: datetime) -> bool:
    """Tell whether the service has just limited several chats of a channel at once."""
    newest = select(Attempt).order_by(Attempt.id.desc()).limit(STORM_LINES).subquery()
    chats = await session.scalar(
        select(func.count(distinct(Outbox.chat)))
        .join(newest, newest.c.outbox_id == Outbox.id)
        .where(
            Outbox.channel == channel,
            newest.c.outcome == LIMITED,
            newest.c.at >= now - STORM_WINDOW,
        )
    )
    return (chats or 0) >= STORM_CHATS


async def _follow(
    session: AsyncSession, row: Outbox, new: str, *, now: datetime
) -> OutboxState | None:
    """Follow a chat to its new id: this message and all that wait for the old one."""
    await outbox.move_chat(session, channel=row.channel, old=row.chat, new=new)
    values = {"state": OutboxState.PENDING.value, "send_after": outbox.AT_ONCE, "chat": new}
    kept = await _settle(session, row, values, outcome="moved", detail=new, now=now)
    return OutboxState.PENDING if kept else None
