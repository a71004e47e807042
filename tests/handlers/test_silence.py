"""静默: a unit may silence itself for a while, and the level above sees each time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from db import organisation
from db.tables import Unit, UnitKind
from scheduler.messages import Message
from tests.handlers.conftest import ADMINISTRATOR, SECRETARY, SIBLING, SUPERIOR, Talk

BRANCH, ROOT = "综合管理党支部", "青禾重工党委"


def text(messages: list[Message]) -> str:
    return "\n".join(message.text for message in messages)


def day(talk: Talk, days: int) -> str:
    return f"{talk.now.date() + timedelta(days=days):%Y-%m-%d}"


async def test_the_level_above_is_shown_a_branchs_own_silence_and_may_end_it(talk: Talk) -> None:
    until = day(talk, 10)
    answer = text(await talk.say(SECRETARY, f"静默 {BRANCH} {until} 搬迁，费用 512.30元"))
    assert f"暂停到 {until}" in answer
    (told,) = talk.mail(SUPERIOR)
    assert told.text.startswith(
        f"{BRANCH}自己暂停了任务提醒，到 {until}（含）。理由：搬迁，费用 （"
    )
    assert "512" not in told.text
    assert "已恢复" in text(await talk.press(SUPERIOR, told, "取消静默"))
    assert talk.mail(SIBLING) == []


async def test_a_branch_does_not_prolong_its_silence_by_itself(talk: Talk) -> None:
    await talk.say(SECRETARY, f"静默 {BRANCH} {day(talk, 10)} 搬迁")
    assert "由上级组织设置" in text(
        await talk.say(SECRETARY, f"静默 {BRANCH} {day(talk, 11)} 搬迁")
    )
    talk.later(days=40)
    again = f"静默 {BRANCH} {day(talk, 5)} 搬迁"
    assert "30 天内" in text(await talk.say(SECRETARY, again))
    talk.later(days=1)
    assert "暂停到" in text(await talk.say(SECRETARY, f"静默 {BRANCH} {day(talk, 5)} 搬迁"))
    assert len(talk.mail(SUPERIOR)) == 2


async def test_a_branch_does_not_prolong_it_through_its_groups(talk: Talk) -> None:
    async with talk.database.write() as session:
        branch = (await session.scalars(select(Unit).where(Unit.name == BRANCH))).one()
        for name in ("前楼小组", "后楼小组"):
            await organisation.add_unit(session, name=name, kind=UnitKind.GROUP, parent=branch)
    assert "暂停到" in text(await talk.say(SECRETARY, f"静默 前楼小组 {day(talk, 5)} 搬迁"))
    assert "暂停到" in text(await talk.say(SECRETARY, f"静默 后楼小组 {day(talk, 8)} 搬迁"))
    refused = "由上级组织设置"
    assert refused in text(await talk.say(SECRETARY, f"静默 {BRANCH} {day(talk, 9)} 搬迁"))
    assert "暂停到" in text(await talk.say(SECRETARY, f"静默 {BRANCH} {day(talk, 8)} 搬迁"))
    assert refused in text(await talk.say(SECRETARY, f"静默 前楼小组 {day(talk, 9)} 搬迁"))


async def test_a_silence_is_corrected_as_far_as_it_was_announced(talk: Talk) -> None:
    await talk.say(SECRETARY, f"静默 {BRANCH} {day(talk, 10)} 搬迁")
    await talk.say(SECRETARY, f"取消静默 {BRANCH}")
    assert "暂停到" in text(await talk.say(SECRETARY, f"静默 {BRANCH} {day(talk, 8)} 搬迁"))


async def test_the_level_above_prolongs_it(talk: Talk) -> None:
    await talk.say(SECRETARY, f"静默 {BRANCH} {day(talk, 10)} 搬迁")
    talk.mail(SUPERIOR)
    assert "暂停到" in text(await talk.say(SUPERIOR, f"静默 {BRANCH} {day(talk, 40)} 搬迁未完"))
    assert talk.mail(SUPERIOR) == []


async def test_above_the_root_there_is_nobody_to_ask(talk: Talk) -> None:
    for days in (5, 6):
        said = text(await talk.say(ADMINISTRATOR, f"静默 {ROOT} {day(talk, days)} 停电"))
        assert "暂停到" in said
