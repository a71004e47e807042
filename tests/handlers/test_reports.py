"""题目有误: one tap, one keeper, one answer, and it comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from db.tables import Person, Post, QuestionReport, QuizQuestion, Title, Unit
from handlers.reports import A_DAY, ANSWERED, NO_QUESTION, NO_REPORT, STANDS, STOPPED
from scheduler.messages import Message
from tests.handlers.conftest import (
    EDITOR,
    MEMBER,
    OFFICER,
    OUTSIDER,
    SECOND_EDITOR,
    SECRETARY,
    SIBLING,
    Talk,
)
from tests.knowledge.quiz.make import SINGLE, question, store

BRANCH = "综合管理党支部"


async def shipped(talk: Talk) -> int:
    async with talk.database.write() as session:
        return (await store(session, SINGLE))[0]


async def own(talk: Talk, importer: str | None = SECRETARY) -> int:
    """Put a question into the branch's own bank."""
    async with talk.database.write() as session:
        unit = (await session.scalars(select(Unit).where(Unit.name == BRANCH))).one()
        by = None
        if importer:
            by = (await session.scalars(select(Person.id).where(Person.name == importer))).one()
        question = replace(SINGLE, key=f"u{unit.id}:x")
        return (await store(session, question, unit_id=unit.id, imported_by=by))[0]


async def dismiss(talk: Talk, name: str) -> None:
    """End every post of somebody."""
    async with talk.database.write() as session:
        person = (await session.scalars(select(Person).where(Person.name == name))).one()
        for post in await session.scalars(select(Post).where(Post.person_id == person.id)):
            post.until = talk.now.date()


async def retired(talk: Talk, number: int) -> bool:
    async with talk.database.read() as session:
        return (await session.get_one(QuizQuestion, number)).retired_at is not None


async def test_so_many_reports_a_day_are_enough(talk: Talk) -> None:
    async with talk.database.write() as session:
        numbers = await store(session, *(question(n) for n in range(A_DAY + 1)))
    *first, last = numbers
    for number in first:
        [taken] = await talk.say(MEMBER, f"题目有误 {number}")
        assert "已转给题库维护人" in taken.text
    [again] = await talk.say(MEMBER, f"题目有误 {first[0]}")
    assert "已经报告过" in again.text
    [refused] = await talk.say(MEMBER, f"题目有误 {last}")
    assert "今天已经报告了 10 道题" in refused.text
    [other] = await talk.say(SECRETARY, f"题目有误 {last}")
    assert "已转给题库维护人" in other.text
    talk.later(hours=24)
    [tomorrow] = await talk.say(MEMBER, f"题目有误 {last}")
    assert "已转给题库维护人" in tomorrow.text


def labels(message: Message) -> list[str]:
    return [button.label for row in message.buttons for button in row]


async def asked(talk: Talk, number: int, keeper: str, reason: str = "") -> Message:
    """Report a question as the member, and return what its keeper gets."""
    await talk.say(MEMBER, f"题目有误 {number} {reason}".strip())
    [card] = talk.mail(keeper)
    return card


async def test_a_report_goes_to_the_importer_and_the_answer_comes_back(talk: Talk) -> None:
    number = await own(talk)
    [reply] = await talk.say(MEMBER, f"题目有误 {number} 答案应当是转正之日")
    assert reply.text == f"已转给题库维护人{SECRETARY}同志，答复会私聊告诉你。"
    [card] = talk.mail(SECRETARY)
    assert f"{MEMBER}同志认为这道题有误：答案应当是转正之日" in card.text
    assert SINGLE.stem in card.text
    assert labels(card) == ["回复", "停用此题", "维持原题"]
    [asked_for] = await talk.press(SECRETARY, card, "回复")
    assert "请直接发送给报告人的答复" in asked_for.text
    [sent] = await talk.say(SECRETARY, "起算日是支部大会通过之日，见第八条。")
    assert sent.text == "答复已发给报告人。"
    [answer] = talk.mail(MEMBER)
    assert answer.text.startswith(f"你报告有误的题目 {number}：{SINGLE.stem}")
    assert answer.text.endswith(f"{SECRETARY}同志答复：起算日是支部大会通过之日，见第八条。")
    assert not await retired(talk, number)


@pytest.mark.parametrize(
    ("press", "words", "gone"), [("维持原题", STANDS, False), ("停用此题", STOPPED, True)]
)
async def test_one_tap_answers(talk: Talk, press: str, words: str, gone: bool) -> None:
    number = await own(talk)
    card = await asked(talk, number, SECRETARY)
    assert "没有写理由" in card.text
    await talk.press(SECRETARY, card, press)
    [answer] = talk.mail(MEMBER)
    assert words in answer.text
    assert await retired(talk, number) is gone


async def test_there_is_one_answer_only(talk: Talk) -> None:
    card = await asked(talk, await own(talk), SECRETARY)
    await talk.press(SECRETARY, card, "维持原题")
    talk.mail(MEMBER)
    for label in ("停用此题", "回复", "维持原题"):
        [late] = await talk.press(SECRETARY, card, label)
        assert late.text == ANSWERED
    assert talk.mail(MEMBER) == []


async def test_reporting_again_asks_nobody_twice_until_it_is_answered(talk: Talk) -> None:
    number = await own(talk)
    card = await asked(talk, number, SECRETARY)
    [again] = await talk.say(MEMBER, f"题目有误 {number}")
    assert "已经报告过" in again.text
    assert talk.mail(SECRETARY) == []
    await talk.press(SECRETARY, card, "维持原题")
    await talk.say(MEMBER, f"题目有误 {number} 还是不对")
    assert "还是不对" in talk.mail(SECRETARY)[0].text


async def test_without_the_importer_the_organisation_officer_is_asked(talk: Talk) -> None:
    number = await own(talk, importer=None)
    card = await asked(talk, number, OFFICER)
    await talk.press(OFFICER, card, "停用此题")
    assert await retired(talk, number)


async def test_an_importer_out_of_post_is_passed_over(talk: Talk) -> None:
    number = await own(talk)
    await dismiss(talk, SECRETARY)
    assert await asked(talk, number, OFFICER)


async def test_what_waits_with_somebody_who_has_gone_is_passed_on(talk: Talk) -> None:
    number = await own(talk)
    card = await asked(talk, number, SECRETARY)
    await dismiss(talk, SECRETARY)
    for act in ("停用此题", "维持原题"):
        [refused] = await talk.press(SECRETARY, card, act)
        assert "不再维护" in refused.text
    await talk.say(MEMBER, f"题目有误 {number}")
    [passed] = talk.mail(OFFICER)
    await talk.press(OFFICER, passed, "维持原题")
    assert STANDS in talk.mail(MEMBER)[0].text


async def test_the_keeper_does_not_answer_the_own_report(talk: Talk) -> None:
    number = await own(talk)
    [reply] = await talk.say(SECRETARY, f"题目有误 {number}")
    assert OFFICER in reply.text


async def test_a_shipped_question_goes_to_the_editors(talk: Talk) -> None:
    number = await shipped(talk)
    [reply] = await talk.say(MEMBER, f"题目有误 {number}")
    [name] = [name for name in (EDITOR, SECOND_EDITOR) if name in reply.text]
    [card] = talk.mail(name)
    other = SECOND_EDITOR if name == EDITOR else EDITOR
    [listed] = await talk.say(other, "题目纠错")
    assert SINGLE.stem in listed.text
    await talk.press(other, listed, "停用此题")
    assert await retired(talk, number)
    [late] = await talk.press(name, card, "维持原题")
    assert late.text == ANSWERED


async def test_nobody_else_answers_a_report(talk: Talk) -> None:
    card = await asked(talk, await own(talk), SECRETARY)
    async with talk.database.read() as session:
        number = (await session.scalars(select(QuestionReport.id))).one()
    for who in (MEMBER, SIBLING, OFFICER):
        for command in ("report_answer", "report_retire", "report_stands"):
            [reply] = await talk.say(who, f"/{command} {number}")
            assert reply.text == NO_REPORT
        [none] = await talk.say(who, "题目纠错")
        assert none.text == "没有等待答复的题目纠错。"
    await talk.press(SECRETARY, card, "维持原题")


async def test_a_question_of_another_branch_cannot_be_reported(talk: Talk) -> None:
    number = await own(talk)
    for text in (f"题目有误 {number}", "题目有误 999"):
        [reply] = await talk.say(SIBLING, text)
        assert reply.text == NO_QUESTION


async def test_an_outsider_reports_nothing(talk: Talk) -> None:
    number = await shipped(talk)
    [reply] = await talk.say(OUTSIDER, f"题目有误 {number}")
    assert "需要先绑定身份" in reply.text


@pytest.mark.parametrize("text", ["题目有误 x", "题目有误 1 " + "长" * 501])
async def test_a_report_that_cannot_be_taken_is_told(talk: Talk, text: str) -> None:
    await shipped(talk)
    [reply] = await talk.say(MEMBER, text)
    assert "请写明编号" in reply.text or "500 字以内" in reply.text


async def test_nobody_to_ask_is_said(talk: Talk) -> None:
    number = await shipped(talk)
    async with talk.database.write() as session:
        titles = (Title.EDITOR.value, Title.ADMINISTRATOR.value)
        for post in await session.scalars(select(Post).where(Post.title.in_(titles))):
            post.until = talk.now.date()
    [reply] = await talk.say(MEMBER, f"题目有误 {number}")
    assert "没有能收到消息的题库维护人" in reply.text


async def test_the_button_stands_under_an_answered_question(talk: Talk) -> None:
    await shipped(talk)
    [put] = await talk.say(MEMBER, "答题 1题")
    [told, *_] = await talk.press(MEMBER, put, "A")
    [reply] = await talk.press(MEMBER, told, "题目有误")
    assert "已转给题库维护人" in reply.text


async def test_the_button_in_a_group_answers_in_private(talk: Talk) -> None:
    number = await shipped(talk)
    await talk.send(
        talk.incoming(MEMBER, f"题目有误 {number}", chat="group", group=True, addressed=True)
    )
    [private] = talk.mail(MEMBER)
    assert "已转给题库维护人" in private.text
