"""The demo's first minute: a reminder, an overdue alert, an escalation, to three persons."""

from __future__ import annotations

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from bot.jobs import Jobs
from db.tables import Duty, DutyState
from scheduler.rehearsal import PERIOD
from tests.bot.pages.conftest import Desk, Pages
from tests.bot.pages.talking import ask, press, said

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

# Who answers for the first, second and, above it, third branch of the demo.
REMINDED, LATE, ABOVE = "林知夏", "程默涵", "孟川"
THIRD = "总装车间党支部"


async def tick(pages: Pages) -> None:
    """Do what the metronome has done a moment after the start."""
    jobs = Jobs(pages.app, pages.clock)
    await jobs.plan()
    await jobs.sweep()


async def test_three_persons_are_told_three_different_things(desk: Desk) -> None:
    await tick(desk.pages)
    reminded, late, above = [await desk.chat(name) for name in (REMINDED, LATE, ABOVE)]
    await expect(said(reminded).last).to_contain_text("【提醒】")
    await expect(said(reminded).last).not_to_contain_text("【逾期】")
    await expect(said(late).last).to_contain_text("【逾期】")
    await expect(said(late).last).to_contain_text("财务审计党支部：支部党员大会")
    await expect(said(above).last).to_contain_text(f"{THIRD}：支部党员大会")
    await expect(said(above).last).to_contain_text("已逾期")


async def test_a_tick_later_nobody_is_told_again(desk: Desk) -> None:
    await tick(desk.pages)
    page = await desk.chat(LATE)
    await expect(said(page).last).to_contain_text("【逾期】")
    count = await said(page).count()
    await tick(desk.pages)
    await desk.pages.app.delivery.settled()
    await page.reload()
    await expect(said(page)).to_have_count(count)


async def test_what_is_done_in_the_browser_ends_the_ladder(desk: Desk) -> None:
    await tick(desk.pages)
    person = await desk.pages.person(LATE)
    async with desk.pages.app.database.read() as session:
        number = await session.scalar(
            select(Duty.id).where(Duty.period == PERIOD, Duty.owner == f"unit:{person.unit_id}")
        )
    page = await desk.chat(LATE)
    await expect(await ask(page, f"收到 {number}")).to_contain_text("已记下")
    await expect(await press(page, "已办")).to_contain_text("请提交材料")
    await expect(await ask(page, "11 月 20 日召开，到会 8 人")).to_contain_text("已办结")
    await expect(await ask(page, f"任务 {number}")).to_contain_text("已收到")
    async with desk.pages.app.database.read() as session:
        duty = await session.get_one(Duty, number)
    assert (duty.state, duty.next_at) == (DutyState.DONE, None)


async def test_a_calendar_address_is_read_by_whoever_has_it_and_nobody_else(desk: Desk) -> None:
    await tick(desk.pages)
    page = await desk.chat(REMINDED)
    line = await ask(page, "日历")
    await expect(line).to_contain_text("/calendar/")
    address = (await line.inner_text()).split("/calendar/")[1].split(".ics")[0]
    asking = (await desk.profile()).request
    feed = await asking.get(f"/calendar/{address}.ics")
    assert feed.headers["content-type"] == "text/calendar; charset=utf-8"
    text = (await feed.body()).decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert "BEGIN:VALARM" in text
    again = await asking.get(
        f"/calendar/{address}.ics", headers={"if-none-match": feed.headers["etag"]}
    )
    assert again.status == 304
    assert (await asking.get(f"/calendar/{address[:-1]}.ics")).status == 404
    await expect(await ask(page, "取消日历")).to_contain_text("已停用")
    assert (await asking.get(f"/calendar/{address}.ics")).status == 404
