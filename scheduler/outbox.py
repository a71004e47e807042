"""Messages on their way out (transactional outbox, at-least-once delivery).

A message is written in the transaction that decides it, under a key that makes a second copy
impossible. Delivery claims with a lease by one conditional UPDATE … RETURNING, sends, settles;
a claim that is not settled becomes due again when its lease ends. `attempt` is the fencing
number: whoever lost the lease settles nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db import accounts, conversation
from db.tables import Attempt, Chat, Outbox, OutboxState
from db.types import insert_new
from scheduler.channels import Address, ChannelError, Delivery, Lane
from scheduler.messages import Message

ENDED = (OutboxState.SENT.value, OutboxState.FAILED.value)
# The kind of what a handler returned, as against news that nobody asked for.
REPLY = "reply"
REPLY_LIFE = timedelta(days=30)
LEASE = timedelta(seconds=90)
# Waits before the next attempt; after the last the message has failed.
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 60))


async def enqueue(
    session: AsyncSession,
    message: Message,
    *,
    key: str,
    address: Address,
    kind: str,
    lane: Lane,
    now: datetime,
    person_id: int | None = None,
    presser: int | None = None,
    edits: str | None = None,
    answers: str | None = None,
    expires_at: datetime | None = None,
    closes_at: datetime | None = None,
    reopens_at: datetime | None = None,
) -> bool:
    """Write a message for delivery; False if `key` is there already.

    `presser` is the account that may press its buttons (those not meant for anyone).
    """
    content = await with_tokens(session, message, address=address, presser=presser, now=now)
    values: dict[str, Any] = {
        "dedup_key": key,
        "channel": address.channel,
        "chat": address.chat,
        "thread": address.thread,
        "person_id": person_id,
        "kind": kind,
        "lane": int(lane),
        "content": content.to_json(),
        "edits": edits,
        "answers": answers,
        "state": OutboxState.PENDING.value,
        "created_at": now,
        "send_after": now,
        "expires_at": expires_at,
        "closes_at": closes_at,
        "reopens_at": reopens_at,
        "attempt": 0,
        "failures": 0,
    }
    return bool(await insert_new(session, Outbox, values))


async def notify(
    session: AsyncSession,
    person_id: int,
    message: Message,
    *,
    key: str,
    kind: str,
    now: datetime,
    lane: Lane = Lane.REMINDER,
) -> bool:
    """Write a message to a person where they were last seen; False if nowhere can reach them."""
    for account in await accounts.addresses(session, person_id):
        if account.chat is not None:
            await enqueue(
                session,
                message,
                key=key,
                address=Address(account.channel, account.chat),
                kind=kind,
                lane=lane,
                now=now,
                person_id=person_id,
                presser=account.id,
            )
            return True
    return False


async def claim(
    session: AsyncSession, *, channel: str, worker: str, now: datetime, limit: int
) -> list[Outbox]:
    """Take up to `limit` due messages of a channel, at most one a chat, replies first.

    One a chat keeps a conversation in order; a message that waits for its next attempt does
    not hold up the later ones.
    """
    earlier = aliased(Outbox)
    blocked = exists().where(
        earlier.channel == Outbox.channel,
        earlier.chat == Outbox.chat,
        or_(
            and_(earlier.state == OutboxState.LEASED.value, earlier.send_after > now),
            and_(
                _due(earlier, now),
                or_(
                    earlier.lane < Outbox.lane,
                    and_(earlier.lane == Outbox.lane, earlier.id < Outbox.id),
                ),
            ),
        ),
    )
    resting = exists().where(
        Chat.channel == Outbox.channel, Chat.external == Outbox.chat, Chat.next_ok_at > now
    )
    due = (
        select(Outbox.id)
        .where(Outbox.channel == channel, _due(Outbox, now), ~blocked, ~resting)
        .order_by(Outbox.lane, Outbox.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        # As a plain subquery PostgreSQL may run it once a row, and take more than the limit.
        .cte("due")
    )
    taken = (
        update(Outbox)
        .where(Outbox.id.in_(select(due.c.id)), _due(Outbox, now))
        .values(
            state=OutboxState.LEASED.value,
            send_after=now + LEASE,
            leased_by=worker,
            attempt=Outbox.attempt + 1,
        )
        .returning(Outbox)
    )
    rows = await session.scalars(taken, execution_options={"populate_existing": True})
    return sorted(rows, key=lambda row: (row.lane, row.id))


def as_delivery(row: Outbox) -> Delivery:
    """Return what a channel is given of a claimed row."""
    return Delivery(
        id=row.id,
        address=Address(row.channel, row.chat, row.thread),
        message=Message.from_json(row.content),
        lane=Lane(row.lane),
        edits=row.edits,
        answers=row.answers,
    )


async def settle_sent(
    session: AsyncSession, row: Outbox, *, external: str | None, now: datetime
) -> bool:
    """Note that a claimed message was sent; False if the claim was lost meanwhile."""
    values = {"state": OutboxState.SENT.value, "sent_at": now, "external": external, "error": None}
    return await _settle(session, row, values, outcome="sent", detail=external or "", now=now)


async def settle_failed(
    session: AsyncSession, row: Outbox, error: ChannelError, *, now: datetime
) -> bool:
    """Note that a claimed message was not sent, and when to try again, if ever."""
    if error.moved_to is not None:
        return await _move(session, row, error.moved_to, now=now)
    values: dict[str, Any] = {"error": str(error)}
    if error.gone:
        await accounts.close_chat(session, channel=row.channel, chat=row.chat, now=now)
    if error.permanent or row.failures >= len(BACKOFF):
        values |= {"state": OutboxState.FAILED.value}
    elif error.retry_after:
        await _rest(session, row, until=now + timedelta(seconds=error.retry_after))
        values |= {"state": OutboxState.PENDING.value, "send_after": now}
    else:
        wait = BACKOFF[row.failures]
        values |= {
            "state": OutboxState.PENDING.value,
            "send_after": now + wait,
            "failures": row.failures + 1,
        }
    return await _settle(session, row, values, outcome=values.get("state", ""), now=now)


async def expire(session: AsyncSession, *, now: datetime) -> int:
    """Close messages whose use-by time is over; return how many."""
    result = await session.execute(
        update(Outbox)
        .where(_due(Outbox, now, expired=True), Outbox.expires_at <= now)
        .values(state=OutboxState.EXPIRED.value)
        .returning(Outbox.id)
    )
    return len(result.all())


async def sweep(session: AsyncSession, *, now: datetime) -> None:
    """Forget replies that ended long ago; notices stay on record."""
    old = select(Outbox.id).where(
        Outbox.kind == REPLY, Outbox.state.in_(ENDED), Outbox.created_at < now - REPLY_LIFE
    )
    await session.execute(delete(Attempt).where(Attempt.outbox_id.in_(old)))
    await session.execute(delete(Outbox).where(Outbox.id.in_(old)))


async def with_tokens(
    session: AsyncSession,
    message: Message,
    *,
    address: Address,
    presser: int | None,
    now: datetime,
) -> Message:
    """Return the message with a token for each button, to be stored in the outbox.

    `presser` is the account that may press those not meant for anyone.
    """
    if not message.buttons:
        return message
    rows = []
    for row in message.buttons:
        minted = []
        for button in row:
            token = await conversation.mint_press(
                session,
                channel=address.channel,
                chat=address.chat,
                account_id=None if button.anyone else presser,
                command=button.command,
                now=now,
            )
            minted.append(replace(button, token=token))
        rows.append(tuple(minted))
    return replace(message, buttons=tuple(rows))


def _due(row: Any, now: datetime, *, expired: bool = False) -> ColumnElement[bool]:
    waiting = row.state.in_((OutboxState.PENDING.value, OutboxState.LEASED.value))
    fresh = or_(row.expires_at.is_(None), row.expires_at > now)
    due = and_(waiting, row.send_after <= now)
    return due if expired else and_(due, fresh)


async def _settle(
    session: AsyncSession,
    row: Outbox,
    values: dict[str, Any],
    *,
    outcome: str,
    now: datetime,
    detail: str = "",
) -> bool:
    held = and_(
        Outbox.id == row.id,
        Outbox.attempt == row.attempt,
        Outbox.state == OutboxState.LEASED.value,
    )
    if row.content.get("secret") and values["state"] in ENDED:
        values = {**values, "content": {"text": conversation.NOT_KEPT}}
    done = await session.execute(update(Outbox).where(held).values(values).returning(Outbox.id))
    if done.first() is None:
        outcome = "lost lease"
    session.add(
        Attempt(
            outbox_id=row.id,
            number=row.attempt,
            at=now,
            outcome=outcome,
            detail=detail or str(values.get("error") or ""),
        )
    )
    await session.flush()
    return outcome != "lost lease"


async def _rest(session: AsyncSession, row: Outbox, *, until: datetime) -> None:
    await insert_new(session, Chat, {"channel": row.channel, "external": row.chat})
    await session.execute(
        update(Chat)
        .where(Chat.channel == row.channel, Chat.external == row.chat)
        .values(next_ok_at=until)
    )


async def _move(session: AsyncSession, row: Outbox, new: str, *, now: datetime) -> bool:
    """Follow a chat to its new id: this message and all that wait for the old one."""
    await move_chat(session, channel=row.channel, old=row.chat, new=new)
    values = {"state": OutboxState.PENDING.value, "send_after": now, "chat": new}
    return await _settle(session, row, values, outcome="moved", detail=new, now=now)


async def move_chat(session: AsyncSession, *, channel: str, old: str, new: str) -> None:
    """Rewrite a chat's id wherever something still waits for the old one."""
    await insert_new(session, Chat, {"channel": channel, "external": old})
    await session.execute(
        update(Chat).where(Chat.channel == channel, Chat.external == old).values(moved_to=new)
    )
    waiting = Outbox.state == OutboxState.PENDING.value
    await session.execute(
        update(Outbox)
        .where(Outbox.channel == channel, Outbox.chat == old, waiting)
        .values(chat=new)
    )
