"""Guessing is slow: five failures close the door, for one account and for all together."""

from datetime import timedelta

from db import guesses
from db.engine import Database
from db.guesses import LOCK, OVERALL_LIMIT, OWN_LIMIT, WINDOW
from tests.db.cast import NOW, add_account

SECOND = timedelta(seconds=1)


async def test_the_fifth_failure_locks_for_half_an_hour(database: Database) -> None:
    async with database.write() as session:
        account = await add_account(session, "a")
        last = NOW + WINDOW
        for at in (NOW, NOW, NOW, last):
            await guesses.note(session, account_id=account, kind="k", now=at)
        assert not await guesses.is_locked(session, account_id=account, kind="k", now=last)
        await guesses.note(session, account_id=account, kind="k", now=last)
        for at, locked in ((last, True), (last + LOCK - SECOND, True), (last + LOCK, False)):
            found = await guesses.is_locked(session, account_id=account, kind="k", now=at)
            assert found is locked


async def test_failures_further_apart_do_not_lock(database: Database) -> None:
    async with database.write() as session:
        account = await add_account(session, "a")
        for number in range(OWN_LIMIT):
            at = NOW + number * (WINDOW / 4 + SECOND)
            await guesses.note(session, account_id=account, kind="k", now=at)
        assert not await guesses.is_locked(session, account_id=account, kind="k", now=at)


async def test_the_lock_is_of_one_account_and_one_kind(database: Database) -> None:
    async with database.write() as session:
        one, other = await add_account(session, "a"), await add_account(session, "b")
        for _ in range(OWN_LIMIT):
            await guesses.note(session, account_id=one, kind="k", now=NOW)
        assert not await guesses.is_locked(session, account_id=other, kind="k", now=NOW)
        assert not await guesses.is_locked(session, account_id=one, kind="other", now=NOW)


async def test_many_accounts_that_guess_in_turn_close_the_door_to_all(database: Database) -> None:
    async with database.write() as session:
        honest = await add_account(session, "honest")
        for number in range(OVERALL_LIMIT // (OWN_LIMIT - 1)):
            account = await add_account(session, str(number))
            for _ in range(OWN_LIMIT - 1):
                await guesses.note(session, account_id=account, kind="k", now=NOW)
        assert await guesses.is_locked(session, account_id=honest, kind="k", now=NOW)
        later = NOW + WINDOW
        assert not await guesses.is_locked(session, account_id=honest, kind="k", now=later)
