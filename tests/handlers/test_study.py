"""Check-ins, one's own record, and what a unit or a person has switched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from db.tables import AuditLine, CheckIn, Unit, UnitSetting
from scheduler import workdays
from tests.handlers.conftest import MEMBER, OFFICER, SECRETARY, SIBLING, SUPERIOR, Talk

COMMITTEE = "顾长青"


async def days(talk: Talk) -> list[tuple[str, int]]:
    """Return day and minutes of every check-in that stands."""
    async with talk.database.read() as session:
        rows = await session.scalars(
            select(CheckIn).where(CheckIn.withdrawn_at.is_(None)).order_by(CheckIn.id)
        )
        return [(f"{row.on:%m-%d}", row.minutes) for row in rows]


async def test_a_check_in_in_one_message(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, "签到 党章第三章 45分钟 明白了什么是党员义务")
    assert "党章第三章，45 分钟" in reply.text
    assert "感想：明白了什么是党员义务" in reply.text
    [more] = await talk.say(MEMBER, "签到1小时 条例")
    assert "今天共 1 小时 45 分钟" in more.text


async def test_a_bare_check_in_is_a_dialog(talk: Talk) -> None:
    [asked] = await talk.say(MEMBER, "签到")
    assert "学了什么" in asked.text
    [time] = await talk.say(MEMBER, "党章")
    [noted] = await talk.press(MEMBER, time, "30 分钟")
    assert "党章，30 分钟" in noted.text
    assert await days(talk) == [("11-23", 30)]


async def test_a_question_about_check_ins_is_a_question(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, "签到 要写什么吗？")
    assert "学了多久" not in reply.text
    assert await days(talk) == []


async def test_a_dialog_takes_the_rest_as_the_thought(talk: Talk) -> None:
    await talk.say(MEMBER, "签到 党章")
    [noted] = await talk.say(MEMBER, "40分钟 很有收获")
    assert "感想：很有收获" in noted.text


async def test_whoever_is_asked_how_long_may_leave_out_the_unit(talk: Talk) -> None:
    await talk.say(MEMBER, "签到 党章")
    [noted] = await talk.say(MEMBER, "４０")
    assert "党章，40 分钟" in noted.text


async def test_the_day_is_that_of_the_event_and_not_of_its_processing(talk: Talk) -> None:
    """Fault 64: said a minute before midnight in Shanghai, handed in ten minutes later."""
    talk.now = datetime(2026, 11, 23, 16, 9, tzinfo=UTC)
    said = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)
    [late] = await talk.say(MEMBER, "签到 党章 30分钟", at=said, message="m1")
    assert "2026-11-23" in late.text
    await talk.say(MEMBER, "签到 条例 20分钟", message="m2")
    assert await days(talk) == [("11-23", 30), ("11-24", 20)]


async def test_a_late_second_delivery_changes_nothing(talk: Talk) -> None:
    """Whatever update id it has: the message is the same one, also when it was edited since."""
    await talk.say(MEMBER, "签到 党章 30分钟", message="m1")
    talk.later(days=2)
    again = {"message": "m1", "at": talk.now - timedelta(days=2)}
    [reply] = await talk.say(MEMBER, "签到 党章 30分钟", **again)
    assert "已经记过" in reply.text
    [edited] = await talk.say(MEMBER, "签到 党章 50分钟", edited=True, **again)
    assert "已经记过" in edited.text
    assert await days(talk) == [("11-23", 30)]


async def test_the_unit_says_which_day_it_is(talk: Talk) -> None:
    async with talk.database.write() as session:
        unit = (await session.scalars(select(Unit).where(Unit.parent_id.is_(None)))).one()
        unit.zone = "America/Los_Angeles"
    await talk.say(MEMBER, "签到 党章 30分钟")
    assert await days(talk) == [("11-22", 30)]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("补签 昨天 党章 30分钟", "已签到（2026-11-22）"),
        ("补签 11-16 党章 30分钟", "已签到（2026-11-16）"),
        ("补签 11-15 党章 30分钟", "已超过 7 天"),
        ("补签 2026-11-24 党章 30分钟", "还没有到"),
        ("补签 党章 30分钟", "请写明补哪一天"),
        ("签到 党章 601分钟", "1 到 600 分钟"),
    ],
)
async def test_a_day_just_past_can_be_made_up(talk: Talk, text: str, answer: str) -> None:
    [reply] = await talk.say(MEMBER, text)
    assert answer in reply.text


async def test_a_message_from_the_future_is_refused(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, "签到 党章 30分钟", at=talk.now + timedelta(days=1))
    assert "今天以后" in reply.text


async def test_a_message_that_was_on_its_way_for_too_long_is_refused(talk: Talk) -> None:
    [reply] = await talk.say(MEMBER, "签到 党章 30分钟", at=talk.now - timedelta(days=9))
    assert "已超过 7 天" in reply.text


async def test_a_day_has_24_hours(talk: Talk) -> None:
    for _ in range(2):
        await talk.say(MEMBER, "签到 党章 600分钟")
    [reply] = await talk.say(MEMBER, "签到 党章 300分钟")
    assert "还能记 4 小时" in reply.text


async def test_taking_back_one_and_all_of_a_day(talk: Talk) -> None:
    [first] = await talk.say(MEMBER, "签到 党章 30分钟")
    await talk.say(MEMBER, "签到 党章 20分钟")
    await talk.say(SECRETARY, "签到 党章 10分钟")
    [one] = await talk.press(MEMBER, first, "撤销")
    assert "这一天还有 20 分钟" in one.text
    [day] = await talk.say(MEMBER, "撤销签到")
    assert "1 条，共 20 分钟" in day.text
    [none] = await talk.say(MEMBER, "撤销签到 昨天")
    assert "没有可以撤销的签到" in none.text
    assert await days(talk) == [("11-23", 10)]


async def test_my_study_shows_the_hours_with_their_source(talk: Talk) -> None:
    async with talk.database.write() as session:
        await workdays.seed(session, today=talk.now.date())
    await talk.say(MEMBER, "签到 党章 90分钟")
    await talk.say(MEMBER, "补签 11-20 党章 30分钟")
    [reply] = await talk.say(MEMBER, "我的学习")
    assert "2 / 32，还差 30 学时" in reply.text
    assert "按 60 分钟折 1 学时（默认值" in reply.text
    assert "连续学习 2 个工作日" in reply.text
    assert reply.quote is not None
    assert reply.quote.article == "第二十条"
    assert reply.figure is not None
    assert reply.figure.target == 32
    assert reply.figure.series[0].values[-1] == 2
    [officer] = await talk.say(OFFICER, "我的学习")
    assert "/ 56" in officer.text
    assert officer.quote is not None
    assert "待核" in officer.quote.remark
    assert officer.figure is None


async def test_settings_are_the_secretarys_and_leave_a_trace(talk: Talk) -> None:
    [shown] = await talk.say(SECRETARY, "学习设置")
    assert "排名：“关”（默认）" in shown.text
    [changed] = await talk.say(SECRETARY, "学习设置 学时折算 45")
    assert "45 分钟折 1 学时" in changed.text
    await talk.say(MEMBER, "签到 党章 90分钟")
    [mine] = await talk.say(MEMBER, "我的学习")
    assert "2 / 32" in mine.text
    assert "党组织设置" in mine.text
    await talk.press(SECRETARY, changed, "恢复为60")
    async with talk.database.read() as session:
        lines = await session.scalars(
            select(AuditLine).where(AuditLine.action == "study.setting").order_by(AuditLine.seq)
        )
        assert [line.data["after"] for line in lines] == ["45", "60"]
        assert (await session.scalars(select(UnitSetting))).all() == []


async def test_nobody_sets_what_a_sibling_branch_has(talk: Talk) -> None:
    [refused] = await talk.say(SIBLING, "学习设置 综合管理党支部 排名 关")
    assert "没有找到这个组织" in refused.text
    [above] = await talk.say(SUPERIOR, "学习设置 机关党总支 学时折算 45")
    assert "已设为 45 分钟折 1 学时（本组织设置）" in above.text
    [shown] = await talk.say(SIBLING, "学习设置")
    assert "学时折算： 45 分钟折 1 学时（机关党总支设置）" in shown.text


async def test_only_the_committee_lets_people_be_compared(talk: Talk) -> None:
    await talk.bind(COMMITTEE)
    for who in (SECRETARY, SUPERIOR):
        [refused] = await talk.say(who, "学习设置 综合管理党支部 排名 开")
        assert "只能由青禾重工党委打开" in refused.text
    [on] = await talk.say(COMMITTEE, "学习设置 排名 开")
    assert "排名已设为“开”" in on.text
    [shown] = await talk.say(SECRETARY, "学习设置")
    assert "排名：“开”（青禾重工党委设置）" in shown.text


async def test_a_branch_may_only_be_stricter_than_what_is_above(talk: Talk) -> None:
    await talk.bind(COMMITTEE)
    await talk.say(COMMITTEE, "学习设置 排名 开")
    [off] = await talk.say(SECRETARY, "学习设置 排名 关")
    assert "综合管理党支部及下级：排名已设为“关”（本组织设置）" in off.text
    [back] = await talk.press(SECRETARY, off, "恢复为开")
    assert "已设为“开”（青禾重工党委设置）" in back.text
    await talk.say(SUPERIOR, "学习设置 机关党总支 排名 关")
    [inherited] = await talk.say(SECRETARY, "学习设置 排名 默认")
    assert "已设为“关”（机关党总支设置）" in inherited.text
    [closed] = await talk.say(COMMITTEE, "学习设置 综合管理党支部 排名 开")
    assert "机关党总支已关闭排名，下级组织不能打开" in closed.text


async def test_what_a_unit_above_has_put_off_here_is_not_lifted_from_below(talk: Talk) -> None:
    await talk.bind(COMMITTEE)
    await talk.say(COMMITTEE, "学习设置 排名 开")
    await talk.say(SUPERIOR, "学习设置 综合管理党支部 排名 关")
    [same] = await talk.say(SECRETARY, "学习设置 排名 关")
    assert not same.buttons
    [refused] = await talk.say(SECRETARY, "学习设置 排名 默认")
    assert "由机关党总支关闭" in refused.text
    [lifted] = await talk.say(SUPERIOR, "学习设置 综合管理党支部 排名 默认")
    assert "已设为“开”（青禾重工党委设置）" in lifted.text


async def test_a_branch_that_puts_off_what_was_put_on_for_it_cannot_undo_it(talk: Talk) -> None:
    await talk.bind(COMMITTEE)
    await talk.say(COMMITTEE, "学习设置 综合管理党支部 积分 开")
    [off] = await talk.say(SECRETARY, "学习设置 积分 关")
    assert "已设为“关”" in off.text
    assert not off.buttons


@pytest.mark.parametrize("text", ["学习设置 排名 大", "学习设置 学时折算 5", "学习设置 学时折算 x"])
async def test_a_value_that_a_setting_has_not_is_refused(talk: Talk, text: str) -> None:
    [reply] = await talk.say(SECRETARY, text)
    assert "请写" in reply.text


async def test_muting_and_back(talk: Talk) -> None:
    [muted] = await talk.say(MEMBER, "静音 学习")
    assert "任务提醒不受影响" in muted.text
    [back] = await talk.press(MEMBER, muted, "取消静音")
    assert "已恢复学习消息" in back.text
    assert "新学习资料的通知和年度学时的提示" in muted.text
    [quiz] = await talk.say(MEMBER, "静音 答题")
    assert "每日答题只发在群里，群里的消息不受个人静音影响" in quiz.text
    [unknown] = await talk.say(MEMBER, "静音 任务")
    assert "静音 答题" in unknown.text
