"""A group of a branch with a bank of questions, and a messenger that delivers at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.tables import (
    Account,
    Outbox,
    Person,
    QuizAnswer,
    QuizGroup,
    QuizPost,
    QuizQuestion,
    QuizRound,
)
from scheduler import claiming, quiz_groups, rounds, settling, votes
from scheduler.channels import Posted
from scheduler.votes import Answered, Ballot, Voter
from tests.scheduler import world
from tests.scheduler.world import MONDAY, ZONE, at

CHAT = "g1"
HALF_PAST_EIGHT = at(MONDAY, 8, 30)


async def furnish(
    database: Database, *, questions: int = 8, chats: int = 1, **settings: Any
) -> list[int]:
    """Make the organisation, a bank, and groups that are due at half past eight; return their ids.

    The right option of each question is its first.
    """
    async with database.write() as session:
        await world.plant(session)
        session.add_all(question(number) for number in range(questions))
        unit = await world.unit_named(session, world.BRANCH)
        setter = await world.person_named(session, "支书记")
        values = {"daily_at": "08:30", "count": 3, "next_at": HALF_PAST_EIGHT, **settings}
        groups = [
            QuizGroup(
                channel="test",
                chat=CHAT if number == 0 else f"g{number + 1}",
                title="第一党支部群",
                unit_id=unit.id,
                set_by=setter.id,
                set_at=at(MONDAY, 1),
                **values,
            )
            for number in range(chats)
        ]
        session.add_all(groups)
        await session.flush()
        return [group.id for group in groups]


def question(number: int, **more: Any) -> QuizQuestion:
    """Return a question of the bank."""
    values = {
        "key": f"q{number}",
        "kind": "single",
        "stem": f"第{number}问是什么",
        "options": ["对的", "错的", "更错的"],
        "correct": [0],
        "explanation": f"因为{number}",
        "regulation": "《党章》",
        "article": "第一条",
        "topic": "党章",
        "digest": "d",
        "created_at": at(MONDAY, 1),
    }
    return QuizQuestion(**{**values, **more})


async def ticked(database: Database, now: datetime) -> int:
    """Let the clock look once."""
    return await rounds.tick(database, now=now, zone=ZONE)


async def delivered(database: Database, now: datetime, *, native: bool = True) -> list[Outbox]:
    """Deliver everything that waits; polls are native ones if the messenger has them."""
    sent: list[Outbox] = []
    while True:
        async with database.write() as session:
            claimed = await claiming.claim(session, channel="test", worker="w", now=now, limit=50)
        if not claimed:
            return sent
        async with database.write() as session:
            await settling.sent(session, [(row, _name(row, native)) for row in claimed], now=now)
        sent += claimed


async def vote(
    database: Database,
    poll: str,
    account: str,
    *places: int,
    now: datetime = HALF_PAST_EIGHT,
) -> Answered:
    """Vote in a native poll."""
    ballot = Ballot("test", poll, account, account, places)
    async with database.write() as session:
        return await votes.cast_in_poll(session, ballot, today=MONDAY, now=now)


async def answer(
    database: Database, post_id: int, account: str, *, right: bool, now: datetime = HALF_PAST_EIGHT
) -> Answered:
    """Answer a post by a button as an account that is there."""
    async with database.write() as session:
        found = await session.scalar(select(Account).where(Account.external == account))
        post = await session.get_one(QuizPost, post_id)
        assert found is not None
        place = post.order.index(0 if right else 1)
        voter = Voter(found.id, found.person_id)
        return await votes.cast(session, post_id, voter, [place], now=now)


async def posts(database: Database) -> list[QuizPost]:
    """Return all posted questions."""
    async with database.read() as session:
        return list(await session.scalars(select(QuizPost).order_by(QuizPost.id)))


async def held(database: Database) -> list[QuizRound]:
    """Return all rounds."""
    async with database.read() as session:
        return list(await session.scalars(select(QuizRound).order_by(QuizRound.id)))


async def answers(database: Database) -> list[QuizAnswer]:
    """Return all answers."""
    async with database.read() as session:
        return list(await session.scalars(select(QuizAnswer).order_by(QuizAnswer.id)))


async def group(database: Database, group_id: int) -> QuizGroup:
    """Return a group as it is in the store now."""
    async with database.read() as session:
        return await session.get_one(QuizGroup, group_id)


async def said(database: Database, kind: str, chat: str = CHAT) -> list[str]:
    """Return the texts of a kind that were written to a chat, whatever became of them."""
    statement = select(Outbox).where(Outbox.kind == kind, Outbox.chat == chat).order_by(Outbox.id)
    async with database.read() as session:
        return [row.content["text"] for row in await session.scalars(statement)]


async def told(database: Database) -> list[str]:
    """Return what the secretary was told of."""
    return await said(database, quiz_groups.KIND, "支书记")


async def members(database: Database, count: int) -> list[str]:
    """Put people into the branch, each with an account; return their names."""
    names = [f"成员{number}" for number in range(count)]
    async with database.write() as session:
        unit = await world.unit_named(session, world.BRANCH)
        people = [
            Person(unit_id=unit.id, number=name, name=name, stage="正式党员") for name in names
        ]
        session.add_all(people)
        await session.flush()
        session.add_all(_account(person.name, person.id) for person in people)
    return names


async def stranger(session: AsyncSession, name: str) -> None:
    """Let an account be seen that is bound to nobody."""
    session.add(_account(name, None))
    await session.flush()


def _account(name: str, person_id: int | None) -> Account:
    return Account(
        channel="test",
        external=name,
        name=name,
        chat=name,
        person_id=person_id,
        seen_at=HALF_PAST_EIGHT - timedelta(minutes=5),
    )


def _name(row: Outbox, native: bool) -> str | Posted:
    message = f"m{row.id}"
    is_poll = native and row.content.get("poll") and not row.edits
    return Posted(message, f"p{row.id}") if is_poll else message
