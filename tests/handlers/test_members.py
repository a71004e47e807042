"""Seeing, inviting, moving, appointing, parting: each with who may, who may not, and undo."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from db import accounts, audit
from db.tables import Account, AuditLine, Outbox, OutboxState, Person, Unit
from handlers.choosing import NOBODY
from scheduler import outbox
from scheduler.messages import Message
from tests.handlers.conftest import (
    ADMINISTRATOR,
    EDITOR,
    MEMBER,
    OFFICER,
    SECRETARY,
    SIBLING,
    SUPERIOR,
    Talk,
    upload,
)

BRANCH, SIBLING_BRANCH = "综合管理党支部", "财务审计党支部"
HEAD = "顾长青"


def text(messages: list[Message]) -> str:
    return "\n".join(message.text for message in messages)


def labels(message: Message) -> list[str]:
    return [button.label for row in message.buttons for button in row]


async def posts(talk: Talk, name: str) -> list[str]:
    person = await talk.person(name)
    async with talk.database.read() as session:
        held = await accounts.posts_today(session, person.id, today=talk.now.date())
    return [f"{post.unit_name}{post.title}" for post in held]


async def unit(talk: Talk, name: str) -> str:
    person = await talk.person(name)
    async with talk.database.read() as session:
        return (await session.get_one(Unit, person.unit_id)).name


async def lines(talk: Talk, action: str) -> list[AuditLine]:
    async with talk.database.read() as session:
        assert await audit.verify(session, talk.secrets) is None
        return list(await session.scalars(select(AuditLine).where(AuditLine.action == action)))


async def is_bound(talk: Talk, name: str) -> bool:
    return (await talk.account(name)).person_id is not None


# Seeing


async def test_a_secretary_sees_the_branch_and_a_committee_its_tree(talk: Talk) -> None:
    [reply] = await talk.say(SECRETARY, "党员")
    assert reply.table is not None
    names = [row[0] for row in reply.table.rows[1:]]
    assert MEMBER in names
    assert SIBLING not in names
    [reply] = await talk.say(SUPERIOR, "党员")
    assert {BRANCH, SIBLING_BRANCH} <= set(labels(reply))
    [page] = await talk.press(SUPERIOR, reply, SIBLING_BRANCH)
    assert page.table is not None
    assert SIBLING in [row[0] for row in page.table.rows]


async def test_looking_somebody_up_masks_the_phone_and_leaves_a_line(talk: Talk) -> None:
    person = await talk.person(MEMBER)
    assert person.phone is not None
    phone = talk.secrets.open(person.phone, "person.phone")
    shown = text(await talk.say(SECRETARY, f"党员 {MEMBER}"))
    assert f"{phone[:3]}****{phone[-4:]}" in shown
    assert phone not in shown
    [line] = await lines(talk, "member.look")
    assert line.object == f"person:{person.id}"


@pytest.mark.parametrize(
    "command",
    ["党员 {}", "邀请 {}", "撤回邀请 {}", "解除绑定 {}", "离开 {}", "/leave_confirm {}",
     "调动 {} " + SIBLING_BRANCH, "任命 {} 组织委员", "免职 {} 书记"],
)  # fmt: skip
async def test_people_of_a_sibling_branch_do_not_exist(talk: Talk, command: str) -> None:
    """By name, by number, by id, and no other answer than for nobody at all."""
    person = await talk.person(MEMBER)
    for who in (person.name, person.number, f"#{person.id}", "查无此人", "#999999", "%", "_"):
        assert text(await talk.say(SIBLING, command.format(who))) == NOBODY
        talk.later(minutes=1)
    assert text(await talk.say(SIBLING, f"党员 {BRANCH}")) == NOBODY


async def test_a_sibling_unit_cannot_be_opened_by_its_number(talk: Talk) -> None:
    person = await talk.person(MEMBER)
    shown = text(await talk.say(SIBLING, f"/members @{person.unit_id}"))
    assert shown == text(await talk.say(SIBLING, "/members @999999"))
    assert MEMBER not in shown


async def test_the_list_is_turned_over(talk: Talk) -> None:
    async with talk.database.write() as session:
        branch = (await session.scalars(select(Unit).where(Unit.name == BRANCH))).one()
        for n in range(20):
            row = Person(unit_id=branch.id, number=f"X{n}", name=f"添{n}", stage="正式党员")
            session.add(row)
    [first] = await talk.say(SECRETARY, "党员")
    [second] = await talk.press(SECRETARY, first, "下一页")
    [again] = await talk.press(SECRETARY, second, "上一页")
    assert second.table != first.table
    assert again.table == first.table


async def test_a_list_asked_for_in_a_group_comes_in_private(talk: Talk) -> None:
    assert await talk.send(talk.incoming(SECRETARY, "党员", chat="群", group=True)) == []
    assert talk.mail(SECRETARY)[0].table is not None


# Inviting


async def test_an_invite_says_everything_that_is_needed(talk: Talk) -> None:
    shown = text(await talk.say(SECRETARY, "邀请 叶初晴"))
    found = re.search(r"邀请码：([A-Z0-9-]+)", shown)
    assert found is not None
    assert f"https://t.example/zhibu?start={found[1]}" in shown
    assert f"绑定 {found[1]}" in shown
    assert "2026-11-30 10:00" in shown
    assert await lines(talk, "invite.create")


async def test_several_of_one_name_are_told_apart_by_buttons(talk: Talk) -> None:
    async with talk.database.write() as session:
        branch = (await session.scalars(select(Unit).where(Unit.name == BRANCH))).one()
        session.add(Person(unit_id=branch.id, number="N2", name=MEMBER, stage="群众"))
    [choice] = await talk.say(SECRETARY, f"邀请 {MEMBER}")
    [label] = [label for label in labels(choice) if "N2" in label]
    assert "邀请码" in text(await talk.press(SECRETARY, choice, label))


async def test_part_of_a_name_is_asked_about_and_not_acted_on(talk: Talk) -> None:
    [choice] = await talk.say(SECRETARY, "邀请 初晴")
    assert "邀请码" not in choice.text
    assert "叶初晴" in labels(choice)[0]


@pytest.mark.parametrize(
    ("who", "whom", "allowed"),
    [
        (SECRETARY, SECRETARY, True),
        (OFFICER, MEMBER, True),
        (OFFICER, SECRETARY, False),
        ("温如言", ADMINISTRATOR, False),
        ("温如言", EDITOR, False),
        (HEAD, ADMINISTRATOR, False),
        (ADMINISTRATOR, HEAD, True),
    ],
)
async def test_nobody_invites_the_holder_of_a_greater_post(
    talk: Talk, who: str, whom: str, allowed: bool
) -> None:
    """Otherwise one could use the code oneself, and be an administrator."""
    await talk.bind(who)
    shown = text(await talk.say(who, f"邀请 {whom}"))
    assert ("邀请码" in shown) is allowed


# Moving


async def test_a_move_tells_the_person_and_changes_who_sees_them(talk: Talk) -> None:
    shown = text(await talk.say(SUPERIOR, f"调动 {MEMBER} {SIBLING_BRANCH}"))
    assert SIBLING_BRANCH in shown
    assert SIBLING_BRANCH in text(talk.mail(MEMBER))
    assert MEMBER in text(await talk.say(SIBLING, f"党员 {MEMBER}"))
    assert text(await talk.say(SECRETARY, f"党员 {MEMBER}")) == NOBODY


async def test_a_move_can_be_taken_back_for_ten_minutes(talk: Talk) -> None:
    [reply] = await talk.say(SUPERIOR, f"调动 {MEMBER} {SIBLING_BRANCH}")
    talk.later(minutes=10)
    assert "已撤销" in text(await talk.press(SUPERIOR, reply, "撤销"))
    assert await unit(talk, MEMBER) == BRANCH
    assert "又有变动" in text(await talk.press(SUPERIOR, reply, "撤销"))


async def test_an_old_an_overtaken_and_anothers_act_are_not_taken_back(talk: Talk) -> None:
    [first] = await talk.say(SUPERIOR, f"调动 {MEMBER} {SIBLING_BRANCH}")
    [second] = await talk.say(SUPERIOR, f"调动 {MEMBER} 机关党总支")
    assert "又有变动" in text(await talk.press(SUPERIOR, first, "撤销"))
    line = (await lines(talk, "member.move"))[-1]
    await talk.bind(HEAD)
    assert "没有可以撤销" in text(await talk.say(HEAD, f"/undo {line.seq}"))
    talk.later(minutes=10, seconds=1)
    assert "10 分钟" in text(await talk.press(SUPERIOR, second, "撤销"))
    assert await unit(talk, MEMBER) == "机关党总支"


async def test_an_act_that_was_undone_by_hand_and_done_again_is_not_taken_back(talk: Talk) -> None:
    [first] = await talk.say(SUPERIOR, f"调动 {MEMBER} {SIBLING_BRANCH}")
    await talk.say(SUPERIOR, f"调动 {MEMBER} {BRANCH}")
    await talk.say(SUPERIOR, f"调动 {MEMBER} {SIBLING_BRANCH}")
    assert "又有变动" in text(await talk.press(SUPERIOR, first, "撤销"))
    assert await unit(talk, MEMBER) == SIBLING_BRANCH


async def test_undoing_a_move_needs_the_right_to_move(talk: Talk) -> None:
    [reply] = await talk.say(SUPERIOR, f"调动 {MEMBER} {SIBLING_BRANCH}")
    await talk.say(ADMINISTRATOR, f"免职 {SUPERIOR} 书记")
    await talk.say(ADMINISTRATOR, f"任命 {SUPERIOR} 组织委员")
    talk.mail(SUPERIOR)
    assert "不能调整党员所在组织" in text(await talk.press(SUPERIOR, reply, "撤销"))
    assert await unit(talk, MEMBER) == SIBLING_BRANCH


async def test_undo_needs_the_right_as_it_is_now(talk: Talk) -> None:
    [reply] = await talk.say(SUPERIOR, f"调动 {MEMBER} {SIBLING_BRANCH}")
    await talk.say(ADMINISTRATOR, f"免职 {SUPERIOR} 书记")
    assert "你目前的职务不能" in text(await talk.press(SUPERIOR, reply, "撤销"))
    assert await unit(talk, MEMBER) == SIBLING_BRANCH


async def test_a_secretary_moves_nobody_out_of_the_branch_or_into_a_siblings(talk: Talk) -> None:
    for name in (SIBLING_BRANCH, "没有的支部"):
        shown = text(await talk.say(SECRETARY, f"调动 {MEMBER} {name}"))
        assert "没有找到这个组织" in shown
    assert await unit(talk, MEMBER) == BRANCH


async def test_nobody_moves_oneself(talk: Talk) -> None:
    assert "不能调动自己" in text(await talk.say(SUPERIOR, f"调动 {SUPERIOR} {BRANCH}"))


# Posts


async def test_an_appointment_gives_rights_at_once_and_a_dismissal_takes_them(talk: Talk) -> None:
    await talk.say(SECRETARY, f"任命 {MEMBER} 宣传委员")
    assert "宣传委员" in text(talk.mail(MEMBER))
    assert await posts(talk, MEMBER) == [f"{BRANCH}宣传委员"]
    assert "没有等待答复" in text(await talk.say(MEMBER, "转来的问题"))
    await talk.say(SECRETARY, f"免职 {MEMBER} 宣传委员")
    assert await posts(talk, MEMBER) == []
    assert "不再担任" in text(talk.mail(MEMBER))
    assert "你目前的职务不能" in text(await talk.say(MEMBER, "转来的问题"))


@pytest.mark.parametrize(
    ("who", "title", "whom", "allowed"),
    [
        (SECRETARY, "组织委员", MEMBER, True),
        (SECRETARY, "书记", MEMBER, False),
        (SECRETARY, "副书记", MEMBER, False),
        (SECRETARY, "知识编辑", MEMBER, False),
        (SECRETARY, "组织委员", SECRETARY, False),
        (SUPERIOR, "支书", MEMBER, True),
        (SUPERIOR, "管理员", MEMBER, False),
        (ADMINISTRATOR, "知识编辑", MEMBER, True),
        (ADMINISTRATOR, "管理员", MEMBER, True),
        (ADMINISTRATOR, "书记", ADMINISTRATOR, False),
        (HEAD, "书记", "沈望舒", False),
        (ADMINISTRATOR, "书记", "沈望舒", True),
    ],
)
async def test_who_may_appoint_whom_to_what(
    talk: Talk, who: str, title: str, whom: str, allowed: bool
) -> None:
    await talk.bind(who)
    shown = text(await talk.say(who, f"任命 {whom} {title}"))
    assert ("已任命" in shown) is allowed
    assert bool(await lines(talk, "member.appoint")) is allowed


async def test_nobody_dismisses_oneself_or_ones_head(talk: Talk) -> None:
    assert "不能任免自己" in text(await talk.say(SECRETARY, f"免职 {SECRETARY} 书记"))
    await talk.say(SUPERIOR, f"任命 {MEMBER} 副书记")
    assert "上级" in text(await talk.say(MEMBER, f"免职 {SECRETARY} 书记"))


async def test_a_post_may_be_in_another_unit_and_from_a_later_day(talk: Talk) -> None:
    shown = text(await talk.say(SUPERIOR, f"任命 {MEMBER} 纪检委员 {SIBLING_BRANCH} 2026-12-01"))
    assert f"{SIBLING_BRANCH}纪检委员，自 2026-12-01 起" in shown
    assert await posts(talk, MEMBER) == []
    assert "已经担任" in text(await talk.say(SUPERIOR, f"任命 {MEMBER} 纪检委员 {SIBLING_BRANCH}"))


@pytest.mark.parametrize("day", ["2027-02-29", "46000", "9999-01-01", "1899-01-01"])
async def test_a_day_that_cannot_be_is_not_guessed(talk: Talk, day: str) -> None:
    await talk.say(SUPERIOR, f"任命 {MEMBER} 组织委员 {day}")
    assert await lines(talk, "member.appoint") == []


@pytest.mark.parametrize(
    "words", ["任命", f"任命 {MEMBER}", f"任命 {MEMBER} 皇帝", f"免职 {MEMBER}", "调动 x", "邀请"]
)
async def test_what_is_missing_is_said(talk: Talk, words: str) -> None:
    [reply] = await talk.say(SECRETARY, words)
    assert "请" in reply.text or "没有" in reply.text
    assert not any("撤销" in label for label in labels(reply))


async def test_appointment_and_dismissal_can_be_taken_back(talk: Talk) -> None:
    [given] = await talk.say(SECRETARY, f"任命 {MEMBER} 宣传委员")
    await talk.press(SECRETARY, given, "撤销")
    assert await posts(talk, MEMBER) == []
    [taken] = await talk.say(SECRETARY, f"免职 {OFFICER} 组织委员")
    await talk.press(SECRETARY, taken, "撤销")
    assert await posts(talk, OFFICER) == [f"{BRANCH}组织委员"]
    assert len(await lines(talk, "member.undo")) == 2


# Unbinding and leaving


async def test_an_unbound_account_is_told_and_out_and_can_come_back(talk: Talk) -> None:
    [reply] = await talk.say(SECRETARY, f"解除绑定 {MEMBER}")
    assert not await is_bound(talk, MEMBER)
    assert "解除" in text(talk.mail(MEMBER))
    assert "需要先绑定身份" in text(await talk.say(MEMBER, "我是谁"))
    await talk.press(SECRETARY, reply, "撤销")
    assert await is_bound(talk, MEMBER)


@pytest.mark.parametrize("spare", [True, False])
async def test_what_waits_for_an_unbound_account_does_not_go_there(talk: Talk, spare: bool) -> None:
    """To the account that is left, or to nobody: the secretary hears that it was not told."""
    member = await talk.person(MEMBER)
    async with talk.database.write() as session:
        message = Message("任务提醒")
        assert await outbox.notify(session, member.id, message, key="k", kind="test", now=talk.now)
        if spare:
            at = {"bound_at": talk.now, "seen_at": talk.now, "person_id": member.id}
            session.add(Account(channel="browser", external="b", chat="spare", **at))
    *_, card = await talk.say(MEMBER, "解绑")
    await talk.press(MEMBER, card, "确认解绑")
    async with talk.database.read() as session:
        rows = await session.execute(
            select(Outbox.chat, Outbox.state).where(Outbox.kind == "test").order_by(Outbox.id)
        )
        found = [tuple(row) for row in rows]
    left = [("spare", OutboxState.PENDING.value)] if spare else []
    assert found == [(MEMBER, OutboxState.CANCELLED.value), *left]
    assert ("送不到" in text(talk.mail(SECRETARY))) is not spare


async def test_an_officer_does_not_silence_the_secretary(talk: Talk) -> None:
    assert "由上级组织或管理员办理" in text(await talk.say(OFFICER, f"解除绑定 {SECRETARY}"))
    assert await is_bound(talk, SECRETARY)


async def test_leaving_asks_first_and_ends_everything(talk: Talk) -> None:
    [card] = await talk.say(SECRETARY, f"离开 {OFFICER}")
    assert await is_bound(talk, OFFICER)
    assert "已全部失效" in text(await talk.press(SECRETARY, card, "确认离开"))
    assert not await is_bound(talk, OFFICER)
    assert "转出" in text(talk.mail(OFFICER))
    assert "需要先绑定身份" in text(await talk.say(OFFICER, "党员"))
    assert text(await talk.say(SECRETARY, f"党员 {OFFICER}")) == NOBODY


async def test_a_dialog_under_way_ends_with_the_role(talk: Talk) -> None:
    document = upload("示例.md", "# 示例办法\n\n第一条 示例。\n".encode())
    assert "第一条" in text(await talk.say(EDITOR, "", upload=document))
    await talk.say(ADMINISTRATOR, f"免职 {EDITOR} 知识编辑")
    assert "你目前的职务不能" in text(await talk.say(EDITOR, "标题 另一个"))


async def test_nobody_parts_with_oneself_by_command(talk: Talk) -> None:
    assert "不能对自己办理" in text(await talk.say(SECRETARY, f"离开 {SECRETARY}"))
    assert "解绑" in text(await talk.say(SECRETARY, f"解除绑定 {SECRETARY}"))


async def test_who_may_not_invite_somebody_does_not_end_their_code(talk: Talk) -> None:
    invited = text(await talk.say(ADMINISTRATOR, f"邀请 {SECRETARY}"))
    assert "邀请码" in invited
    assert "请由上级组织或管理员办理" in text(await talk.say(OFFICER, f"撤回邀请 {SECRETARY}"))
    assert "已作废" in text(await talk.say(ADMINISTRATOR, f"撤回邀请 {SECRETARY}"))
