"""A link opens one session, once, in its time; the store holds neither link nor session."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from db import signin
from db.engine import Database
from db.signin import LINK_LIFE, SESSION_LIFE
from db.tables import BrowserSession, Person, SignInLink
from tests.db.cast import NOW, TODAY, plant

SECOND = timedelta(seconds=1)
NONE = timedelta(0)


@pytest.fixture
async def person(database: Database) -> int:
    async with database.write() as session:
        await plant(session)
        found = await session.scalar(select(Person.id).where(Person.name == "党员A"))
    assert found is not None
    return found


async def issue(database: Database, person: int) -> str:
    async with database.write() as session:
        return await signin.issue(session, person_id=person, now=NOW)


async def redeem(database: Database, token: str, later: timedelta = NONE) -> str | None:
    async with database.write() as session:
        return await signin.redeem(session, token, now=NOW + later, today=TODAY)


async def who(database: Database, token: str, later: timedelta = NONE) -> int | None:
    async with database.read() as session:
        found = await signin.who(session, token, now=NOW + later, today=TODAY)
    return None if found is None else found.id


async def enter(database: Database, person: int) -> str:
    opened = await redeem(database, await issue(database, person))
    assert opened is not None
    return opened


async def leave(database: Database, person: int) -> None:
    async with database.write() as session:
        row = await session.get_one(Person, person)
        row.left_on = TODAY


async def test_a_link_opens_a_session_of_its_person_once(database: Database, person: int) -> None:
    token = await issue(database, person)
    opened = await redeem(database, token)
    assert opened is not None
    assert await who(database, opened) == person
    assert await redeem(database, token) is None


async def test_of_many_who_follow_a_link_at_once_exactly_one_gets_in(
    database: Database, person: int
) -> None:
    token = await issue(database, person)
    opened = await asyncio.gather(*(redeem(database, token) for _ in range(8)))
    [session_token] = [one for one in opened if one is not None]
    assert await who(database, session_token) == person
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(BrowserSession)) == 1


async def test_a_link_ends_with_its_time(database: Database, person: int) -> None:
    token = await issue(database, person)
    assert await redeem(database, token, LINK_LIFE) is None
    assert await redeem(database, token, LINK_LIFE - SECOND) is not None


async def test_a_new_link_ends_the_older_one_of_the_same_person_only(
    database: Database, person: int
) -> None:
    async with database.read() as session:
        other = await session.scalar(select(Person.id).where(Person.name == "党员B"))
    assert other is not None
    others, older, newer = [await issue(database, one) for one in (other, person, person)]
    assert await redeem(database, older) is None
    assert await redeem(database, newer) is not None
    assert await redeem(database, others) is not None


@pytest.mark.parametrize("guess", ["", "x", "' OR 1=1 --", "\0", "\ud800", "一" * 10_000])
async def test_what_is_no_link_and_no_session_opens_nothing(
    database: Database, person: int, guess: str
) -> None:
    await enter(database, person)
    assert await redeem(database, guess) is None
    assert await who(database, guess) is None


async def test_a_link_is_no_session_and_a_session_is_no_link(
    database: Database, person: int
) -> None:
    link = await issue(database, person)
    assert await who(database, link) is None
    opened = await redeem(database, link)
    assert opened is not None
    assert await redeem(database, opened) is None


async def test_a_session_ends_with_its_time(database: Database, person: int) -> None:
    opened = await enter(database, person)
    assert await who(database, opened, SESSION_LIFE - SECOND) == person
    assert await who(database, opened, SESSION_LIFE) is None


async def test_signing_out_ends_that_session_and_no_other(database: Database, person: int) -> None:
    here, elsewhere = await enter(database, person), await enter(database, person)
    async with database.write() as session:
        await signin.sign_out(session, here)
    assert await who(database, here) is None
    assert await who(database, elsewhere) == person


async def test_one_who_has_left_is_out_at_once_and_comes_in_by_no_link(
    database: Database, person: int
) -> None:
    opened, link = await enter(database, person), await issue(database, person)
    await leave(database, person)
    assert await who(database, opened) is None
    assert await redeem(database, link) is None


async def test_the_store_holds_neither_a_link_nor_a_session(
    database: Database, person: int
) -> None:
    link = await issue(database, person)
    opened = await redeem(database, link)
    async with database.read() as session:
        kept = [*await session.scalars(select(SignInLink.digest))]
        kept += [*await session.scalars(select(BrowserSession.digest))]
    assert len(kept) == 2
    assert not {link, opened} & set(kept)


async def test_tidying_up_forgets_what_is_over_and_keeps_what_is_not(
    database: Database, person: int
) -> None:
    opened = await enter(database, person)
    for later, left in ((LINK_LIFE - SECOND, (1, 1)), (LINK_LIFE, (0, 1)), (SESSION_LIFE, (0, 0))):
        async with database.write() as session:
            await signin.sweep(session, now=NOW + later)
            counts = [
                await session.scalar(select(func.count()).select_from(table))
                for table in (SignInLink, BrowserSession)
            ]
        assert tuple(counts) == left
    assert await who(database, opened) is None
