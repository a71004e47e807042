"""发展党员 and 换届 in chat: every day and decision is entered, and nothing is guessed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from db.tables import Case, CaseState, Duty, DutyState, Person, Postponement, Unit
from scheduler import planning
from scheduler.messages import Message
from tests.handlers.calendar import BOOK, open_book
from tests.handlers.conftest import (
    MEMBER,
    OFFICER,
    OUTSIDER,
    SECRETARY,
    SIBLING,
    SUPERIOR,
    ZONE,
    Talk,
)

APPLICANT, STAFF_OF_OTHERS = "秦佑安", "黎雨桐"
BRANCH, SIBLING_BRANCH = "综合管理党支部", "财务审计党支部"


def text(messages: list[Message]) -> str:
    return "\n".join(message.text for message in messages)


@pytest.fixture
async def house(talk: Talk) -> Talk:
    await open_book(talk)
    return talk


async def steps(talk: Talk) -> list[Duty]:
    async with talk.database.read() as session:
        return list(await session.scalars(select(Duty).order_by(Duty.id)))


async def cases(talk: Talk) -> list[Case]:
    async with talk.database.read() as session:
        return list(await session.scalars(select(Case).order_by(Case.id)))


async def opened(talk: Talk, answer: str = "1 2026-11-02") -> Duty:
    """Open a case from a step that is behind; return the next one."""
    await talk.say(SECRETARY, f"发展党员 {APPLICANT}")
    await talk.say(SECRETARY, answer)
    return (await steps(talk))[-1]


async def test_a_case_is_opened_from_the_day_of_the_step_behind(house: Talk) -> None:
    ask = text(await house.say(SECRETARY, f"发展党员 {APPLICANT}"))
    assert "入党积极分子" in ask
    assert "确定入党积极分子" in ask
    shown = text(await house.say(SECRETARY, "1 2026-11-02"))
    assert "2. 派人谈话" in shown
    assert "12-02 截止" in shown
    assert "谈话记录" in shown


async def test_a_step_done_on_its_actual_day_makes_the_next_one(house: Talk) -> None:
    talk_step = await opened(house)
    (ask,) = await house.say(SECRETARY, f"完成 {talk_step.id}")
    assert "实际是哪一天" in ask.text
    await house.press(SECRETARY, ask, "昨天")
    assert "待办" not in text(await house.say(SECRETARY, "支委会多久开一次"))
    done, following = (await steps(house))[-2:]
    assert f"{done.done_on}" == "2026-11-22"
    assert (following.rule, following.state) == ("joining-3", DutyState.OPEN)


async def test_a_decision_is_asked_for_and_never_assumed(house: Talk) -> None:
    await opened(house, "2 2026-11-10")
    decision = (await steps(house))[-1]
    (ask,) = await house.say(SECRETARY, f"完成 {decision.id} 2026-11-20")
    assert "不代为推断" in ask.text
    assert (await steps(house))[-1].state == DutyState.OPEN
    await house.press(SECRETARY, ask, "同意")
    assert (await steps(house))[-1].rule == "joining-7"


async def test_a_decision_may_be_typed_by_itself(house: Talk) -> None:
    await opened(house, "2 2026-11-10")
    decision = (await steps(house))[-1]
    await house.say(SECRETARY, f"完成 {decision.id}")
    await house.say(SECRETARY, "2026-11-20")
    assert "不代为推断" in text(await house.say(SECRETARY, "大家都赞成"))
    assert (await steps(house))[-1].state == DutyState.OPEN
    await house.say(SECRETARY, "同意")
    assert (await steps(house))[-1].rule == "joining-7"


async def test_a_refusal_stops_the_case(house: Talk) -> None:
    await opened(house, "2 2026-11-10")
    decision = (await steps(house))[-1]
    await house.say(SECRETARY, f"完成 {decision.id} 2026-11-20 不同意")
    (case,) = await cases(house)
    assert case.state == CaseState.STOPPED
    assert (await steps(house))[-1].id == decision.id


async def test_a_step_is_not_done_before_its_earliest_day(house: Talk) -> None:
    step = await opened(house, "3 2026-03-01")
    assert f"{step.earliest_on}" == "2027-03-01"
    await house.say(SECRETARY, f"完成 {step.id} 2026-11-20")
    assert "早于" in text(await house.say(SECRETARY, "支委会讨论记录"))
    assert (await steps(house))[-1].state == DutyState.OPEN


async def test_a_day_before_the_step_behind_is_refused(house: Talk) -> None:
    step = await opened(house)
    answer = text(await house.say(SECRETARY, f"完成 {step.id} 2026-10-30"))
    assert "早于上一步" in answer
    assert (await steps(house))[-1].state == DutyState.OPEN


@pytest.mark.parametrize("answer", ["2026-12-24", "26 2026-01-01", "昨天", "1 2 3", "九月"])
async def test_a_start_that_cannot_be_is_refused(house: Talk, answer: str) -> None:
    await house.say(SECRETARY, f"发展党员 {APPLICANT}")
    await house.say(SECRETARY, answer)
    assert await cases(house) == []
    await house.say(SECRETARY, "1 2026-11-02")
    assert len(await cases(house)) == 1


async def test_a_person_has_one_case_at_a_time(house: Talk) -> None:
    await opened(house)
    assert "2. 派人谈话" in text(await house.say(OFFICER, f"发展党员 {APPLICANT}"))
    assert len(await cases(house)) == 1


async def test_undoing_a_step_takes_back_what_it_made(house: Talk) -> None:
    step = await opened(house)
    answers = await house.say(SECRETARY, f"完成 {step.id} 2026-11-20")
    assert "恢复为待办" in text(await house.press(SECRETARY, answers[0], "撤销"))
    states = {duty.rule: duty.state for duty in await steps(house)}
    assert states["joining-2"] == DutyState.OPEN
    assert states["joining-3"] == DutyState.WITHDRAWN
    await house.say(SECRETARY, f"完成 {step.id} 2026-11-21")
    assert (await steps(house))[-1].state == DutyState.OPEN


async def test_the_day_asked_for_is_taken_by_itself(house: Talk) -> None:
    step = await opened(house)
    await house.say(SECRETARY, f"完成 {step.id}")
    assert "看不懂" in text(await house.say(SECRETARY, "上周三"))
    assert "已办结" in text(await house.say(SECRETARY, "2026-11-20"))
    following = (await steps(house))[-1]
    await house.say(SECRETARY, f"完成 {following.id}")
    assert "11-20 办结" in text(await house.say(SECRETARY, f"发展党员 {APPLICANT}"))


async def test_the_day_a_case_began_with_can_be_corrected(house: Talk) -> None:
    await house.say(SECRETARY, f"发展党员 {APPLICANT}")
    said, _ = await house.say(SECRETARY, "1 2026-10-02")
    assert "2026-10-02，已记为补录" in said.text
    assert "恢复为待办" in text(await house.press(SECRETARY, said, "撤销"))
    first, second = await steps(house)
    assert (first.state, second.state) == (DutyState.OPEN, DutyState.WITHDRAWN)
    await house.say(SECRETARY, f"完成 {first.id} 2026-11-02")
    assert f"{(await steps(house))[0].done_on}" == "2026-11-02"
    assert (await steps(house))[-1].state == DutyState.OPEN
    traces = text(await house.say(SECRETARY, f"任务 {first.id}"))
    assert "已办结（实际日期 2026-10-02，补录）" in traces
    assert "撤回" in text(await house.say(SECRETARY, f"任务 {second.id}")).partition("留痕")[2]


async def test_nothing_is_taken_back_in_a_case_that_another_one_follows(house: Talk) -> None:
    step = await opened(house)
    answers = await house.say(SECRETARY, f"完成 {step.id} 2026-11-20")
    await house.say(SECRETARY, f"停办 {step.id} 重新开始")
    await opened(house)
    assert "新开了一件" in text(await house.press(SECRETARY, answers[0], "撤销"))
    assert [case.state for case in await cases(house)] == [CaseState.STOPPED, CaseState.OPEN]


async def test_a_step_of_a_case_is_not_waived(house: Talk) -> None:
    step = await opened(house)
    assert "停办" in text(await house.say(SUPERIOR, f"免办 {step.id} 不必办"))
    assert (await steps(house))[-1].state == DutyState.OPEN


async def test_a_stopped_case_is_taken_up_again_where_it_was(house: Talk) -> None:
    step = await opened(house)
    (stopped,) = await house.say(SECRETARY, f"停办 {step.id} 本人申请暂缓")
    assert (await steps(house))[-1].state == DutyState.WITHDRAWN
    assert "派人谈话" in text(await house.press(SECRETARY, stopped, "恢复办理"))
    assert (await steps(house))[-1].state == DutyState.OPEN
    traces = text(await house.say(SECRETARY, f"任务 {step.id}"))
    assert f"{SECRETARY} 不再需要，撤回：本人申请暂缓" in traces
    assert f"{SECRETARY} 恢复办理" in traces


async def test_the_case_of_somebody_who_leaves_is_stopped_from_what_the_secretary_is_told(
    house: Talk,
) -> None:
    await opened(house)
    (ask,) = await house.say(SECRETARY, f"离开 {APPLICANT}")
    await house.press(SECRETARY, ask, "确认离开")
    await planning.plan(house.database, BOOK, now=house.now, sent_at=house.now, zone=ZONE)
    came = await house.say(SECRETARY, "我的任务")
    (told,) = [each for each in came if "办理离开" in each.text]
    assert APPLICANT not in told.text
    assert "已停办" in text(await house.press(SECRETARY, told, "停办"))
    assert [case.state for case in await cases(house)] == [CaseState.STOPPED]


async def test_an_election_asks_for_the_term_first(house: Talk) -> None:
    assert "选举的日期" in text(await house.say(SECRETARY, f"换届 {BRANCH}"))
    answer = text(await house.say(SECRETARY, "2023-11-20"))
    assert "2023-11-20" in answer
    assert "6. 党员大会选举" in answer
    assert "2023-11-20" in text(await house.say(SECRETARY, f"届期 {BRANCH}"))
    assert "今天以后" in text(await house.say(SECRETARY, f"届期 {BRANCH} 2027-01-01"))


async def test_a_postponement_keeps_the_old_day_and_the_paper(house: Talk) -> None:
    await house.say(SECRETARY, f"换届 {BRANCH}")
    await house.say(SECRETARY, "2023-12-20")
    (step,) = await steps(house)
    assert f"{step.due_on}" == "2026-12-20"
    assert "超过" in text(await house.say(SECRETARY, f"延期 {step.id} 2028-01-01 党委〔2026〕8号"))
    done = text(await house.say(SECRETARY, f"延期 {step.id} 2027-06-20 党委〔2026〕8号"))
    assert "原时限 2026-12-20" in done
    (moved,) = await steps(house)
    assert f"{moved.due_on}" == "2027-06-20"
    assert "党委〔2026〕8号" in text(await house.say(SECRETARY, f"届期 {BRANCH}"))
    async with house.database.read() as session:
        (kept,) = await session.scalars(select(Postponement))
    assert (f"{kept.old_due_on}", kept.paper) == ("2026-12-20", "党委〔2026〕8号")


@pytest.mark.parametrize("word", ["发展党员", "换届"])
async def test_a_bare_subject_is_a_question_too(house: Talk, word: str) -> None:
    assert "职务" not in text(await house.say(MEMBER, word))
    assert "要办理请发送" in text(await house.say(SECRETARY, word))
    assert await cases(house) == []


async def test_a_sibling_finds_neither_the_person_nor_the_case(house: Talk) -> None:
    step = await opened(house)
    for who in (SIBLING, MEMBER, OUTSIDER):
        answer = text(await house.say(who, f"/develop {APPLICANT}"))
        assert "派人谈话" not in answer
        assert APPLICANT not in answer
    assert "没有找到" in text(await house.say(SIBLING, f"/postpone {step.id} 2026-12-20 号"))
    assert "没有找到" in text(await house.say(SIBLING, f"/election {BRANCH}"))


async def test_a_case_follows_its_person_to_another_branch(house: Talk) -> None:
    """What was done stays where it was done; the branch before finds the open step no more."""
    step = await opened(house)
    async with house.database.write() as session:
        person = (await session.scalars(select(Person).where(Person.name == APPLICANT))).one()
        there = (await session.scalars(select(Unit).where(Unit.name == SIBLING_BRANCH))).one()
        person.unit_id = there.id
    for _ in range(2):
        await plan(house)
    done, moved = [duty for duty in await steps(house) if duty.case_id is not None]
    assert (moved.owner, moved.unit_id) == (f"unit:{there.id}", there.id)
    assert done.unit_id != there.id
    assert "没有找到" in text(await house.say(SECRETARY, f"任务 {step.id}"))
    assert "随人员转到现在的组织" in text(await house.say(SIBLING, f"任务 {step.id}"))
    assert "派人谈话" in text(await house.say(SIBLING, f"发展党员 {APPLICANT}"))
    await house.say(SIBLING, f"完成 {step.id} 2026-11-20")
    assert (await steps(house))[-1].unit_id == there.id


async def plan(talk: Talk) -> None:
    await planning.plan(talk.database, BOOK, now=talk.now, sent_at=talk.now, zone=ZONE)
