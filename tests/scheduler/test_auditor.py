"""Whatever was lost behind the back of the sweep is found, repaired and reported."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from db.engine import Database
from db.tables import Duty, DutyState, Heartbeat, Hold, Notice, Outbox, OutboxState
from scheduler import auditor, heartbeat
from scheduler.auditor import Findings, audit
from tests.plans import read_whole, recorded
from tests.scheduler.world import (
    BOOK,
    BRANCH,
    LIMIT,
    MEETING,
    MONDAY,
    ZONE,
    after_all,
    at,
    events,
    fetch,
    messages,
    owe,
    person_named,
    plant,
    swept,
    told,
)

DAY = timedelta(days=1)
NOW = after_all(MONDAY)
SOON = NOW + timedelta(minutes=5)


async def audited(
    database: Database,
    now: datetime = SOON,
    *,
    periods: Mapping[str, timedelta] | None = None,
    resume_after: int = 0,
    budget: int = 1000,
    tick: timedelta = auditor.TICK,
) -> Findings:
    return await audit(
        database,
        BOOK,
        now=now,
        sent_at=now,
        zone=ZONE,
        periods=periods or {},
        resume_after=resume_after,
        budget=budget,
        tick=tick,
    )


async def told_once(database: Database, owner: str = "王小明") -> int:
    async with database.write() as session:
        await plant(session)
        duty = await owe(session, owner, rule=MEETING if owner == BRANCH else BOOK.rules[0])
    await swept(database, NOW)
    return duty.id


async def delete_by_hand(database: Database) -> None:
    """Delete the messages as somebody with a database shell would.

    SQLite's shell does not mind the notices that point to them; PostgreSQL asks for these first.
    """
    if database.is_sqlite:
        connection = sqlite3.connect(str(database.url.database))
        connection.execute("DELETE FROM outbox")
        connection.commit()
        connection.close()
        return
    async with database.write() as session:
        await session.execute(delete(Notice))
        await session.execute(delete(Outbox))


async def test_where_all_is_well_nothing_is_found(database: Database) -> None:
    await told_once(database)
    findings = await audited(database)
    assert findings.problems() == []
    assert findings.looked_at == 1


async def test_a_message_deleted_by_hand_is_written_again(database: Database) -> None:
    """Fault 23."""
    duty_id = await told_once(database)
    await delete_by_hand(database)
    findings = await audited(database)
    assert findings.lost == 1
    assert ("lost", "-7:本人") in await events(database, duty_id)
    assert await swept(database, SOON) == 1
    [row] = await messages(database)
    assert row.content["text"].startswith("【提醒】交纳党费")
    assert (await audited(database)).problems() == []


async def test_a_lost_message_of_a_duty_that_is_done_is_reported_once(database: Database) -> None:
    await told_once(database)
    async with database.write() as session:
        await session.execute(update(Duty).values(state=DutyState.DONE.value, next_at=None))
    await delete_by_hand(database)
    assert [(await audited(database)).lost for _ in range(2)] == [1, 0]
    assert await swept(database, SOON) == 0


async def test_only_the_stage_that_was_lost_is_told_again(database: Database) -> None:
    await told_once(database)
    thursday = after_all(LIMIT - 3 * DAY)
    async with database.write() as session:
        await session.execute(update(Outbox).values(state=OutboxState.SENT.value))
    await swept(database, thursday)
    async with database.write() as session:
        [newest] = await session.scalars(select(Notice).where(Notice.stage == "-3:本人"))
        gone = newest.outbox_id
        await session.delete(newest)
        await session.flush()
        await session.execute(delete(Outbox).where(Outbox.id == gone))
    later = thursday + timedelta(minutes=5)
    assert (await audited(database, later)).lost == 1
    await swept(database, later)
    assert [stage for _, stage in await told(database)] == ["-7:本人", "-3:本人"]


async def test_a_duty_that_would_never_be_looked_at_again_is_found(database: Database) -> None:
    duty_id = await told_once(database)
    async with database.write() as session:
        await session.execute(update(Duty).values(next_at=None))
    assert (await audited(database)).forgotten == (duty_id,)
    assert (await fetch(database, duty_id)).next_at == SOON


async def test_a_step_that_has_come_while_the_duty_waits_for_a_later_day_is_found(
    database: Database,
) -> None:
    duty_id = await told_once(database)
    async with database.write() as session:
        await session.execute(update(Duty).values(next_at=at(LIMIT, 9)))
    assert (await audited(database)).forgotten == ()
    friday = after_all(LIMIT - 3 * DAY)
    assert (await audited(database, friday)).forgotten == (duty_id,)
    assert await swept(database, friday) == 1


async def test_at_night_nothing_is_late(database: Database) -> None:
    """The process was down on Friday; what it missed waits for Monday morning."""
    await told_once(database)
    night = at(LIMIT - 3 * DAY, 23)
    await swept(database, night)
    for now in (night, at(LIMIT, 8, 30)):
        findings = await audited(database, now + timedelta(minutes=1))
        assert (findings.forgotten, findings.waiting) == ((), 0)


async def test_a_duty_that_nobody_looks_at_is_reported(database: Database) -> None:
    """The sweep is not running."""
    async with database.write() as session:
        await plant(session)
        await owe(session, "王小明")
    findings = await audited(database)
    assert findings.waiting == 1
    assert "nobody looks at them" in findings.problems()[0]


async def test_where_the_calendar_runs_fast_a_tick_is_longer(database: Database) -> None:
    """In a demo a day may pass between two sweeps."""
    async with database.write() as session:
        await plant(session)
        duty = await owe(session, "王小明")
        duty.next_at = SOON - timedelta(hours=20)
    assert (await audited(database, tick=timedelta(days=1))).waiting == 0
    assert (await audited(database)).waiting == 1


async def test_a_duty_that_cannot_be_judged_is_reported(database: Database) -> None:
    duty_id = await told_once(database)
    async with database.write() as session:
        await session.execute(update(Duty).values(rule="gone", next_at=NOW))
    await swept(database, NOW)
    assert (await audited(database)).failing == (duty_id,)


async def test_messages_that_wait_or_hang_are_reported(database: Database) -> None:
    await told_once(database)
    hours = timedelta(hours=2)
    assert (await audited(database, NOW + hours)).oldest == hours
    async with database.write() as session:
        leased = {"state": OutboxState.LEASED.value, "send_after": NOW}
        await session.execute(update(Outbox).values(**leased))
    assert (await audited(database, NOW + hours)).stuck_leases == 1


async def test_what_waits_for_the_morning_or_is_held_does_not_count_as_waiting(
    database: Database,
) -> None:
    await told_once(database)
    assert (await audited(database, at(MONDAY, 23))).oldest == timedelta(0)
    assert (await audited(database, at(MONDAY + DAY, 9))).oldest == timedelta(hours=1)
    async with database.write() as session:
        session.add(Hold(name="restore", since=NOW, reason="restored"))
    assert (await audited(database, at(MONDAY + DAY, 9))).oldest == timedelta(0)


async def test_a_loop_that_beats_no_more_is_reported(database: Database) -> None:
    period = timedelta(seconds=10)
    async with database.write() as session:
        await heartbeat.beat(session, "sweep", NOW)
    periods = {"sweep": period, "never started": period}
    late = NOW + heartbeat.SILENT_PERIODS * period
    assert (await audited(database, late, periods=periods)).silent == ()
    findings = await audited(database, late + timedelta(seconds=1), periods=periods)
    assert findings.silent == ("sweep",)


async def test_it_beats_with_what_it_found(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        await owe(session, "王小明")
    await audited(database)
    async with database.read() as session:
        beat = await session.get_one(Heartbeat, auditor.LOOP)
    assert (beat.beat_at, beat.note) == (SOON, "1 duties are due and nobody looks at them")


async def test_a_round_looks_at_a_stretch_and_the_next_goes_on(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        for name in ("王小明", "李小红", "组长"):
            await owe(session, (await person_named(session, name)).name)
    await swept(database, NOW)
    first = await audited(database, budget=2)
    second = await audited(database, budget=2, resume_after=first.resume_after)
    assert (first.looked_at, second.looked_at, second.resume_after) == (2, 1, 0)


async def test_a_stretch_without_open_duties_is_passed_over(database: Database) -> None:
    async with database.write() as session:
        await plant(session)
        for period in range(auditor.STRETCH + 1):
            await owe(session, "王小明", period=str(period))
        last = await owe(session, "李小红")
        closed = update(Duty).values(state=DutyState.DONE.value, next_at=None)
        await session.execute(closed.where(Duty.id != last.id))
    await swept(database, NOW)
    first = await audited(database, budget=1)
    assert (first.looked_at, first.resume_after) == (0, auditor.STRETCH)
    second = await audited(database, budget=1, resume_after=first.resume_after)
    assert (second.looked_at, second.resume_after) == (1, 0)


async def test_problems_are_logged(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with sqlite_database.write() as session:
        await plant(session)
        await owe(session, "王小明")
    await audited(sqlite_database)
    assert "audit: 1 duties are due" in caplog.text


async def test_a_round_reads_no_large_table_whole(database: Database) -> None:
    await told_once(database)
    await delete_by_hand(database)
    with recorded() as statements:
        assert (await audited(database)).lost == 1
    assert await read_whole(database, statements) <= {"unit", "calendar_day", "silence", "hold"}
