"""A question that begins with a command's word is answered, and a command is still obeyed."""

import pytest

from handlers.everything import make_router
from handlers.identity import WRONG_CODE
from handlers.meaning import is_question
from tests.handlers.conftest import MEMBER, OFFICER, OUTSIDER, SECRETARY, Talk

QUESTIONS = [
    "党员3个月没交党费怎么办",
    "党员2年没参加活动",
    "离开3个月要开证明吗",
    "党员 党费怎么交",
    "党员：党费交多少？",
    "调动 组织关系怎么转",
    "绑定 手机号怎么弄",
    "停用 党员证怎么办",
    "恢复 党籍要什么条件",
    "答复 函怎么写",
    "换届 多久一次",
    "任命 书记要几年党龄",
    "答题3个月没参加怎么办",
]
COMMANDS = [
    "党员 江晚舟",
    "答复12",
    "答复 12",
    "完成 12 昨天",
    "免办 12 因为什么都没有发生",
    "退回办理 12 会议记录在哪里？请补充",
    "任命 江晚舟 宣传委员",
    "绑定 ABCD-EFGH-JKMN",
    "知识库2",
    "台账 综合管理党支部 2026",
    "/members 怎么办",
    "答题10题",
    "模拟考试20题 30分钟",
]


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_text_that_asks_is_a_question_for_everybody(text: str) -> None:
    found = make_router().find(text)
    assert found is not None
    assert is_question(text, *found, allowed=True)


@pytest.mark.parametrize("text", COMMANDS)
def test_a_text_that_gives_an_argument_is_a_command(text: str) -> None:
    found = make_router().find(text)
    assert found is not None
    assert not is_question(text, *found, allowed=False)


@pytest.mark.parametrize("who", [MEMBER, SECRETARY, OUTSIDER])
async def test_a_question_is_answered_whoever_asks(talk: Talk, who: str) -> None:
    [reply] = await talk.say(who, "党员3个月没交党费怎么办")
    assert not any(word in reply.text for word in ("不能查看", "没有找到这个人", "先绑定"))
    assert reply.quote is not None or reply.buttons


async def test_a_question_about_binding_is_no_wrong_code(talk: Talk) -> None:
    for _ in range(6):
        await talk.say(OUTSIDER, "绑定 手机号怎么弄")
        await talk.say(OUTSIDER, "绑定 手机号")
    [told] = await talk.say(OUTSIDER, "绑定 AAAA-BBBB-CCCC")
    assert told.text == WRONG_CODE


async def test_a_name_still_finds_the_person(talk: Talk) -> None:
    [reply] = await talk.say(OFFICER, f"党员 {MEMBER}")
    assert MEMBER in reply.text
