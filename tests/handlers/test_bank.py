"""The question bank in the chat: seen before it counts, then all of it, and taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from db.tables import AuditLine, Person, Post, QuizQuestion, Unit
from handlers.bank import GONE, HELP
from scheduler.messages import Message
from tests.handlers.conftest import (
    ADMINISTRATOR,
    EDITOR,
    MEMBER,
    OFFICER,
    OUTSIDER,
    SECRETARY,
    SIBLING,
    SUPERIOR,
    Talk,
    upload,
)
from tests.knowledge.quiz.make import JUDGE, MULTIPLE, SINGLE, store
from tests.knowledge.quiz.writers import HEAD, book, docx, paper, rows

BANK = (SINGLE, MULTIPLE, JUDGE)
BRANCH = "综合管理党支部"


def sheet(*questions: object) -> bytes:
    return book([HEAD, *rows(questions or BANK)])  # type: ignore[arg-type]


async def send(
    talk: Talk, who: str, data: bytes | None = None, name: str = "党费.xlsx", caption: str = "题库"
) -> Message:
    [reply] = await talk.say(who, caption, upload=upload(name, data or sheet()))
    return reply


async def bring(talk: Talk, who: str, data: bytes | None = None) -> Message:
    [done] = await talk.press(who, await send(talk, who, data), "收入题库")
    return done


async def count(talk: Talk) -> int:
    async with talk.database.read() as session:
        there = select(func.count()).where(QuizQuestion.retired_at.is_(None))
        return await session.scalar(there) or 0


async def numbers(talk: Talk) -> list[int]:
    async with talk.database.read() as session:
        return list(await session.scalars(select(QuizQuestion.id).order_by(QuizQuestion.id)))


def labels(message: Message) -> list[str]:
    return [button.label for row in message.buttons for button in row]


async def test_a_bank_is_shown_first_and_stored_when_confirmed(talk: Talk) -> None:
    preview = await send(talk, SECRETARY)
    assert "读懂 3 题（单选 1、多选 1、判断 1）" in preview.text
    assert f"收入“{BRANCH}”题库：新增 3，修改 0，已有 0" in preview.text
    assert f"【单选】{SINGLE.stem}" in preview.text
    assert "检查没有发现问题。" in preview.text
    assert await count(talk) == 0
    [done] = await talk.press(SECRETARY, preview, "收入题库")
    assert f"已收入“{BRANCH}”题库：新增 3" in done.text
    async with talk.database.read() as session:
        unit = (await session.scalars(select(Unit).where(Unit.name == BRANCH))).one()
        found = (await session.scalars(select(QuizQuestion))).all()
        assert {row.unit_id for row in found} == {unit.id}
        actions = (await session.scalars(select(AuditLine.action))).all()
        assert "bank.import" in actions
    again = await send(talk, SECRETARY)
    assert "已有 3" in again.text
    assert "没有可以收入的新题" in again.text
    assert again.buttons == ()


async def test_confirming_twice_stores_once(talk: Talk) -> None:
    preview = await send(talk, SECRETARY)
    await talk.press(SECRETARY, preview, "收入题库")
    [second] = await talk.press(SECRETARY, preview, "收入题库")
    assert (second.text, await count(talk)) == (GONE, 3)


async def test_what_is_not_understood_is_told_and_the_rest_may_be_stored(talk: Talk) -> None:
    data = book(
        [HEAD, *rows(BANK), (4, "单选题", "没有答案的题？", "甲", "乙", "", "", "", "", "")]
    )
    preview = await send(talk, SECRETARY, data)
    assert "没读懂 1 处" in preview.text
    assert "第 5 行：没有找到答案" in preview.text
    await talk.press(SECRETARY, preview, "收入题库")
    assert await count(talk) == 3


async def test_the_check_speaks_before_anything_is_stored(talk: Talk) -> None:
    async with talk.database.write() as session:
        await store(session, replace(SINGLE, correct=(3,)))
    old = replace(
        SINGLE,
        stem="党支部委员会每届任期几年？",
        options=("2 年", "3 年"),
        correct=(0,),
        regulation="",
    )
    preview = await send(talk, SECRETARY, sheet(SINGLE, old))
    assert "检查发现 3 处" in preview.text
    assert "题干相同，答案不同" in preview.text
    assert "像是旧版或误传的说法：党总支、党支部每届任期一般 3 年" in preview.text


async def test_nothing_is_stored_when_it_is_given_up(talk: Talk) -> None:
    preview = await send(talk, SECRETARY)
    [reply] = await talk.press(SECRETARY, preview, "取消")
    assert reply.text == "已取消，题库没有变动。"
    [late] = await talk.press(SECRETARY, preview, "收入题库")
    assert (late.text, await count(talk)) == (GONE, 0)


async def test_another_answer_is_shown_as_a_change(talk: Talk) -> None:
    await bring(talk, SECRETARY)
    preview = await send(talk, SECRETARY, sheet(replace(SINGLE, correct=(2,)), MULTIPLE))
    assert "新增 0，修改 1，已有 1" in preview.text
    assert "支部大会通过其为预备党员之日 → 转正之日" in preview.text


async def test_who_confirms_second_sees_what_the_first_has_changed(talk: Talk) -> None:
    """Two people import into one bank: the later one confirms what is true by then."""
    mine = await send(talk, SECRETARY)
    theirs = await send(talk, OFFICER)
    await talk.press(OFFICER, theirs, "收入题库")
    [shown] = await talk.press(SECRETARY, mine, "收入题库")
    assert "题库在你预览之后有变动" in shown.text
    assert "新增 0，修改 0，已有 3" in shown.text
    assert await count(talk) == 3


async def test_whoever_now_has_a_post_elsewhere_takes_no_import_back(talk: Talk) -> None:
    done = await bring(talk, SECRETARY)
    async with talk.database.write() as session:
        person = (await session.scalars(select(Person).where(Person.name == SECRETARY))).one()
        elsewhere = (await session.scalars(select(Unit).where(Unit.name == "财务审计党支部"))).one()
        for post in await session.scalars(select(Post).where(Post.person_id == person.id)):
            post.unit_id = elsewhere.id
    [refused] = await talk.press(SECRETARY, done, "撤销导入")
    assert "不能向这个组织" in refused.text
    assert await count(talk) == 3


async def test_an_import_is_taken_back_within_a_day(talk: Talk) -> None:
    done = await bring(talk, SECRETARY)
    [undone] = await talk.press(SECRETARY, done, "撤销导入")
    assert "已撤销《党费.xlsx》的导入：停用 3 题，改回 0 题。" in undone.text
    assert await count(talk) == 0
    [none] = await talk.say(SECRETARY, "撤销导入")
    assert "没有可以撤销的导入" in none.text
    assert "恢复 3" in (await send(talk, SECRETARY)).text


async def test_an_import_of_yesterday_stays(talk: Talk) -> None:
    await bring(talk, SECRETARY)
    talk.later(days=1)
    [reply] = await talk.say(SECRETARY, "撤销导入")
    assert "没有可以撤销的导入" in reply.text
    assert await count(talk) == 3


async def test_a_bank_is_asked_in_its_own_subtree_only(talk: Talk) -> None:
    await bring(talk, SECRETARY)
    [mine] = await talk.say(MEMBER, "题库")
    assert mine.text == "题库现有 3 题，1 个主题。"
    assert mine.table is not None
    assert mine.table.rows == (("主题", "题数"), ("综合", "3"))
    [sibling] = await talk.say(SIBLING, "题库")
    assert sibling.text == "题库里还没有题目。"
    await bring(talk, SUPERIOR)
    [below] = await talk.say(SIBLING, "题库")
    assert below.text.startswith("题库现有 3 题")
    assert labels(below) == ["导入题库"]
    assert mine.buttons == ()


async def test_a_document_and_a_text_are_taken_too(talk: Talk) -> None:
    words = paper(BANK)
    assert "读懂 3 题" in (await send(talk, SECRETARY, docx(words), "题.docx", "试题")).text
    assert "读懂 3 题" in (await send(talk, SECRETARY, words.encode("gb18030"), "题.txt")).text


async def test_the_caption_tells_a_bank_from_a_roster(talk: Talk) -> None:
    [asked] = await talk.say(SECRETARY, "", upload=upload("表.xlsx", sheet()))
    assert "“题库”（导入题库）" in asked.text
    assert "“名册”（导入名册）" in asked.text


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("题.xlsx", b"PK\x03\x04 broken", "损坏"),
        ("题.txt", "没有题目".encode(), "没有读到题目"),
        ("题.csv", b"a,b\n1,2", "没有找到表头"),
    ],
)
async def test_a_file_that_is_none_is_refused(
    talk: Talk, name: str, data: bytes, reason: str
) -> None:
    assert reason in (await send(talk, SECRETARY, data, name)).text
    assert await count(talk) == 0


async def test_a_bank_is_not_taken_in_a_group(talk: Talk) -> None:
    incoming = talk.incoming(
        SECRETARY, "题库", upload=upload("题.xlsx", sheet()), chat="group", group=True
    )
    [reply] = await talk.send(incoming)
    assert "请私聊我发送" in reply.text


@pytest.mark.parametrize("who", [MEMBER, OUTSIDER])
async def test_nobody_else_imports(talk: Talk, who: str) -> None:
    reply = await send(talk, who)
    assert reply.buttons == ()
    assert "读懂" not in reply.text
    assert await count(talk) == 0


async def test_a_preview_is_confirmed_by_its_sender_alone(talk: Talk) -> None:
    preview = await send(talk, SECRETARY)
    command = preview.buttons[0][0].command
    [reply] = await talk.say(OFFICER, command)
    assert (reply.text, await count(talk)) == (GONE, 0)


async def test_a_question_is_shown_and_retired_and_brought_back(talk: Talk) -> None:
    await bring(talk, SECRETARY)
    number = (await numbers(talk))[0]
    [card] = await talk.say(SECRETARY, f"查看题目 {number}")
    assert "答案：B" in card.text
    assert f"属于：{BRANCH}" in card.text
    assert "第八条（2008版）" in card.text
    [gone] = await talk.press(SECRETARY, card, "停用题目")
    assert "已停用" in gone.text
    assert await count(talk) == 2
    [twice] = await talk.say(SECRETARY, f"停用题目 {number}")
    assert twice.text == "这道题已经停用。"
    await talk.press(SECRETARY, gone, "撤销")
    assert await count(talk) == 3


async def test_a_sibling_neither_sees_nor_retires_a_question(talk: Talk) -> None:
    await bring(talk, SECRETARY)
    number = (await numbers(talk))[0]
    for command in ("查看题目", "停用题目", "恢复题目"):
        [reply] = await talk.say(SIBLING, f"{command} {number}")
        assert reply.text == "没有找到这道题。"
    [above] = await talk.say(SUPERIOR, f"停用题目 {number}")
    assert "已停用" in above.text


async def test_a_shipped_question_is_kept_by_editors(talk: Talk) -> None:
    async with talk.database.write() as session:
        [number] = await store(session, replace(SINGLE, valid_to=date(2030, 1, 1)))
    [card] = await talk.say(SECRETARY, f"查看题目 {number}")
    assert "属于：内置题库" in card.text
    assert "有效期：不限 至 2030-01-01" in card.text
    assert card.buttons == ()
    [refused] = await talk.say(SECRETARY, f"停用题目 {number}")
    assert "不归你维护" in refused.text
    [done] = await talk.say(EDITOR, f"停用题目 {number}")
    assert "已停用" in done.text


@pytest.mark.parametrize("text", ["停用题目 x", "停用题目 0", "查看题目 99999999999999999999"])
async def test_a_number_that_is_none_is_told(talk: Talk, text: str) -> None:
    [reply] = await talk.say(ADMINISTRATOR, text)
    assert reply.text in ("请写明题目编号，例如：停用题目 12", "没有找到这道题。")


async def test_the_help_says_how(talk: Talk) -> None:
    [reply] = await talk.say(SECRETARY, "导入题库")
    assert reply.text == HELP


async def test_after_the_help_a_file_needs_no_caption(talk: Talk) -> None:
    """Neither a roster nor a document is meant then; a question asked meanwhile is answered."""
    await talk.say(SECRETARY, "导入题库")
    preview = await send(talk, SECRETARY, caption="")
    assert "读懂 3 题" in preview.text
    roster = await send(talk, SECRETARY, caption="名册")
    assert "读懂" not in roster.text
    await talk.press(SECRETARY, preview, "收入题库")
    assert "这个文件要做什么" in (await send(talk, SECRETARY, caption="")).text
    await talk.say(SECRETARY, "导入题库")
    [answer] = await talk.say(SECRETARY, "支委会多久开一次")
    assert answer.quote is not None
    assert "这个文件要做什么" in (await send(talk, SECRETARY, caption="")).text


async def test_an_old_format_is_named_as_that(talk: Talk) -> None:
    reply = await send(talk, SECRETARY, b"old", "题库.XLS")
    assert "请另存为 docx、xlsx" in reply.text
