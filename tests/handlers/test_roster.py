"""A roster in the chat: seen before it counts, and then all of it or nothing."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select, text

from db.tables import AuditLine, Outbox, Person, StoredFile, Unit
from handlers.roster import GONE
from scheduler.messages import Message
from tests.handlers.conftest import (
    ADMINISTRATOR,
    MEMBER,
    OFFICER,
    OUTSIDER,
    SECRETARY,
    SIBLING,
    SUPERIOR,
    Talk,
    own_phone,
    upload,
)
from tests.handlers.sheets import HEAD, book, csv

BRANCH, SIBLING_BRANCH = "综合管理党支部", "财务审计党支部"
NEW = ("NEW1", "新来人", BRANCH, "入党积极分子", "", "13812345678", "11010519491231002X", "")


def said(messages: list[Message]) -> str:
    return "\n".join(message.text for message in messages)


async def send(talk: Talk, who: str, data: bytes, name: str = "名册.xlsx") -> Message:
    [reply] = await talk.say(who, "名册", upload=upload(name, data))
    return reply


async def known(talk: Talk, name: str, **cells: str) -> tuple[str, ...]:
    """Return the row of somebody on record, with some cells changed."""
    person = await talk.person(name)
    async with talk.database.read() as session:
        unit = (await session.get_one(Unit, person.unit_id)).name
    values = {"工号": person.number, "姓名": person.name, "单位": unit, **cells}
    return tuple(values.get(word, "") for word in HEAD)


async def count(talk: Talk) -> int:
    async with talk.database.read() as session:
        return await session.scalar(select(func.count()).select_from(Person)) or 0


async def test_a_roster_is_shown_first_and_stored_when_confirmed(talk: Talk) -> None:
    before = await count(talk)
    data = book(NEW, await known(talk, MEMBER, 姓名="江晚洲"))
    preview = await send(talk, SECRETARY, data)
    assert "新增 1 人，变更 1 人" in preview.text
    assert "第 2 行 新来人" in preview.text
    assert "江晚舟 → 江晚洲" in preview.text
    assert await count(talk) == before
    assert "已导入" in said(await talk.press(SECRETARY, preview, "确认导入"))
    assert await count(talk) == before + 1
    assert (await talk.person("江晚洲")).id
    again = await send(talk, SECRETARY, data)
    assert "不用导入" in again.text
    assert again.buttons == ()


async def test_confirming_twice_stores_once(talk: Talk) -> None:
    preview = await send(talk, SECRETARY, book(NEW))
    await talk.press(SECRETARY, preview, "确认导入")
    assert said(await talk.press(SECRETARY, preview, "确认导入")) == GONE


async def test_one_bad_row_keeps_all_out(talk: Talk) -> None:
    preview = await send(talk, SECRETARY, book(NEW, ("NEW2", "坏行", "没有的支部", "群众")))
    assert "第 3 行" in preview.text
    assert "一行也没有导入" in preview.text
    assert preview.buttons == ()


async def test_no_number_stands_in_the_preview_or_in_the_store(talk: Talk) -> None:
    preview = await send(talk, SECRETARY, book(NEW, await known(talk, MEMBER, 手机="13912345678")))
    assert "手机号有变更" in preview.text
    async with talk.database.read() as session:
        files = (await session.execute(text("SELECT * FROM stored_file"))).all()
        sent = (await session.scalars(select(Outbox.content))).all()
    everything = f"{files} {sent}"
    for number in ("13812345678", "13912345678", "11010519491231002X"):
        assert number not in everything


async def test_a_cancelled_roster_is_forgotten(talk: Talk) -> None:
    preview = await send(talk, SECRETARY, book(NEW))
    assert "已取消" in said(await talk.press(SECRETARY, preview, "取消"))
    assert said(await talk.press(SECRETARY, preview, "确认导入")) == GONE
    async with talk.database.read() as session:
        assert (await session.scalars(select(StoredFile))).all() == []


async def test_a_preview_ends_after_half_a_day(talk: Talk) -> None:
    preview = await send(talk, SECRETARY, book(NEW))
    talk.later(hours=12)
    assert said(await talk.press(SECRETARY, preview, "确认导入")) == GONE


async def test_the_second_of_two_people_must_look_again(talk: Talk) -> None:
    data = book(NEW, await known(talk, MEMBER, 姓名="江晚洲"))
    first = await send(talk, SECRETARY, data)
    second = await send(talk, OFFICER, data)
    await talk.press(SECRETARY, first, "确认导入")
    assert "有变动" in said(await talk.press(OFFICER, second, "确认导入"))
    async with talk.database.read() as session:
        lines = await session.scalars(
            select(AuditLine.actor_id).where(AuditLine.action == "roster.import")
        )
        assert list(lines) == [(await talk.person(SECRETARY)).id]


async def test_a_preview_that_was_overtaken_is_shown_anew_and_can_be_confirmed(
    talk: Talk,
) -> None:
    preview = await send(talk, SECRETARY, book(NEW, await known(talk, MEMBER, 姓名="江晚洲")))
    await talk.say(SUPERIOR, f"调动 {MEMBER} {SIBLING_BRANCH}")
    [faulty] = await talk.press(SECRETARY, preview, "确认导入")
    assert "有变动" in faulty.text
    preview = await send(talk, SECRETARY, book(NEW, await known(talk, OFFICER, 姓名="周叙黑")))
    other = await send(talk, SUPERIOR, book(await known(talk, OFFICER, 姓名="周叙灰")))
    await talk.press(SUPERIOR, other, "确认导入")
    [anew] = await talk.press(SECRETARY, preview, "确认导入")
    assert "周叙灰 → 周叙黑" in anew.text
    assert "已导入" in said(await talk.press(SECRETARY, anew, "确认导入"))


async def test_anothers_preview_cannot_be_confirmed(talk: Talk) -> None:
    preview = await send(talk, SECRETARY, book(NEW))
    command = preview.buttons[0][0].command
    assert said(await talk.say(SIBLING, command)) == GONE
    assert said(await talk.say(SUPERIOR, command)) == GONE


async def test_a_sibling_branch_is_out_of_reach_by_file(talk: Talk) -> None:
    preview = await send(talk, SIBLING, book(NEW))
    assert "没有这个组织，或不在你的职责范围内" in preview.text
    moved = await known(talk, MEMBER, 单位=SIBLING_BRANCH, 姓名="偷来的")
    preview = await send(talk, SIBLING, book(moved))
    assert "不能由你登记" in preview.text
    assert MEMBER not in preview.text
    assert preview.buttons == ()


async def test_those_whose_rights_change_are_told(talk: Talk) -> None:
    row = await known(talk, MEMBER, 单位=SIBLING_BRANCH, 职务="宣传委员")
    preview = await send(talk, SUPERIOR, book(row))
    await talk.press(SUPERIOR, preview, "确认导入")
    notice = said(talk.mail(MEMBER))
    assert SIBLING_BRANCH in notice
    assert "宣传委员" in notice


async def test_a_right_lost_after_the_preview_stops_the_import(talk: Talk) -> None:
    preview = await send(talk, SECRETARY, book(NEW))
    await talk.say(SUPERIOR, f"免职 {SECRETARY} 书记")
    talk.mail(SECRETARY)
    before = await count(talk)
    assert "你目前的职务不能" in said(await talk.press(SECRETARY, preview, "确认导入"))
    assert await count(talk) == before


@pytest.mark.parametrize("who", [MEMBER, OUTSIDER])
async def test_a_file_of_somebody_without_the_right_is_not_read(talk: Talk, who: str) -> None:
    before = await count(talk)
    [reply] = await talk.say(who, "名册", upload=upload("名册.xlsx", b"never read"))
    assert reply.buttons == ()
    assert await count(talk) == before


async def test_a_roster_is_not_taken_in_a_group(talk: Talk) -> None:
    data = upload("名册.xlsx", book(NEW))
    event = talk.incoming(SECRETARY, "名册", chat="群", group=True, upload=data)
    assert "私聊" in said(await talk.send(event))


async def test_an_administrator_says_which_of_two_things_a_file_is_for(talk: Talk) -> None:
    data = upload("名册.csv", csv(NEW).encode("gb18030"))
    [question] = await talk.say(ADMINISTRATOR, "", upload=data)
    assert "名册" in question.text
    assert "入库" in question.text or "知识库" in question.text
    [preview] = await talk.say(ADMINISTRATOR, "名册", upload=data)
    assert "新增 1 人" in preview.text


async def test_the_template_comes_as_a_file(talk: Talk) -> None:
    [reply] = await talk.say(SECRETARY, "名册模板")
    assert reply.attachment is not None
    async with talk.database.read() as session:
        file = await session.get_one(StoredFile, reply.attachment.file)
    assert load_workbook(BytesIO(file.data))["名册"]["A1"].value == "工号"


async def test_a_phone_of_the_roster_binds_its_owner(talk: Talk) -> None:
    preview = await send(talk, SECRETARY, book(NEW))
    await talk.press(SECRETARY, preview, "确认导入")
    talk.now += timedelta(minutes=1)
    reply = await talk.say("新人账号", "", contact=own_phone("+8613812345678"))
    assert "绑定成功：新来人" in said(reply)
