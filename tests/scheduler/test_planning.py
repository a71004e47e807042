"""Planning makes each duty once, follows what it hangs on, and touches nothing that is done."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from db.engine import Database
from db.organisation import add_unit
from db.tables import (
    Account,
    Duty,
    DutyEvent,
    DutyState,
    OutboxState,
    Person,
    Post,
    Stage,
    Term,
    Title,
    Unit,
    UnitKind,
)
from scheduler import cases, planning, replanning, workdays
from scheduler import duties as acts
from scheduler.replanning import COLUMNS, Changes, Planned
from scheduler.rulebook.model import Anchor, AnchorKind, Owner, Rule, RuleBook, Span
from scheduler.steps import Calendar
from tests.scheduler.world import (
    BOOK,
    BRANCH,
    COMMITTEE,
    DUES,
    GROUP,
    MEETING,
    ZONE,
    after_all,
    messages,
    person_named,
    plant,
    swept,
    unit_named,
    until_somebody_waits,
)

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
TERM = replace(
    MEETING,
    id="election",
    title="换届",
    anchor=Anchor(AnchorKind.TERM, years=3),
    remind=(60, 30),
)
LETTER = replace(TERM, id="letter", title="提醒换届", owner=Owner.SUPERIOR, limit=Span(months=-6))
TRAINING = replace(
    DUES,
    id="first-training",
    title="任职培训",
    owner=Owner.SECRETARIES,
    anchor=Anchor(AnchorKind.EVENT, event="appointed"),
    limit=Span(months=6),
)
REPORT = replace(
    MEETING,
    id="report",
    title="报送会议情况",
    anchor=Anchor(AnchorKind.EVENT, event="meeting"),
    limit=Span(days=15),
)
LECTURE = replace(
    MEETING,
    id="lecture",
    title="党课",
    anchor=Anchor(AnchorKind.PERIOD, rrule="FREQ=MONTHLY;INTERVAL=3", dtstart=date(2026, 1, 1)),
)


def book(*rules: Rule) -> RuleBook:
    return RuleBook("digest", rules)


async def plan(database: Database, rules: RuleBook = BOOK, now: datetime = NOW) -> Planned:
    return await planning.plan(database, rules, now=now, sent_at=now, zone=ZONE)


@pytest.fixture
async def world(database: Database) -> Database:
    async with database.write() as session:
        await plant(session)
    return database


async def duties(database: Database, rule: str, **more: Any) -> list[Duty]:
    async with database.read() as session:
        statement = select(Duty).where(Duty.rule == rule).order_by(Duty.owner, Duty.due_on)
        return list(await session.scalars(statement.filter_by(**more)))


async def change(database: Database, statement: Any) -> None:
    async with database.write() as session:
        await session.execute(statement)


async def test_every_owner_gets_each_period_of_the_horizon(world: Database) -> None:
    await plan(world)
    found = await duties(world, "dues")
    assert len({duty.owner for duty in found}) == 7
    assert {duty.period for duty in found} == {"2026-11", "2026-12", "2027-01"}
    assert {duty.due_on for duty in found if duty.period == "2026-11"} == {date(2026, 11, 30)}
    assert {(duty.title, duty.label) for duty in found if duty.period == "2026-12"} == {
        ("交纳党费", "2026年12月")
    }
    assert len(await duties(world, "meeting", period="2026-11")) == 1


async def test_planning_again_changes_nothing(world: Database) -> None:
    first = await plan(world)
    assert first.created > 20
    assert await plan(world) == Planned()


async def test_planners_side_by_side_make_each_duty_once(world: Database) -> None:
    """Two connections on one store, as two processes have them."""
    other = Database(world.url.render_as_string(hide_password=False))
    await asyncio.gather(*(plan(store) for store in (world, other, world, other)))
    await other.close()
    async with world.read() as session:
        keys = select(Duty.rule, Duty.owner, Duty.period)
        rows = (await session.execute(keys)).all()
        events = select(func.count()).select_from(DutyEvent).where(DutyEvent.kind == "planned")
        assert await session.scalar(events) == len(rows) == len(set(rows))


async def test_what_was_over_before_it_was_planned_is_not_made(world: Database) -> None:
    by_the_tenth = replace(DUES, limit=Span(days=9))
    await plan(world, book(by_the_tenth))
    assert {duty.period for duty in await duties(world, "dues")} == {"2026-12", "2027-01"}


async def test_a_limit_that_passes_stays_owed(world: Database) -> None:
    await plan(world)
    await plan(world, now=NOW + timedelta(days=12))
    (passed,) = await duties(world, "meeting", period="2026-11")
    assert passed.state == DutyState.OPEN


async def test_whoever_moves_takes_along_what_is_owed(world: Database) -> None:
    await plan(world)
    async with world.read() as session:
        group = await unit_named(session, GROUP)
    await change(world, update(Person).where(Person.name == "王小明").values(unit_id=group.id))
    assert (await plan(world)).moved == 3
    moved = [d for d in await duties(world, "dues") if d.unit_id == group.id]
    assert len(moved) == 9


async def test_what_is_overdue_goes_along_with_whoever_moves(world: Database) -> None:
    """The new branch has to see it and to be told; the old one has nothing to do with it."""
    await plan(world)
    async with world.read() as session:
        group = await unit_named(session, GROUP)
    await change(world, update(Person).where(Person.name == "王小明").values(unit_id=group.id))
    assert (await plan(world, now=NOW + timedelta(days=12))).moved == 3
    async with world.read() as session:
        person = await person_named(session, "王小明")
    found = await duties(world, "dues", person_id=person.id)
    assert {duty.unit_id for duty in found} == {group.id}
    assert {duty.due_on for duty in found} >= {date(2026, 11, 30)}


async def test_a_limit_beyond_its_period_stays_owed_when_the_period_ends(world: Database) -> None:
    """As a report on last year is owed this year."""
    late = book(replace(MEETING, limit=Span(months=1, days=10)))
    await plan(world, late)
    december = NOW + timedelta(days=10)
    assert (await plan(world, late, now=december)).withdrawn == 0
    (november,) = await duties(world, "meeting", period="2026-11")
    assert (november.state, november.due_on) == (DutyState.OPEN, date(2026, 12, 11))


async def test_a_limit_beyond_its_period_is_planned_after_the_period(world: Database) -> None:
    late = book(replace(MEETING, limit=Span(months=1, days=10)))
    await plan(world, late, now=NOW + timedelta(days=10))
    assert len(await duties(world, "meeting", period="2026-11")) == 1


async def test_a_tightened_rule_makes_overdue_and_takes_nothing_back(world: Database) -> None:
    """What is owed never goes silently because it should have been done earlier."""
    await plan(world, book(DUES))
    by_the_tenth = replace(DUES, limit=Span(days=9))
    assert await plan(world, book(by_the_tenth)) == Planned(moved=21)
    november = await duties(world, "dues", period="2026-11")
    assert {(d.state, d.due_on) for d in november} == {(DutyState.OPEN, date(2026, 11, 10))}


async def test_who_was_quicker_than_planning_keeps_what_was_done(world: Database) -> None:
    """A duty completed between reading and writing is not taken back, nor said to be."""
    await plan(world)
    async with world.read() as session:
        rows = (await session.execute(select(*COLUMNS).where(Duty.rule == "meeting"))).all()
    done = {"state": DutyState.DONE.value}
    await change(world, update(Duty).where(Duty.id == rows[0].id).values(**done))
    async with world.write() as session:
        planned = await replanning.write(session, Changes(gone=list(rows)), now=NOW, sent_at=NOW)
    assert planned.withdrawn == len(rows) - 1
    states = [duty.state for duty in await duties(world, "meeting")]
    assert states.count(DutyState.DONE) == 1
    async with world.read() as session:
        said = select(func.count()).select_from(DutyEvent).where(DutyEvent.kind == "withdrawn")
        assert await session.scalar(said) == len(rows) - 1


async def test_planning_waits_for_whoever_is_about_to_close_a_duty(postgres_url: str) -> None:
    """Completed, not yet committed: without a lock planning would take it for open."""
    database = Database(postgres_url)
    async with database.write() as session:
        await plant(session)
    await plan(database)
    (duty,) = await duties(database, "meeting", period="2026-11")
    async with database.write() as session:
        closing = update(Duty).where(Duty.id == duty.id).values(state=DutyState.DONE.value)
        await session.execute(closing)
        planning_on = asyncio.create_task(plan(database, book(DUES)))
        await until_somebody_waits(database)
    assert (await planning_on).withdrawn == 2
    (kept,) = await duties(database, "meeting", period="2026-11")
    assert kept.state == DutyState.DONE
    await database.close()


async def test_planners_side_by_side_take_back_once(world: Database) -> None:
    await plan(world)
    other = Database(world.url.render_as_string(hide_password=False))
    came = await asyncio.gather(*(plan(store, book(DUES)) for store in (world, other, world)))
    await other.close()
    assert sum(planned.withdrawn for planned in came) == 3


async def test_what_is_owed_no_more_is_not_told_from_the_queue(world: Database) -> None:
    await plan(world)
    await swept(world, after_all(date(2026, 11, 23)))
    waiting = [row for row in await messages(world) if row.state == OutboxState.PENDING]
    assert waiting
    await plan(world, book(), now=after_all(date(2026, 11, 23)))
    assert {row.state for row in await messages(world)} == {OutboxState.CANCELLED}


async def test_a_new_unit_owes_at_the_next_round(world: Database) -> None:
    await plan(world)
    async with world.write() as session:
        above = await unit_named(session, COMMITTEE)
        added = await add_unit(session, name="第二党支部", kind=UnitKind.BRANCH, parent=above)
    assert (await plan(world)).created == 3
    assert len(await duties(world, "meeting", unit_id=added.id)) == 3


async def test_a_postponed_limit_stays_and_the_duty_is_told_by_it(world: Database) -> None:
    await plan(world)
    (duty,) = await duties(world, "meeting", period="2026-11")
    rule = replace(MEETING, postpone=Span(months=1))
    to = date(2026, 12, 20)
    async with world.write() as session:
        person = await person_named(session, "上书记")
        await acts.postpone(
            session,
            duty.id,
            rule=rule,
            to=to,
            paper="〔2026〕1号",
            zone=ZONE,
            actor_id=person.id,
            now=NOW,
            sent_at=NOW,
        )
    await plan(world, book(DUES, replace(rule, limit=Span(days=24))))
    (kept,) = await duties(world, "meeting", period="2026-11")
    assert (kept.due_on, kept.state) == (to, DutyState.OPEN)


async def test_an_owner_that_fails_does_not_stop_the_others(world: Database) -> None:
    """A term entered with an impossible day concerns that unit alone."""
    async with world.write() as session:
        branch = await unit_named(session, BRANCH)
        above = await unit_named(session, COMMITTEE)
        other = await add_unit(session, name="第二党支部", kind=UnitKind.BRANCH, parent=above)
        for unit, day in ((branch, date(2024, 6, 18)), (other, date.max)):
            session.add(Term(unit_id=unit.id, elected_on=day, entered_at=NOW))
    planned = await plan(world, book(TERM))
    assert (planned.created, planned.failed) == (1, ("election",))


async def test_whoever_leaves_owes_nothing_more_and_again_on_return(world: Database) -> None:
    await plan(world)
    await change(
        world, update(Person).where(Person.name == "王小明").values(left_on=date(2026, 11, 20))
    )
    assert (await plan(world)).withdrawn == 3
    assert len(await duties(world, "dues", state=DutyState.OPEN)) == 18
    await change(world, update(Person).where(Person.name == "王小明").values(left_on=None))
    await plan(world)
    assert len(await duties(world, "dues", state=DutyState.OPEN)) == 21


async def test_an_applicant_owes_no_dues(world: Database) -> None:
    await change(
        world,
        update(Person).where(Person.name == "王小明").values(stage=Stage.APPLICANT.value),
    )
    await plan(world)
    assert len({duty.owner for duty in await duties(world, "dues")}) == 6


async def test_a_changed_rule_moves_what_is_open_and_nothing_else(world: Database) -> None:
    await plan(world)
    (done, *_), states = await duties(world, "meeting"), DutyState.DONE.value
    await change(world, update(Duty).where(Duty.id == done.id).values(state=states))
    sooner = replace(MEETING, limit=Span(days=24), version="2027")
    await plan(world, book(DUES, sooner))
    kept, *moved = await duties(world, "meeting")
    assert (kept.due_on, kept.edition) == (date(2026, 11, 30), "2008")
    assert {(duty.due_on, duty.edition) for duty in moved} == {
        (date(2026, 12, 25), "2027"),
        (date(2027, 1, 25), "2027"),
    }


async def test_a_rule_that_is_gone_takes_its_open_duties_with_it(world: Database) -> None:
    await plan(world)
    assert (await plan(world, book(DUES))).withdrawn == 3
    assert {d.state for d in await duties(world, "meeting")} == {DutyState.WITHDRAWN}


async def test_an_imported_holiday_moves_reminders_not_limits(world: Database) -> None:
    async with world.write() as session:
        await workdays.seed(session, today=NOW.date())
    await plan(world)
    before = {d.id: (d.due_on, d.next_at) for d in await duties(world, "meeting", period="2027-01")}
    days = {date(2027, 1, 20) + timedelta(days=n): (False, "放假") for n in range(8)}
    async with world.write() as session:
        await workdays.save_decree(session, days)
    await plan(world)
    for duty in await duties(world, "meeting", period="2027-01"):
        due_on, next_at = before[duty.id]
        assert duty.due_on == due_on
        assert duty.next_at is not None
        assert next_at is not None
        assert duty.next_at < next_at


async def test_a_term_is_owed_and_the_letter_half_a_year_before(world: Database) -> None:
    async with world.write() as session:
        branch = await unit_named(session, BRANCH)
        session.add(Term(unit_id=branch.id, elected_on=date(2024, 6, 18), entered_at=NOW))
    await plan(world, book(TERM, LETTER))
    (election,) = await duties(world, "election")
    (letter,) = await duties(world, "letter")
    assert (election.owner, election.due_on) == (f"unit:{branch.id}", date(2027, 6, 18))
    assert (letter.owner, letter.due_on) == (f"unit:{branch.parent_id}", date(2026, 12, 18))
    assert letter.subject_unit_id == branch.id


async def test_a_new_election_takes_back_the_old_terms_end(world: Database) -> None:
    async with world.write() as session:
        branch = await unit_named(session, BRANCH)
        session.add(Term(unit_id=branch.id, elected_on=date(2023, 12, 18), entered_at=NOW))
    await plan(world, book(TERM))
    async with world.write() as session:
        session.add(Term(unit_id=branch.id, elected_on=date(2026, 11, 20), entered_at=NOW))
    await plan(world, book(TERM))
    (old,) = await duties(world, "election")
    assert old.state == DutyState.WITHDRAWN


async def test_an_election_held_late_takes_back_the_overdue_one(world: Database) -> None:
    async with world.write() as session:
        branch = await unit_named(session, BRANCH)
        session.add(Term(unit_id=branch.id, elected_on=date(2023, 11, 18), entered_at=NOW))
    await plan(world, book(TERM))
    assert [duty.due_on for duty in await duties(world, "election")] == [date(2026, 11, 18)]
    async with world.write() as session:
        session.add(Term(unit_id=branch.id, elected_on=date(2026, 11, 20), entered_at=NOW))
    await plan(world, book(TERM))
    (old,) = await duties(world, "election")
    assert old.state == DutyState.WITHDRAWN


async def test_a_new_secretary_owes_the_first_training(world: Database) -> None:
    async with world.write() as session:
        person = (await session.scalars(select(Person).where(Person.name == "王小明"))).one()
        session.add(
            Post(
                person_id=person.id,
                unit_id=person.unit_id,
                title=Title.SECRETARY.value,
                since=date(2026, 10, 31),
            )
        )
    await plan(world, book(TRAINING))
    (found,) = await duties(world, "first-training")
    assert (found.owner, found.due_on) == (f"person:{person.id}", date(2027, 4, 30))


async def done(
    database: Database, duty: Duty, on: date, *, today: date | None = None, accept: bool = False
) -> None:
    now = NOW + timedelta(minutes=5)
    async with database.write() as session:
        who = await person_named(session, "支书记")
        await acts.complete(
            session,
            duty.id,
            on=on,
            today=today or on,
            actor_id=who.id,
            now=now,
            sent_at=now,
            accept=accept,
        )


@pytest.mark.parametrize("accept", [False, True])
async def test_what_follows_a_duty_is_owed_from_the_day_on_which_it_was_done(
    world: Database, accept: bool
) -> None:
    rules = book(MEETING, REPORT)
    await plan(world, rules)
    assert await duties(world, "report") == []
    (meeting,) = await duties(world, "meeting", period="2026-11")
    await done(world, meeting, date(2026, 11, 20), accept=accept)
    for _ in range(2):
        await plan(world, rules)
    (report,) = await duties(world, "report")
    assert (report.owner, report.due_on) == (meeting.owner, date(2026, 12, 5))


@pytest.mark.parametrize(
    ("after", "late"), [(timedelta(days=15), False), (timedelta(days=16), True)]
)
async def test_what_follows_a_duty_that_was_entered_late_is_owed_and_overdue(
    world: Database, after: timedelta, late: bool
) -> None:
    """The report is due 15 days after the meeting; in time on the last of them."""
    rules = book(MEETING, REPORT)
    await plan(world, rules)
    (meeting,) = await duties(world, "meeting", period="2026-11")
    await done(world, meeting, date(2026, 11, 3), today=date(2026, 11, 3) + after)
    now = NOW.replace(month=11, day=3) + after
    for _ in range(2):
        await plan(world, rules, now=now)
    (report,) = await duties(world, "report")
    assert (report.state, report.due_on) == (DutyState.OPEN, date(2026, 11, 18))
    assert report.late_entered is late
    assert report.next_at is not None


async def test_what_follows_a_duty_of_long_ago_is_not_dug_out(world: Database) -> None:
    rules = book(MEETING, REPORT)
    await plan(world, rules)
    (meeting,) = await duties(world, "meeting", period="2026-11")
    await done(world, meeting, date(2026, 11, 3), today=date(2027, 1, 4))
    await plan(world, rules, now=NOW + timedelta(days=42))
    assert await duties(world, "report") == []


async def test_what_follows_a_duty_is_taken_back_with_it(world: Database) -> None:
    rules = book(MEETING, REPORT)
    await plan(world, rules)
    (meeting,) = await duties(world, "meeting", period="2026-11")
    await done(world, meeting, date(2026, 11, 20))
    await plan(world, rules)
    now, day = NOW + timedelta(minutes=6), timedelta(days=1)
    async with world.write() as session:
        who = await person_named(session, "支书记")
        await acts.reopen(session, meeting.id, within=day, actor_id=who.id, now=now, sent_at=now)
    await plan(world, rules)
    (report,) = await duties(world, "report")
    assert report.state == DutyState.WITHDRAWN


async def test_what_follows_a_units_own_stricter_rule_is_owed_as_well(world: Database) -> None:
    own = replace(MEETING, id="own", unit=BRANCH, stricter_than="meeting", certainty="本单位")
    rules = book(MEETING, own, REPORT)
    await plan(world, rules)
    (meeting,) = await duties(world, "own", period="2026-11")
    await done(world, meeting, date(2026, 11, 20))
    await plan(world, rules)
    assert [duty.owner for duty in await duties(world, "report")] == [meeting.owner]


async def test_a_units_stricter_rule_stands_in_for_the_regulations(world: Database) -> None:
    own = replace(
        LECTURE,
        id="own-lecture",
        anchor=Anchor(AnchorKind.PERIOD, rrule="FREQ=MONTHLY", dtstart=date(2026, 1, 1)),
        unit=BRANCH,
        stricter_than="lecture",
        certainty="本单位",
    )
    await plan(world, book(LECTURE, own))
    assert await duties(world, "lecture") == []
    assert {duty.period for duty in await duties(world, "own-lecture")} >= {"2026-11", "2026-12"}


@pytest.mark.parametrize(
    ("since", "until"), [(date(2027, 6, 1), None), (date(2026, 1, 1), date(2026, 11, 1))]
)
async def test_a_units_rule_that_is_not_in_force_takes_nothing_away(
    world: Database, since: date, until: date | None
) -> None:
    """Before its first day and after its last the regulation holds in the unit."""
    own = replace(LECTURE, id="own-lecture", unit=BRANCH, stricter_than="lecture")
    own = replace(own, certainty="本单位", effective_from=since, effective_until=until)
    await plan(world, book(LECTURE, own))
    assert await duties(world, "lecture")


async def test_what_was_made_by_hand_or_in_a_case_is_left_alone(world: Database) -> None:
    async with world.write() as session:
        branch = (await session.scalars(select(Unit).where(Unit.name == BRANCH))).one()
        for period in ("+task", "case:1:1"):
            session.add(
                Duty(
                    rule="meeting",
                    edition="2008",
                    owner=f"unit:{branch.id}",
                    period=period,
                    unit_id=branch.id,
                    starts_on=NOW.date(),
                    due_on=date(2026, 12, 5),
                    created_at=NOW,
                )
            )
    await plan(world)
    await plan(world, book(DUES))
    found = [d for d in await duties(world, "meeting") if d.period[0] in "+c"]
    assert {(d.state, d.due_on) for d in found} == {(DutyState.OPEN, date(2026, 12, 5))}


async def test_a_rule_that_fails_does_not_stop_the_others(world: Database) -> None:
    """Number 22: the failure is reported and the other rules are planned."""
    broken = replace(MEETING, id="broken", anchor=Anchor(AnchorKind.PERIOD, rrule="FREQ=NEVER",
                     dtstart=date(2026, 1, 1)))  # fmt: skip
    planned = await plan(world, book(broken, DUES))
    assert planned.failed == ("broken",)
    assert len(await duties(world, "dues")) == 21


FIRST_STEP = replace(
    MEETING,
    id="lost-1",
    case="失去联系",
    step=1,
    anchor=Anchor(AnchorKind.EVENT, event="lost-1"),
)
CASE = book(
    FIRST_STEP, replace(FIRST_STEP, id="lost-2", step=2, limit=Span(months=1), accept=False)
)


async def number_of(database: Database, name: str) -> int:
    async with database.read() as session:
        return (await person_named(session, name)).id


async def opened(database: Database, name: str) -> Duty:
    """Open a case for somebody; return its next step."""
    async with database.write() as session:
        person = await person_named(session, name)
        return await cases.open_for_person(
            session,
            person,
            "失去联系",
            behind=1,
            on=date(2026, 10, 30),
            actor_id=person.id,
            calendar=Calendar(CASE, workdays.Workdays({}), ZONE, NOW),
        )


async def test_a_case_whose_person_has_left_is_told_to_its_secretary_once(world: Database) -> None:
    step = await opened(world, "李小红")
    who = await number_of(world, "李小红")
    left = NOW.date()
    await change(world, update(Person).where(Person.id == who).values(left_on=left))
    for days in range(3):
        await plan(world, CASE, now=NOW + timedelta(days=days))
    (told,) = await messages(world)
    assert told.person_id == await number_of(world, "支书记")
    assert (
        f"李**已于 {left} 办理离开，“失去联系”还在办理中（{step.id} 号任务" in told.content["text"]
    )
    (stop, look) = told.content["buttons"][0]
    assert stop["command"] == f"/stopcase {step.id} 人员已离开，停止办理"
    assert look["command"] == f"/task {step.id}"


async def test_a_case_without_anybody_who_answers_waits_until_there_is(world: Database) -> None:
    await opened(world, "李小红")
    who = await number_of(world, "李小红")
    await change(world, update(Person).where(Person.id == who).values(left_on=NOW.date()))
    await change(world, update(Account).values(chat=None))
    await plan(world, CASE)
    assert await messages(world) == []
    await change(world, update(Account).values(chat="somewhere"))
    await plan(world, CASE)
    assert len(await messages(world)) == 1


async def test_the_open_step_of_a_case_follows_its_person(world: Database) -> None:
    """And its reminder is taken back from whoever answers for it no more."""
    rules, step = CASE, await opened(world, "王小明")
    person_id = await number_of(world, "王小明")
    async with world.write() as session:
        above = await unit_named(session, COMMITTEE)
        other = await add_unit(session, name="第二党支部", kind=UnitKind.BRANCH, parent=above)
    await swept(world, after_all(NOW.date()), book=rules)
    await change(world, update(Person).where(Person.id == person_id).values(unit_id=other.id))
    await plan(world, rules)
    (moved,) = await duties(world, "lost-2")
    assert (moved.id, moved.owner, moved.unit_id) == (step.id, f"unit:{other.id}", other.id)
    reminder, *news = await messages(world)
    assert reminder.state == OutboxState.CANCELLED.value
    # The new branch has no secretary yet: the committee is told for it.
    assert [row.person_id for row in news] == [
        await number_of(world, n) for n in ("支书记", "上书记")
    ]
    assert all("王**" in row.content["text"] for row in news)
    (kept,) = await duties(world, "lost-1")
    assert kept.unit_id != other.id
