"""A daily round from the secretary's words to its result, in the browser's group room."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from bot.jobs import Jobs
from tests.bot.pages.conftest import Desk
from tests.bot.pages.talking import ask
from tests.scheduler.quiz_world import question

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_a_daily_round_from_the_order_to_the_result(desk: Desk) -> None:
    pages = desk.pages
    async with pages.app.database.write() as session:
        session.add(question(1, topic="党章一"))
    secretary, member = await desk.chat("林知夏", group=True), await desk.chat("江晚舟", group=True)
    done = await ask(secretary, "@支部助手 每日答题 10:30 1题 党章一 限时10分钟")
    await expect(done).to_contain_text("下一次：2026-11-23 10:30")
    await passing(desk, minutes=31)
    await choose(member, "更错的")
    await choose(secretary, "对的")
    await expect(member.get_by_text("答错了").first).to_be_visible()
    await passing(desk, minutes=10)
    for page in (secretary, member):
        await expect(page.get_by_text("结果：2 人参加，正确率 50%").first).to_be_visible()


async def passing(desk: Desk, *, minutes: float) -> None:
    """Let time pass and the clock look."""
    desk.pages.clock.ahead += timedelta(minutes=minutes)
    await Jobs(desk.pages.app, desk.pages.clock).rounds()


async def choose(page: Page, option: str) -> None:
    """Press an option of the question."""
    words = page.get_by_text(option, exact=True)
    await page.get_by_role("button").filter(has=words).click()
