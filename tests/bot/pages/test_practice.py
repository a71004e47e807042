"""Practice and an examination in the browser, pressed and typed, wide and narrow."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect
from sqlalchemy import update

from db.tables import QuizQuestion
from tests.bot.pages.conftest import Desk
from tests.bot.pages.talking import ask, said
from tests.knowledge.quiz import make

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PHONE = 390


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def bank(desk: Desk) -> None:
    """A bank of one question of each kind."""
    async with desk.pages.app.database.write() as session:
        await session.execute(update(QuizQuestion).values(retired_at=desk.pages.clock()))
        for number, question in enumerate((make.SINGLE, make.MULTIPLE, make.JUDGE)):
            key = f"{desk.pages.clock().isoformat()}-{number}"
            session.add(QuizQuestion(key=key, created_at=desk.pages.clock(), **question.values))


def button(line: Locator, label: str) -> Locator:
    return line.get_by_role("button", name=label, exact=True)


@pytest.mark.parametrize(("name", "width"), [("叶初晴", 1200), ("宋以宁", PHONE)])
async def test_options_are_ticked_in_place_and_the_answer_is_told_there(
    desk: Desk, name: str, width: int
) -> None:
    page = await desk.chat(name, width=width)
    line = await ask(page, "答题 1题 组织生活")
    await expect(line).to_contain_text("多选 · 组织生活")
    text = await line.inner_text()
    wrong = next(row[0] for row in text.splitlines() if row.endswith("民主生活会"))
    for letter in "ABCD".replace(wrong, ""):
        await button(line, letter).click()
        await expect(button(line, f"{letter} ✓")).to_be_visible()
    await button(line, "提交").click()
    await expect(line).to_contain_text("✓ 答对了")
    await expect(line.locator("blockquote")).to_contain_text("第八条")
    await expect(said(page).last).to_contain_text("答了 1 题，答对 1 题")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_an_examination_is_sat_and_goes_on_after_a_reload(desk: Desk) -> None:
    page = await desk.chat("贺兰亭", width=PHONE)
    line = await ask(page, "模拟考试 3题 10分钟")
    await button(line, "开始考试").click()
    await expect(line).to_contain_text("第 1 题 / 3")
    await page.reload()
    await expect(said(page).last).to_contain_text("第 1 题 / 3")
    line = await ask(page, "A")
    await expect(line).to_contain_text("第 2 题 / 3")
    await button(line, "交卷").click()
    await expect(line).to_contain_text("还没有答：第 2、3 题")
    await button(line, "确认交卷").click()
    await expect(line).to_contain_text("模拟考试成绩单")
    await expect(line).to_contain_text("姓名：贺兰亭")
    await expect(said(page).last).to_contain_text("没有答对的题")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
