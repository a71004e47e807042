"""Each person's first answer counts, once, whatever arrives twice, late, early or all at once."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import func, select, update

from db.engine import Database
from db.tables import Account, Outbox, OutboxState, QuizQuestion, StrayVote
from scheduler import claiming, settling, votes
from scheduler.channels import ChannelError, Posted
from scheduler.votes import Cast
from tests.scheduler.quiz_world import (
    HALF_PAST_EIGHT,
    answer,
    answers,
    delivered,
    furnish,
    members,
    posts,
    said,
    ticked,
    vote,
)
from tests.scheduler.test_rounds import CLOSING, DUE, OVER, SECOND
from tests.scheduler.world import until_somebody_waits


async def opened(database: Database, *, count: int = 1, deliver: bool = True) -> str:
    """Open a round of one question, and return its poll."""
    await furnish(database, count=count)
    await ticked(database, DUE)
    if deliver:
        await delivered(database, DUE)
    [first, *_] = await posts(database)
    return f"p{first.outbox_id}"


async def strays(database: Database) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(StrayVote)) or 0


async def carrier(database: Database) -> Outbox:
    """Return the message of the first question."""
    async with database.read() as session:
        statement = select(Outbox).where(Outbox.kind == "poll").order_by(Outbox.id)
        return (await session.scalars(statement)).first() or pytest.fail("no poll")


async def claimed(database: Database) -> Outbox:
    """Take the question out to be sent."""
    async with database.write() as session:
        [row] = await claiming.claim(session, channel="test", worker="w", now=DUE, limit=5)
    return row


async def test_two_hundred_members_press_three_times_each_at_once(database: Database) -> None:
    """Fault 61."""
    poll = await opened(database)
    names = await members(database, 200)
    [post] = await posts(database)
    first, second = post.order.index(0), post.order.index(1)
    waves = [
        asyncio.gather(*(vote(database, poll, name, place) for name in names))
        for place in (first, second, second)
    ]
    cast = [answered.cast for wave in await asyncio.gather(*waves) for answered in wave]
    assert cast.count(Cast.COUNTED) == 200
    assert cast.count(Cast.ALREADY) == 400
    given = await answers(database)
    assert len({answer.person_id for answer in given}) == 200
    await ticked(database, CLOSING + OVER)
    right = sum(answer.correct for answer in given)
    [text] = await said(database, "post")
    assert f"200 人参加，正确率 {100 * right / 200:.0f}%" in text


async def test_the_score_is_what_is_shown_however_answers_meet_the_end(
    database: Database,
) -> None:
    """Fault 62: the database's order decides, for score and display alike."""
    poll = await opened(database)
    names = await members(database, 30)
    end = CLOSING + OVER
    racing = [vote(database, poll, name, 0, now=end) for name in names]
    results = await asyncio.gather(*racing[:15], ticked(database, end), *racing[15:])
    counted = sum(getattr(result, "cast", None) is Cast.COUNTED for result in results)
    assert len(await answers(database)) == counted
    [text] = await said(database, "post")
    assert (f"{counted} 人参加" if counted else "没有人作答") in text
    assert (await vote(database, poll, "王小明", 0, now=end)).cast is Cast.CLOSED


async def test_the_end_waits_for_whoever_is_answering(postgres_url: str) -> None:
    database = Database(postgres_url)
    poll = await opened(database)
    [post] = await posts(database)
    async with database.write() as session:
        found = await session.scalar(select(Account).where(Account.external == "王小明"))
        assert found is not None
        voter = votes.Voter(found.id, found.person_id)
        await votes.cast(session, post.id, voter, [0], now=DUE)
        closing = asyncio.create_task(ticked(database, CLOSING + OVER))
        await until_somebody_waits(database)
    await closing
    [text] = await said(database, "post")
    assert "1 人参加" in text
    assert (await vote(database, poll, "李小红", 0)).cast is Cast.CLOSED
    await database.close()


async def test_an_import_meanwhile_does_not_change_what_is_voted_on(database: Database) -> None:
    await opened(database)
    [name] = await members(database, 1)
    [post] = await posts(database)
    async with database.write() as session:
        turned = {"options": ["更错的", "错的", "对的"], "correct": [2]}
        await session.execute(update(QuizQuestion).values(**turned))
    answered = await answer(database, post.id, name, right=True)
    assert (answered.cast, answered.correct) == (Cast.COUNTED, True)
    await ticked(database, CLOSING + OVER)
    [result] = await said(database, "post")
    assert "正确率 100%" in result


async def test_one_person_with_two_accounts_answers_once(database: Database) -> None:
    poll = await opened(database)
    async with database.write() as session:
        known = await session.scalar(select(Account).where(Account.external == "王小明"))
        assert known is not None
        session.add(
            Account(
                channel="test",
                external="王小明二号",
                person_id=known.person_id,
                seen_at=HALF_PAST_EIGHT,
            )
        )
    assert (await vote(database, poll, "王小明", 0)).cast is Cast.COUNTED
    assert (await vote(database, poll, "王小明二号", 1)).cast is Cast.ALREADY
    assert (await vote(database, poll, "没见过的", 1)).cast is Cast.COUNTED
    assert [a.person_id is None for a in await answers(database)] == [False, True]


async def test_votes_that_come_twice_late_or_taken_back_change_nothing(
    database: Database,
) -> None:
    """Faults 31 and 32, for polls."""
    poll = await opened(database)
    assert (await vote(database, poll, "王小明", 0)).cast is Cast.COUNTED
    assert (await vote(database, poll, "王小明", 0)).cast is Cast.ALREADY
    assert (await vote(database, poll, "王小明")).cast is Cast.EMPTY
    with pytest.raises(ValueError, match="no options"):
        await vote(database, poll, "李小红", 7)
    await ticked(database, CLOSING + OVER)
    assert (await vote(database, poll, "李小红", 0)).cast is Cast.CLOSED
    assert len(await answers(database)) == 1


async def test_a_vote_that_comes_before_its_poll_is_noted_counts_then(
    database: Database,
) -> None:
    poll = await opened(database, deliver=False)
    row = await claimed(database)
    assert (await vote(database, poll, "王小明", 0)).cast is Cast.STRAY
    assert (await vote(database, poll, "王小明", 1)).cast is Cast.ALREADY
    assert (await vote(database, poll, "李小红", 9)).cast is Cast.STRAY
    async with database.write() as session:
        await settling.sent(session, [(row, Posted("m1", poll))], now=DUE + SECOND)
    [only] = await answers(database)
    assert only.at == HALF_PAST_EIGHT
    assert await strays(database) == 0


async def test_no_vote_falls_between_the_sending_and_its_note(database: Database) -> None:
    """However a vote and the note of the sending overlap, one of both sees the other."""
    poll = await opened(database, deliver=False)
    names = await members(database, 40)
    row = await claimed(database)

    async def note() -> None:
        async with database.write() as session:
            await settling.sent(session, [(row, Posted("m1", poll))], now=DUE)

    early, late = names[:20], names[20:]
    await asyncio.gather(
        *(vote(database, poll, name, 0) for name in early),
        note(),
        *(vote(database, poll, name, 0) for name in late),
    )
    assert (len(await answers(database)), await strays(database)) == (40, 0)


async def test_a_poll_whose_sending_was_never_noted_is_settled_by_the_first_news_of_it(
    database: Database,
) -> None:
    """Fault 63: put aside after a kill, found again by its words, never sent a second time."""
    await opened(database, deliver=False)
    row = await claimed(database)
    after = DUE + claiming.LEASE
    async with database.write() as session:
        [parked] = await claiming.park(session, now=after)
    assert parked.id == row.id
    assert (await vote(database, "unknown", "王小明", 0)).cast is Cast.STRAY
    shown = row.content["poll"]
    await news(database, "other", "别的问题", shown["options"])
    assert (await carrier(database)).state == OutboxState.PARKED.value
    # A messenger may fold a line break into a space.
    await news(database, "unknown", shown["question"].replace("\n", " "), shown["options"])
    found = await carrier(database)
    assert (found.state, found.poll) == (OutboxState.SENT.value, "unknown")
    assert len(await answers(database)) == 1
    assert (await vote(database, "unknown", "李小红", 0)).cast is Cast.COUNTED
    assert await delivered(database, after) == []


async def test_news_of_a_poll_that_is_being_sent_leave_its_claim_alone(
    database: Database,
) -> None:
    """Whoever sends it still notes its message; if nobody does, it is known to be there."""
    await opened(database, deliver=False)
    row = await claimed(database)
    shown = row.content["poll"]
    await news(database, "p1", shown["question"], shown["options"])
    assert (await vote(database, "p1", "王小明", 0)).cast is Cast.COUNTED
    assert (await carrier(database)).state == OutboxState.LEASED.value
    async with database.write() as session:
        assert await claiming.park(session, now=DUE + claiming.LEASE) == []
    assert (await carrier(database)).state == OutboxState.SENT.value


async def test_the_sender_of_a_poll_that_is_known_already_notes_its_message(
    database: Database,
) -> None:
    await opened(database, deliver=False)
    row = await claimed(database)
    shown = row.content["poll"]
    await news(database, "p1", shown["question"], shown["options"])
    async with database.write() as session:
        await settling.sent(session, [(row, Posted("m1", "p1"))], now=DUE)
    found = await carrier(database)
    assert (found.state, found.external, found.poll) == ("sent", "m1", "p1")


async def test_a_press_in_a_message_that_was_put_aside_shows_that_it_arrived(
    database: Database,
) -> None:
    await opened(database, deliver=False)
    row = await claimed(database)
    [post] = await posts(database)
    async with database.write() as session:
        doubt = ChannelError("no answer", doubtful=True)
        assert await settling.failed(session, row, doubt, now=DUE) is OutboxState.PARKED
        await votes.arrived(session, post.id, message="m9")
    found = await carrier(database)
    assert (found.state, found.external) == (OutboxState.SENT.value, "m9")


async def test_strays_of_nobody_are_forgotten_in_the_end(database: Database) -> None:
    await furnish(database)
    await vote(database, "nobody's", "王小明", 0)
    async with database.write() as session:
        await votes.sweep(session, now=DUE + votes.STRAY_LIFE)
    assert await strays(database) == 1
    async with database.write() as session:
        await votes.sweep(session, now=DUE + votes.STRAY_LIFE + SECOND)
    assert await strays(database) == 0


async def test_an_account_is_not_written_for_each_vote(database: Database) -> None:
    """What is known is left alone; a new name and a long absence are noted."""
    poll = await opened(database)
    [name] = await members(database, 1)
    before = await seen_at(database, name)
    await vote(database, poll, name, 0, now=before + SECOND)
    assert await seen_at(database, name) == before
    async with database.write() as session:
        older = before - votes.SEEN_EVERY
        await session.execute(update(Account).values(seen_at=older, name="旧名"))
    await vote(database, poll, name, 0, now=before)
    assert await seen_at(database, name) == before


async def seen_at(database: Database, account: str) -> datetime:
    async with database.read() as session:
        known = select(Account.seen_at).where(Account.external == account)
        return (await session.scalars(known)).one()


async def news(database: Database, poll: str, question: str, options: list[str]) -> None:
    """Hear from the messenger of a poll."""
    async with database.write() as session:
        assert await votes.is_doubtful(session, "test")
        await votes.recognise(
            session, channel="test", poll=poll, question=question, options=options, now=DUE
        )
