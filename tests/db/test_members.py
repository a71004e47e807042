"""Changing who somebody is, in turns, and all of it at once when somebody leaves."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from db import accounts, conversation, invites, members
from db.access import Scope
from db.engine import Database, Session
from db.tables import (
    Account,
    BrowserSession,
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
from scheduler import outbox
from scheduler.messages import Message
from tests.db.cast import NOW, SECRETS, TODAY, add_account, plant

ALL = Scope(prefixes=("/",))
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.fixture
async def database(database: Database) -> Database:
    async with database.write() as session:
        await plant(session)
    return database


async def person(session: Session, name: str) -> Person:
    return (await session.scalars(select(Person).where(Person.name == name))).one()


async def unit(session: Session, name: str) -> Unit:
    return (await session.scalars(select(Unit).where(Unit.name == name))).one()


async def bound(session: Session, name: str) -> tuple[int, int]:
    """Bind a new account to somebody; return both ids."""
    who = await person(session, name)
    account = await add_account(session, name)
    await members.bind(session, account_id=account, person_id=who.id, now=NOW, today=TODAY)
    return account, who.id


async def test_a_person_is_found_within_the_scope_only(database: Database) -> None:
    async with database.read() as session:
        own, other = await unit(session, "第一支部"), await unit(session, "第二支部")
        who = (await person(session, "党员A")).id
        for path, found in ((own.path, True), (other.path, False), ("/", True)):
            row = await members.find(session, who, Scope((path,)), today=TODAY)
            assert (row is not None) is found


async def test_a_move_from_a_unit_that_was_left_meanwhile_is_none(database: Database) -> None:
    async with database.write() as session:
        who = (await person(session, "党员A")).id
        old, new = (await unit(session, "第一支部")).id, (await unit(session, "第二支部")).id
        assert await members.move(session, who, old=old, new=new)
        assert not await members.move(session, who, old=old, new=new)


async def test_a_post_is_given_once_however_many_give_it(database: Database) -> None:
    async def appoint() -> int | None:
        async with database.write() as session:
            who = await person(session, "党员A")
            return await members.appoint(
                session,
                who.id,
                unit_id=who.unit_id,
                title=Title.ORGANISATION,
                since=TODAY,
                today=TODAY,
            )

    given = await asyncio.gather(*(appoint() for _ in range(4)))
    assert len([post for post in given if post is not None]) == 1


@pytest.mark.parametrize(
    ("since", "day", "held"),
    [(TODAY, YESTERDAY, False), (TODAY, TODAY, True), (TOMORROW, TODAY, False)],
)
async def test_a_post_is_held_from_its_day_on(
    database: Database, since: date, day: date, held: bool
) -> None:
    async with database.write() as session:
        who = await person(session, "党员A")
        await members.appoint(
            session, who.id, unit_id=who.unit_id, title=Title.STAFF, since=since, today=TODAY
        )
        assert bool(await accounts.posts_today(session, who.id, today=day)) is held


async def test_a_dismissal_counts_at_once_and_can_be_taken_back(database: Database) -> None:
    async with database.write() as session:
        who = await person(session, "书记A")
        post = await members.dismiss(
            session, who.id, unit_id=who.unit_id, title=Title.SECRETARY, today=TODAY
        )
        assert post is not None
        assert await accounts.posts_today(session, who.id, today=TODAY) == ()
        assert not await members.restore(session, post, ended=YESTERDAY)
        assert await members.restore(session, post, ended=TODAY)
        assert len(await accounts.posts_today(session, who.id, today=TODAY)) == 1


async def test_a_withdrawn_appointment_never_was(database: Database) -> None:
    async with database.write() as session:
        who = await person(session, "党员A")
        post = await members.appoint(
            session, who.id, unit_id=who.unit_id, title=Title.STAFF, since=TODAY, today=TODAY
        )
        assert post is not None
        assert await members.withdraw(session, post)
        assert await session.get(Post, post) is None
        assert not await members.withdraw(session, post)


async def test_unbinding_ends_what_the_accounts_had_open(database: Database) -> None:
    async with database.write() as session:
        account, who = await bound(session, "党员A")
        await leave_traces(session, account, who)
        assert await members.unbind(session, who) == [account]
        assert await traces(session) == 0
        assert await members.unbind(session, who) == []


async def test_unbinding_one_account_spares_anothers(database: Database) -> None:
    async with database.write() as session:
        _, who = await bound(session, "党员A")
        other, _ = await bound(session, "党员B")
        assert await members.unbind(session, who, account_id=other) == []
        assert (await session.get_one(Account, other)).person_id is not None


async def test_an_account_that_was_taken_meanwhile_is_not_given_back(database: Database) -> None:
    async with database.write() as session:
        account, who = await bound(session, "党员A")
        await members.unbind(session, who)
        assert await members.rebind(session, who, [account], now=NOW)
        await members.unbind(session, who)
        other = await person(session, "党员B")
        await members.bind(session, account_id=account, person_id=other.id, now=NOW, today=TODAY)
        assert not await members.rebind(session, who, [account], now=NOW)


async def test_leaving_ends_everything_at_once(database: Database) -> None:
    async with database.write() as session:
        account, who = await bound(session, "书记A")
        await leave_traces(session, account, who)
        code = (await invites.issue(session, SECRETS, person_id=who, by=None, now=NOW)).code
        await outbox.notify(session, who, Message("提醒"), key="k", kind="test", now=NOW)
        assert await members.leave(session, who, now=NOW, today=TODAY)
        assert not await members.leave(session, who, now=NOW, today=TODAY)
        assert await traces(session) == 0
        assert await accounts.posts_today(session, who, today=TODAY) == ()
        assert await invites.look(session, SECRETS, code, now=NOW, today=TODAY) is None
        assert await members.find(session, who, ALL, today=TODAY) is None
        row = await session.get_one(Account, account, populate_existing=True)
        assert not (await accounts.actor(session, row, today=TODAY)).bound
        states = await session.scalars(select(Outbox.state))
        assert list(states) == [OutboxState.CANCELLED.value]


async def test_a_code_from_before_leaving_is_dead_even_for_one_who_comes_back(
    database: Database,
) -> None:
    async with database.write() as session:
        who = await person(session, "党员A")
        code = (await invites.issue(session, SECRETS, person_id=who.id, by=None, now=NOW)).code
        await members.leave(session, who.id, now=NOW, today=TODAY)
        who.left_on = None
        await session.flush()
        assert await invites.look(session, SECRETS, code, now=NOW, today=TODAY) is None


async def test_leaving_closes_the_browser_of_one_who_has_no_account(database: Database) -> None:
    async with database.write() as session:
        stranger = await add_account(session, "别人")
        who = await person(session, "党员A")
        await leave_traces(session, stranger, who.id)
        await members.leave(session, who.id, now=NOW, today=TODAY)
        assert await session.scalar(select(func.count()).select_from(BrowserSession)) == 0
        assert await session.scalar(select(func.count()).select_from(SignInLink)) == 0


async def test_an_account_of_one_who_left_can_be_bound_to_another(database: Database) -> None:
    async with database.write() as session:
        account, who = await bound(session, "党员A")
        (await session.get_one(Person, who)).left_on = TODAY
        await session.flush()
        other = await person(session, "党员B")
        assert await members.bind(
            session, account_id=account, person_id=other.id, now=NOW, today=TODAY
        )


async def test_a_phone_number_finds_its_owner_until_they_leave(database: Database) -> None:
    async with database.write() as session:
        who = await person(session, "党员A")
        who.phone_index = SECRETS.index("13800001234", members.PHONE)
        await session.flush()
        found = await members.by_phone(session, SECRETS, "13800001234", today=TODAY)
        assert found is who
        assert await members.by_phone(session, SECRETS, "13800001235", today=TODAY) is None
        who.left_on = TODAY
        await session.flush()
        assert await members.by_phone(session, SECRETS, "13800001234", today=TODAY) is None


async def leave_traces(session: Session, account: int, who: int) -> None:
    """Open a dialog, a button, a browser and a link into one."""
    later = NOW + timedelta(hours=1)
    await conversation.open_dialog(
        session, account_id=account, chat="c", step="s", data={}, now=NOW
    )
    button = conversation.Press("token", "test", "c", account, "/help")
    await conversation.keep_presses(session, [button], now=NOW)
    signed_in = {"person_id": who, "created_at": NOW, "expires_at": later}
    session.add(BrowserSession(digest="browser", **signed_in))
    session.add(SignInLink(digest="link", **signed_in))
    await session.flush()


async def traces(session: Session) -> int:
    tables = (Dialog, PressToken, BrowserSession, SignInLink)
    counts = [await session.scalar(select(func.count()).select_from(table)) for table in tables]
    return sum(count or 0 for count in counts)
