"""登记 in chat: the day is entered, the rules of the shipped book lead on from it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from db.tables import Case, CaseState, Duty, DutyState, Unit
from handlers.matters import BY_WORD, MATTERS
from scheduler.rulebook.reading import SHIPPED, read_folder
from tests.handlers.calendar import open_book
from tests.handlers.conftest import ADMINISTRATOR, MEMBER, SECRETARY, SIBLING, Talk
from tests.handlers.test_cases import APPLICANT, BRANCH, cases, steps, text

IN_A_GROUP, GROUP, ITS_BRANCH = "朱文博", "总装一班党小组", "总装车间党支部"
BOOK = read_folder(SHIPPED)


@pytest.fixture
async def house(talk: Talk) -> Talk:
    await open_book(talk, BOOK)
    return talk


def opened(duties: list[Duty]) -> dict[str, str]:
    """Return the limit of each open step."""
    return {duty.rule: f"{duty.due_on}" for duty in duties if duty.state == DutyState.OPEN}


@pytest.mark.parametrize(
    ("kind", "on", "rule", "due"),
    [
        ("流动党员", "2026-11-02", "away-2", "2027-11-02"),
        ("出国出境", "2026-08-31", "abroad-2", "2027-02-28"),
        ("失去联系", "2026-09-01", "lost-2", "2027-03-01"),
        ("失联", "2026-09-01", "lost-2", "2027-03-01"),
        ("限期改正", "2026-11-20", "mending-2", "2027-11-20"),
        ("毕业保留", "2026-07-01", "graduate-2", "2028-07-01"),
    ],
)
async def test_what_is_owed_is_counted_from_the_day_that_is_entered(
    house: Talk, kind: str, on: str, rule: str, due: str
) -> None:
    ask = text(await house.say(SECRETARY, f"登记 {kind} {MEMBER}"))
    assert BY_WORD[kind].day in ask
    assert "下一步" in text(await house.say(SECRETARY, on))
    assert opened(await steps(house)) == {rule: due}


async def test_a_member_who_is_away_reports_each_year_until_the_return(house: Talk) -> None:
    await house.say(SECRETARY, f"登记 流动党员 {MEMBER} 2025-11-20")
    report = (await steps(house))[-1]
    assert report.person_id == (await house.person(MEMBER)).id
    assert "思想" in text(await house.say(MEMBER, f"完成 {report.id} 2026-11-18"))
    await house.say(MEMBER, "在外地项目部工作，按时参加学习")
    assert opened(await steps(house)) == {"away-2": "2027-11-18", "away-3": "None"}
    back = next(duty for duty in await steps(house) if duty.rule == "away-3")
    await house.say(SECRETARY, f"完成 {back.id} 2026-11-22")
    assert opened(await steps(house)) == {}
    assert [case.state for case in await cases(house)] == [CaseState.CLOSED]


async def test_an_application_for_a_branch_is_answered_by_the_committee(house: Talk) -> None:
    shown = text(await house.say(SECRETARY, f"登记 支部成立 {BRANCH} 2026-11-02"))
    assert "批复成立党支部" in shown
    last = (await steps(house))[-1]
    async with house.database.read() as session:
        committee = (await session.scalars(select(Unit).where(Unit.kind == "党委"))).one()
    assert (last.unit_id, f"{last.due_on}") == (committee.id, "2026-12-02")


async def test_the_step_of_somebody_in_a_group_is_the_branchs(house: Talk) -> None:
    await house.say(ADMINISTRATOR, f"登记 失去联系 {IN_A_GROUP} 2026-09-01")
    async with house.database.read() as session:
        branch = (await session.scalars(select(Unit).where(Unit.name == ITS_BRANCH))).one()
    assert {duty.owner for duty in await steps(house)} == {f"unit:{branch.id}"}


async def test_a_day_long_past_is_marked_and_one_of_today_is_not(house: Talk) -> None:
    said = text(await house.say(SECRETARY, f"登记 出国出境 {MEMBER} 2026-01-05"))
    assert "出国（境）的日期 2026-01-05，已记为补录" in said
    assert "补录" not in text(await house.say(SECRETARY, f"登记 限期改正 {MEMBER} 2026-11-23"))
    late = {d.rule: d.late_entered for d in await steps(house) if d.state == DutyState.DONE}
    assert late == {"abroad-1": True, "mending-1": False}


@pytest.mark.parametrize(
    "words", [f"失去联系 {MEMBER} 2027-01-01", f"失去联系 {APPLICANT} 2026-01-01", "调动 甲"]
)
async def test_what_cannot_be_entered_opens_nothing(house: Talk, words: str) -> None:
    await house.say(SECRETARY, f"登记 {words}")
    assert await cases(house) == []


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (f"登记 支部成立 {GROUP} 2026-11-02", "只登记党支部"),
        (f"换届 {GROUP}", "没有届期"),
    ],
)
async def test_what_a_group_has_not_is_not_led(house: Talk, words: str, answer: str) -> None:
    assert answer in text(await house.say(ADMINISTRATOR, words))
    assert await cases(house) == []


async def test_a_matter_is_entered_once_and_then_shown(house: Talk) -> None:
    for _ in range(2):
        shown = text(await house.say(SECRETARY, f"登记 失去联系 {MEMBER} 2026-09-01"))
    assert "登记失去联系 — 2026-09-01 办结" in shown
    async with house.database.read() as session:
        assert len((await session.scalars(select(Case))).all()) == 1


async def test_a_sibling_enters_nothing_about_the_branch(house: Talk) -> None:
    assert "没有找到" in text(await house.say(SIBLING, f"登记 失去联系 {MEMBER} 2026-09-01"))
    assert "没有找到" in text(await house.say(SIBLING, f"登记 支部成立 {BRANCH} 2026-09-01"))
    assert await cases(house) == []


async def test_every_matter_has_its_steps_in_the_book() -> None:
    """And each kind of case that nothing else opens can be entered."""
    led = {"发展党员", "换届", "组织关系转接"}
    assert set(MATTERS) == {rule.case for rule in BOOK.rules if rule.case} - led
