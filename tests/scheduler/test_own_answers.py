"""What a reader has chosen is shown to that reader, and in a race only when it is over."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from db.engine import Database
from db.tables import Account
from scheduler import own_answers, round_posts, votes
from scheduler.own_answers import OwnAnswer
from tests.scheduler.quiz_world import answer, delivered, furnish, group, held, posts, ticked
from tests.scheduler.test_rounds import DUE, start


async def own(database: Database, account: str, channel: str = "test") -> list[OwnAnswer | None]:
    """Return what an account has chosen of each posted question."""
    rows = [post.outbox_id or 0 for post in await posts(database)]
    async with database.read() as session:
        found = await own_answers.by_message(
            session, channel=channel, account=account, outbox_ids=rows
        )
    return [found.get(row) for row in rows]


async def test_an_answer_is_told_to_its_giver_alone(database: Database) -> None:
    await furnish(database, count=2)
    await ticked(database, DUE)
    await delivered(database, DUE, native=False)
    first, second = await posts(database)
    await answer(database, first.id, "王小明", right=True)
    await answer(database, second.id, "王小明", right=False)
    assert await own(database, "王小明") == [
        OwnAnswer((first.order.index(0),), correct=True, told=True),
        OwnAnswer((second.order.index(1),), correct=False, told=True),
    ]
    assert await own(database, "李小红") == [None, None]
    assert await own(database, "王小明", channel="other") == [None, None]


async def test_a_mark_is_no_answer_until_it_is_handed_in(database: Database) -> None:
    await furnish(database, count=1)
    await ticked(database, DUE)
    await delivered(database, DUE, native=False)
    [post] = await posts(database)
    async with database.write() as session:
        found = await session.scalar(select(Account).where(Account.external == "王小明"))
        assert found is not None
        await votes.mark(session, post.id, found.id, 2)
        await votes.mark(session, post.id, found.id, 0)
    assert await own(database, "王小明") == [OwnAnswer((0, 2))]
    await answer(database, post.id, "王小明", right=True)
    [given] = await own(database, "王小明")
    assert given is not None
    assert given.correct is True


async def test_a_race_tells_what_is_right_only_when_it_is_over(database: Database) -> None:
    [group_id] = await furnish(database)
    now = DUE - timedelta(hours=1)
    await start(database, group_id, "race", now)
    await delivered(database, now, native=False)
    [post] = await posts(database)
    await answer(database, post.id, "王小明", right=False)
    place = post.order.index(1)
    assert await own(database, "王小明") == [OwnAnswer((place,), correct=False, told=False)]
    async with database.write() as session:
        [race] = await held(database)
        await round_posts.shut(session, await group(database, group_id), race, now=now)
    assert await own(database, "王小明") == [OwnAnswer((place,), correct=False, told=True)]
