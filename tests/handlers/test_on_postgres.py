"""The conversation on PostgreSQL: the same code and SQL.

From question to published answer, from a practised question to the wrong-answer book, and
through a paper.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from db import audit, demo
from db.engine import Database
from db.secrets import Secrets
from db.tables import Exam, PracticeAnswer
from handlers.exams import close_overdue
from knowledge import seeding
from knowledge.library import Library
from tests.conftest import SECRET, START
from tests.handlers.conftest import (
    ADMINISTRATOR,
    EDITOR,
    MEMBER,
    OFFICER,
    SECRETARY,
    SIBLING,
    ZONE,
    Talk,
    upload,
)
from tests.handlers.test_practice import right, wrong
from tests.knowledge.quiz import make

QUESTION = "工会体检套餐能不能换成眼科项目"
ROSTER = "工号,姓名,单位,身份\nN1,新来的,综合管理党支部,正式党员\n"


@pytest.fixture
async def talk(postgres_url: str, tmp_path: Path) -> AsyncIterator[Talk]:
    """A conversation on a furnished PostgreSQL store."""
    database = Database(postgres_url)
    async with database.write() as session:
        await demo.plant(session, Secrets(SECRET))
        await seeding.seed(session, now=START)
    async with database.read() as session:
        library = await Library.open(tmp_path / "search", session)
    talk = Talk(database, library)
    await talk.bind(MEMBER, SECRETARY, OFFICER, SIBLING, EDITOR, ADMINISTRATOR)
    yield talk
    await database.close()


async def test_the_main_ways_work_and_leave_a_whole_record(talk: Talk) -> None:
    asked = talk.incoming(MEMBER, "支委会多久开一次")
    # The same update from two pollers at once has one effect.
    await asyncio.gather(*(talk.dispatcher.handle(asked) for _ in range(3)))
    [known] = await talk.send(asked)
    assert known.quote is not None
    [unknown] = await talk.say(MEMBER, QUESTION)
    await talk.press(MEMBER, unknown, "转给组织委员")
    await talk.press(OFFICER, talk.mail(OFFICER)[0], "答复")
    await talk.say(OFFICER, "可以，向综合办公室提出。")
    await talk.say(OFFICER, "发送答复")
    assert "综合办公室" in talk.mail(MEMBER)[0].text
    await talk.press(EDITOR, talk.mail(EDITOR)[0], "发布")
    [found] = await talk.say(SIBLING, QUESTION)
    assert "综合办公室" in found.text
    await talk.say(SECRETARY, "邀请 江晚舟")
    [preview] = await talk.say(SECRETARY, "名册", upload=upload("名册.csv", ROSTER.encode()))
    [done] = await talk.press(SECRETARY, preview, "确认导入")
    assert "新增 1 人" in done.text
    [gaps] = await talk.say(EDITOR, "知识盘点")
    assert gaps.text
    async with talk.database.read() as session:
        assert await audit.verify(session, talk.secrets) is None


@pytest.fixture
async def bank(postgres_url: str, tmp_path: Path) -> AsyncIterator[Talk]:
    """A conversation on a PostgreSQL store with a bank of one question of each kind."""
    database = Database(postgres_url)
    async with database.write() as session:
        await demo.plant(session, Secrets(SECRET))
        await make.store(session, make.SINGLE, make.MULTIPLE, make.JUDGE)
    async with database.read() as session:
        library = await Library.open(tmp_path / "search", session)
    talk = Talk(database, library)
    await talk.bind(MEMBER)
    yield talk
    await database.close()


async def test_practice_goes_from_the_first_question_to_the_wrong_answer_book(bank: Talk) -> None:
    [put] = await bank.say(MEMBER, "答题 3题")
    # The same button three times at once is one answer.
    token = {b.label: b.token for row in put.buttons for b in row}[wrong(put)]
    presses = [bank.incoming(MEMBER, "", press=token) for _ in range(3)]
    if make.MULTIPLE.stem in put.text:
        presses = [bank.incoming(MEMBER, wrong(put))]
    await asyncio.gather(*(bank.dispatcher.handle(press) for press in presses))
    async with bank.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(PracticeAnswer)) == 1
    for _ in range(2):
        [*_, put] = await bank.say(MEMBER, "下一题")
        [told, *_] = await bank.say(MEMBER, "".join(right(put)))
        assert "✓ 答对了" in told.text
    [book] = await bank.say(MEMBER, "错题本")
    assert "共 1 题" in book.text
    [results] = await bank.say(MEMBER, "我的成绩")
    assert "答了 3 题，答对 2 题" in results.text


async def test_a_paper_is_answered_and_another_one_is_ended_by_the_clock(bank: Talk) -> None:
    await bank.say(MEMBER, "模拟考试 3题 10分钟")
    [page] = await bank.say(MEMBER, "开始")
    for _ in range(3):
        [page] = await bank.say(MEMBER, "".join(right(page)))
    [result] = await bank.say(MEMBER, "确认交卷")
    assert "成绩：100 分（3 题答对 3 题，60 分及格）" in result.text
    await bank.say(MEMBER, "模拟考试 3题 10分钟")
    await bank.say(MEMBER, "开始")
    bank.later(minutes=11)
    async with bank.database.write() as first, bank.database.write() as second:
        assert await close_overdue(first, now=bank.now, zone=ZONE) == 1
        other = asyncio.create_task(close_overdue(second, now=bank.now, zone=ZONE))
        await asyncio.sleep(0)
        await first.commit()
        assert await other == 0
    async with bank.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Exam)) == 2
