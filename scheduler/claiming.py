"""Taking messages out of the outbox to send them: the claim, with its lease and its checks.

A claim takes what is due by one conditional UPDATE … RETURNING and moves its time to the end of
the lease; a claim that is not settled comes due again then, or is parked if its kind says so.
`attempt` is the fencing number: whoever lost the lease settles nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from db.tables import Chat, Hold, Outbox, OutboxState
from db.types import UtcDateTime
from scheduler.channels import Address, Delivery, Lane
from scheduler.kinds import PARKED_KINDS, REPLY
from scheduler.messages import Message

# Longer than any delivery may take (a channel's total time-out), with a margin.
LEASE = timedelta(seconds=90)
_OPEN: list[ColumnElement[str]] = [
    literal_column(f"'{s.value}'") for s in (OutboxState.PENDING, OutboxState.LEASED)
]
# A time, or the parameter that stands for it in a statement that is made once.
Time = datetime | BindParameter[datetime]
# Of these messages, which are still worth sending?
Recheck = Callable[[AsyncSession, Sequence[int]], Awaitable[set[int]]]


async def claim(
    session: AsyncSession,
    *,
    channel: str,
    worker: str,
    now: datetime,
    limit: int,
    rechecks: Mapping[str, Recheck] | None = None,
) -> list[Outbox]:
    """Take up to `limit` due messages of a channel, at most one a chat, replies first.

    One a chat keeps a conversation in order; a message that waits for its next attempt does
    not hold up the later ones. What the recheck of its kind finds pointless by now is
    cancelled instead.
    """
    rows = await _take(session, channel=channel, worker=worker, now=now, limit=limit)
    rows = await _still_worth_it(session, rows, rechecks or {})
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


async def expire(session: AsyncSession, *, now: datetime) -> int:
    """Close messages whose use-by time is over; return how many."""
    result = await session.execute(
        update(Outbox)
        .where(is_open(Outbox), _is_free(Outbox, now), Outbox.expires_at <= now)
        .values(state=OutboxState.EXPIRED.value)
        .returning(Outbox.id)
    )
    return len(result.all())


async def park(session: AsyncSession, *, now: datetime) -> list[Outbox]:
    """Put aside the doubtful messages that must not be sent twice; return them.

    Those of which it has become known that they arrived are not doubtful.
    """
    lapsed = (
        is_open(Outbox),
        Outbox.state == OutboxState.LEASED.value,
        Outbox.send_after <= now,
        Outbox.kind.in_(PARKED_KINDS),
    )
    arrived = update(Outbox).where(*lapsed, Outbox.poll.is_not(None))
    await session.execute(
        arrived.values(state=OutboxState.SENT.value),
        execution_options={"synchronize_session": False},
    )
    parked = (
        update(Outbox)
        .where(*lapsed)
        .values(state=OutboxState.PARKED.value, error="the process ended while it was sent")
        .returning(Outbox)
    )
    options = {"populate_existing": True}
    return list(await session.scalars(parked, execution_options=options))


def is_open(row: Any) -> ColumnElement[bool]:
    """Tell what still waits or is being sent, in the very words of the partial indexes."""
    return row.state.in_(_OPEN)  # type: ignore[no-any-return]  # `row` may be an alias


async def _take(
    session: AsyncSession, *, channel: str, worker: str, now: datetime, limit: int
) -> list[Outbox]:
    given = {
        "on_channel": channel,
        "at": now,
        "most": limit,
        "lease_end": now + LEASE,
        "worker": worker,
    }
    options = {"populate_existing": True, "synchronize_session": False}
    return list(await session.scalars(_claiming(), given, execution_options=options))


@cache
def _claiming() -> ReturningUpdate[tuple[Outbox]]:
    """Return the claim; made once, for making it takes longer than running it."""
    now: BindParameter[datetime] = bindparam("at", type_=UtcDateTime())
    due = (
        select(Outbox.id)
        .where(
            Outbox.channel == bindparam("on_channel"),
            _is_due(Outbox, now),
            ~_is_held(),
            ~_is_resting(now),
            ~_is_behind_another(now),
        )
        .order_by(Outbox.lane, Outbox.id)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(skip_locked=True)
        # As a plain subquery PostgreSQL may run it once a row, and take more than the limit.
        # What it returns is locked there, and SQLite has one writer: no need to ask again.
        .cte("due")
    )
    return (
        update(Outbox)
        .where(Outbox.id.in_(select(due.c.id)))
        .values(
            state=OutboxState.LEASED.value,
            send_after=bindparam("lease_end"),
            leased_by=bindparam("worker"),
            attempt=Outbox.attempt + 1,
        )
        .returning(Outbox)
    )


async def _still_worth_it(
    session: AsyncSession, rows: list[Outbox], rechecks: Mapping[str, Recheck]
) -> list[Outbox]:
    checked: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.kind in rechecks:
            checked[row.kind].append(row.id)
    pointless: set[int] = set()
    for kind, ids in checked.items():
        pointless |= set(ids) - await rechecks[kind](session, ids)
    if pointless:
        cancelled = update(Outbox).where(Outbox.id.in_(pointless))
        await session.execute(cancelled.values(state=OutboxState.CANCELLED.value))
    return [row for row in rows if row.id not in pointless]


def _is_due(row: Any, now: Time) -> ColumnElement[bool]:
    return and_(
        is_open(row),
        _is_free(row, now),
        or_(row.state == OutboxState.PENDING.value, row.kind.not_in(PARKED_KINDS)),
        or_(row.expires_at.is_(None), row.expires_at > now),
        or_(row.closes_at.is_(None), row.closes_at > now, row.reopens_at <= now),
    )


def _is_free(row: Any, now: Time) -> ColumnElement[bool]:
    """Tell what no lease and no wait for another attempt holds back."""
    return row.send_after <= now  # type: ignore[no-any-return]  # `row` may be an alias


def _is_behind_another(now: Time) -> ColumnElement[bool]:
    earlier = aliased(Outbox)
    first = select(earlier.id).where(
        earlier.channel == Outbox.channel,
        earlier.chat == Outbox.chat,
        is_open(earlier),
        or_(
            and_(earlier.state == OutboxState.LEASED.value, earlier.send_after > now),
            and_(
                _is_due(earlier, now),
                or_(
                    earlier.lane < Outbox.lane,
                    and_(earlier.lane == Outbox.lane, earlier.id < Outbox.id),
                ),
            ),
        ),
    )
    # The offset makes PostgreSQL look into the chat's index for each message. As a join, which
    # it prefers while it has no statistics, it reads all that waits for each.
    return first.offset(0).exists()


def _is_resting(now: Time) -> ColumnElement[bool]:
    return exists().where(
        Chat.channel == Outbox.channel, Chat.external == Outbox.chat, Chat.next_ok_at > now
    )


def _is_held() -> ColumnElement[bool]:
    """Tell what a hold stops: everything but the answers to what was asked since."""
    return exists().where(or_(Outbox.kind != REPLY, Outbox.created_at < Hold.since))
