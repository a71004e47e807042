"""Updates seen, dialogs under way, buttons and files of the conversation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, Text, delete, insert, select, update
from sqlalchemy import cast as as_sql
from sqlalchemy.ext.asyncio import AsyncSession

from db.secrets import new_token
from db.tables import Dialog, Inbox, PressToken, StoredFile, Transcript
from db.types import insert_new, write_rows

DIALOG_LIFE = timedelta(hours=12)
BUTTON_LIFE = timedelta(days=30)
INBOX_LIFE = timedelta(days=7)
# As long as an invite code lives; a sign-in link lives shorter.
SECRET_LIFE = timedelta(days=7)
# The type of a file that waits in a dialog, and how long it may.
HELD = "application/vnd.zhibu.held"
HELD_LIFE = timedelta(days=7)
NOT_KEPT = "（内容不留存）"
KEEP_PRESS = insert(cast(Table, PressToken.__table__))


async def accept(session: AsyncSession, *, channel: str, update: str, now: datetime) -> bool:
    """Take an update for the first time; False means that its effect is already there."""
    return bool(await insert_new(session, Inbox, {"channel": channel, "update": update, "at": now}))


async def open_dialog(
    session: AsyncSession,
    *,
    account_id: int,
    chat: str,
    step: str,
    data: dict[str, Any],
    now: datetime,
) -> None:
    """Put the account at a step in a chat, in place of any other step."""
    await close_dialog(session, account_id=account_id, chat=chat)
    session.add(
        Dialog(account_id=account_id, chat=chat, step=step, data=data, expires_at=now + DIALOG_LIFE)
    )
    await session.flush()


async def find_dialog(
    session: AsyncSession, *, account_id: int, chat: str, now: datetime
) -> Dialog | None:
    """Return the step that the account stands at, unless it has expired."""
    statement = select(Dialog).where(
        Dialog.account_id == account_id, Dialog.chat == chat, Dialog.expires_at > now
    )
    return (await session.scalars(statement)).one_or_none()


async def close_dialog(session: AsyncSession, *, account_id: int, chat: str) -> bool:
    """Leave the step; False if there was none."""
    gone = await session.execute(
        delete(Dialog)
        .where(Dialog.account_id == account_id, Dialog.chat == chat)
        .returning(Dialog.id)
    )
    return gone.first() is not None


class Press(NamedTuple):
    """A token that stands for `command` in one chat, for one account or anyone there.

    It counts from when it is kept.
    """

    token: str
    channel: str
    chat: str
    account_id: int | None
    command: str


async def keep_presses(session: AsyncSession, presses: Sequence[Press], *, now: datetime) -> None:
    """Let buttons be pressed from now on."""
    expires_at = now + BUTTON_LIFE
    rows = [{**press._asdict(), "expires_at": expires_at} for press in presses]
    await write_rows(session, KEEP_PRESS, rows)


async def redeem_press(
    session: AsyncSession, *, channel: str, chat: str, account_id: int, token: str, now: datetime
) -> str | None:
    """Return the command behind a pressed button, or None if this press does not count.

    A token that is unknown, expired, of another chat or of another account is told apart for
    nobody. Whether the command may still be done is judged when it is run.
    """
    row = await session.get(PressToken, token)
    if row is None or row.expires_at <= now or (row.channel, row.chat) != (channel, chat):
        return None
    if row.account_id is not None and row.account_id != account_id:
        return None
    return row.command


async def keep_file(
    session: AsyncSession,
    *,
    name: str,
    media_type: str,
    data: bytes,
    owner_id: int | None,
    now: datetime,
) -> StoredFile:
    """Store bytes under a random key; the given name is kept for showing only."""
    file = StoredFile(
        key=new_token(),
        name=name,
        media_type=media_type,
        digest=hashlib.sha256(data).hexdigest(),
        data=data,
        owner_id=owner_id,
        created_at=now,
    )
    session.add(file)
    await session.flush()
    return file


async def sweep(session: AsyncSession, *, now: datetime) -> None:
    """Forget updates, dialogs, their files and buttons whose time is over, and codes shown."""
    await session.execute(delete(Inbox).where(Inbox.at < now - INBOX_LIFE))
    await session.execute(delete(Dialog).where(Dialog.expires_at <= now))
    await session.execute(delete(PressToken).where(PressToken.expires_at <= now))
    held = (StoredFile.media_type == HELD, StoredFile.created_at <= now - HELD_LIFE)
    await session.execute(delete(StoredFile).where(*held))
    secret = as_sql(Transcript.content["secret"], Text).in_(("true", "1"))
    await session.execute(
        update(Transcript)
        .where(Transcript.at < now - SECRET_LIFE, secret)
        .values(content={"text": NOT_KEPT})
    )
