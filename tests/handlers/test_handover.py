"""A question goes to a person; the answer comes back and becomes knowledge after one approval."""

from datetime import timedelta

import pytest

from db import accounts
from handlers.reply import Message
from tests.conftest import START
from tests.handlers.conftest import (
    ADMINISTRATOR,
    CHANNEL,
    EDITOR,
    MEMBER,
    OFFICER,
    OUTSIDER,
    SECOND_EDITOR,
    SECRETARY,
    SIBLING,
    SUPERIOR,
    Talk,
)

QUESTION = "工会体检套餐能不能换成眼科项目"
ANSWER = "可以，向综合办公室提出，每年十月前办理。"


def labels(message: Message) -> list[str]:
    return [button.label for row in message.buttons for button in row]


async def hand_over(talk: Talk, who: str = MEMBER) -> Message:
    [reply] = await talk.say(who, QUESTION)
    assert "没有找到" in reply.text
    [told] = await talk.press(who, reply, "转给组织委员")
    return told


async def answer(talk: Talk, who: str, text: str = ANSWER) -> Message:
    [preview] = await talk.say(who, text)
    [told] = await talk.press(who, preview, "发送答复")
    return told


async def answered(talk: Talk) -> None:
    await hand_over(talk)
    [request] = talk.mail(OFFICER)
    await talk.press(OFFICER, request, "答复")
    await answer(talk, OFFICER)


async def test_it_reaches_the_organisation_officer_of_the_branch(talk: Talk) -> None:
    told = await hand_over(talk)
    [request] = talk.mail(OFFICER)
    assert (OFFICER in told.text, QUESTION in request.text) == (True, True)
    assert talk.mail(SECRETARY) == []


async def test_the_answer_comes_back_to_the_asker(talk: Talk) -> None:
    await answered(talk)
    [message] = talk.mail(MEMBER)
    assert ANSWER in message.text
    assert message.quote is not None
    assert OFFICER in message.quote.regulation


async def test_the_pair_is_found_after_one_approval(talk: Talk) -> None:
    await answered(talk)
    [card] = talk.mail(EDITOR)
    await talk.press(EDITOR, card, "发布")
    [reply] = await talk.say(SIBLING, QUESTION)
    assert ANSWER in reply.text


async def test_what_is_published_at_night_bears_the_day_of_the_organisation(talk: Talk) -> None:
    talk.later(hours=15)  # 17:00 UTC is 01:00 in Shanghai
    await answered(talk)
    [card] = talk.mail(EDITOR)
    await talk.press(EDITOR, card, "发布")
    [reply] = await talk.say(SIBLING, QUESTION)
    assert reply.quote is not None
    assert f"{START.date() + timedelta(days=1)}" in reply.quote.version


async def test_two_editors_decide_once(talk: Talk) -> None:
    await answered(talk)
    [card], [other] = talk.mail(EDITOR), talk.mail(SECOND_EDITOR)
    await talk.press(EDITOR, card, "退回")
    [reply] = await talk.press(SECOND_EDITOR, other, "发布")
    assert "已经处理过" in reply.text


async def test_a_reworded_pair_is_published_as_reworded(talk: Talk) -> None:
    await answered(talk)
    [card] = talk.mail(EDITOR)
    await talk.press(EDITOR, card, "改答案")
    talk.mail(SECOND_EDITOR)
    await talk.say(EDITOR, "可以，每年十月前向综合办公室提出。")
    [card] = talk.mail(SECOND_EDITOR)
    await talk.press(SECOND_EDITOR, card, "发布")
    [reply] = await talk.say(SIBLING, QUESTION)
    assert "每年十月前向综合办公室" in reply.text


async def test_the_second_answer_is_told_that_there_is_one(talk: Talk) -> None:
    await hand_over(talk)
    [request] = talk.mail(OFFICER)
    await talk.press(OFFICER, request, "答复")
    await talk.say(SECRETARY, "转来的问题")
    await talk.say(SECRETARY, "答复 1")
    await answer(talk, OFFICER)
    assert "已由他人答复" in (await answer(talk, SECRETARY, "另一个答复")).text
    assert len(talk.mail(MEMBER)) == 1


async def test_a_sibling_neither_sees_nor_answers_it(talk: Talk) -> None:
    await hand_over(talk)
    [listed] = await talk.say(SIBLING, "转来的问题")
    [refused] = await talk.say(SIBLING, "答复 1")
    assert (QUESTION in listed.text, refused.text) == (False, "没有找到这个问题。")


async def test_the_committee_above_sees_it(talk: Talk) -> None:
    await hand_over(talk)
    [listed] = await talk.say(SUPERIOR, "转来的问题")
    assert QUESTION in listed.text


async def test_an_outsider_cannot_hand_over(talk: Talk) -> None:
    [reply] = await talk.say(OUTSIDER, QUESTION)
    [refused] = await talk.press(OUTSIDER, reply, "转给组织委员")
    assert "绑定" in refused.text


async def test_anothers_question_cannot_be_handed_over(talk: Talk) -> None:
    await talk.say(MEMBER, QUESTION)
    [reply] = await talk.say(SIBLING, "/handover 1")
    assert "没有找到" in reply.text


async def test_it_is_handed_over_once(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, QUESTION)
    await talk.press(MEMBER, reply, "转给组织委员")
    [again] = await talk.press(MEMBER, reply, "转给组织委员")
    assert "已经转出" in again.text
    assert len(talk.mail(OFFICER)) == 1


async def test_the_officer_s_own_question_goes_to_the_secretary(talk: Talk) -> None:
    await hand_over(talk, OFFICER)
    assert len(talk.mail(SECRETARY)) == 1


async def test_the_unit_names_another_post(talk: Talk) -> None:
    await talk.say(SECRETARY, "设置答疑人 书记")
    await hand_over(talk)
    assert (len(talk.mail(SECRETARY)), talk.mail(OFFICER)) == (1, [])


async def test_a_role_that_was_lost_ends_an_open_dialog(talk: Talk) -> None:
    await hand_over(talk)
    [request] = talk.mail(OFFICER)
    await talk.press(OFFICER, request, "答复")
    await talk.say(ADMINISTRATOR, f"免职 {OFFICER} 组织委员")
    talk.mail(OFFICER)
    [reply] = await talk.say(OFFICER, ANSWER)
    assert "不能" in reply.text
    assert talk.mail(MEMBER) == []


async def test_an_editor_does_not_publish_the_own_answer(talk: Talk) -> None:
    await hand_over(talk)
    [listed] = await talk.say(ADMINISTRATOR, "转来的问题")
    assert QUESTION in listed.text
    await talk.say(ADMINISTRATOR, "答复 1")
    await answer(talk, ADMINISTRATOR)
    [reply] = await talk.say(ADMINISTRATOR, "发布 1")
    assert "另一位" in reply.text


async def test_cancelling_sends_nothing(talk: Talk) -> None:
    await hand_over(talk)
    [request] = talk.mail(OFFICER)
    await talk.press(OFFICER, request, "答复")
    [reply] = await talk.say(OFFICER, "取消")
    assert reply.text == "已取消。"
    assert talk.mail(MEMBER) == []


async def start(talk: Talk) -> None:
    await hand_over(talk)
    [request] = talk.mail(OFFICER)
    await talk.press(OFFICER, request, "答复")


async def test_nothing_is_sent_before_the_answer_was_shown(talk: Talk) -> None:
    await start(talk)
    [preview] = await talk.say(OFFICER, ANSWER)
    assert (ANSWER in preview.text, talk.mail(MEMBER)) == (True, [])
    [told] = await talk.say(OFFICER, "发送答复")
    assert "已发给提问人" in told.text
    assert ANSWER in talk.mail(MEMBER)[0].text


async def test_a_later_text_takes_the_place_of_the_answer_and_the_old_button_is_void(
    talk: Talk,
) -> None:
    await start(talk)
    [old] = await talk.say(OFFICER, "支委会几点开会")
    [new] = await talk.say(OFFICER, ANSWER)
    [refused] = await talk.press(OFFICER, old, "发送答复")
    assert ("已失效" in refused.text, talk.mail(MEMBER)) == (True, [])
    await talk.press(OFFICER, new, "发送答复")
    assert ANSWER in talk.mail(MEMBER)[0].text


async def test_an_answer_that_was_given_up_is_not_sent_later(talk: Talk) -> None:
    await start(talk)
    [preview] = await talk.say(OFFICER, ANSWER)
    await talk.press(OFFICER, preview, "放弃")
    [late] = await talk.press(OFFICER, preview, "发送答复")
    assert ("没有等待发送" in late.text, talk.mail(MEMBER)) == (True, [])


async def test_a_command_with_an_argument_is_no_answer(talk: Talk) -> None:
    await start(talk)
    [reply] = await talk.say(OFFICER, f"党员 {MEMBER}")
    assert "将这样答复" not in reply.text
    [preview] = await talk.say(OFFICER, "党员 可以由本人提出，经所在党小组同意后办理。")
    assert "将这样答复" in preview.text


async def test_an_edited_message_is_no_answer(talk: Talk) -> None:
    await start(talk)
    [reply] = await talk.say(OFFICER, "党员每月要交多少党费", edited=True)
    assert not any(words in reply.text for words in ("将这样答复", "已发给提问人"))
    assert talk.mail(MEMBER) == []


async def test_an_account_that_was_unbound_meanwhile_gets_no_answer(talk: Talk) -> None:
    await start(talk)
    await talk.say(SECRETARY, f"解除绑定 {MEMBER}")
    talk.mail(MEMBER)
    told = await answer(talk, OFFICER)
    assert ("没有发出" in told.text, talk.mail(MEMBER)) == (True, [])


async def test_the_answer_goes_to_another_account_of_the_asker(talk: Talk) -> None:
    await start(talk)
    await talk.say(SECRETARY, f"解除绑定 {MEMBER}")
    talk.mail(MEMBER)
    async with talk.database.write() as session:
        account = await accounts.seen(
            session, channel=CHANNEL, external="新号", name="", chat="新号", now=talk.now
        )
        account.person_id = (await talk.person(MEMBER)).id
    assert "已发给提问人" in (await answer(talk, OFFICER)).text
    assert (ANSWER in talk.mail("新号")[0].text, talk.mail(MEMBER)) == (True, [])


async def test_somebody_who_left_gets_no_answer(talk: Talk) -> None:
    await start(talk)
    [ask] = await talk.say(SECRETARY, f"离开 {MEMBER}")
    await talk.press(SECRETARY, ask, "确认离开")
    talk.mail(MEMBER)
    told = await answer(talk, OFFICER)
    assert ("没有发出" in told.text, talk.mail(MEMBER)) == (True, [])


async def test_a_question_of_a_group_is_handed_over_in_private(talk: Talk) -> None:
    [reply] = await talk.send(talk.incoming(MEMBER, QUESTION, chat="群", group=True))
    token = reply.buttons[-1][0].token
    await talk.send(talk.incoming(MEMBER, "", chat="群", group=True, press=token))
    assert "已转给" in talk.mail(MEMBER)[0].text


async def test_numbers_of_people_in_an_answer_are_masked(talk: Talk) -> None:
    await start(talk)
    [preview] = await talk.say(OFFICER, "请打13512345678，身份证11010519491231002X")
    assert "已隐去" in preview.text
    await talk.press(OFFICER, preview, "发送答复")
    [sent], [card] = talk.mail(MEMBER), talk.mail(EDITOR)
    for message in (preview, sent, card):
        assert ("12345678" in message.text, "19491231" in message.text) == (False, False)


async def test_numbers_of_people_in_another_wording_are_masked(talk: Talk) -> None:
    await answered(talk)
    await talk.say(EDITOR, "修改建议 1 答案")
    [card] = await talk.say(EDITOR, "请打135-1234-5678")
    assert "135****78" in card.text


async def test_an_editor_does_not_publish_the_own_wording(talk: Talk) -> None:
    await answered(talk)
    await talk.say(EDITOR, "修改建议 1 答案")
    [card] = await talk.say(EDITOR, "不可以，没有这样的规定。")
    [reply] = await talk.press(EDITOR, card, "发布")
    assert "另一位" in reply.text


async def test_nobody_publishes_a_wording_that_they_have_not_seen(talk: Talk) -> None:
    await answered(talk)
    [old] = talk.mail(SECOND_EDITOR)
    await talk.say(EDITOR, "修改建议 1 答案")
    await talk.say(EDITOR, "不可以，没有这样的规定。")
    for shown in (
        await talk.press(SECOND_EDITOR, old, "发布"),
        await talk.say(SECOND_EDITOR, "发布 1"),
    ):
        assert "不可以，没有这样的规定。" in shown[-1].text
    [done] = await talk.press(SECOND_EDITOR, shown[-1], "发布")
    assert "已发布" in done.text


async def test_who_went_to_a_sibling_branch_does_not_answer_the_old_one(talk: Talk) -> None:
    await hand_over(talk)
    [request] = talk.mail(OFFICER)
    await talk.say(ADMINISTRATOR, f"免职 {OFFICER} 组织委员")
    await talk.say(ADMINISTRATOR, f"调动 {OFFICER} 财务审计党支部")
    await talk.say(ADMINISTRATOR, f"任命 {OFFICER} 组织委员 财务审计党支部")
    talk.mail(OFFICER)
    [pressed] = await talk.press(OFFICER, request, "答复")
    [listed] = await talk.say(OFFICER, "转来的问题")
    assert ("没有找到" in pressed.text, QUESTION in listed.text) == (True, False)


@pytest.mark.parametrize("order", [f"免职 {OFFICER} 组织委员", f"离开 {OFFICER}"])
async def test_the_question_of_somebody_who_goes_is_passed_on(talk: Talk, order: str) -> None:
    await hand_over(talk)
    [reply] = await talk.say(ADMINISTRATOR, order)
    if order.startswith("离开"):
        await talk.press(ADMINISTRATOR, reply, "确认离开")
    [request] = talk.mail(SECRETARY)
    assert QUESTION in request.text
    await talk.press(SECRETARY, request, "答复")
    await answer(talk, SECRETARY)
    assert ANSWER in talk.mail(MEMBER)[0].text


async def test_pressing_again_passes_on_what_nobody_reads(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, QUESTION)
    await talk.press(MEMBER, reply, "转给组织委员")
    await talk.say(SECRETARY, f"解除绑定 {OFFICER}")
    talk.mail(SECRETARY)
    await talk.press(MEMBER, reply, "转给组织委员")
    assert QUESTION in talk.mail(SECRETARY)[0].text
