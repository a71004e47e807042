"""The conversation on PostgreSQL: the same code and SQL, from question to published answer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db import audit, demo
from db.engine import Database
from db.secrets import Secrets
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
    Talk,
    upload,
)

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
