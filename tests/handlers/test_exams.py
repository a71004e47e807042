"""模拟考试: confirmed, answered in any order, handed in or ended by the clock, marked once."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from db.tables import Exam, Outbox, PracticeAnswer, PracticeCard, QuizQuestion
from handlers.exams import close_overdue
from scheduler.messages import Message
from tests.handlers.conftest import MEMBER, SECRETARY, ZONE, Talk
from tests.handlers.test_practice import labels, right, turn_round, wrong
from tests.knowledge.quiz import make


@pytest.fixture
async def bank(talk: Talk) -> Talk:
    """A bank of three questions, one of each kind."""
    async with talk.database.write() as session:
        await session.execute(update(QuizQuestion).values(retired_at=talk.now))
        await make.store(session, make.SINGLE, make.MULTIPLE, make.JUDGE)
    return talk


async def begin(talk: Talk, text: str = "模拟考试 3题 10分钟") -> Message:
    """Start an examination and return its first page."""
    await talk.say(MEMBER, text)
    [page] = await talk.say(MEMBER, "开始")
    return page


async def reply(talk: Talk, page: Message, *, well: bool = True) -> Message:
    """Answer a page by typing, and return the next."""
    [following] = await talk.say(MEMBER, "".join(right(page)) if well else wrong(page))
    return following


async def test_it_says_what_it_will_be_and_starts_on_a_word(bank: Talk) -> None:
    [offer] = await bank.say(MEMBER, "模拟考试")
    assert "3 题（可以考的题目只有 3 题），限时 30 分钟，满分 100，60 分及格" in offer.text
    [page] = await bank.press(MEMBER, offer, "开始考试")
    assert page.text.startswith("第 1 题 / 3 · ")
    assert "剩余 30 分 0 秒（10:30:00 截止）" in page.text


@pytest.mark.parametrize("text", ["模拟考试 0题", "模拟考试 200题", "模拟考试 20题 999分钟"])
async def test_senseless_sizes_are_refused(bank: Talk, text: str) -> None:
    [refusal] = await bank.say(MEMBER, text)
    assert "可以考 1 到 100 题、1 到 180 分钟" in refusal.text


async def test_without_a_yes_it_does_not_start(bank: Talk) -> None:
    [offer] = await bank.say(MEMBER, "模拟考试")
    await bank.press(MEMBER, offer, "取消")
    await bank.say(MEMBER, "支委会多久开一次？")
    async with bank.database.read() as session:
        assert list(await session.scalars(select(Exam))) == []


async def test_a_paper_without_fault(bank: Talk) -> None:
    page = await begin(bank)
    for _ in range(3):
        assert "正确" not in page.text.replace("正确答案", "")
        page = await reply(bank, page)
    assert "已答 3 / 3 题" in page.text
    bank.later(minutes=4, seconds=5)
    [result] = await bank.press(MEMBER, page, "确认交卷")
    lines = result.text.splitlines()
    assert lines[0] == "模拟考试成绩单"
    assert f"姓名：{MEMBER}" in lines
    assert "日期：2026-11-23" in lines
    assert "成绩：100 分（3 题答对 3 题，60 分及格）" in lines
    assert "结果：合格" in lines
    assert "用时：4 分 5 秒" in lines
    assert result.table is not None
    assert sorted(result.table.rows[1:]) == [("党费", "2", "2"), ("组织生活", "1", "1")]


async def test_what_was_wrong_is_listed_with_the_right_answer_and_noted(bank: Talk) -> None:
    page = await begin(bank)
    faulty = page.text.splitlines()[2]
    page = await reply(bank, page, well=False)
    await reply(bank, page)
    await bank.say(MEMBER, "交卷")
    [result, corrected] = await bank.say(MEMBER, "确认交卷")
    assert "成绩：33 分" in result.text
    assert "结果：不合格" in result.text
    assert f"1. {faulty}" in corrected.text
    assert "你的答案：未答" in corrected.text
    assert f"依据：{make.SINGLE.regulation}第八条（2008版）" in corrected.text
    [book] = await bank.say(MEMBER, "错题本")
    assert "共 1 题" in book.text


async def test_an_import_meanwhile_does_not_change_the_paper(bank: Talk) -> None:
    page = await begin(bank)
    for _ in range(3):
        await turn_round(bank)
        page = await reply(bank, page)
    [result] = await bank.press(MEMBER, page, "确认交卷")
    assert "成绩：100 分" in result.text


async def test_an_answer_may_be_changed_until_the_paper_is_handed_in(bank: Talk) -> None:
    page = await begin(bank, "模拟考试 1题 10分钟 党费")
    await reply(bank, page, well=False)
    [page] = await bank.say(MEMBER, "上一题")
    assert "已选：" in page.text
    overview = await reply(bank, page)
    [result] = await bank.press(MEMBER, overview, "确认交卷")
    assert "成绩：100 分" in result.text
    async with bank.database.read() as session:
        [card] = await session.scalars(select(PracticeCard))
    assert (card.right, card.wrong, card.wrong_at) == (1, 0, None)


async def test_several_options_are_ticked_by_buttons(bank: Talk) -> None:
    page = await begin(bank, "模拟考试 组织生活")
    for name in right(page):
        [page] = await bank.press(MEMBER, page, name)
        assert f"{name} ✓" in labels(page)
    [overview] = await bank.press(MEMBER, page, "下一题")
    [result] = await bank.press(MEMBER, overview, "确认交卷")
    assert "成绩：100 分" in result.text


async def test_the_overview_leads_to_what_is_unanswered(bank: Talk) -> None:
    page = await begin(bank)
    [second] = await bank.press(MEMBER, page, "下一题")
    await reply(bank, second)
    [overview] = await bank.say(MEMBER, "交卷")
    assert "还没有答：第 1、3 题。" in overview.text
    [third] = await bank.press(MEMBER, overview, "第 3 题")
    assert third.text.startswith("第 3 题")


async def test_it_goes_on_where_it_was_after_something_else(bank: Talk) -> None:
    """Another dialog takes the place of the examination's; the paper is in the store."""
    page = await begin(bank)
    second = await reply(bank, page)
    [found] = await bank.say(MEMBER, "支委会多久开一次？")
    assert found.quote is not None
    await bank.say(MEMBER, "取消")
    [resumed] = await bank.say(MEMBER, "模拟考试")
    assert resumed.text == second.text


async def test_a_second_paper_does_not_start_beside_the_first(bank: Talk) -> None:
    [offer] = await bank.say(MEMBER, "模拟考试 2题")
    [first] = await bank.press(MEMBER, offer, "开始考试")
    [again] = await bank.press(MEMBER, offer, "开始考试")
    assert again.text == first.text
    async with bank.database.read() as session:
        assert len(list(await session.scalars(select(Exam)))) == 1


async def test_the_instant_of_the_end_is_too_late(bank: Talk) -> None:
    """An answer counts before the end; the one that comes with it is told what became of it."""
    page = await begin(bank)
    bank.later(minutes=9, seconds=59)
    page = await reply(bank, page)
    bank.later(seconds=1)
    [result, _] = await bank.press(MEMBER, page, labels(page)[0])
    assert "时间已到，已自动交卷；这一步没有计入" in result.text
    assert "3 题答对 1 题" in result.text
    assert "用时：10 分 0 秒（时间到，自动交卷）" in result.text
    async with bank.database.read() as session:
        assert len(list(await session.scalars(select(PracticeAnswer)))) == 1
    [over] = await bank.press(MEMBER, page, labels(page)[0])
    assert "已经结束" in over.text


async def test_the_clock_ends_a_paper_and_tells_its_sitter_once(bank: Talk) -> None:
    page = await begin(bank)
    await reply(bank, page, well=False)
    for told in (0, 1, 0):
        async with bank.database.write() as session:
            assert await close_overdue(session, now=bank.now, zone=ZONE) == told
        bank.later(minutes=10)
    async with bank.database.read() as session:
        rows = list(await session.scalars(select(Outbox).where(Outbox.kind == "exam")))
    assert [row.chat for row in rows] == [MEMBER, MEMBER]
    assert "姓名：江晚舟" in rows[0].content["text"]
    assert "用时：10 分 0 秒" in rows[0].content["text"]
    *_, late = await bank.say(MEMBER, "B")
    assert "已经结束，这一步没有计入" in late.text
    [mine] = await bank.say(MEMBER, "我的成绩")
    assert "2026-11-23 0 分，3 题，不合格" in mine.text


async def test_nobody_else_sees_or_hands_in_a_paper(bank: Talk) -> None:
    page = await begin(bank)
    assert await bank.press(SECRETARY, page, "交卷") == []
    async with bank.database.read() as session:
        [exam] = await session.scalars(select(Exam))
    for text in (f"/paper {exam.id} 1 看", f"/paper {exam.id} 1 确认交卷"):
        [refusal] = await bank.say(SECRETARY, text)
        assert "没有找到这场考试" in refusal.text
    assert exam.finished_at is None


async def test_a_running_paper_is_not_in_the_results(bank: Talk) -> None:
    """Otherwise the rate would tell, answer by answer, which were right."""
    page = await begin(bank)
    await reply(bank, page)
    [mine] = await bank.say(MEMBER, "我的成绩")
    assert "还没有答过题" in mine.text


async def test_no_page_tells_what_is_right(bank: Talk) -> None:
    page = await begin(bank)
    while re.match("第 ", page.text):
        assert make.SINGLE.explanation not in page.text
        assert page.quote is None
        page = await reply(bank, page, well=False)
