"""Nobody gets into the place of somebody with a greater post, by any door."""

from __future__ import annotations

import re

import pytest

from db import demo
from db.engine import Database
from db.secrets import Secrets
from db.tables import Account, Unit, UnitKind
from scheduler.messages import Message
from tests.conftest import SECRET, START
from tests.handlers.conftest import (
    ADMINISTRATOR,
    MEMBER,
    OFFICER,
    SECRETARY,
    SUPERIOR,
    Talk,
    own_phone,
    upload,
)
from tests.handlers.sheets import book

BRANCH, COMMITTEE = "综合管理党支部", "青禾重工党委"
COLLEAGUE, STRANGER = "叶初晴", "另一个账号"
PHONE = "13900000001"


def text(messages: list[Message]) -> str:
    return "\n".join(message.text for message in messages)


async def row(talk: Talk, name: str, *, phone: str = "", stage: str = "正式党员") -> bytes:
    person = await talk.person(name)
    return book((person.number, name, BRANCH, stage, "", phone, "", ""))


async def code(talk: Talk, giver: str, name: str) -> str:
    answer = text(await talk.say(giver, f"邀请 {name}"))
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", answer)
    assert found
    return found[0]


async def is_bound(talk: Talk, account: str) -> bool:
    return (await talk.account(account)).person_id is not None


async def test_a_code_ends_when_its_person_is_promoted_above_its_giver(talk: Talk) -> None:
    made = await code(talk, SECRETARY, COLLEAGUE)
    await talk.say(ADMINISTRATOR, f"任命 {COLLEAGUE} 管理员 {COMMITTEE}")
    assert "无效" in text(await talk.say(STRANGER, f"绑定 {made}"))
    assert not await is_bound(talk, STRANGER)


async def test_a_code_of_somebody_who_could_still_give_it_stays_good(talk: Talk) -> None:
    made = await code(talk, ADMINISTRATOR, COLLEAGUE)
    await talk.say(SUPERIOR, f"任命 {COLLEAGUE} 副书记 {BRANCH}")
    await talk.say(STRANGER, f"绑定 {made}")
    assert await is_bound(talk, STRANGER)


async def test_a_phone_number_entered_below_does_not_open_a_post(talk: Talk) -> None:
    (preview,) = await talk.say(
        OFFICER, "名册", upload=upload("名册.xlsx", await row(talk, COLLEAGUE, phone=PHONE))
    )
    await talk.press(OFFICER, preview, "确认导入")
    await talk.say(SUPERIOR, f"任命 {COLLEAGUE} 书记 {BRANCH}")
    assert "邀请码" in text(await talk.say(STRANGER, "", contact=own_phone(PHONE)))
    assert not await is_bound(talk, STRANGER)


async def test_a_phone_number_entered_for_a_member_opens_the_members_place(talk: Talk) -> None:
    (preview,) = await talk.say(
        OFFICER, "名册", upload=upload("名册.xlsx", await row(talk, COLLEAGUE, phone=PHONE))
    )
    await talk.press(OFFICER, preview, "确认导入")
    await talk.say(COLLEAGUE, "", contact=own_phone(PHONE))
    assert await is_bound(talk, COLLEAGUE)


async def test_a_sign_in_link_is_not_made_for_a_greater_administrator(talk: Talk) -> None:
    await talk.say(ADMINISTRATOR, f"任命 {SECRETARY} 管理员 {BRANCH}")
    await talk.say(ADMINISTRATOR, f"任命 {MEMBER} 管理员 {COMMITTEE}")
    number = (await talk.person(MEMBER)).number
    answer = text(await talk.say(SECRETARY, f"登录链接 {number}"))
    assert "/in/" not in answer
    assert "管理员" in answer


@pytest.mark.parametrize("whose", [SECRETARY, OFFICER])
async def test_a_roster_changes_neither_a_greater_ones_stage_nor_ones_own(
    talk: Talk, whose: str
) -> None:
    data = await row(talk, whose, stage="入党积极分子")
    answer = text(await talk.say(OFFICER, "名册", upload=upload("名册.xlsx", data)))
    assert "不能修改" in answer
    assert (await talk.person(whose)).stage == "正式党员"


async def test_a_real_organisation_is_never_played(database: Database) -> None:
    """Whoever forgets ZHIBU_DEMO=off must not open everybody's place."""
    async with database.write() as session:
        session.add(Unit(name="真实公司党委", kind=UnitKind.COMMITTEE.value, path="/1/"))
    async with database.read() as session:
        assert not await demo.may_play(session)
    async with database.read() as session:
        assert await session.get(Account, 1) is None


async def test_the_demo_organisation_is_played(database: Database) -> None:
    async with database.write() as session:
        assert await demo.may_play(session)
        await demo.plant(session, Secrets(SECRET))
        assert await demo.may_play(session)
        await demo.seat(session, channel="browser", now=START)
