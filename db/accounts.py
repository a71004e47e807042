"""Messenger accounts, and the person behind each."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.access import Actor, HeldPost
from db.tables import Account, Chat, Person, Post, Title, Unit
from db.types import insert_new


async def seen(
    session: AsyncSession,
    *,
    channel: str,
    external: str,
    name: str,
    chat: str | None,
    now: datetime,
) -> Account:
    """Return the account, made at first sight; `chat` is its private chat if this is one."""
    values = {"channel": channel, "external": external, "name": name, "chat": chat, "seen_at": now}
    await insert_new(session, Account, values)
    account = (
        await session.scalars(
            select(Account).where(Account.channel == channel, Account.external == external)
        )
    ).one()
    account.seen_at = now
    account.name = name or account.name
    if chat is not None:
        account.chat = chat
        await reopen_chat(session, channel=channel, chat=chat)
    await session.flush()
    return account


async def find(session: AsyncSession, *, channel: str, external: str) -> Account | None:
    """Return the account, or None if it was never seen."""
    return (
        await session.scalars(
            select(Account).where(Account.channel == channel, Account.external == external)
        )
    ).one_or_none()


async def actor(session: AsyncSession, account: Account | None, *, today: date) -> Actor:
    """Return who stands behind an account today; an outsider where nobody does."""
    if account is None:
        return Actor(account_id=0)
    if account.person_id is None:
        return Actor(account_id=account.id, name=account.name)
    person = await person_today(session, account.person_id, today=today)
    if person is None:
        return Actor(account_id=account.id, name=account.name)
    return await as_actor(session, person, account_id=account.id, today=today)


async def person_today(session: AsyncSession, person_id: int, *, today: date) -> Person | None:
    """Return the person unless they have left."""
    statement = select(Person).where(Person.id == person_id, present(today))
    return (await session.scalars(statement)).one_or_none()


async def as_actor(
    session: AsyncSession, person: Person, *, account_id: int = 0, today: date
) -> Actor:
    """Return the person with the posts held today."""
    unit = await session.get_one(Unit, person.unit_id)
    return Actor(
        account_id=account_id,
        person_id=person.id,
        name=person.name,
        unit_id=unit.id,
        unit_path=unit.path,
        unit_name=unit.name,
        posts=await posts_today(session, person.id, today=today),
    )


async def posts_today(
    session: AsyncSession, person_id: int, *, today: date
) -> tuple[HeldPost, ...]:
    """Return the posts that a person holds on a day."""
    statement = (
        select(Post.title, Unit.id, Unit.path, Unit.name)
        .join(Unit, Unit.id == Post.unit_id)
        .where(Post.person_id == person_id, *in_force(today))
        .order_by(Unit.path, Post.title)
    )
    rows = await session.execute(statement)
    return tuple(HeldPost(Title(title), id_, path, name) for title, id_, path, name in rows)


def present(today: date) -> ColumnElement[bool]:
    """Return the condition under which a person has not left on a day."""
    return or_(Person.left_on.is_(None), Person.left_on > today)


def in_force(today: date) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a post is held on a day."""
    return (Post.since <= today, or_(Post.until.is_(None), Post.until > today))


async def addresses(session: AsyncSession, person_id: int) -> list[Account]:
    """Return the accounts where a person can be spoken to, the last used first."""
    statement = (
        select(Account)
        .outerjoin(Chat, (Chat.channel == Account.channel) & (Chat.external == Account.chat))
        .where(Account.person_id == person_id, Account.chat.is_not(None), Chat.gone_at.is_(None))
        .order_by(Account.seen_at.desc(), Account.id)
    )
    return list(await session.scalars(statement))


async def close_chat(session: AsyncSession, *, channel: str, chat: str, now: datetime) -> bool:
    """Note that a chat can no longer be reached; False if that was known."""
    await insert_new(session, Chat, {"channel": channel, "external": chat})
    closed = await session.execute(
        update(Chat)
        .where(Chat.channel == channel, Chat.external == chat, Chat.gone_at.is_(None))
        .values(gone_at=now)
        .returning(Chat.id)
    )
    return closed.first() is not None


async def reopen_chat(session: AsyncSession, *, channel: str, chat: str) -> None:
    """Note that a chat can be reached (again)."""
    await session.execute(
        update(Chat)
        .where(Chat.channel == channel, Chat.external == chat, Chat.gone_at.is_not(None))
        .values(gone_at=None)
    )
