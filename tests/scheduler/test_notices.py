"""What is queued about a duty is not sent when the duty is over or its limit has moved."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from db import conversation
from db.engine import Database
from db.tables import Account, Duty, DutyState, Notice, NoticeState, Outbox, OutboxState
from scheduler import claiming, duties, notices, undelivered
from scheduler.messages import Message
from tests.scheduler.world import (
    BRANCH,
    DUES,
    LIMIT,
    MEETING,
    MONDAY,
    ZONE,
    after_all,
    at,
    fetch,
    messages,
    owe,
    person_named,
    plant,
    swept,
    told,
)

DAY = timedelta(days=1)
NOON = at(MONDAY, 12)


async def queued(database: Database, *owners: str) -> list[int]:
    """Make duties and sweep them."""
    async with database.write() as session:
        await plant(session)
        made = [
            await owe(session, owner, rule=MEETING if owner == BRANCH else DUES, period=str(n))
            for n, owner in enumerate(owners)
        ]
    await swept(database, after_all(MONDAY))
    return [duty.id for duty in made]


async def complete(database: Database, duty_id: int, *, accept: bool = False) -> None:
    async with database.write() as session:
        me = await person_named(session, "王小明")
        await duties.complete(
            session,
            duty_id,
            on=MONDAY,
            today=MONDAY,
            actor_id=me.id,
            now=NOON,
            sent_at=NOON,
            accept=accept,
        )


async def owed(database: Database) -> set[int]:
    async with database.read() as session:
        ids = list(await session.scalars(select(Outbox.id)))
        return await notices.still_owed(session, ids)


async def claimed(database: Database) -> set[int]:
    async with database.write() as session:
        rows = await claiming.claim(session, channel="test", worker="w", now=NOON, limit=9)
        return {row.id for row in rows}


async def test_a_message_about_a_duty_that_is_done_is_cancelled(database: Database) -> None:
    [duty_id] = await queued(database, "王小明")
    await complete(database, duty_id)
    [row] = await messages(database)
    assert row.state == OutboxState.CANCELLED.value


async def test_a_merged_message_is_worded_without_what_is_done(database: Database) -> None:
    done, left = await queued(database, "王小明", "王小明")
    await complete(database, done)
    [row] = await messages(database)
    assert row.state == OutboxState.PENDING.value
    assert f"编号 {left}" in row.content["text"]
    assert f"{done}." not in row.content["text"]


async def test_the_buttons_of_a_message_that_was_worded_anew_work(database: Database) -> None:
    done, left = await queued(database, "王小明", "王小明")
    await complete(database, done)
    [row] = await messages(database)
    button = Message.from_json(row.content).buttons[0][1]
    async with database.read() as session:
        account = (await person_named(session, "王小明")).id
        command = await conversation.redeem_press(
            session,
            channel=row.channel,
            chat=row.chat,
            account_id=account,
            token=button.token,
            now=NOON,
        )
    assert command == f"/done {left}"


async def test_what_was_sent_is_not_taken_back(database: Database) -> None:
    [duty_id] = await queued(database, "王小明")
    async with database.write() as session:
        await session.execute(update(Outbox).values(state=OutboxState.SENT.value))
    await complete(database, duty_id)
    assert [row.state for row in await messages(database)] == [OutboxState.SENT.value]


async def test_taking_back_twice_changes_nothing(database: Database) -> None:
    [duty_id] = await queued(database, "王小明")
    async with database.write() as session:
        assert await notices.take_back(session, duty_id, now=NOON) == 1
        assert await notices.take_back(session, duty_id, now=NOON) == 0


async def test_a_duty_done_between_sweep_and_claim_is_owed_no_more(database: Database) -> None:
    """Fault 69. The row was being sent when it was done, failed, and is to be tried again."""
    [duty_id] = await queued(database, "王小明")
    [row] = await messages(database)
    assert await owed(database) == {row.id}
    async with database.write() as session:
        await session.execute(update(Outbox).values(state=OutboxState.LEASED.value))
    await complete(database, duty_id)
    assert [r.state for r in await messages(database)] == [OutboxState.LEASED.value]
    assert await owed(database) == set()


@pytest.mark.parametrize("state", [OutboxState.LEASED, OutboxState.PENDING, OutboxState.SENT])
async def test_what_was_under_way_when_it_was_done_is_corrected_for_whoever_reads_it(
    database: Database, state: OutboxState
) -> None:
    """Fault 69: the claim could not see it; the correction waits until the first has landed."""
    duty_id, _ = await queued(database, BRANCH, "李小红")
    async with database.write() as session:
        reader = (await person_named(session, "支书记")).id
        flying = select(Notice.outbox_id).where(Notice.duty_id == duty_id)
        await session.execute(
            update(Outbox)
            .where(Outbox.id.in_(flying))
            .values(state=state.value, send_after=NOON + DAY)
        )
    await complete(database, duty_id)
    corrections = [row for row in await messages(database) if row.kind == "duty"]
    if state is not OutboxState.LEASED:
        assert corrections == []
        return
    [correction] = corrections
    assert correction.person_id == reader
    assert f"{duty_id} 号任务“支委会会议”已经办结" in correction.content["text"]
    assert correction.id not in await claimed(database)
    async with database.write() as session:
        await session.execute(
            update(Outbox)
            .where(Outbox.id.in_(flying), Outbox.id != correction.id)
            .values(state=OutboxState.SENT.value)
        )
    assert correction.id in await claimed(database)


async def test_a_merged_message_is_owed_while_one_of_its_duties_is(database: Database) -> None:
    first, second = await queued(database, "王小明", "王小明")
    async with database.write() as session:
        done = update(Duty).values(state=DutyState.DONE.value)
        await session.execute(done.where(Duty.id == first))
    assert len(await owed(database)) == 1
    async with database.write() as session:
        await session.execute(done.where(Duty.id == second))
    assert await owed(database) == set()


async def test_a_limit_that_moved_is_never_told_with_the_old_date(database: Database) -> None:
    """Earlier, later, gone: the old message is not owed, and the new limit is told anew.

    Fault 68.
    """
    [duty_id] = await queued(database, "王小明")
    for moved in (LIMIT - 3 * DAY, LIMIT + 7 * DAY, None):
        async with database.write() as session:
            await session.execute(update(Duty).values(due_on=moved))
        assert await owed(database) == set()
    async with database.write() as session:
        values = {"due_on": LIMIT - 3 * DAY, "stage": "", "next_at": NOON}
        await session.execute(update(Duty).values(**values))
        await notices.take_back(session, duty_id, now=NOON)
    await swept(database, at(MONDAY, 14))
    old, new = await messages(database)
    assert (old.state, new.state) == (OutboxState.CANCELLED.value, OutboxState.PENDING.value)
    assert "2026-11-27 截止" in new.content["text"]
    assert [stage for _, stage in await told(database)] == ["-7:本人", "-7:本人"]


async def test_a_limit_that_was_deleted_is_told_no_more(database: Database) -> None:
    """Fault 68."""
    [duty_id] = await queued(database, "王小明")
    async with database.write() as session:
        await session.execute(update(Duty).values(due_on=None, next_at=NOON))
        await notices.take_back(session, duty_id, now=NOON)
    await swept(database, at(MONDAY, 14))
    assert (await fetch(database, duty_id)).next_at is None
    assert [row.state for row in await messages(database)] == [OutboxState.CANCELLED.value]


async def test_a_reminder_to_accept_is_owed_while_it_waits_for_acceptance(
    database: Database,
) -> None:
    [duty_id] = await queued(database, BRANCH)
    await complete(database, duty_id, accept=True)
    await swept(database, after_all(MONDAY + 3 * DAY))
    [_, row] = await messages(database)
    assert await owed(database) == {row.id}
    async with database.write() as session:
        superior = await person_named(session, "上组织")
        await duties.accept(session, duty_id, actor_id=superior.id, now=NOON, sent_at=NOON)
    assert await owed(database) == set()
    assert [r.state for r in await messages(database)] == ["cancelled", "cancelled"]


async def test_a_notice_that_was_replaced_says_so(database: Database) -> None:
    await queued(database, "王小明")
    await swept(database, after_all(LIMIT + DAY))
    async with database.read() as session:
        states = {n.stage: n.state for n in await session.scalars(select(Notice))}
    assert states == {
        "-7:本人": NoticeState.SUPERSEDED.value,
        "+1:本人": NoticeState.QUEUED.value,
    }


async def test_a_message_sent_on_to_another_account_is_still_owed(database: Database) -> None:
    """Blocked in one messenger, the person is told in the other: by a new row."""
    [duty_id] = await queued(database, "王小明")
    async with database.write() as session:
        me = await person_named(session, "王小明")
        session.add(Account(channel="other", external="w", chat="w", person_id=me.id, seen_at=NOON))
        [row] = await session.scalars(select(Outbox))
        row.state = OutboxState.FAILED.value
        await undelivered.reroute(session, row, gone=True, now=NOON, zone=ZONE)
    [_, new] = await messages(database)
    assert (new.channel, await owed(database)) == ("other", {new.id})
    await complete(database, duty_id)
    assert [r.state for r in await messages(database)] == ["failed", "cancelled"]
