"""Any text that is no command is a question, answered with its source or honestly not."""

import pytest

from tests.handlers.conftest import EDITOR, MEMBER, OUTSIDER, SECRETARY, Talk

UNKNOWN = "食堂二楼周末几点开门"


def labels(message: object) -> list[str]:
    return [button.label for row in message.buttons for button in row]  # type: ignore[attr-defined]


async def test_a_known_question_is_answered_with_its_source(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, "支委会多久开一次")
    assert "每月" in reply.text
    assert reply.quote is not None
    assert "支部工作条例" in reply.quote.regulation
    assert labels(reply)[:3] == ["有用", "没用", "问组织委员"]


async def test_an_unbound_account_may_ask_public_knowledge(talk: Talk) -> None:
    [reply] = await talk.say(OUTSIDER, "支委会多久开一次")
    assert "每月" in reply.text


@pytest.mark.parametrize(
    "text", ["党非怎么交", "黨費怎麼交", "党费咋交啊，我刚来不太懂，麻烦说一下", "组生会一年开几次"]
)
async def test_people_type_fast(talk: Talk, text: str) -> None:
    [reply] = await talk.say(MEMBER, text)
    assert reply.quote is not None or labels(reply)


async def test_what_is_not_there_is_said_and_handed_on(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, UNKNOWN)
    assert "没有找到" in reply.text
    assert "转给组织委员" in labels(reply)


async def test_a_suggestion_is_answered_when_it_is_pressed(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, "支委会多久开一次")
    related = labels(reply)[3]
    [shown] = await talk.press(MEMBER, reply, related)
    assert shown.quote is not None


async def test_feedback_is_kept_and_useless_offers_a_person(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, "支委会多久开一次")
    assert [m.text for m in await talk.press(MEMBER, reply, "有用")] == ["谢谢反馈！"]
    [offer] = await talk.press(MEMBER, reply, "没用")
    assert labels(offer) == ["问组织委员"]


async def test_the_gaps_are_grouped_hottest_first(talk: Talk) -> None:
    await talk.say(MEMBER, "单位班车几点发车")
    for who, text in (
        (MEMBER, UNKNOWN),
        (SECRETARY, UNKNOWN),
        (OUTSIDER, "食堂二楼周末几点开门？"),
    ):
        await talk.say(who, text)
    [gaps] = await talk.say(EDITOR, "知识盘点")
    first = gaps.text.splitlines()[1]
    assert "食堂" in first
    assert "3 次" in first


async def test_a_settled_group_is_off_the_list(talk: Talk) -> None:
    await talk.say(MEMBER, UNKNOWN)
    [gaps] = await talk.say(EDITOR, "知识盘点")
    await talk.press(EDITOR, gaps, labels(gaps)[0])
    [gaps] = await talk.say(EDITOR, "知识盘点")
    assert UNKNOWN not in gaps.text


async def test_an_outsider_does_not_see_the_gaps(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, "知识盘点")
    assert "不能" in reply.text


async def test_personal_numbers_in_a_question_are_not_kept(talk: Talk) -> None:
    await talk.say(MEMBER, f"{UNKNOWN} 我的电话13800138000")
    [gaps] = await talk.say(EDITOR, "知识盘点")
    assert "13800138000" not in gaps.text


async def test_the_help_lists_what_a_person_may_do(talk: Talk) -> None:
    [outside] = await talk.say(OUTSIDER, "帮助")
    [inside] = await talk.say(EDITOR, "帮助")
    assert "绑定" in outside.text
    assert "知识盘点" not in outside.text
    assert "知识盘点" in inside.text


ODD = [
    "/useful 99999999999999999999999",
    "/useless 99999999999999999999999",
    "/look 99999999999999999999999",
    "/unsettle 2026-01-01",
    "/unsettle 2026-01-01T00:00:00",
    "/unsettle 0001-01-01T00:00:00+14:00",
    "/unsettle 9999-12-31T23:59:59-14:00",
]


@pytest.mark.parametrize("typed", ODD)
async def test_a_number_or_moment_that_cannot_be_is_refused_in_words(
    talk: Talk, typed: str
) -> None:
    [reply] = await talk.say(EDITOR, typed)
    assert "出了错" not in reply.text
