"""Learning a material is a duty that follows the people, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from db.engine import Database
from db.organisation import add_unit
from db.tables import Duty, DutyState, Material, MaterialKind, Person, Stage, UnitKind
from knowledge.study import materials
from knowledge.study.materials import Draft
from scheduler import auditor, planning, study_duties
from scheduler.rulebook.checks import check
from scheduler.rulebook.model import RuleBook
from scheduler.rulebook.reading import SHIPPED, read_folder
from scheduler.study_duties import Times
from tests.scheduler.world import (
    BRANCH,
    GROUP,
    MONDAY,
    ZONE,
    add_person,
    after_all,
    at,
    person_named,
    plant,
    swept,
    told,
    unit_named,
)

NOW = at(MONDAY, 10)
DUE = date(2026, 12, 10)
TIMES = Times(MONDAY, NOW, NOW, ZONE)


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The shipped rule about materials alone."""
    return RuleBook("digest", read_folder(SHIPPED).of_id(study_duties.RULE))


async def publish(database: Database, book: RuleBook, unit: str = BRANCH, due: date = DUE) -> int:
    """Publish a material to a unit and hand out its duties; return its number."""
    async with database.write() as session:
        target = await unit_named(session, unit)
        material = await materials.publish(
            session,
            Draft(MaterialKind.TEXT.value, "全会精神", "正文", minutes=30, due_on=due),
            unit_id=target.id,
            to=[target.id],
            by_id=(await person_named(session, "支书记")).id,
            now=NOW,
        )
        await study_duties.owe(session, material, book, TIMES)
        return material.id


async def follow(database: Database, book: RuleBook, today: date = MONDAY) -> int:
    """Let the duties follow the people."""
    times = Times(today, at(today, 12), at(today, 12), ZONE)
    return await study_duties.follow(database, book, times)


async def states(database: Database) -> dict[str, str]:
    """Return where everybody's duty stands."""
    statement = select(Person.name, Duty.state).join(Duty, Duty.person_id == Person.id)
    async with database.read() as session:
        return dict((await session.execute(statement)).all())


async def start(database: Database, book: RuleBook) -> int:
    """Make the organisation and publish to the branch."""
    async with database.write() as session:
        await plant(session)
    return await publish(database, book)


async def test_each_member_of_the_units_owes_it_once(database: Database, book: RuleBook) -> None:
    await start(database, book)
    expected = dict.fromkeys(("支书记", "支组织", "王小明", "组长", "李小红"), "open")
    assert await states(database) == expected
    assert await follow(database, book) == 0
    assert await states(database) == expected


async def test_planning_and_the_auditor_leave_it_alone(database: Database, book: RuleBook) -> None:
    await start(database, book)
    times = {"now": NOW, "sent_at": NOW, "zone": ZONE}
    planned = await planning.plan(database, book, **times)  # type: ignore[arg-type]
    assert (planned.created, planned.withdrawn, planned.failed) == (0, 0, ())
    assert await swept(database, NOW, book=book) == 0
    found = await auditor.audit(database, book, periods={}, **times)  # type: ignore[arg-type]
    assert (found.waiting, found.forgotten, found.failing) == (0, (), ())
    assert set((await states(database)).values()) == {"open"}


async def test_the_ladder_reminds_and_goes_up_after_the_limit(
    database: Database, book: RuleBook
) -> None:
    await start(database, book)
    await swept(database, after_all(DUE - timedelta(days=7)), book=book)
    assert ("王小明", "-7:本人") in await told(database)
    await swept(database, after_all(DUE + timedelta(days=4)), book=book)
    assert ("组长", "+4:小组长") in await told(database)


async def test_who_joins_owes_it_and_who_leaves_does_not(
    database: Database, book: RuleBook
) -> None:
    await start(database, book)
    async with database.write() as session:
        await add_person(session, await unit_named(session, GROUP), "新来的")
        activist = await add_person(session, await unit_named(session, GROUP), "积极分子")
        activist.stage = Stage.ACTIVIST.value
        above = await unit_named(session, "某党委")
        other = await add_unit(session, name="第二党支部", kind=UnitKind.BRANCH, parent=above)
        (await person_named(session, "王小明")).unit_id = other.id
        (await person_named(session, "李小红")).unit_id = (await unit_named(session, BRANCH)).id
        (await person_named(session, "组长")).left_on = MONDAY
    assert await follow(database, book) == 1
    found = await states(database)
    assert found["新来的"] == "open"
    assert "积极分子" not in found
    assert (found["王小明"], found["组长"]) == ("withdrawn", "withdrawn")
    async with database.write() as session:
        moved = await person_named(session, "李小红")
        duty = (await session.scalars(select(Duty).where(Duty.person_id == moved.id))).one()
        assert (duty.unit_id, duty.state) == (moved.unit_id, "open")
        back = await person_named(session, "王小明")
        back.unit_id = moved.unit_id
    assert await follow(database, book) == 1
    assert (await states(database))["王小明"] == "open"


async def test_learning_closes_it_and_counts_the_minutes_once(
    database: Database, book: RuleBook
) -> None:
    number = await start(database, book)
    for counted, was_open in ((30, True), (None, False)):
        async with database.write() as session:
            person = await person_named(session, "王小明")
            material = await session.get_one(Material, number)
            first = await materials.learn(
                session, material, person_id=person.id, on=MONDAY, thought="好", now=NOW
            )
            closed = await study_duties.close(
                session,
                number,
                person_id=person.id,
                thought="好",
                today=MONDAY,
                now=NOW,
                sent_at=NOW,
            )
        assert (first, closed) == (counted, was_open)
    async with database.read() as session:
        [item] = await materials.listed(session, person_id=person.id, unit_path="/1/2/", limit=5)
    assert item.reading is not None
    assert (item.learned, item.reading.minutes) == (True, 30)
    assert (await states(database))["王小明"] == DutyState.DONE.value
    assert await follow(database, book) == 0


async def test_withdrawing_takes_open_duties_back_and_leaves_what_is_done(
    database: Database, book: RuleBook
) -> None:
    number = await start(database, book)
    async with database.write() as session:
        person = await person_named(session, "王小明")
        times = {"now": NOW, "sent_at": NOW}
        assert await study_duties.close(
            session, number, person_id=person.id, thought="", today=MONDAY, **times
        )
        assert await materials.withdraw(session, number, now=NOW)
        assert not await materials.withdraw(session, number, now=NOW)
        assert await study_duties.withdraw(session, number, now=NOW, sent_at=NOW) == 4
    found = await states(database)
    assert found.pop("王小明") == "done"
    assert set(found.values()) == {"withdrawn"}
    assert await follow(database, book) == 0
    async with database.read() as session:
        seen = await materials.listed(session, person_id=person.id, unit_path="/1/2/", limit=5)
    assert seen == []


async def test_batches_that_are_cut_off_are_gone_on_with(
    database: Database, book: RuleBook
) -> None:
    """Fault: everybody was handed theirs in one transaction, however many they were."""
    number = await start(database, book)
    async with database.write() as session:
        for name in "甲乙丙丁戊":
            await add_person(session, await unit_named(session, GROUP), name)
        material = await session.get_one(Material, number)
        assert await study_duties.owe(session, material, book, TIMES, batch=2) == (2, 0)
    assert len(await states(database)) == 7
    assert await study_duties.follow(database, book, TIMES, batch=2) == 3
    assert len(await states(database)) == 10
    async with database.write() as session:
        other = await unit_named(session, BRANCH)
        for name in "甲乙丙":
            (await person_named(session, name)).unit_id = other.id
    assert await study_duties.follow(database, book, TIMES, batch=2) == 0
    async with database.write() as session:
        moved = select(Duty.id).where(Duty.unit_id == other.id)
        assert len((await session.scalars(moved)).all()) == 6
        await materials.withdraw(session, number, now=NOW)
        assert await study_duties.withdraw(session, number, now=NOW, sent_at=NOW, batch=3) == 3
    assert await study_duties.follow(database, book, TIMES, batch=3) == 0
    assert set((await states(database)).values()) == {"withdrawn"}


async def test_nobody_owes_what_is_over_or_has_no_limit(database: Database, book: RuleBook) -> None:
    async with database.write() as session:
        await plant(session)
    await publish(database, book, due=MONDAY - timedelta(days=1))
    assert await states(database) == {}


def test_a_rule_that_is_handed_out_is_checked(book: RuleBook) -> None:
    [rule] = book.rules
    assert check([("x.toml", rule)]) == []
    assert check([("x.toml", replace(rule, certainty="甲"))]) != []
