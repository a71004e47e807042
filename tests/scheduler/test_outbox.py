"""At least once, never twice by choice, in order, whatever breaks."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from db.engine import Database
from db.tables import Attempt, Hold, Outbox, OutboxState
from scheduler import claiming, outbox, settling
from scheduler.channels import Address, ChannelError, Lane
from scheduler.messages import Button, Message

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def put(
    database: Database,
    key: str,
    *,
    chat: str = "c1",
    lane: Lane = Lane.REPLY,
    expires_at: datetime | None = None,
    text: str = "",
    kind: str = "test",
    now: datetime = NOON,
) -> bool:
    async with database.write() as session:
        return await outbox.enqueue(
            session,
            Message(text or key),
            key=key,
            address=Address("test", chat),
            kind=kind,
            lane=lane,
            now=now,
            expires_at=expires_at,
        )


async def take(database: Database, now: datetime = NOON, limit: int = 10) -> list[Outbox]:
    async with database.write() as session:
        return await claiming.claim(session, channel="test", worker="w", now=now, limit=limit)


async def fail(database: Database, row: Outbox, error: ChannelError, now: datetime = NOON) -> bool:
    async with database.write() as session:
        return await settling.failed(session, row, error, now=now) is not None


async def sent(database: Database, row: Outbox, now: datetime = NOON) -> bool:
    async with database.write() as session:
        return not await settling.sent(session, [(row, "m1")], now=now)


async def rows(database: Database) -> list[Outbox]:
    async with database.read() as session:
        return list(await session.scalars(select(Outbox).order_by(Outbox.id)))


def keys(claimed: list[Outbox]) -> list[str]:
    return [row.dedup_key for row in claimed]


async def test_the_same_key_is_written_once(database: Database) -> None:
    assert [await put(database, "a"), await put(database, "a")] == [True, False]
    assert len(await rows(database)) == 1


async def test_a_chat_has_one_message_in_flight_and_keeps_its_order(database: Database) -> None:
    for key, chat in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        await put(database, key, chat=chat)
    first = await take(database)
    assert keys(first) == ["a1", "b1"]
    assert keys(await take(database)) == []
    await sent(database, first[0])
    assert keys(await take(database)) == ["a2"]


async def test_replies_go_before_reminders_and_news(database: Database) -> None:
    for lane in (Lane.BROADCAST, Lane.REMINDER, Lane.REPLY):
        await put(database, lane.name, chat=lane.name, lane=lane)
    assert keys(await take(database, limit=2)) == ["REPLY", "REMINDER"]


async def test_two_workers_share_the_work(database: Database) -> None:
    for number in range(20):
        await put(database, str(number), chat=str(number))
    halves = await asyncio.gather(*(take(database, limit=10) for _ in range(4)))
    taken = [key for half in halves for key in keys(half)]
    assert len(taken) == len(set(taken))
    assert set(taken) | set(keys(await take(database, limit=20))) == {str(n) for n in range(20)}


async def test_a_claim_that_was_never_settled_comes_due_again(database: Database) -> None:
    await put(database, "a")
    await take(database)
    assert keys(await take(database, NOON + claiming.LEASE - timedelta(seconds=1))) == []
    assert keys(await take(database, NOON + claiming.LEASE)) == ["a"]


async def test_whoever_lost_the_lease_settles_nothing(database: Database) -> None:
    """A worker that was frozen past its lease comes back when another one has the row."""
    await put(database, "a")
    [frozen] = await take(database)
    later = NOON + claiming.LEASE
    [current] = await take(database, later)
    assert not await sent(database, frozen, later)
    assert await sent(database, current, later)
    [row] = await rows(database)
    assert (row.state, row.attempt) == (OutboxState.SENT, 2)


async def test_a_failure_waits_longer_each_time_and_then_gives_up(database: Database) -> None:
    await put(database, "a")
    now = NOON
    for _ in settling.BACKOFF:
        [row] = await take(database, now)
        wait = settling.backoff(row)
        await fail(database, row, ChannelError("busy"), now)
        assert keys(await take(database, now + wait - timedelta(seconds=1))) == []
        now += wait
    [row] = await take(database, now)
    await fail(database, row, ChannelError("busy"), now)
    [row] = await rows(database)
    assert (row.state, row.error) == (OutboxState.FAILED, "busy")


async def test_a_message_that_waits_for_its_next_try_does_not_hold_up_the_chat(
    database: Database,
) -> None:
    await put(database, "a1")
    await put(database, "a2")
    [row] = await take(database)
    await fail(database, row, ChannelError("busy"))
    assert keys(await take(database)) == ["a2"]


async def test_retry_after_rests_that_chat_only_and_does_not_count(database: Database) -> None:
    await put(database, "a", chat="a")
    [row] = await take(database)
    await fail(database, row, ChannelError("slow down", retry_after=30))
    await put(database, "b", chat="b")
    assert keys(await take(database)) == ["b"]
    [again] = await take(database, NOON + timedelta(seconds=30))
    assert (again.dedup_key, again.failures) == ("a", 0)


async def test_a_chat_that_is_gone_is_not_tried_again(database: Database) -> None:
    await put(database, "a")
    [row] = await take(database)
    await fail(database, row, ChannelError("blocked", gone=True))
    assert keys(await take(database, NOON + timedelta(days=1))) == []


async def test_a_chat_that_moved_is_followed(database: Database) -> None:
    await put(database, "a1", chat="old")
    await put(database, "a2", chat="old")
    [row] = await take(database)
    await fail(database, row, ChannelError("moved", moved_to="new"))
    [first] = await take(database)
    assert (first.dedup_key, first.chat) == ("a1", "new")
    assert {r.chat for r in await rows(database)} == {"new"}


async def test_an_expired_message_is_not_sent(database: Database) -> None:
    await put(database, "a", expires_at=NOON + timedelta(minutes=5))
    late = NOON + timedelta(minutes=5)
    assert keys(await take(database, late)) == []
    async with database.write() as session:
        assert await claiming.expire(session, now=late) == 1
    assert [r.state for r in await rows(database)] == [OutboxState.EXPIRED]


async def test_every_attempt_leaves_a_line(database: Database) -> None:
    await put(database, "a")
    [row] = await take(database)
    await fail(database, row, ChannelError("busy"))
    [row] = await take(database, NOON + settling.backoff(row))
    await sent(database, row)
    async with database.read() as session:
        lines = list(await session.scalars(select(Attempt).order_by(Attempt.id)))
    assert [(line.number, line.outcome) for line in lines] == [(1, "pending"), (2, "sent")]


async def test_a_rolled_back_decision_sends_nothing(database: Database) -> None:
    async def decide_and_fail() -> None:
        async with database.write() as session:
            await outbox.enqueue(
                session,
                Message("never", buttons=((Button("a", "/a"),),)),
                key="a",
                address=Address("test", "c"),
                kind="test",
                lane=Lane.REPLY,
                now=NOON,
            )
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        await decide_and_fail()
    assert await rows(database) == []


async def test_a_code_is_not_kept_once_it_was_sent(database: Database) -> None:
    """A copy of the store must not open what the code opens."""
    async with database.write() as session:
        await outbox.enqueue(
            session,
            Message("绑定 AAAA-BBBB-CCCC", secret=True),
            key="a",
            address=Address("test", "c"),
            kind="reply",
            lane=Lane.REPLY,
            now=NOON,
        )
    [row] = await take(database)
    await sent(database, row)
    [kept] = await rows(database)
    assert "AAAA" not in str(kept.content)


async def test_old_replies_are_forgotten_and_notices_are_not(database: Database) -> None:
    for kind in ("reply", "handover"):
        async with database.write() as session:
            await outbox.enqueue(
                session,
                Message("x"),
                key=kind,
                address=Address("test", kind),
                kind=kind,
                lane=Lane.REPLY,
                now=NOON,
            )
    for row in await take(database):
        await sent(database, row)
    for days in (29, 31):
        async with database.write() as session:
            await outbox.sweep(session, now=NOON + timedelta(days=days))
        kept = keys(await rows(database))
        assert kept == (["reply", "handover"] if days == 29 else ["handover"])


async def test_a_message_waits_while_its_reader_is_not_to_be_disturbed(
    database: Database,
) -> None:
    evening, morning = NOON + timedelta(hours=1), NOON + timedelta(hours=12)
    async with database.write() as session:
        await outbox.enqueue(
            session,
            Message("提醒"),
            key="a",
            address=Address("test", "c"),
            kind="duties",
            lane=Lane.REMINDER,
            now=NOON,
            closes_at=evening,
            reopens_at=morning,
        )
    assert keys(await take(database, evening)) == []
    assert keys(await take(database, morning - timedelta(seconds=1))) == []
    assert keys(await take(database, morning)) == ["a"]


async def test_a_message_that_waits_for_the_morning_does_not_hold_up_an_answer(
    database: Database,
) -> None:
    async with database.write() as session:
        await outbox.enqueue(
            session,
            Message("提醒"),
            key="a",
            address=Address("test", "c1"),
            kind="duties",
            lane=Lane.REPLY,
            now=NOON,
            closes_at=NOON,
            reopens_at=NOON + timedelta(hours=9),
        )
    await put(database, "b")
    assert keys(await take(database)) == ["b"]


async def test_a_hold_stops_everything_but_answers_to_what_was_asked_since(
    database: Database,
) -> None:
    """Fault 12: a store from a backup must not say again what was said since."""
    await put(database, "old", chat="a", kind="reply")
    async with database.write() as session:
        session.add(Hold(name="restored", since=NOON + timedelta(minutes=1), reason="test"))
    later = NOON + timedelta(minutes=2)
    await put(database, "answer", chat="b", kind="reply", now=later)
    await put(database, "reminder", chat="c", kind="duties", now=later)
    assert keys(await take(database, later)) == ["answer"]


async def test_a_wrong_clock_of_the_writer_delays_nothing(database: Database) -> None:
    """Fault 16: what is to be sent now is due by every clock."""
    await put(database, "a", now=NOON + timedelta(minutes=20))
    assert keys(await take(database, NOON)) == ["a"]


async def test_what_waits_is_found_without_reading_what_was_sent(database: Database) -> None:
    """Fault 24: the plan uses the partial indexes, on both databases."""
    statements: list[tuple[str, Any]] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def note(c: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        statements.append((statement, parameters))

    await take(database)
    [(claim, parameters)] = [s for s in statements if s[0].startswith("WITH due")]
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    async with database.engine.begin() as connection:
        if not database.is_sqlite:
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = str((await connection.exec_driver_sql(explain + claim, parameters)).all())
    assert "ix_outbox_open" in plan
    assert "ix_outbox_open_chat" in plan


async def test_what_failed_together_does_not_come_again_together(database: Database) -> None:
    """Fault 27: a server that has just come back is not hit by all at once."""
    for number in range(20):
        await put(database, str(number), chat=str(number))
    waits = [settling.backoff(row) for row in await take(database, limit=20)]
    first = settling.BACKOFF[0]
    assert len(set(waits)) == 20
    assert all(first <= wait <= first * (1 + settling.JITTER) for wait in waits)
