"""How a unit studies: counts in public, names in private, each in the own scope."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from db.tables import AuditLine, Duty, PracticeAnswer
from tests.handlers.conftest import MEMBER, OFFICER, SECRETARY, SIBLING, SUPERIOR, Talk
from tests.handlers.test_materials import publish, with_rules
from tests.knowledge.quiz.make import SINGLE, store

PRESENT = "叶初晴"
COMMITTEE = "顾长青"


async def test_the_secretary_sees_counts_and_in_private_the_names(talk: Talk) -> None:
    await talk.say(MEMBER, "签到 党章 60分钟")
    [reply] = await talk.say(SECRETARY, "学习情况")
    assert "综合管理党支部学习情况（2026 年，含下级，党员 8 人）" in reply.text
    assert "本月有学习记录 1 人（12%）" in reply.text
    assert f"{MEMBER}（1，差 31）" in reply.text
    assert PRESENT in reply.text
    assert reply.table is None
    async with talk.database.read() as session:
        lines = await session.scalars(select(AuditLine).where(AuditLine.action == "study.see"))
        assert len(lines.all()) == 1


async def test_a_group_sees_no_names(talk: Talk) -> None:
    group = {"group": True, "chat": "the group"}
    [reply] = await talk.send(talk.incoming(SECRETARY, "学习情况", **group))
    assert "党员 8 人" in reply.text
    people = (MEMBER, PRESENT, OFFICER)
    assert not [name for name in people if name in reply.text]
    assert "名单不在群里显示" in reply.text


async def test_nobody_sees_a_sibling_branch(talk: Talk) -> None:
    [refused] = await talk.say(SIBLING, "学习情况 综合管理党支部")
    assert "没有找到这个组织" in refused.text
    [own] = await talk.say(SIBLING, "学习情况")
    assert MEMBER not in own.text
    assert "财务审计党支部学习情况" in own.text


async def test_branches_are_compared_by_duties_done(talk: Talk) -> None:
    """Check-ins do not come into it: they are clicks."""
    await with_rules(talk)
    await publish(talk, SUPERIOR, "截止 2026-12-10")
    await talk.say(MEMBER, "资料 1")
    await talk.say(MEMBER, "学完了 1 好")
    await talk.say(SIBLING, "签到 党章 600分钟")
    [reply] = await talk.say(SUPERIOR, "学习情况")
    assert reply.table is not None
    rows = {row[0]: row[1:] for row in reply.table.rows}
    assert rows["综合管理党支部"] == ("8", "8", "1", "12%")
    assert rows["财务审计党支部"][-2:] == ("0", "0%")
    assert "已学完 1 人次" in reply.text
    async with talk.database.read() as session:
        assert len((await session.scalars(select(Duty))).all()) == 17


async def test_persons_are_ranked_only_where_it_is_switched_on(talk: Talk) -> None:
    await talk.say(MEMBER, "签到 党章 60分钟")
    [off] = await talk.say(MEMBER, "学习排名")
    assert "没有打开个人学习排名" in off.text
    await talk.bind(COMMITTEE)
    await talk.say(COMMITTEE, "学习设置 综合管理党支部 排名 开")
    [on] = await talk.say(MEMBER, "学习排名")
    assert f"1. {MEMBER} 1 学时" in on.text
    [sibling] = await talk.say(SIBLING, "学习排名")
    assert "没有打开个人学习排名" in sibling.text


async def test_the_switch_is_that_of_the_people_who_are_listed(talk: Talk) -> None:
    """Switched on for one 党小组 alone, it lists nobody of the branch around it."""
    leader, colleague, neighbour = "马振声", "朱文博", "徐闻道"
    await talk.bind(COMMITTEE, leader)
    await talk.say(COMMITTEE, "学习设置 总装一班党小组 排名 开")
    [off] = await talk.say(leader, "学习排名")
    assert "没有打开个人学习排名" in off.text
    await talk.say(COMMITTEE, "学习设置 总装车间党支部 排名 开")
    await talk.say(COMMITTEE, "学习设置 总装二班党小组 排名 关")
    [on] = await talk.say(leader, "学习排名")
    assert colleague in on.text
    assert neighbour not in on.text


async def test_points_are_shown_only_where_they_are_switched_on(talk: Talk) -> None:
    await publish(talk, SECRETARY)
    await talk.say(MEMBER, "签到 党章 60分钟")
    await talk.say(MEMBER, "资料 1")
    await talk.say(MEMBER, "学完了 1 好")
    [off] = await talk.say(MEMBER, "我的学习")
    assert "积分" not in off.text
    await talk.bind(COMMITTEE)
    await talk.say(COMMITTEE, "学习设置 积分 开")
    [on] = await talk.say(MEMBER, "我的学习")
    assert "学习积分 3（有学习记录的一天 1 分，学完一份资料 2 分）" in on.text


async def test_my_study_shows_how_the_answers_were(talk: Talk) -> None:
    [none] = await talk.say(MEMBER, "我的学习")
    assert "正确率" not in none.text
    person = await talk.person(MEMBER)
    async with talk.database.write() as session:
        [question] = await store(session, replace(SINGLE, topic="党章"))
        for number, correct in enumerate((True, True, False)):
            session.add(
                PracticeAnswer(
                    person_id=person.id,
                    question_id=question,
                    number=number,
                    chosen=[0],
                    correct=correct,
                    at=talk.now,
                )
            )
    [reply] = await talk.say(MEMBER, "我的学习")
    assert "答题 3 道，正确率 67%：党章 67%。" in reply.text
    [unit] = await talk.say(SECRETARY, "学习情况")
    assert "本月参加答题 1 人（12%）" in unit.text
