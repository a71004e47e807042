"""A roster against the record: what it may change, for whom, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from db import accounts, members, roster, roster_drafts
from db.access import OPERATOR, Actor
from db.engine import Database, Session
from db.roster import CONFLICT, NO_UNIT, Plan, RosterRow
from db.tables import Person, Post, Stage, StoredFile, Title, Unit
from tests.db.cast import NOW, SECRETS, TODAY, add_person, plant

NEW = RosterRow(2, "A9", "新人", "第一支部", stage=Stage.ACTIVIST, phone="13800001234")
KNOWN = RosterRow(3, "A2", "党员A", "第一支部", stage=Stage.MEMBER)
IDENTITY = "11010519491231002X"


@pytest.fixture
async def database(database: Database) -> Database:
    async with database.write() as session:
        await plant(session)
    return database


async def actor(session: Session, name: str) -> Actor:
    person = (await session.scalars(select(Person).where(Person.name == name))).one()
    return await accounts.as_actor(session, person, today=TODAY)


async def plan(session: Session, who: str, *rows: RosterRow) -> Plan:
    by = OPERATOR if who == "operator" else await actor(session, who)
    return await roster.plan(session, SECRETS, by, rows, today=TODAY)


async def store(session: Session, who: str, *rows: RosterRow) -> Plan:
    made = await plan(session, who, *rows)
    await roster.apply(session, SECRETS, made, by=None, today=TODAY)
    return made


async def faults(session: Session, who: str, *rows: RosterRow) -> list[tuple[int, str]]:
    made = await plan(session, who, *rows)
    return [(fault.line, fault.reason) for fault in made.faults]


async def person(session: Session, number: str) -> Person:
    statement = select(Person).where(Person.number == number)
    statement = statement.execution_options(populate_existing=True)
    return (await session.scalars(statement)).one()


async def test_new_people_are_added_and_found_by_phone(database: Database) -> None:
    async with database.write() as session:
        made = await store(session, "书记A", NEW, KNOWN)
        assert (len(made.added), len(made.changed), made.same) == (1, 0, 1)
        found = await members.by_phone(session, SECRETS, "13800001234", today=TODAY)
        assert found is not None
        assert (found.number, found.stage) == ("A9", "入党积极分子")


async def test_the_same_file_again_changes_nothing(database: Database) -> None:
    row = replace(KNOWN, name="改名", phone="13900001234", identity=IDENTITY)
    async with database.write() as session:
        assert len((await store(session, "书记A", NEW, row)).changed) == 1
        again = await plan(session, "书记A", NEW, row)
        assert again.empty
        assert again.same == 2


async def test_an_empty_cell_leaves_what_is_on_record(database: Database) -> None:
    full = replace(KNOWN, phone="13900001234", joined_on=date(2012, 7, 1))
    async with database.write() as session:
        await store(session, "书记A", full)
        await store(session, "书记A", replace(KNOWN, stage=None, name="改名"))
        row = await person(session, "A2")
        assert (row.name, row.stage, row.joined_on) == ("改名", "正式党员", date(2012, 7, 1))
        assert row.phone is not None


async def test_nobody_is_taken_away_by_absence(database: Database) -> None:
    async with database.write() as session:
        made = await store(session, "书记A", NEW)
        assert made.missing == ("书记A（A1）", "党员A（A2）")
        assert (await person(session, "A2")).left_on is None


async def test_only_the_units_of_the_file_are_looked_through_for_the_missing(
    database: Database,
) -> None:
    async with database.read() as session:
        assert (await plan(session, "上级", NEW)).missing == ("书记A（A1）", "党员A（A2）")


async def test_a_unit_outside_the_scope_is_not_told_from_an_unknown_one(
    database: Database,
) -> None:
    async with database.read() as session:
        for unit in ("第二支部", "某党委", "没有的支部"):
            row = replace(NEW, unit=unit)
            assert await faults(session, "书记A", row) == [(2, NO_UNIT)]


async def test_numbers_of_people_outside_the_scope_tell_nothing(database: Database) -> None:
    async with database.write() as session:
        stranger = replace(NEW, number="B2", unit="第二支部", identity=IDENTITY)
        await store(session, "书记B", stranger)
        by_number = replace(NEW, number="B1", phone="")
        by_phone = replace(NEW, number="A8")
        by_identity = replace(NEW, number="A7", phone="", identity=IDENTITY)
        for row in (by_number, by_phone, by_identity):
            assert await faults(session, "书记A", row) == [(2, CONFLICT)]


async def test_what_stands_twice_in_a_file_is_found(database: Database) -> None:
    async with database.read() as session:
        twice = replace(NEW, line=5, identity=IDENTITY)
        found = await faults(session, "书记A", replace(NEW, identity=IDENTITY), twice)
    assert found == [
        (5, "工号与第 2 行重复"),
        (5, "手机号与第 2 行重复"),
        (5, "身份证号与第 2 行重复"),
    ]


async def test_two_people_may_swap_their_numbers(database: Database) -> None:
    first = replace(KNOWN, phone="13900000001")
    second = RosterRow(4, "A1", "书记A", "第一支部", phone="13900000002")
    async with database.write() as session:
        await store(session, "书记A", first, second)
        made = await store(
            session,
            "书记A",
            replace(first, phone=second.phone),
            replace(second, phone=first.phone),
        )
        assert len(made.changed) == 2
        owner = await members.by_phone(session, SECRETS, first.phone, today=TODAY)
        assert owner is not None
        assert owner.number == "A1"


async def test_a_number_that_stays_anothers_is_refused(database: Database) -> None:
    async with database.write() as session:
        await store(session, "书记A", replace(KNOWN, phone="13800001234"))
        assert await faults(session, "书记A", NEW) == [(2, "手机号已登记给党员A（A2）")]
        kept = replace(KNOWN, phone="")
        assert await faults(session, "书记A", NEW, kept) == [(2, "手机号已登记给党员A（A2）")]


async def test_a_new_person_needs_a_stage(database: Database) -> None:
    async with database.read() as session:
        found = await faults(session, "书记A", replace(NEW, stage=None))
    assert found == [(2, "新增人员要填写身份")]


async def test_posts_follow_the_rules_of_appointing(database: Database) -> None:
    def with_post(title: Title) -> RosterRow:
        return replace(KNOWN, posts=((title, ""),))

    async with database.write() as session:
        assert await faults(session, "书记A", with_post(Title.ORGANISATION)) == []
        for title in (Title.SECRETARY, Title.EDITOR, Title.ADMINISTRATOR):
            assert len(await faults(session, "书记A", with_post(title))) == 1
        assert await faults(session, "上级", with_post(Title.SECRETARY)) == []
        assert len(await faults(session, "上级", with_post(Title.ADMINISTRATOR))) == 1
        assert await faults(session, "operator", with_post(Title.ADMINISTRATOR)) == []


async def test_nobody_promotes_or_moves_oneself_by_a_file(database: Database) -> None:
    own = RosterRow(2, "A1", "书记A", "第一支部")
    async with database.read() as session:
        posts = ((Title.ORGANISATION, ""),)
        assert len(await faults(session, "书记A", replace(own, posts=posts))) == 1
        assert await faults(session, "书记A", replace(own, posts=((Title.SECRETARY, ""),))) == []
        boss = RosterRow(2, "C1", "上级", "第一支部")
        assert len(await faults(session, "上级", boss)) == 1


async def test_the_phone_of_a_greater_post_cannot_be_changed_to_bind_by_it(
    database: Database,
) -> None:
    """An organisation officer may not take over the secretary's account by a roster."""
    async with database.write() as session:
        unit = (await session.scalars(select(Unit).where(Unit.name == "第一支部"))).one()
        await add_person(session, unit, "组委", "A5", Title.ORGANISATION)
        row = RosterRow(2, "A1", "书记A", "第一支部", phone="13900001234")
        [(_, reason)] = await faults(session, "组委", row)
        assert "不能修改手机号" in reason
        assert await faults(session, "组委", replace(row, number="A2", name="党员A")) == []


async def test_an_officer_without_the_right_to_move_moves_nobody(database: Database) -> None:
    async with database.write() as session:
        top = (await session.scalars(select(Unit).where(Unit.name == "某党委"))).one()
        await add_person(session, top, "干事", "C5", Title.STAFF)
        moved = replace(KNOWN, unit="第二支部")
        assert len(await faults(session, "干事", moved)) == 1
        made = await store(session, "上级", moved)
        assert made.changed[0].rights == ("你的所在组织已由第一支部调整为第二支部。",)


async def test_somebody_who_left_comes_back_under_the_same_number(database: Database) -> None:
    async with database.write() as session:
        left = await person(session, "A2")
        left.left_on = TODAY
        await session.flush()
        made = await store(session, "书记A", KNOWN)
        assert made.changed[0].shown == ("重新加入",)
        assert (await person(session, "A2")).left_on is None


async def test_a_plan_with_a_fault_stores_nothing(database: Database) -> None:
    async with database.write() as session:
        made = await plan(session, "书记A", NEW, replace(KNOWN, unit="没有的支部"))
        with pytest.raises(ValueError, match="faults"):
            await roster.apply(session, SECRETS, made, by=None, today=TODAY)
        numbers = await session.scalars(select(Person.number))
        assert "A9" not in list(numbers)


async def test_the_mark_changes_when_the_effect_does(database: Database) -> None:
    async with database.write() as session:
        first = await plan(session, "书记A", NEW, KNOWN)
        assert (await plan(session, "书记A", NEW, KNOWN)).mark == first.mark
        await store(session, "上级", replace(KNOWN, name="改名"))
        assert (await plan(session, "书记A", NEW, KNOWN)).mark != first.mark


async def test_of_imports_at_once_the_later_ones_see_the_first(database: Database) -> None:
    rows = [replace(NEW, line=n, number=f"N{n}", phone="") for n in range(2, 300)]

    async def take_in() -> bool:
        async with database.write() as session:
            await roster.take_turn(session)
            made = await plan(session, "书记A", *rows)
            await roster.apply(session, SECRETS, made, by=None, today=TODAY)
            return made.empty

    assert sorted(await asyncio.gather(*(take_in() for _ in range(4)))) == [False, True, True, True]


async def test_posts_are_added_and_never_ended(database: Database) -> None:
    posts = ((Title.ORGANISATION, ""), (Title.PUBLICITY, "第一支部"))
    async with database.write() as session:
        await store(session, "上级", replace(KNOWN, posts=posts))
        await store(session, "上级", replace(KNOWN, posts=posts[:1]))
        who = await person(session, "A2")
        held = await session.scalars(select(Post.title).where(Post.person_id == who.id))
        assert sorted(held) == ["宣传委员", "组织委员"]


async def test_the_store_holds_no_number_in_clear(database: Database) -> None:
    row = replace(NEW, identity=IDENTITY)
    async with database.write() as session:
        await store(session, "书记A", row)
        kept = [replace(row, number="A7", phone="13800005678", identity="440524188001010014")]
        await roster_drafts.keep(session, SECRETS, kept, "mark", owner_id=1, now=NOW)
        dump = await _dump(session)
    for number in (row.phone, row.identity, "13800005678", "440524188001010014", "新人"):
        assert (number in dump) is (number == "新人")


async def test_rows_under_way_come_back_to_their_owner_for_a_while(database: Database) -> None:
    rows = [replace(NEW, posts=((Title.STAFF, "第一支部"),), joined_on=date(2012, 7, 1)), KNOWN]
    async with database.write() as session:
        owner = (await person(session, "A1")).id
        stranger = (await person(session, "B1")).id
        number = await roster_drafts.keep(session, SECRETS, rows, "m", owner_id=owner, now=NOW)
        assert await _draft(session, number, owner) == ("m", rows)
        assert await _draft(session, number, stranger) is None
        late = timedelta(seconds=roster_drafts.LIFE.total_seconds())
        assert await _draft(session, number, owner, late) is None
        await roster_drafts.keep(session, SECRETS, rows, "m", owner_id=stranger, now=NOW + late)
        assert len((await session.scalars(select(StoredFile.id))).all()) == 1


async def _draft(
    session: Session, number: int, owner: int, late: timedelta = timedelta()
) -> tuple[str, Sequence[RosterRow]] | None:
    return await roster_drafts.find(session, SECRETS, number, owner_id=owner, now=NOW + late)


async def _dump(session: Session) -> str:
    people = (await session.execute(text("SELECT * FROM person"))).all()
    files = (await session.execute(text("SELECT data, name FROM stored_file"))).all()
    return f"{people} {files}"
