"""Binding by code and phone; guesses, groups, second devices and second identities."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from db import guesses
from db.guesses import LOCK, OWN_LIMIT
from db.tables import Account, AuditLine, Invite
from handlers.identity import IN_GROUP, LOCKED, NOT_OWN, UNKNOWN_PHONE, WRONG_CODE
from handlers.incoming import Contact
from scheduler.messages import Message
from tests.handlers.conftest import MEMBER, OUTSIDER, SECRETARY, Talk, own_phone

UNBOUND_MEMBER = "叶初晴"
ANOTHER = "宋以宁"


def text(messages: list[Message]) -> str:
    return "\n".join(message.text for message in messages)


async def code_for(talk: Talk, name: str) -> str:
    """Have the secretary invite somebody, and read the code."""
    found = re.search(r"邀请码：(\S+)", text(await talk.say(SECRETARY, f"邀请 {name}")))
    assert found is not None
    return found[1]


async def phone_of(talk: Talk, name: str) -> str:
    person = await talk.person(name)
    assert person.phone is not None
    return talk.secrets.open(person.phone, "person.phone")


async def bound_to(talk: Talk, account: str) -> int | None:
    return (await talk.account(account)).person_id


async def audited(talk: Talk) -> list[str]:
    async with talk.database.read() as session:
        return list(await session.scalars(select(AuditLine.action).order_by(AuditLine.seq)))


async def test_a_stranger_is_greeted_and_told_how_to_bind(talk: Talk) -> None:
    [reply] = await talk.say(OUTSIDER, "/start")
    assert "绑定" in reply.text
    assert reply.contact
    [reply] = await talk.say(OUTSIDER, "绑定")
    assert reply.contact
    assert "江晚舟" in text(await talk.say(MEMBER, "/start"))


@pytest.mark.parametrize("words", ["绑定 {}", "绑定：{}", "/start {}", "/bind {}"])
async def test_a_code_binds(talk: Talk, words: str) -> None:
    code = await code_for(talk, UNBOUND_MEMBER)
    assert "绑定成功：叶初晴" in text(await talk.say("新人", words.format(code)))
    assert await bound_to(talk, "新人") == (await talk.person(UNBOUND_MEMBER)).id
    assert "account.bind" in await audited(talk)


async def test_every_bad_code_gets_the_same_answer(talk: Talk) -> None:
    used = await code_for(talk, UNBOUND_MEMBER)
    await talk.say("先到", f"绑定 {used}")
    replaced = await code_for(talk, ANOTHER)
    revoked = await code_for(talk, ANOTHER)
    await talk.say(SECRETARY, f"撤回邀请 {ANOTHER}")
    for number, code in enumerate((used, replaced, revoked, "ABCD-EFGH-JKMN", "%", "' OR 1=1")):
        assert text(await talk.say(f"外人{number}", f"绑定 {code}")) == WRONG_CODE
    expired = await code_for(talk, ANOTHER)
    talk.later(days=7)
    assert text(await talk.say("外人", f"绑定 {expired}")) == WRONG_CODE


async def test_five_wrong_codes_lock_and_even_the_right_one_waits(talk: Talk) -> None:
    code = await code_for(talk, UNBOUND_MEMBER)
    for _ in range(OWN_LIMIT):
        assert text(await talk.say(OUTSIDER, "绑定 AAAA-BBBB-CCCC")) == WRONG_CODE
    assert text(await talk.say(OUTSIDER, f"绑定 {code}")) == LOCKED
    assert text(await talk.say(OUTSIDER, f"/start {code}")) == LOCKED
    talk.now += LOCK
    assert "绑定成功" in text(await talk.say(OUTSIDER, f"绑定 {code}"))


async def test_a_locked_account_does_not_lock_another(talk: Talk) -> None:
    code = await code_for(talk, UNBOUND_MEMBER)
    for _ in range(OWN_LIMIT):
        await talk.say(OUTSIDER, "绑定 AAAA-BBBB-CCCC")
    assert "绑定成功" in text(await talk.say("新人", f"绑定 {code}"))


async def test_too_many_wrong_codes_in_all_close_the_door(talk: Talk) -> None:
    code = await code_for(talk, UNBOUND_MEMBER)
    async with talk.database.write() as session:
        account = await talk.account(MEMBER)
        for _ in range(guesses.OVERALL_LIMIT):
            await guesses.note(session, account_id=account.id, kind="invite", now=talk.now)
    assert text(await talk.say("新人", f"绑定 {code}")) == LOCKED


async def test_a_code_posted_in_a_group_is_dead_and_its_maker_hears_of_it(talk: Talk) -> None:
    code = await code_for(talk, UNBOUND_MEMBER)
    group = talk.incoming("新人", f"绑定 {code}", chat="群", group=True)
    assert text(await talk.send(group)) == IN_GROUP
    assert "已作废" in text(talk.mail(SECRETARY))
    assert text(await talk.say("新人", f"绑定 {code}")) == WRONG_CODE


async def test_a_group_does_not_tell_whether_a_code_was_one(talk: Talk) -> None:
    group = talk.incoming("新人", "绑定 AAAA-BBBB-CCCC", chat="群", group=True)
    assert text(await talk.send(group)) == IN_GROUP


async def test_an_account_is_not_bound_to_a_second_person(talk: Talk) -> None:
    code = await code_for(talk, UNBOUND_MEMBER)
    assert "不能再绑定另一个人" in text(await talk.say(MEMBER, f"绑定 {code}"))
    assert await bound_to(talk, MEMBER) == (await talk.person(MEMBER)).id
    assert "account.refuse" in await audited(talk)
    assert "绑定成功" in text(await talk.say("新人", f"绑定 {code}"))


async def test_the_same_person_again_is_no_mistake_and_costs_no_code(talk: Talk) -> None:
    code = await code_for(talk, MEMBER)
    assert "不用再绑" in text(await talk.say(MEMBER, f"绑定 {code}"))
    assert "绑定成功" in text(await talk.say("第二台", f"绑定 {code}"))


async def test_a_second_device_is_announced_on_the_first_and_can_be_undone(talk: Talk) -> None:
    await talk.say("第二台", f"绑定 {await code_for(talk, MEMBER)}")
    [notice] = talk.mail(MEMBER)
    assert "另一个账号" in notice.text
    assert await talk.press(MEMBER, notice, "不是我，解除它")
    assert await bound_to(talk, "第二台") is None
    assert await bound_to(talk, MEMBER) is not None


@pytest.mark.parametrize("pattern", ["{}", "+86{}", "86 {}"])
async def test_an_own_phone_number_on_the_roster_binds(talk: Talk, pattern: str) -> None:
    phone = pattern.format(await phone_of(talk, UNBOUND_MEMBER))
    reply = await talk.say("新人", "", contact=own_phone(phone))
    assert "绑定成功：叶初晴" in text(reply)
    assert phone[-4:] not in text(reply)


async def test_somebody_elses_phone_number_does_not_bind(talk: Talk) -> None:
    contact = Contact(phone=await phone_of(talk, UNBOUND_MEMBER), own=False)
    [reply] = await talk.say("新人", "", contact=contact)
    assert reply.text == NOT_OWN
    assert await bound_to(talk, "新人") is None


@pytest.mark.parametrize("phone", ["13900000000", "+1 202 555 0100", ""])
async def test_an_unknown_phone_number_does_not_bind(talk: Talk, phone: str) -> None:
    assert text(await talk.say("新人", "", contact=own_phone(phone))) == UNKNOWN_PHONE


async def test_a_phone_number_is_not_taken_in_a_group(talk: Talk) -> None:
    phone = own_phone(await phone_of(talk, UNBOUND_MEMBER))
    await talk.send(talk.incoming("新人", "", chat="群", group=True, contact=phone))
    assert await bound_to(talk, "新人") is None


async def test_who_am_i_shows_the_own_record_and_masks_the_phone(talk: Talk) -> None:
    phone = await phone_of(talk, SECRETARY)
    shown = text(await talk.say(SECRETARY, "我是谁"))
    assert "综合管理党支部书记" in shown
    assert f"{phone[:3]}****{phone[-4:]}" in shown
    assert phone not in shown


async def test_own_data_asked_for_in_a_group_comes_in_private(talk: Talk) -> None:
    assert await talk.send(talk.incoming(MEMBER, "我是谁", chat="群", group=True)) == []
    assert "江晚舟" in text(talk.mail(MEMBER))


async def test_unbinding_asks_first_and_then_ends_everything(talk: Talk) -> None:
    [card] = await talk.say(MEMBER, "解绑")
    assert await bound_to(talk, MEMBER) is not None
    assert text(await talk.press(MEMBER, card, "确认解绑")) == "已解绑。"
    assert await bound_to(talk, MEMBER) is None
    assert "需要先绑定身份" in text(await talk.say(MEMBER, "我是谁"))
    assert "account.unbind" in await audited(talk)


async def test_nobody_unbinds_an_account_of_another(talk: Talk) -> None:
    other = (await talk.account(SECRETARY)).id
    for number in (str(other), "0", "9" * 30, "x"):
        assert "没有找到" in text(await talk.say(MEMBER, f"/unbind_account {number}"))
    assert await bound_to(talk, SECRETARY) is not None


async def test_the_code_lives_a_week_and_is_used_by_the_account(talk: Talk) -> None:
    await talk.say("新人", f"绑定 {await code_for(talk, UNBOUND_MEMBER)}")
    async with talk.database.read() as session:
        invite = (await session.scalars(select(Invite))).one()
        account = await session.get_one(Account, invite.used_by)
    assert invite.expires_at - invite.created_at == timedelta(days=7)
    assert account.external == "新人"
