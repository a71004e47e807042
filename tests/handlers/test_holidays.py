"""导入节假日: shown before it is kept, by administrators only."""

from __future__ import annotations

from datetime import date

from db.engine import Database
from scheduler import workdays
from scheduler.messages import Message
from scheduler.workdays import Workdays
from tests.handlers.calendar import open_book
from tests.handlers.conftest import ADMINISTRATOR, MEMBER, SECRETARY, SUPERIOR, Talk

LIST = "\n".join([f"2027-02-{day:02} 休 春节" for day in range(5, 12)] + ["2027-02-14 班"])


def text(messages: list[Message]) -> str:
    return "\n".join(message.text for message in messages)


async def table(database: Database) -> Workdays:
    async with database.read() as session:
        return await Workdays.load(session)


async def test_a_notice_is_shown_and_kept_after_a_press(talk: Talk) -> None:
    await open_book(talk)
    assert "粘贴" in text(await talk.say(ADMINISTRATOR, "导入节假日"))
    (preview,) = await talk.say(ADMINISTRATOR, LIST)
    assert "2027-02-14 上班" in preview.text
    assert (await table(talk.database)).is_provisional(date(2027, 2, 14))
    assert "已保存" in text(await talk.press(ADMINISTRATOR, preview, "确认保存"))
    days = await table(talk.database)
    assert days.is_workday(date(2027, 2, 14))
    assert not days.is_provisional(date(2027, 2, 14))


async def test_words_confirm_as_well_and_a_stale_press_does_not(talk: Talk) -> None:
    await open_book(talk)
    await talk.say(ADMINISTRATOR, "导入节假日")
    (preview,) = await talk.say(ADMINISTRATOR, LIST)
    assert "已保存" in text(await talk.say(ADMINISTRATOR, "确认保存"))
    assert "已失效" in text(await talk.press(ADMINISTRATOR, preview, "确认保存"))


async def test_a_text_without_days_changes_nothing(talk: Talk) -> None:
    await open_book(talk)
    await talk.say(ADMINISTRATOR, "导入节假日")
    assert "没有读出日期" in text(await talk.say(ADMINISTRATOR, "明年放假吗"))
    assert (await table(talk.database)).is_provisional(date(2027, 2, 14))


async def test_nobody_but_an_administrator_imports(talk: Talk) -> None:
    for who in (MEMBER, SECRETARY, SUPERIOR):
        assert "不能系统管理" in text(await talk.say(who, "导入节假日"))


async def test_a_decree_of_one_year_leaves_the_neighbours_alone(talk: Talk) -> None:
    await open_book(talk)
    async with talk.database.write() as session:
        days = {date(2027, 1, n): (False, "元旦") for n in range(1, 4)}
        await workdays.save_decree(session, {**days, date(2026, 12, 31): (False, "元旦")})
    found = await table(talk.database)
    assert not found.is_workday(date(2026, 12, 31))
    assert found.is_workday(date(2026, 10, 10))
