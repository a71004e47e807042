"""Messages on their way out (transactional outbox, at-least-once delivery).

A message is written in the transaction that decides it, under a key that makes a second copy
impossible. `claiming` takes it out to be sent, `settling` notes what became of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import accounts, conversation
from db.conversation import Press
from db.secrets import new_token
from db.tables import Attempt, Chat, Outbox, OutboxState, PressToken, QuizGroup
from db.types import insert_new, insert_rows
from scheduler import kinds
from scheduler.channels import Address, Lane
from scheduler.kinds import REPLY
from scheduler.messages import Button, Message

ENDED = tuple(
    state.value
    for state in OutboxState
    if state not in (OutboxState.PENDING, OutboxState.LEASED, OutboxState.PARKED)
)
REPLY_LIFE = timedelta(days=30)
# Due since long ago: whoever's clock is wrong, a message for now is sent now.
AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be written for delivery, under a key that makes a second copy impossible.

    `presser` is the account that may press its buttons (those not meant for anyone). It is sent
    at once, but not from `closes_at` to `reopens_at`, and not at all after `expires_at`, which
    is by default the end of its kind's life.
    """

    message: Message
    key: str
    address: Address
    kind: str
    lane: Lane
    person_id: int | None = None
    presser: int | None = None
    edits: str | None = None
    answers: str | None = None
    expires_at: datetime | None = None
    closes_at: datetime | None = None
    reopens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message whose buttons have tokens, and what each token stands for."""

    message: Message
    presses: tuple[Press, ...]


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
    """Write a message for delivery as `Draft` says; False if `key` is there already."""
    draft = Draft(
        message,
        key,
        address,
        kind,
        lane,
        person_id=person_id,
        presser=presser,
        edits=edits,
        answers=answers,
        expires_at=expires_at,
        closes_at=closes_at,
        reopens_at=reopens_at,
    )
    return bool(await insert_new(session, Outbox, (await _rows(session, [draft], now))[0]))


async def enqueue_all(session: AsyncSession, drafts: Sequence[Draft], *, now: datetime) -> None:
    """Write many messages at once; one whose key is there already is left out."""
    await insert_rows(session, Outbox, await _rows(session, drafts, now))


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


async def sweep(session: AsyncSession, *, now: datetime) -> None:
    """Forget replies that ended long ago; notices stay on record."""
    old = select(Outbox.id).where(
        Outbox.kind == REPLY, Outbox.state.in_(ENDED), Outbox.created_at < now - REPLY_LIFE
    )
    await session.execute(delete(Attempt).where(Attempt.outbox_id.in_(old)))
    await session.execute(delete(Outbox).where(Outbox.id.in_(old)))


async def keep_buttons(
    session: AsyncSession, messages: Sequence[Prepared], *, now: datetime
) -> None:
    """Let the buttons of prepared messages be pressed."""
    presses = [press for prepared in messages for press in prepared.presses]
    await conversation.keep_presses(session, presses, now=now)


def prepare(message: Message, address: Address, presser: int | None) -> Prepared:
    """Mint a token for each button of a message to an address.

    `presser` is the account that may press those not meant for anyone.
    """
    if not message.buttons:
        return Prepared(message, ())
    rows, presses = [], []
    for row in message.buttons:
        minted = []
        for button in row:
            token, account = new_token(), None if button.anyone else presser
            presses.append(Press(token, address.channel, address.chat, account, button.command))
            minted.append(Button(button.label, button.command, button.anyone, token))
        rows.append(tuple(minted))
    return Prepared(replace(message, buttons=tuple(rows)), tuple(presses))


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
    await session.execute(
        update(PressToken)
        .where(PressToken.channel == channel, PressToken.chat == old)
        .values(chat=new)
    )
    await _move_quiz(session, channel=channel, old=old, new=new)


async def _move_quiz(session: AsyncSession, *, channel: str, old: str, new: str) -> None:
    """Let the quiz of a group go on at its new id, unless there is one already."""
    here = QuizGroup.channel == channel
    taken = await session.scalar(select(QuizGroup.id).where(here, QuizGroup.chat == new))
    moved = update(QuizGroup).where(here, QuizGroup.chat == old)
    # The old id never speaks again.
    await session.execute(moved.values(next_at=None) if taken else moved.values(chat=new))


async def _rows(
    session: AsyncSession, drafts: Sequence[Draft], now: datetime
) -> list[dict[str, Any]]:
    """Return the outbox rows of drafts, the tokens of their buttons kept."""
    prepared = [prepare(draft.message, draft.address, draft.presser) for draft in drafts]
    await keep_buttons(session, prepared, now=now)
    return [_row(draft, ready.message, now) for draft, ready in zip(drafts, prepared, strict=True)]


def _row(draft: Draft, message: Message, now: datetime) -> dict[str, Any]:
    life = kinds.of(draft.kind).life
    ends = now + life if draft.expires_at is None and life is not None else draft.expires_at
    return {
        "dedup_key": draft.key,
        "channel": draft.address.channel,
        "chat": draft.address.chat,
        "thread": draft.address.thread,
        "person_id": draft.person_id,
        "kind": draft.kind,
        "lane": int(draft.lane),
        "content": message.to_json(),
        "edits": draft.edits,
        "answers": draft.answers,
        "state": OutboxState.PENDING.value,
        "created_at": now,
        "send_after": AT_ONCE,
        "expires_at": ends,
        "closes_at": draft.closes_at,
        "reopens_at": draft.reopens_at,
        "attempt": 0,
        "failures": 0,
    }
