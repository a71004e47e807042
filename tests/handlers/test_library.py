"""Editors keep the library in the chat; members may look at it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scheduler.messages import Message
from tests.handlers.conftest import EDITOR, MEMBER, OUTSIDER, SECOND_EDITOR, Talk, upload

OLD = """# 示例工作办法

自2014年5月28日起施行

第一条 为了做好示例工作，制定本办法。

第二条 示例事项应当每两年开展一次蓝皮书检查。
"""
NEW = """# 示例工作办法

自2026年5月18日起施行

第一条 为了做好示例工作，制定本办法。

第二条 示例事项应当每半年开展一次蓝皮书检查。

第三条 检查情况应当公布。
"""
QUESTION = "示例事项多久开展一次蓝皮书检查"


def text(messages: list[Message]) -> str:
    return "\n".join(message.text for message in messages)


def labels(message: Message) -> list[str]:
    return [button.label for row in message.buttons for button in row]


async def send(talk: Talk, who: str, content: str, name: str = "示例.md") -> Message:
    (reply,) = await talk.say(who, "", upload=upload(name, content.encode()))
    return reply


async def store(talk: Talk, content: str, label: str, day: str) -> str:
    """Bring a document in, from the file to the confirmation."""
    await send(talk, EDITOR, content)
    await talk.say(EDITOR, day)
    await talk.say(EDITOR, f"版本 {label}")
    return text(await talk.say(EDITOR, "确认入库"))


async def store_internal(talk: Talk) -> None:
    await send(talk, EDITOR, OLD)
    await talk.say(EDITOR, "内部")
    await talk.say(EDITOR, "2014-05-28")
    await talk.say(EDITOR, "确认入库")


async def number(talk: Talk, pattern: str) -> str:
    """Read a number from the list of documents, or from the page of ours."""
    (listing,) = await talk.say(EDITOR, "知识库")
    ours = next(label for label in labels(listing) if "示例" in label)
    (page,) = await talk.press(EDITOR, listing, ours)
    found = re.search(pattern, page.text)
    assert found is not None
    return found[1]


async def test_a_member_may_list_and_read_the_library(talk: Talk) -> None:
    (listing,) = await talk.say(MEMBER, "知识库")
    assert listing.table is not None
    assert len(listing.table.rows) == 11
    (page,) = await talk.press(MEMBER, listing, labels(listing)[0])
    assert "版本" in page.text
    assert not any("停用" in label for label in labels(page))


async def test_the_list_is_turned_over(talk: Talk) -> None:
    (first,) = await talk.say(MEMBER, "知识库")
    (second,) = await talk.press(MEMBER, first, "下一页")
    assert second.table != first.table
    (again,) = await talk.press(MEMBER, second, "上一页")
    assert again.table == first.table


async def test_an_unbound_account_sees_nothing_of_the_list(talk: Talk) -> None:
    assert "先绑定身份" in text(await talk.say(OUTSIDER, "知识库"))


async def test_only_an_editor_takes_out_of_use(talk: Talk) -> None:
    assert "不能" in text(await talk.say(MEMBER, "停用 1"))


async def test_a_file_is_previewed_and_its_day_is_asked_for(talk: Talk) -> None:
    reply = await send(talk, EDITOR, OLD)
    assert "示例工作办法" in reply.text
    assert "请确认生效日期" in reply.text
    assert "2014-05-28 起" in labels(reply)
    assert "确认入库" not in labels(reply)


async def test_nothing_is_stored_before_the_day_is_confirmed(talk: Talk) -> None:
    await send(talk, EDITOR, OLD)
    assert "请先确认生效日期" in text(await talk.say(EDITOR, "确认入库"))


async def test_a_confirmed_document_answers_at_once(talk: Talk) -> None:
    reply = await send(talk, EDITOR, OLD)
    (reply,) = await talk.press(EDITOR, reply, "2014-05-28 起")
    (done,) = await talk.press(EDITOR, reply, "确认入库")
    assert "已入库" in done.text
    (answer,) = await talk.say(MEMBER, QUESTION)
    assert "每两年" in answer.text
    assert answer.quote is not None
    assert (answer.quote.regulation, answer.quote.article) == ("《示例工作办法》", "第二条")


async def test_a_new_version_takes_the_place_of_the_old_one(talk: Talk) -> None:
    await store(talk, OLD, "2014", "2014-05-28")
    done = await store(talk, NEW, "2026", "2026-05-18")
    assert "“2014”到期失效" in done
    assert "每半年" in text(await talk.say(MEMBER, QUESTION))
    past = text(await talk.say(MEMBER, f"2025年{QUESTION}"))
    assert "每两年" in past
    assert "2014版" in past


async def test_a_version_taken_out_of_use_gives_way_to_the_one_before(talk: Talk) -> None:
    await store(talk, OLD, "2014", "2014-05-28")
    await store(talk, NEW, "2026", "2026-05-18")
    version = await number(talk, r"版本 (\d+)：2026")
    (done,) = await talk.say(EDITOR, f"停用 版本 {version}")
    assert "每两年" in text(await talk.say(MEMBER, QUESTION))
    await talk.press(EDITOR, done, "撤销")
    assert "每半年" in text(await talk.say(MEMBER, QUESTION))


async def test_a_document_out_of_use_answers_no_more(talk: Talk) -> None:
    await store(talk, OLD, "2014", "2014-05-28")
    document = await number(talk, r"编号 (\d+)")
    await talk.say(EDITOR, f"停用 {document}")
    assert "每两年" not in text(await talk.say(MEMBER, QUESTION))
    assert "没有找到，或者已经停用" in text(await talk.say(EDITOR, f"停用 {document}"))
    await talk.say(EDITOR, f"恢复 {document}")
    assert "每两年" in text(await talk.say(MEMBER, QUESTION))


async def test_two_versions_are_compared(talk: Talk) -> None:
    await store(talk, OLD, "2014", "2014-05-28")
    await store(talk, NEW, "2026", "2026-05-18")
    old = await number(talk, r"版本 (\d+)：2014")
    new = await number(talk, r"版本 (\d+)：2026")
    found = text(await talk.say(MEMBER, f"对比 {old} {new}"))
    assert "新增 1 条，修改 2 条，删去 0 条，不变 1 条" in found
    assert "每两年" in found
    assert "每半年" in found


async def test_versions_of_different_documents_are_not_compared(talk: Talk) -> None:
    assert "不属于同一份资料" in text(await talk.say(EDITOR, "对比 1 2"))


async def test_the_same_file_again_changes_nothing(talk: Talk) -> None:
    await store(talk, OLD, "2014", "2014-05-28")
    await send(talk, EDITOR, OLD)
    await talk.say(EDITOR, "版本 2014")
    assert "完全相同" in text(await talk.say(EDITOR, "2014-05-28"))


async def test_a_new_version_needs_a_day(talk: Talk) -> None:
    await store(talk, OLD, "2014", "2014-05-28")
    await send(talk, EDITOR, NEW)
    await talk.say(EDITOR, "版本 2026")
    assert "请给出这一版的生效日期" in text(await talk.say(EDITOR, "无日期"))


async def test_the_second_of_two_editors_must_look_again(talk: Talk) -> None:
    await store(talk, OLD, "2014", "2014-05-28")
    for editor, content in ((EDITOR, NEW), (SECOND_EDITOR, NEW.replace("半年", "季度"))):
        await send(talk, editor, content)
        await talk.say(editor, "版本 2026")
        await talk.say(editor, "2026-05-18")
    assert "已入库" in text(await talk.say(SECOND_EDITOR, "确认入库"))
    assert "预览之后有了变化" in text(await talk.say(EDITOR, "确认入库"))
    assert "每季度" in text(await talk.say(MEMBER, QUESTION))


async def test_two_editors_may_bring_in_the_same(talk: Talk) -> None:
    for editor in (EDITOR, SECOND_EDITOR):
        await send(talk, editor, OLD)
        await talk.say(editor, "2014-05-28")
    await talk.say(EDITOR, "确认入库")
    assert "没有变化" in text(await talk.say(SECOND_EDITOR, "确认入库"))


async def test_an_internal_document_is_for_bound_persons(talk: Talk) -> None:
    await store_internal(talk)
    assert "每两年" in text(await talk.say(MEMBER, QUESTION))
    assert "每两年" not in text(await talk.say(OUTSIDER, QUESTION))


async def test_title_and_version_are_corrected_by_typing(talk: Talk) -> None:
    await send(talk, EDITOR, OLD)
    await talk.say(EDITOR, "标题 示例工作细则")
    await talk.say(EDITOR, "版本：2014年")
    (reply,) = await talk.say(EDITOR, "生效日期：2014年6月1日")
    assert "《示例工作细则》\n版本：2014年" in reply.text
    assert "2014-06-01 起生效" in reply.text


UNCLEAR = ["2026-02-30", "下个月", "标题", "版本 " + "长" * 90]


@pytest.mark.parametrize("typed", UNCLEAR, ids=["no such day", "vague", "no name", "too long"])
async def test_what_is_not_understood_changes_nothing(talk: Talk, typed: str) -> None:
    await send(talk, EDITOR, OLD)
    await talk.say(EDITOR, typed)
    (reply,) = await talk.say(EDITOR, "2014-05-28")
    assert "《示例工作办法》" in reply.text
    assert "确认入库" in labels(reply)


@pytest.mark.parametrize("words", ["取消", "/import_cancel"])
async def test_a_cancelled_file_is_forgotten(talk: Talk, words: str) -> None:
    await send(talk, EDITOR, OLD)
    assert "已取消" in text(await talk.say(EDITOR, words))
    assert "没有等待入库的文件" in text(await talk.say(EDITOR, "确认入库"))


async def test_a_confirmation_pressed_twice_stores_once(talk: Talk) -> None:
    await send(talk, EDITOR, OLD)
    (reply,) = await talk.say(EDITOR, "2014-05-28")
    await talk.press(EDITOR, reply, "确认入库")
    (again,) = await talk.press(EDITOR, reply, "确认入库")
    assert "没有等待入库的文件" in again.text


async def test_a_member_cannot_bring_files_in(talk: Talk) -> None:
    reply = await send(talk, MEMBER, OLD)
    assert "示例工作办法" not in reply.text


async def test_a_file_is_not_previewed_before_a_group(talk: Talk) -> None:
    incoming = talk.incoming(
        EDITOR, "", chat="group", group=True, upload=upload("示例.md", OLD.encode())
    )
    assert "请私聊我" in text(await talk.send(incoming))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.docx", b""),
        ("lie.docx", b"%PDF-1.7"),
        ("broken.xlsx", b"PK\x03\x04" + b"\0" * 100),
        ("nothing.md", b"\n\n"),
    ],
)
async def test_a_hostile_or_broken_file_is_refused_with_its_reason(
    talk: Talk, name: str, content: bytes
) -> None:
    (reply,) = await talk.say(EDITOR, "", upload=upload(name, content))
    assert reply.buttons == ()
    assert re.search(r"[\u4e00-\u9fff]{4}", reply.text)
    assert "出了错" not in reply.text


SENSELESS = """
查看文档
查看文档 甲
查看文档 99999
查看文档 1 2 3
查看文档 99999999999999
知识库 99
对比 1
停用 全部
停用 99999
停用 条目 99999
恢复 版本 99999
/edition 99999
"""


@pytest.mark.parametrize("command", SENSELESS.strip().splitlines())
async def test_a_senseless_number_is_answered_politely(talk: Talk, command: str) -> None:
    (reply,) = await talk.say(EDITOR, command)
    assert "出了错" not in reply.text


def test_the_editors_page_names_every_command(pytestconfig: pytest.Config) -> None:
    page = (Path(pytestconfig.rootpath) / "docs" / "knowledge.md").read_text("utf-8")
    from handlers.library import router

    words = {word for route in router.routes.values() for word in route.words}
    assert [word for word in sorted(words) if word not in page] == []


async def test_an_internal_passage_is_not_said_in_a_group(talk: Talk) -> None:
    await store_internal(talk)
    group = await talk.send(talk.incoming(MEMBER, QUESTION, chat="群", group=True))
    assert not any("每两年" in message.text for message in group)
    assert "只私聊答复" in group[-1].text
    assert "每两年" in talk.mail(MEMBER)[0].text


async def test_a_public_passage_is_answered_in_the_group(talk: Talk) -> None:
    await store_internal(talk)
    [group] = await talk.send(talk.incoming(MEMBER, "支委会多久开一次", chat="群", group=True))
    assert "每月" in group.text
    assert talk.mail(MEMBER) == []


@pytest.mark.parametrize("command", ["知识库", "查看文档 1", "对比 1 2"])
async def test_the_library_is_listed_in_private(talk: Talk, command: str) -> None:
    assert await talk.send(talk.incoming(MEMBER, command, chat="群", group=True)) == []
    assert talk.mail(MEMBER)


async def test_the_button_of_an_older_preview_stores_nothing(talk: Talk) -> None:
    first = await send(talk, EDITOR, OLD)
    [first] = await talk.press(EDITOR, first, "无日期")
    second = await send(talk, EDITOR, OLD.replace("示例工作办法", "机密工作办法"))
    [second] = await talk.press(EDITOR, second, "无日期")
    assert "已失效" in text(await talk.press(EDITOR, first, "确认入库"))
    assert "已失效" in text(await talk.press(EDITOR, first, "取消"))
    assert "《机密工作办法》" in text(await talk.press(EDITOR, second, "确认入库"))


async def test_the_button_of_a_preview_that_was_given_up_does_not_act_on_the_next_file(
    talk: Talk,
) -> None:
    first = await send(talk, EDITOR, OLD)
    await talk.press(EDITOR, first, "取消")
    await send(talk, EDITOR, OLD.replace("示例工作办法", "机密工作办法"))
    assert "已失效" in text(await talk.press(EDITOR, first, "无日期"))
