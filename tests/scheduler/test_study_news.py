"""What is told of study unasked: once, to who wants it, at hours when people may be told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from db.engine import Database
from db.tables import CheckIn, MaterialKind, Outbox, Person, UnitSetting
from knowledge.study import materials, mutes, standing
from knowledge.study.materials import Draft
from scheduler import study_news, workdays
from scheduler.rulebook.model import RuleBook
from scheduler.workdays import Workdays
from tests.scheduler.world import (
    BRANCH,
    GROUP,
    MONDAY,
    ZONE,
    add_person,
    at,
    person_named,
    plant,
    unit_named,
)

BOOK = RuleBook("digest", ())
# A Monday: 15 November 2026 is a Sunday.
SHORT_DAY = date(2026, 11, 16)


async def start(database: Database) -> None:
    """Make the organisation and the table of days."""
    async with database.write() as session:
        await plant(session)
        await workdays.seed(session, today=MONDAY)


async def study(database: Database, name: str, minutes: int) -> None:
    """Let somebody have studied."""
    async with database.write() as session:
        person = await person_named(session, name)
        session.add(
            CheckIn(
                key=f"{name}:{minutes}",
                person_id=person.id,
                on=date(2026, 3, 2),
                what="党章",
                minutes=minutes,
                at=at(MONDAY, 9),
            )
        )


async def look(database: Database, now: datetime, *, batch: int = 3) -> int:
    """Look for news at a time, at a few people together."""
    return await study_news.look(database, BOOK, now=now, sent_at=now, zone=ZONE, batch=batch)


async def read(database: Database) -> dict[str, list[str]]:
    """Return what was written to whom."""
    found: dict[str, list[str]] = {}
    async with database.read() as session:
        rows = await session.execute(
            select(Person.name, Outbox.content)
            .join(Person, Person.id == Outbox.person_id)
            .where(Outbox.kind == study_news.KIND)
            .order_by(Outbox.id)
        )
        for name, content in rows:
            found.setdefault(name, []).append(content["text"])
    return found


async def test_who_is_short_of_hours_is_told_once_and_the_secretary_only_how_many(
    database: Database,
) -> None:
    await start(database)
    await study(database, "王小明", 32 * 60)
    await study(database, "李小红", 31 * 60 + 59)
    now = at(SHORT_DAY, 10)
    assert await look(database, now) > 0
    assert await look(database, now + timedelta(minutes=10)) == 0
    found = await read(database)
    assert "王小明" not in found
    assert (
        "《中国共产党党员教育管理工作条例》第二十条的 32 学时（条文用语为“一般”）还差 0.1"
        in found["李小红"][0]
    )
    assert "的 56 学时（规划已到期，是否沿用待核，以上级组织的要求为准）" in found["支组织"][0]
    own, branch = found["支书记"]
    assert "温馨提示" in own
    assert f"{BRANCH}还有 2 名党员" in branch
    assert "按 56 学时算，所依据的规划已到期，是否沿用待核" in branch
    assert "支组织" not in branch
    assert await look(database, at(date(2026, 12, 10), 10)) > 0


@pytest.mark.parametrize(
    ("day", "hour", "told"),
    [
        (date(2026, 11, 15), 10, False),
        (SHORT_DAY, 7, False),
        (SHORT_DAY, 22, False),
        (SHORT_DAY, 10, True),
        (date(2026, 11, 20), 10, True),
        (date(2026, 11, 23), 10, False),
        (date(2026, 9, 15), 10, False),
    ],
)
async def test_it_is_told_on_workdays_outside_quiet_hours(
    sqlite_database: Database, day: date, hour: int, told: bool
) -> None:
    await start(sqlite_database)
    assert (await look(sqlite_database, at(day, hour)) > 0) is told


def test_a_notice_day_off_is_moved_to_the_next_workday() -> None:
    days = Workdays({})
    assert study_news.notice_day(date(2026, 11, 15), days) is None
    assert study_news.notice_day(date(2026, 11, 16), days) == date(2026, 11, 15)
    assert study_news.notice_day(date(2026, 12, 10), days) == date(2026, 12, 10)


async def test_who_has_muted_it_or_cannot_be_reached_is_left_alone(database: Database) -> None:
    await start(database)
    async with database.write() as session:
        muted = await person_named(session, "王小明")
        await mutes.mute(session, muted.id, mutes.STUDY, now=datetime(2026, 1, 1, tzinfo=UTC))
        await add_person(session, await unit_named(session, GROUP), "未绑定", bound=False)
    await look(database, at(SHORT_DAY, 10))
    found = await read(database)
    assert "王小明" not in found
    assert "未绑定" not in found
    assert "李小红" in found


async def test_new_material_is_news_for_its_units_only(database: Database) -> None:
    await start(database)
    now = at(MONDAY, 10)
    async with database.write() as session:
        group = await unit_named(session, GROUP)
        await materials.publish(
            session,
            Draft(MaterialKind.TEXT.value, "全会精神", "正文"),
            unit_id=group.id,
            to=[group.id],
            by_id=(await person_named(session, "组长")).id,
            now=now,
        )
    assert await look(database, now) == 1
    assert await look(database, now) == 0
    assert await read(database) == {"李小红": ["新的学习资料《全会精神》。"]}
    async with database.write() as session:
        await add_person(session, await unit_named(session, GROUP), "新来的")
    assert await look(database, now + timedelta(days=2)) == 1
    async with database.write() as session:
        await add_person(session, await unit_named(session, GROUP), "更晚来的")
    assert await look(database, now + timedelta(days=4)) == 0


async def test_the_hours_go_by_the_nearest_setting(database: Database) -> None:
    await start(database)
    await study(database, "王小明", 90)
    async with database.write() as session:
        branch = await unit_named(session, BRANCH)
        by = (await person_named(session, "支书记")).id
        session.add(
            UnitSetting(
                unit_id=branch.id,
                name="学时折算",
                value="45",
                by_id=by,
                authority_id=branch.id,
                at=at(MONDAY, 9),
            )
        )
        await session.flush()
        people = await standing.standings(session, Person.name == "王小明", today=MONDAY)
    [one] = people
    assert (one.per_hour, one.hours, one.missing) == (45, 2.0, 30.0)
