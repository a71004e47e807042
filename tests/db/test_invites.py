"""A code is used once, by one account, in its time, and is nowhere in the store."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from db import invites, members
from db.engine import Database
from db.invites import ALPHABET, LENGTH, LIFE
from db.secrets import digest
from db.tables import Account, Invite, Person
from tests.db.cast import NOW, SECRETS, TODAY, add_account, plant


@pytest.fixture
async def person(database: Database) -> int:
    async with database.write() as session:
        await plant(session)
        found = await session.scalar(select(Person.id).where(Person.name == "党员A"))
    assert found is not None
    return found


async def issue(database: Database, person: int) -> str:
    async with database.write() as session:
        issued = await invites.issue(session, SECRETS, person_id=person, by=None, now=NOW)
    return issued.code


async def redeem(database: Database, code: str, account: str = "a", **later: float) -> int | None:
    async with database.write() as session:
        account_id = await add_account(session, account)
        return await invites.redeem(
            session,
            SECRETS,
            code,
            account_id=account_id,
            now=NOW + timedelta(**later),
            today=TODAY,
        )


async def test_a_code_is_used_once(database: Database, person: int) -> None:
    code = await issue(database, person)
    assert await redeem(database, code) == person
    assert await redeem(database, code, "b") is None


async def test_a_code_is_read_however_it_is_typed(database: Database, person: int) -> None:
    code = await issue(database, person)
    full_width = "".join(chr(ord(c) + 0xFEE0) for c in code.lower())
    assert await redeem(database, f" {full_width} ".replace("－", "　")) == person


async def test_a_code_ends_with_its_time(database: Database, person: int) -> None:
    code = await issue(database, person)
    assert await redeem(database, code, seconds=LIFE.total_seconds()) is None
    assert await redeem(database, code, seconds=LIFE.total_seconds() - 1) == person


async def test_a_new_code_ends_the_older_one(database: Database, person: int) -> None:
    older, newer = await issue(database, person), await issue(database, person)
    assert await redeem(database, older) is None
    assert await redeem(database, newer) == person


async def test_a_burnt_code_and_the_code_of_one_who_left_are_dead(
    database: Database, person: int
) -> None:
    code = await issue(database, person)
    async with database.write() as session:
        assert await invites.burn(session, SECRETS, code, now=NOW) is not None
        assert await invites.burn(session, SECRETS, code, now=NOW) is None
    assert await redeem(database, code) is None
    code = await issue(database, person)
    async with database.write() as session:
        row = await session.get_one(Person, person)
        row.left_on = TODAY
    assert await redeem(database, code) is None


async def test_of_two_accounts_at_once_exactly_one_wins(database: Database, person: int) -> None:
    code = await issue(database, person)
    accounts = [f"racer {number}" for number in range(6)]
    won = await asyncio.gather(*(redeem(database, code, account) for account in accounts))
    assert [w for w in won if w is not None] == [person]


async def test_an_account_that_two_codes_reach_for_gets_one_person(
    database: Database, person: int
) -> None:
    async with database.write() as session:
        account = await add_account(session, "one")
        people = list(await session.scalars(select(Person.id).order_by(Person.id)))

    async def bind(person_id: int) -> bool:
        async with database.write() as session:
            return await members.bind(
                session, account_id=account, person_id=person_id, now=NOW, today=TODAY
            )

    outcomes = await asyncio.gather(*map(bind, people))
    assert sum(outcomes) == 1
    async with database.read() as session:
        bound = (await session.get_one(Account, account)).person_id
    assert bound == people[outcomes.index(True)]


async def test_the_store_holds_no_code_and_no_plain_digest_of_one(
    database: Database, person: int
) -> None:
    code = await issue(database, person)
    plain = invites.normalise(code)
    assert len(plain) == LENGTH
    assert set(plain) <= set(ALPHABET)
    async with database.read() as session:
        stored = (await session.scalars(select(Invite.digest))).one()
    assert stored not in (plain, code, digest(plain), digest(code))
