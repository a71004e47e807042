"""Each stage once, to the right people, at a time when they may be told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text, update

from db.engine import Database
from db.tables import Account, Duty, DutyState, Outbox, OutboxState, Post, Title, Unit
from scheduler import duties, ladder, silences, sweep, workdays
from scheduler.channels import Lane
from scheduler.rulebook.model import RuleBook
from tests.plans import read_whole, recorded
from tests.scheduler.world import (
    BOOK,
    BRANCH,
    COMMITTEE,
    DUES,
    GROUP,
    LIMIT,
    MEETING,
    MONDAY,
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
    unit_named,
)

DAY = timedelta(days=1)


async def planted(database: Database, *owners: str, due_on: date = LIMIT) -> list[int]:
    async with database.write() as session:
        await plant(session)
        rules = {BRANCH: MEETING, GROUP: MEETING}
        made = [await owe(session, o, rule=rules.get(o, DUES), due_on=due_on) for o in owners]
    return [duty.id for duty in made]


async def climb(database: Database, until: date) -> None:
    """Let the days pass, with a sweep on each."""
    day = MONDAY - DAY
    while day <= until:
        await swept(database, after_all(day))
        day += DAY


async def test_the_ladder_goes_up_the_line_day_by_day(database: Database) -> None:
    await planted(database, "李小红")
    await climb(database, LIMIT + 8 * DAY)
    assert await told(database) == [
        ("李小红", "-7:本人"),
        ("李小红", "-3:本人"),
        ("李小红", "+1:本人"),
        ("组长", "+2:小组长"),
        ("支书记", "+3:书记"),
        ("上组织", "+7:上级组织委员"),
    ]


async def test_nobody_is_told_a_second_before_the_step(database: Database) -> None:
    [duty_id] = await planted(database, "王小明")
    step = at(MONDAY, 9) + ladder.jitter((await fetch(database, duty_id)).unit_id)
    assert await swept(database, step - timedelta(seconds=1)) == 0
    assert (await fetch(database, duty_id)).next_at == step
    assert await swept(database, step) == 1
    assert await swept(database, step) == 0


async def test_after_the_last_step_nothing_more_is_due(database: Database) -> None:
    [duty_id] = await planted(database, "王小明")
    await climb(database, LIMIT + 8 * DAY)
    assert (await fetch(database, duty_id)).next_at is None


async def test_where_there_is_no_group_its_leader_is_left_out(database: Database) -> None:
    [duty_id] = await planted(database, "王小明")
    await climb(database, LIMIT + 3 * DAY)
    assert await told(database) == [
        ("王小明", "-7:本人"),
        ("王小明", "-3:本人"),
        ("王小明", "+1:本人"),
        ("支书记", "+3:书记"),
    ]
    assert ("skipped", "+2:小组长") in await events(database, duty_id)


async def test_a_units_duty_is_told_to_whoever_answers_for_it(database: Database) -> None:
    await planted(database, BRANCH, GROUP)
    await swept(database, after_all(MONDAY))
    assert sorted(await told(database)) == [("支书记", "-7:本人"), ("组长", "-7:本人")]


async def test_a_vacant_post_is_answered_by_the_next_one(database: Database) -> None:
    await planted(database, BRANCH)
    async with database.write() as session:
        branch = await unit_named(session, BRANCH)
        vacated = (Post.unit_id == branch.id, Post.title == Title.SECRETARY.value)
        await session.execute(update(Post).where(*vacated).values(until=MONDAY))
    await swept(database, after_all(MONDAY))
    assert await told(database) == [("支组织", "-7:本人")]


async def test_three_days_down_over_several_stages_tell_the_newest_once(
    database: Database,
) -> None:
    """Fault 19. What was missed stays on record, and the message says how late it is."""
    [duty_id] = await planted(database, "王小明")
    await swept(database, after_all(MONDAY))
    late = after_all(LIMIT + 4 * DAY)
    assert await swept(database, late) == 1
    assert (await told(database))[1:] == [("支书记", "+3:书记")]
    kinds = await events(database, duty_id)
    assert [e for e in kinds if e[0] == "superseded"] == [
        ("superseded", "-3:本人"),
        ("superseded", "+1:本人"),
        ("superseded", "+2:小组长"),
    ]
    assert "迟到了 1 天" in (await messages(database))[-1].content["text"]


async def test_what_one_person_is_told_in_a_morning_is_one_message(database: Database) -> None:
    await planted(database, "支书记", BRANCH)
    assert await swept(database, after_all(MONDAY)) == 2
    [row] = await messages(database)
    assert "交纳党费" in row.content["text"]
    assert "支委会会议" in row.content["text"]


async def test_a_message_that_still_waits_is_added_to(database: Database) -> None:
    """The limit of one is a day later, so its step is, too: the channel was down meanwhile."""
    await planted(database, "王小明")
    await swept(database, after_all(MONDAY))
    async with database.write() as session:
        await owe(session, "王小明", due_on=LIMIT + DAY)
    await swept(database, after_all(MONDAY + DAY))
    [row] = await messages(database)
    assert "你有 2 项任务" in row.content["text"]


async def test_a_newer_stage_takes_the_place_of_the_one_that_still_waits(
    database: Database,
) -> None:
    await planted(database, "王小明")
    await swept(database, after_all(MONDAY))
    await swept(database, after_all(LIMIT + DAY))
    [row] = await messages(database)
    assert row.content["text"].startswith("【逾期】交纳党费")
    assert row.lane == Lane.OVERDUE


async def test_a_message_on_its_way_is_not_touched(database: Database) -> None:
    await planted(database, "王小明")
    await swept(database, after_all(MONDAY))
    async with database.write() as session:
        leased = {"state": OutboxState.LEASED.value}
        await session.execute(update(Outbox).values(**leased))
        await owe(session, "王小明", due_on=LIMIT + DAY)
    await swept(database, after_all(MONDAY + DAY))
    assert [row.state for row in await messages(database)] == ["leased", "pending"]


async def test_whoever_cannot_be_reached_passes_it_up_at_once(database: Database) -> None:
    """Nobody waits for the step of the secretary a week later."""
    [duty_id] = await planted(database, "王小明")
    await unbind(database, "王小明")
    await swept(database, after_all(MONDAY))
    assert await told(database) == [("支书记", "-7:本人")]
    assert ("unreachable", "-7:本人") in await events(database, duty_id)
    assert "消息送不到" in (await messages(database))[0].content["text"]


async def test_a_vacancy_above_is_told_to_the_secretary_once_a_day(database: Database) -> None:
    await planted(database, "王小明", "李小红")
    await unbind(database, "上组织", "上书记")
    await climb(database, LIMIT + 7 * DAY)
    rows = [row for row in await messages(database) if row.kind == "unreachable"]
    assert [row.chat for row in rows] == ["支书记", "支书记"]
    assert {row.dedup_key.split(":")[1] for row in rows} == {"2", "3"}


async def test_where_nobody_at_all_can_be_reached_the_ladder_goes_on(database: Database) -> None:
    [duty_id] = await planted(database, "王小明")
    async with database.write() as session:
        await session.execute(update(Account).values(person_id=None))
    await climb(database, LIMIT + 8 * DAY)
    assert await messages(database) == []
    duty = await fetch(database, duty_id)
    assert (duty.stage, duty.next_at) == ("+7:上级组织委员", None)


async def test_what_is_done_is_not_looked_at_again(database: Database) -> None:
    [duty_id] = await planted(database, "王小明")
    async with database.write() as session:
        await session.execute(update(Duty).values(state=DutyState.DONE.value))
    await swept(database, after_all(MONDAY))
    assert (await fetch(database, duty_id)).next_at is None
    assert await messages(database) == []


async def test_whoever_accepts_is_reminded_every_third_workday(database: Database) -> None:
    [duty_id] = await planted(database, BRANCH)
    async with database.write() as session:
        values = {"state": DutyState.SUBMITTED.value, "submitted_at": at(MONDAY, 15)}
        await session.execute(update(Duty).values(**values))
    await climb(database, MONDAY + 8 * DAY)
    assert await told(database) == [
        ("上组织", "接收1:上级组织委员"),
        ("上组织", "接收2:上级组织委员"),
    ]
    [row] = await messages(database)
    assert row.content["text"].startswith("【待接收】第一党支部：支委会会议")
    assert (await fetch(database, duty_id)).stage == ""


async def test_a_silence_of_the_committee_holds_its_branches_back(database: Database) -> None:
    await planted(database, "王小明")
    async with database.write() as session:
        committee = await unit_named(session, COMMITTEE)
        by = await person_named(session, "上书记")
        await silences.start(
            session, committee, since=MONDAY, until=MONDAY + DAY, reason="演练", by_id=by.id
        )
    await swept(database, after_all(MONDAY))
    await swept(database, after_all(MONDAY + DAY))
    assert await messages(database) == []
    await swept(database, after_all(MONDAY + 2 * DAY))
    assert await told(database) == [("王小明", "-7:本人")]


async def test_a_silence_that_is_ended_lets_go_at_once(database: Database) -> None:
    await planted(database, "王小明")
    now = after_all(MONDAY)
    async with database.write() as session:
        committee = await unit_named(session, COMMITTEE)
        by = await person_named(session, "上书记")
        silence = await silences.start(
            session, committee, since=MONDAY, until=LIMIT, reason="演练", by_id=by.id
        )
    await swept(database, now)
    async with database.write() as session:
        assert await silences.end(session, silence, now=now)
        assert not await silences.end(session, silence, now=now)
    assert await swept(database, now) == 1


async def test_a_snooze_brings_one_more_reminder_on_its_day(database: Database) -> None:
    [duty_id] = await planted(database, "王小明")
    await swept(database, after_all(MONDAY))
    now = at(MONDAY, 15)
    async with database.write() as session:
        me = await person_named(session, "王小明")
        await duties.snooze(
            session, duty_id, until=MONDAY + 2 * DAY, actor_id=me.id, now=now, sent_at=now
        )
    await climb(database, LIMIT)
    assert [stage for _, stage in await told(database)] == ["-7:本人", "-5:本人", "-3:本人"]


@pytest.mark.parametrize(
    ("now", "looked_at"),
    [
        (at(MONDAY, 22), at(MONDAY + DAY, 9)),
        (at(MONDAY - DAY, 12), at(MONDAY, 9)),
    ],
)
async def test_at_night_and_on_rest_days_it_waits_and_nothing_is_dropped(
    database: Database, now: datetime, looked_at: datetime
) -> None:
    """Fault 70. The process was down when the step came."""
    [duty_id] = await planted(database, "王小明", due_on=LIMIT - 2 * DAY)
    assert await swept(database, now) == 0
    duty = await fetch(database, duty_id)
    assert duty.next_at == looked_at + ladder.jitter(duty.unit_id)
    assert await swept(database, duty.next_at) == 1


async def test_a_unit_that_is_always_open_is_told_on_a_sunday_night(database: Database) -> None:
    await planted(database, "王小明")
    async with database.write() as session:
        await session.execute(update(Unit).values(quiet="always"))
    assert await swept(database, at(LIMIT - DAY, 2)) == 1


async def test_a_row_says_when_its_readers_night_begins(database: Database) -> None:
    await planted(database, "王小明")
    await swept(database, after_all(MONDAY))
    [row] = await messages(database)
    assert (row.closes_at, row.reopens_at) == (at(MONDAY, 21, 30), at(MONDAY + DAY, 8))


@pytest.mark.parametrize("change", [date(2026, 3, 8), date(2026, 11, 1)])
async def test_a_clock_change_abroad_neither_doubles_nor_drops(
    database: Database, change: date
) -> None:
    """New York's clocks change on these Sundays; every hour of three days is looked at.

    Fault 18.
    """
    zone = ZoneInfo("America/New_York")
    await planted(database, "王小明", due_on=change + 3 * DAY)
    async with database.write() as session:
        await session.execute(update(Unit).values(zone=zone.key, quiet="always"))
    start = at(change - DAY, 0, zone=zone)
    counts = [await swept(database, start + timedelta(hours=hour)) for hour in range(72)]
    # The step a week before was missed; the one three days before is on the day of the change.
    assert [stage for _, stage in await told(database)] == ["-7:本人", "-3:本人"]
    assert sum(counts) == 2


async def test_a_wall_clock_that_jumps_neither_doubles_nor_loses(database: Database) -> None:
    """Fault 16."""
    [duty_id] = await planted(database, "王小明")
    step = at(MONDAY, 9) + ladder.jitter((await fetch(database, duty_id)).unit_id)
    minutes = (-1, 20, -10, 5, 120, 121, 0, 125)
    counts = [await swept(database, step + timedelta(minutes=m)) for m in minutes]
    assert counts == [0, 1, 0, 0, 0, 0, 0, 0]


async def test_two_sweepers_at_once_tell_each_stage_once(database: Database) -> None:
    """Fault 21."""
    await planted(database, *(name for name in ("王小明", "李小红", "支书记", "支组织", "组长")))
    now = after_all(MONDAY)
    counts = await asyncio.gather(*(swept(database, now, limit=2) for _ in range(4)))
    assert sum(counts) == 5
    assert len(await told(database)) == len(set(await told(database))) == 5


async def test_a_duty_that_cannot_be_judged_backs_off_alone(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 22. One owes by a rule that nobody knows; its neighbour is told all the same."""
    bad, _ = await planted(database, "王小明", "李小红")
    async with database.write() as session:
        await session.execute(update(Duty).where(Duty.id == bad).values(rule="gone"))
    now = after_all(MONDAY)
    assert await swept(database, now) == 1
    broken = await fetch(database, bad)
    assert (broken.failures, broken.next_at) == (1, now + timedelta(minutes=2))
    assert f"duty {bad} cannot be judged" in caplog.text
    assert broken.next_at is not None
    known = RuleBook("other", (*BOOK.rules, replace(DUES, id="gone")))
    assert await swept(database, broken.next_at, book=known) == 1
    assert (await fetch(database, bad)).failures == 0


async def test_a_fault_between_the_two_writes_leaves_neither(database: Database) -> None:
    """Fault 4. The process dies when the duty is changed and the message not yet written."""
    [duty_id] = await planted(database, "王小明")
    before = (await fetch(database, duty_id)).next_at
    async with database.write() as session:
        await session.execute(text("ALTER TABLE notice RENAME TO notice_away"))
    with pytest.raises(Exception, match="notice"):
        await swept(database, after_all(MONDAY))
    async with database.write() as session:
        await session.execute(text("ALTER TABLE notice_away RENAME TO notice"))
    duty = await fetch(database, duty_id)
    assert (duty.stage, duty.next_at) == ("", before)
    assert await messages(database) == []
    assert await swept(database, after_all(MONDAY)) == 1


async def test_provisional_days_are_replanned_when_the_decree_comes_each_reminder_once(
    database: Database,
) -> None:
    """2027-03-06 is a Saturday: computed it is off, decreed it may be a make-up workday.

    Fault 71.
    """
    limit = date(2027, 3, 9)
    [duty_id] = await planted(database, "王小明", due_on=limit)
    await swept(database, after_all(limit - 7 * DAY))
    duty = await fetch(database, duty_id)
    friday, saturday = limit - 4 * DAY, limit - 3 * DAY
    assert duty.next_at == at(friday, 9) + ladder.jitter(duty.unit_id)
    async with database.write() as session:
        await workdays.save_decree(session, {saturday: (True, "")})
        await session.execute(update(Duty).values(next_at=after_all(friday)))
    assert await swept(database, after_all(friday)) == 0
    assert await swept(database, after_all(saturday)) == 1
    assert [stage for _, stage in await told(database)] == ["-7:本人", "-3:本人"]


async def test_an_empty_round_writes_nothing(database: Database) -> None:
    [duty_id] = await planted(database, "王小明")
    async with database.write() as session:
        await session.execute(update(Duty).values(next_at=at(LIMIT, 9)))
    batches = []
    now = after_all(MONDAY)
    count = await sweep.sweep(
        database,
        BOOK,
        now=now,
        sent_at=now,
        zone=ZoneInfo("UTC"),
        after_batch=lambda: batches.append(1),
    )
    assert (count, batches) == (0, [])
    assert (await fetch(database, duty_id)).next_at == at(LIMIT, 9)


# These stay small: the tree, the days, the silences.
SMALL = {"unit", "calendar_day", "silence"}


async def test_a_round_costs_what_is_due_however_much_there_is(database: Database) -> None:
    """Told, merged, passed up and superseded: no statement reads a large table whole."""
    await planted(database, "王小明", "李小红", "支书记", BRANCH)
    await unbind(database, "李小红")
    await swept(database, after_all(MONDAY))
    with recorded() as statements:
        assert await swept(database, after_all(LIMIT + DAY)) == 4
        assert await swept(database, after_all(LIMIT + DAY)) == 0
    assert len(statements) > 10
    assert await read_whole(database, statements) <= SMALL


async def test_what_is_due_is_found_by_its_index(database: Database) -> None:
    with recorded() as statements:
        assert await swept(database, after_all(MONDAY)) == 0
    assert len(statements) == 1
    assert await read_whole(database, statements) == set()


async def test_a_process_that_starts_as_a_step_comes_tells_it(
    database: Database, store_url: str
) -> None:
    """Fault 20. A deployment three seconds before the step: the old process did not see it come."""
    [duty_id] = await planted(database, "王小明")
    step = at(MONDAY, 9) + ladder.jitter((await fetch(database, duty_id)).unit_id)
    assert await swept(database, step - timedelta(seconds=3)) == 0
    new = Database(store_url)
    assert await swept(new, step + timedelta(seconds=4)) == 1
    await new.close()
    assert await swept(database, step + timedelta(seconds=5)) == 0


async def unbind(database: Database, *names: str) -> None:
    """Leave some people without an account."""
    async with database.write() as session:
        away = update(Account).where(Account.external.in_(names))
        await session.execute(away.values(person_id=None))
