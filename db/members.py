"""Changing who somebody is: binding, moving, posts, leaving. And seeing it.

Every change takes its turn (`lock_chain`): it ends in an audit line anyway, and so two people
who change the same person never mix. Rights are judged by the caller (`db.access`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import invites
from db.access import HeldPost, Scope
from db.accounts import in_force, present
from db.secrets import Secrets
from db.tables import (
    Account,
    BrowserSession,
    CalendarFeed,
    Dialog,
    Outbox,
    OutboxState,
    Person,
    Post,
    PressToken,
    SignInLink,
    Title,
    Unit,
)
from db.types import lock_chain

PHONE = "person.phone"
IDENTITY = "person.identity"


async def find(
    session: AsyncSession, person_id: int, within: Scope, *, today: date
) -> Person | None:
    """Return somebody of a scope, by id."""
    statement = (
        select(Person)
        .join(Unit, Unit.id == Person.unit_id)
        .where(Person.id == person_id, within.people(), present(today))
    )
    return (await session.scalars(statement)).one_or_none()


async def of_unit(
    session: AsyncSession, unit_id: int, *, today: date, limit: int, offset: int = 0
) -> list[Person]:
    """Return the people who belong to one unit itself, a page of them."""
    statement = (
        select(Person)
        .where(Person.unit_id == unit_id, present(today))
        .order_by(Person.id)
        .limit(limit)
        .offset(offset)
    )
    return list(await session.scalars(statement))


async def count_by_unit(session: AsyncSession, within: Scope, *, today: date) -> dict[int, int]:
    """Return how many people belong to each unit of a scope itself; empty units are left out."""
    statement = (
        select(Person.unit_id, func.count())
        .join(Unit, Unit.id == Person.unit_id)
        .where(within.units(), present(today))
        .group_by(Person.unit_id)
    )
    return dict((await session.execute(statement)).all())


async def posts_of(
    session: AsyncSession, people: Sequence[int], *, today: date
) -> dict[int, list[HeldPost]]:
    """Return the posts held on a day, by person."""
    statement = (
        select(Post.person_id, Post.title, Unit.id, Unit.path, Unit.name)
        .join(Unit, Unit.id == Post.unit_id)
        .where(Post.person_id.in_(people), *in_force(today))
        .order_by(Unit.path, Post.id)
    )
    held: dict[int, list[HeldPost]] = defaultdict(list)
    for person_id, title, unit_id, path, name in await session.execute(statement):
        held[person_id].append(HeldPost(Title(title), unit_id, path, name))
    return held


async def accounts_of(session: AsyncSession, people: Sequence[int]) -> dict[int, list[Account]]:
    """Return the bound accounts, by person."""
    statement = select(Account).where(Account.person_id.in_(people)).order_by(Account.id)
    bound: dict[int, list[Account]] = defaultdict(list)
    for account in await session.scalars(statement):
        bound[account.person_id or 0].append(account)
    return bound


async def by_phone(
    session: AsyncSession, secrets: Secrets, phone: str, *, today: date
) -> Person | None:
    """Return whose phone number this is; `phone` as `normalise_phone` returns it."""
    index = secrets.index(phone, PHONE)
    statement = select(Person).where(Person.phone_index == index, present(today))
    return (await session.scalars(statement)).one_or_none()


async def bind(
    session: AsyncSession, *, account_id: int, person_id: int, now: datetime, today: date
) -> bool:
    """Give an account to a person; False if it is another's already."""
    gone = select(Person.id).where(~present(today))
    free = or_(Account.person_id.is_(None), Account.person_id.in_(gone))
    bound = await session.execute(
        update(Account)
        .where(Account.id == account_id, free)
        .values(person_id=person_id, bound_at=now)
        .returning(Account.id)
    )
    return bound.first() is not None


async def unbind(
    session: AsyncSession, person_id: int, *, account_id: int | None = None
) -> list[int]:
    """Take a person's accounts, or one of them, and whatever they had open; return their ids."""
    await lock_chain(session)
    mine = Account.person_id == person_id
    if account_id is not None:
        mine &= Account.id == account_id
    freed = await session.scalars(
        update(Account).where(mine).values(person_id=None, bound_at=None).returning(Account.id)
    )
    ids = sorted(freed)
    if ids:
        await session.execute(delete(Dialog).where(Dialog.account_id.in_(ids)))
        await session.execute(delete(PressToken).where(PressToken.account_id.in_(ids)))
        await _sign_out(session, person_id)
    return ids


async def rebind(
    session: AsyncSession, person_id: int, ids: Sequence[int], *, now: datetime
) -> bool:
    """Give accounts back that nobody has taken since; False unless all of them could be."""
    given = await session.execute(
        update(Account)
        .where(Account.id.in_(ids), Account.person_id.is_(None))
        .values(person_id=person_id, bound_at=now)
        .returning(Account.id)
    )
    return len(given.all()) == len(ids)


async def move(session: AsyncSession, person_id: int, *, old: int, new: int) -> bool:
    """Put a person into another unit; False if the person is not in the old one any more."""
    await lock_chain(session)
    moved = await session.execute(
        update(Person)
        .where(Person.id == person_id, Person.unit_id == old)
        .values(unit_id=new)
        .returning(Person.id)
    )
    return moved.first() is not None


async def appoint(
    session: AsyncSession, person_id: int, *, unit_id: int, title: Title, since: date, today: date
) -> int | None:
    """Give a post from a day on and return its id; None if the person has it already."""
    await lock_chain(session)
    if await _current_post(session, person_id, unit_id=unit_id, title=title, today=today):
        return None
    post = Post(person_id=person_id, unit_id=unit_id, title=title.value, since=since)
    session.add(post)
    await session.flush()
    return post.id


async def withdraw(session: AsyncSession, post_id: int) -> bool:
    """Take back an appointment as if it had not been; False if it was changed since."""
    gone = await session.execute(
        delete(Post).where(Post.id == post_id, Post.until.is_(None)).returning(Post.id)
    )
    return gone.first() is not None


async def dismiss(
    session: AsyncSession, person_id: int, *, unit_id: int, title: Title, today: date
) -> int | None:
    """End a post today and return its id; None if the person has no such post."""
    await lock_chain(session)
    post = await _current_post(session, person_id, unit_id=unit_id, title=title, today=today)
    if post is None:
        return None
    post.until = today
    await session.flush()
    return post.id


async def restore(session: AsyncSession, post_id: int, *, ended: date) -> bool:
    """Take back a dismissal; False if the post was changed since."""
    given = await session.execute(
        update(Post)
        .where(Post.id == post_id, Post.until == ended)
        .values(until=None)
        .returning(Post.id)
    )
    return given.first() is not None


async def leave(session: AsyncSession, person_id: int, *, now: datetime, today: date) -> bool:
    """End everything that a person may do, at once; False if they have left already."""
    await lock_chain(session)
    left = await session.execute(
        update(Person)
        .where(Person.id == person_id, present(today))
        .values(left_on=today)
        .returning(Person.id)
    )
    if left.first() is None:
        return False
    await _end_posts(session, person_id, today=today)
    await invites.revoke(session, person_id=person_id, now=now)
    await unbind(session, person_id)
    await _sign_out(session, person_id)
    await session.execute(
        update(Outbox)
        .where(Outbox.person_id == person_id, Outbox.state == OutboxState.PENDING.value)
        .values(state=OutboxState.CANCELLED.value)
    )
    return True


async def _current_post(
    session: AsyncSession, person_id: int, *, unit_id: int, title: Title, today: date
) -> Post | None:
    """Return the post that is held, or will be."""
    statement = select(Post).where(
        Post.person_id == person_id,
        Post.unit_id == unit_id,
        Post.title == title.value,
        or_(Post.until.is_(None), Post.until > today),
    )
    return (await session.scalars(statement.order_by(Post.id).limit(1))).one_or_none()


async def _end_posts(session: AsyncSession, person_id: int, *, today: date) -> None:
    running = or_(Post.until.is_(None), Post.until > today)
    await session.execute(
        update(Post).where(Post.person_id == person_id, running).values(until=today)
    )


async def _sign_out(session: AsyncSession, person_id: int) -> None:
    """Close the person's browsers, the links into one, and the calendar address."""
    await session.execute(delete(CalendarFeed).where(CalendarFeed.person_id == person_id))
    await session.execute(delete(BrowserSession).where(BrowserSession.person_id == person_id))
    await session.execute(delete(SignInLink).where(SignInLink.person_id == person_id))
