"""Looking at duties and doing something about them: who may, who may not, and what is kept."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from db import audit
from db.tables import DutyState, Evidence, StoredFile, Unit
from handlers.duties import NOT_FOUND
from scheduler.messages import Message
from tests.handlers.calendar import DUES, MEETING, PHOTO, REPORT, duty, open_book, owe, state
from tests.handlers.conftest import (
    ADMINISTRATOR,
    MEMBER,
    OFFICER,
    OUTSIDER,
    SECRETARY,
    SIBLING,
    SUPERIOR,
    Talk,
    upload,
)

BRANCH = "综合管理党支部"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def text(messages: list[Message]) -> str:
    return "\n".join(message.text for message in messages)


@pytest.fixture
async def meeting(talk: Talk) -> int:
    await open_book(talk)
    return await owe(talk, MEETING, unit=BRANCH)


async def observe_rest_days(talk: Talk) -> None:
    """Let the demo organisation, which is told at any hour, have the usual hours."""
    async with talk.database.write() as session:
        await session.execute(update(Unit).values(quiet=None))


async def test_a_secretary_sees_what_the_branch_owes(talk: Talk, meeting: int) -> None:
    answer = text(await talk.say(SECRETARY, "我的任务"))
    assert f"{meeting}. 支委会会议（2026年11月） — 11-30 截止，还有 7 天" in answer


async def test_a_member_sees_only_what_is_owed_in_person(talk: Talk, meeting: int) -> None:
    dues = await owe(talk, DUES, person=MEMBER)
    answer = text(await talk.say(MEMBER, "我的任务"))
    assert f"{dues}. 交纳党费" in answer
    assert "支委会" not in answer


async def test_looking_at_a_duty_is_not_acknowledging_it(talk: Talk, meeting: int) -> None:
    await talk.say(SECRETARY, "我的任务")
    seen = await duty(talk, meeting)
    assert seen.seen_at is not None
    assert seen.acknowledged_at is None
    await talk.say(SECRETARY, f"收到 {meeting}")
    assert (await duty(talk, meeting)).acknowledged_at is not None
    assert await state(talk, meeting) is DutyState.OPEN


async def test_one_duty_shows_its_basis_and_its_traces(talk: Talk, meeting: int) -> None:
    await talk.say(SECRETARY, f"收到 {meeting}")
    (answer,) = await talk.say(SECRETARY, f"任务 {meeting}")
    assert answer.quote is not None
    assert answer.quote.article == "第十二条"
    assert "已收到" in answer.text


async def test_a_duty_without_evidence_is_done_at_once(talk: Talk, meeting: int) -> None:
    answer = text(await talk.say(SECRETARY, f"完成 {meeting} 昨天"))
    assert "已办结" in answer
    done = await duty(talk, meeting)
    assert (done.state, done.done_on) == (DutyState.DONE, talk.now.date() - timedelta(days=1))
    assert done.next_at is None


@pytest.mark.parametrize(
    ("day", "word"),
    [("2026-11-24", "今天以后"), ("2026-10-31", "早于"), ("2026-11-31", "没有这一天")],
)
async def test_a_day_that_cannot_be_changes_nothing(
    talk: Talk, meeting: int, day: str, word: str
) -> None:
    assert word in text(await talk.say(SECRETARY, f"完成 {meeting} {day}"))
    assert await state(talk, meeting) is DutyState.OPEN


async def test_a_day_long_past_is_marked_as_entered_late(talk: Talk, meeting: int) -> None:
    assert "补录" in text(await talk.say(SECRETARY, f"完成 {meeting} 2026-11-03"))
    assert (await duty(talk, meeting)).late_entered


async def test_undoing_ones_own_closing_brings_the_duty_back(talk: Talk, meeting: int) -> None:
    (answer,) = await talk.say(SECRETARY, f"完成 {meeting}")
    assert "恢复为待办" in text(await talk.press(SECRETARY, answer, "撤销"))
    again = await duty(talk, meeting)
    assert (again.state, again.done_on) == (DutyState.OPEN, None)


async def test_nobody_undoes_another_ones_closing_or_an_old_one(talk: Talk, meeting: int) -> None:
    await talk.say(SECRETARY, f"完成 {meeting}")
    assert "只能撤销自己" in text(await talk.say(OFFICER, f"撤销办结 {meeting}"))
    talk.later(days=1, minutes=1)
    assert "只能撤销自己" in text(await talk.say(SECRETARY, f"撤销办结 {meeting}"))
    assert await state(talk, meeting) is DutyState.DONE


async def test_a_second_closing_is_told_that_it_is_closed(talk: Talk, meeting: int) -> None:
    await talk.say(SECRETARY, f"完成 {meeting}")
    assert "已经不是待办" in text(await talk.say(OFFICER, f"完成 {meeting}"))


async def test_a_reminder_is_put_off_and_never_past_the_limit(talk: Talk, meeting: int) -> None:
    assert "11-26" in text(await talk.say(SECRETARY, f"稍后 {meeting} 3天"))
    assert (await duty(talk, meeting)).snoozed_until == date(2026, 11, 26)
    assert "截止日之后" in text(await talk.say(SECRETARY, f"稍后 {meeting} 8天"))
    assert (await duty(talk, meeting)).snoozed_until == date(2026, 11, 26)


@pytest.mark.parametrize(
    ("due_on", "days", "told"),
    [
        # 28 November 2026 is a Saturday.
        (date(2026, 11, 30), 5, "11-30"),
        (date(2026, 11, 29), 5, "11-27"),
        (date(2026, 11, 29), 3, "11-26"),
    ],
)
async def test_a_reminder_that_is_put_off_to_a_day_off_comes_in_time(
    talk: Talk, due_on: date, days: int, told: str
) -> None:
    await open_book(talk)
    await observe_rest_days(talk)
    number = await owe(talk, MEETING, unit=BRANCH, due_on=due_on)
    assert f"好的，{told} 再提醒你" in text(await talk.say(SECRETARY, f"稍后 {number} {days}天"))
    assert f"{(await duty(talk, number)).snoozed_until:%m-%d}" == told


async def test_what_is_due_on_a_day_off_cannot_be_put_off_on_the_last_workday(talk: Talk) -> None:
    await open_book(talk)
    await observe_rest_days(talk)
    number = await owe(talk, MEETING, unit=BRANCH, due_on=date(2026, 11, 29))
    talk.later(days=4)
    assert "没有别的工作日" in text(await talk.say(SECRETARY, f"稍后 {number} 1天"))
    assert (await duty(talk, number)).snoozed_until is None


@pytest.mark.parametrize("amount", ["0天", "91天", "三天", "-1天", "1年"])
async def test_an_odd_amount_is_refused(talk: Talk, meeting: int, amount: str) -> None:
    assert "稍后 12 3天" in text(await talk.say(SECRETARY, f"稍后 {meeting} {amount}"))
    assert (await duty(talk, meeting)).snoozed_until is None


async def test_a_bare_word_asks_which_one(talk: Talk, meeting: int) -> None:
    (answer,) = await talk.say(SECRETARY, "完成")
    await talk.press(SECRETARY, answer, f"{meeting}. 支委会会议（2026年11月）")
    assert await state(talk, meeting) is DutyState.DONE


async def test_what_has_not_begun_is_not_among_them(talk: Talk, meeting: int) -> None:
    talk.later(days=-40)
    assert text(await talk.say(SECRETARY, "完成")) == "你现在没有要办的任务。"


async def test_words_are_taken_as_evidence_and_go_up(talk: Talk) -> None:
    await open_book(talk)
    report = await owe(talk, REPORT, unit=BRANCH)
    assert "报告一份" in text(await talk.say(SECRETARY, f"完成 {report}"))
    assert await state(talk, report) is DutyState.OPEN
    assert "等上级接收" in text(await talk.say(SECRETARY, "已于 11 月 20 日书面报送"))
    assert await state(talk, report) is DutyState.SUBMITTED
    assert f"{report}." in text(await talk.say(SUPERIOR, "待接收"))
    assert "书面报送" in text(await talk.say(SUPERIOR, f"材料 {report}"))
    assert "已接收" in text(await talk.say(SUPERIOR, f"接收 {report}"))
    assert await state(talk, report) is DutyState.DONE
    assert "任务办结" in text(talk.mail(SECRETARY))


async def test_a_result_is_returned_with_a_reason_and_done_again(talk: Talk) -> None:
    await open_book(talk)
    report = await owe(talk, REPORT, unit=BRANCH)
    await talk.say(SECRETARY, f"完成 {report}")
    await talk.say(SECRETARY, "报告见附件")
    assert "理由" in text(await talk.say(SUPERIOR, f"退回办理 {report}"))
    await talk.say(SUPERIOR, f"退回办理 {report} 缺少统计表和 512.30元收据，问 13800138000")
    returned = await duty(talk, report)
    assert (returned.state, returned.done_on) == (DutyState.OPEN, None)
    assert returned.next_at is not None
    pushed = text(talk.mail(SECRETARY))
    assert "缺少统计表和 （金额略）收据，问 （号码略）" in pushed
    assert "512.30元" in text(await talk.say(SECRETARY, f"任务 {report}"))


async def test_the_reason_for_returning_is_asked_for_under_the_button(talk: Talk) -> None:
    await open_book(talk)
    report = await owe(talk, REPORT, unit=BRANCH)
    await talk.say(SECRETARY, f"完成 {report}")
    await talk.say(SECRETARY, "报告见附件")
    shown = await talk.say(SUPERIOR, f"材料 {report}")
    assert "为什么退回" in text(await talk.press(SUPERIOR, shown[-1], "退回"))
    assert "已退回" in text(await talk.say(SUPERIOR, "材料不全，缺少统计表"))
    assert "理由：材料不全，缺少统计表" in text(talk.mail(SECRETARY))
    assert await state(talk, report) is DutyState.OPEN


async def test_nobody_accepts_their_own_units_result(talk: Talk) -> None:
    await open_book(talk)
    report = await owe(talk, REPORT, unit=BRANCH)
    await talk.say(OFFICER, f"完成 {report}")
    await talk.say(OFFICER, "报告已送")
    for who in (OFFICER, SECRETARY):
        assert "上级接收" in text(await talk.say(who, f"接收 {report}"))
        assert "没有等你接收" in text(await talk.say(who, "待接收"))
    assert await state(talk, report) is DutyState.SUBMITTED


async def test_a_photo_is_taken_where_a_photo_is_wanted(talk: Talk) -> None:
    await open_book(talk)
    day = await owe(talk, PHOTO, unit=BRANCH)
    await talk.say(SECRETARY, f"完成 {day}")
    assert "照片或文件" in text(await talk.say(SECRETARY, "开过了"))
    assert "不收文件" in text(
        await talk.say(SECRETARY, "", upload=upload("../../x.png", b"MZ not a picture"))
    )
    await talk.say(SECRETARY, "合影", upload=upload("../../合影.png", PNG))
    assert await state(talk, day) is DutyState.DONE
    async with talk.database.read() as session:
        (piece,) = await session.scalars(select(Evidence))
        file = await session.get_one(StoredFile, piece.file_id)
    assert (piece.text, file.media_type) == ("合影", "image/png")


async def test_a_file_after_the_dialog_is_nobodys(talk: Talk) -> None:
    await open_book(talk)
    day = await owe(talk, PHOTO, unit=BRANCH)
    await talk.say(SECRETARY, f"完成 {day}")
    await talk.say(SECRETARY, "取消")
    await talk.say(SECRETARY, "", upload=upload("合影.png", PNG))
    assert await state(talk, day) is DutyState.OPEN


async def test_evidence_goes_no_further_once_the_duty_is_anothers(talk: Talk) -> None:
    """A role that ends while the dialog is open ends the dialog."""
    await open_book(talk)
    day = await owe(talk, PHOTO, unit=BRANCH)
    await talk.say(SECRETARY, f"完成 {day}")
    await talk.bind("顾长青")
    await talk.say("顾长青", f"免职 {SECRETARY} 书记 {BRANCH}")
    answer = text(await talk.say(SECRETARY, "", upload=upload("合影.png", PNG)))
    assert NOT_FOUND in answer
    assert await state(talk, day) is DutyState.OPEN


async def test_evidence_of_a_duty_that_another_closed_meanwhile_is_told_so(talk: Talk) -> None:
    """And what is typed is a question, as is what comes next."""
    await open_book(talk)
    report = await owe(talk, REPORT, unit=BRANCH)
    await talk.say(SECRETARY, f"完成 {report}")
    await talk.say(OFFICER, f"完成 {report}")
    await talk.say(OFFICER, "报告已送")
    told, answer = await talk.say(SECRETARY, "支委会多久开一次")
    assert told.text.startswith(f"{report} 号任务：这项任务已经不是待办。")
    assert answer.quote is not None
    (again,) = await talk.say(SECRETARY, "支委会多久开一次")
    assert again.quote is not None
    async with talk.database.read() as session:
        assert [piece.text for piece in await session.scalars(select(Evidence))] == ["报告已送"]


async def test_a_photo_of_a_duty_that_another_closed_meanwhile_is_not_kept(talk: Talk) -> None:
    await open_book(talk)
    day = await owe(talk, PHOTO, unit=BRANCH)
    await talk.say(SECRETARY, f"完成 {day}")
    await talk.say(OFFICER, f"完成 {day}")
    await talk.say(OFFICER, "", upload=upload("合影.png", PNG))
    (told,) = await talk.say(SECRETARY, "", upload=upload("合影.png", PNG))
    assert "文件没有收下" in told.text
    async with talk.database.read() as session:
        assert len((await session.scalars(select(StoredFile))).all()) == 1


async def test_a_release_comes_from_above_with_a_reason(talk: Talk, meeting: int) -> None:
    assert "不能自己免除" in text(await talk.say(SECRETARY, f"免办 {meeting} 人手不够"))
    assert "理由" in text(await talk.say(SUPERIOR, f"免办 {meeting}"))
    assert "已免除" in text(await talk.say(SUPERIOR, f"免办 {meeting} 本月合并召开"))
    assert await state(talk, meeting) is DutyState.WAIVED
    async with talk.database.read() as session:
        assert await audit.verify(session, talk.secrets) is None


async def test_whoever_is_released_hears_who_did_it_why_and_by_what(
    talk: Talk, meeting: int
) -> None:
    await talk.say(SUPERIOR, f"免办 {meeting} 本月合并召开，支出 512.30元")
    (told,) = talk.mail(SECRETARY)
    assert told.text == (
        f"【免办】{meeting} 号任务“{BRANCH}：支委会会议（2026年11月）”已由机关党总支书记韩**免除，"
        "不必再办。理由：本月合并召开，支出 （金额略）"
    )
    assert told.quote is not None
    assert told.quote.article == "第十二条"
    assert talk.mail(OFFICER) == []


async def test_a_release_that_is_taken_back_is_told_as_well(talk: Talk, meeting: int) -> None:
    (answer,) = await talk.say(SUPERIOR, f"免办 {meeting} 本月合并召开")
    talk.mail(SECRETARY)
    await talk.press(SUPERIOR, answer, "撤销")
    assert "免除已撤销，仍要办理：11-30 截止" in text(talk.mail(SECRETARY))


async def test_whoever_holds_both_posts_does_not_release_themselves(
    talk: Talk, meeting: int
) -> None:
    await talk.say(ADMINISTRATOR, f"任命 {SECRETARY} 副书记 机关党总支")
    assert "不能自己免除" in text(await talk.say(SECRETARY, f"免办 {meeting} 人手不够"))
    assert await state(talk, meeting) is DutyState.OPEN


async def test_a_member_is_released_by_the_branch_and_never_by_themselves(talk: Talk) -> None:
    await open_book(talk)
    mine, theirs = await owe(talk, DUES, person=SECRETARY), await owe(talk, DUES, person=MEMBER)
    assert "不能自己免除" in text(await talk.say(SECRETARY, f"免办 {mine} 忘了"))
    assert "已免除" in text(await talk.say(SECRETARY, f"免办 {theirs} 困难党员减免"))


ACTS = [
    "任务",
    "完成",
    "收到",
    "稍后",
    "免办",
    "接收",
    "退回办理",
    "材料",
    "撤销办结",
    "延期",
    "停办",
]


@pytest.mark.parametrize("act", ACTS)
async def test_a_sibling_finds_nothing_of_the_branch(talk: Talk, meeting: int, act: str) -> None:
    """The same words as for a number that does not exist: not even that there is such a duty."""
    before = await duty(talk, meeting)
    for who in (SIBLING, MEMBER):
        there = text(await talk.say(who, f"{act} {meeting} 2026-11-30 一份理由"))
        nowhere = text(await talk.say(who, f"{act} 987654 2026-11-30 一份理由"))
        assert there.replace(str(meeting), "N") == nowhere.replace("987654", "N")
    after = await duty(talk, meeting)
    assert (after.state, after.due_on, after.seen_at) == (before.state, before.due_on, None)


@pytest.mark.parametrize("command", ["支部任务", "逾期", "台账"])
async def test_a_sibling_sees_none_of_the_branch_in_lists(
    talk: Talk, meeting: int, command: str
) -> None:
    await owe(talk, MEETING, unit=BRANCH, due_on=talk.now.date() - timedelta(days=5))
    assert BRANCH not in text(await talk.say(SIBLING, command))
    assert "没有找到这个组织" in text(await talk.say(SIBLING, f"{command} {BRANCH}"))
    assert "不能" in text(await talk.say(MEMBER, command))
    assert "绑定" in text(await talk.say(OUTSIDER, command))


async def test_a_committee_sees_its_subtree_with_the_overdue_first(talk: Talk) -> None:
    await open_book(talk)
    today = talk.now.date()
    await owe(talk, MEETING, unit=BRANCH, due_on=today + timedelta(days=3))
    await owe(talk, MEETING, unit="财务审计党支部", due_on=today - timedelta(days=2))
    await owe(talk, MEETING, unit="铸造车间党支部", due_on=today - timedelta(days=9))
    lines = text(await talk.say(SUPERIOR, "支部任务")).splitlines()[1:]
    assert [line.split("【")[1].split("】")[0] for line in lines] == ["财务审计党支部", BRANCH]
    late = text(await talk.say(ADMINISTRATOR, "逾期"))
    assert late.index("铸造车间党支部") < late.index("财务审计党支部")
    assert BRANCH not in late


async def test_a_secretary_sees_who_owes_what_a_person_owes(talk: Talk, meeting: int) -> None:
    dues = await owe(talk, DUES, person=MEMBER)
    answer = text(await talk.say(SECRETARY, "支部任务"))
    assert f"{dues}. 【{BRANCH} {MEMBER}】交纳党费" in answer
    assert f"{meeting}. 【{BRANCH}】支委会会议" in answer
    assert f"责任方：{BRANCH} {MEMBER}" in text(await talk.say(SECRETARY, f"任务 {dues}"))


async def test_long_lists_are_turned_by_page(talk: Talk) -> None:
    await open_book(talk)
    due = talk.now.date()
    ids = [await owe(talk, MEETING, unit=BRANCH, due_on=due + timedelta(days=n)) for n in range(17)]
    for command in ("我的任务", "支部任务", f"支部任务 {BRANCH}"):
        (first,) = await talk.say(SECRETARY, command)
        assert f"{ids[14]}. " in first.text
        assert f"{ids[15]}. " not in first.text
        (second,) = await talk.press(SECRETARY, first, "下一页")
        assert f"{ids[14]}. " not in second.text
        assert f"{ids[16]}. " in second.text
        assert "没有更多" in text(await talk.say(SECRETARY, f"{command} 3"))


@pytest.mark.parametrize("year", ["9" * 5000, "1999", "2026 2025", "20261", "²⁰²⁶ 甲"])
async def test_an_odd_year_is_refused(talk: Talk, meeting: int, year: str) -> None:
    """A number longer than Python converts, too."""
    assert "请这样写" in text(await talk.say(SECRETARY, f"台账 {BRANCH} {year}"))


async def test_wide_digits_are_digits(talk: Talk, meeting: int) -> None:
    """Chinese keyboards write them; they are never left out of what was asked."""
    wide = str(meeting).translate({ord("0") + n: ord("０") + n for n in range(10)})
    assert "支委会会议" in text(await talk.say(SECRETARY, f"任务 {wide}"))
    assert "2025 年没有任务记录" in text(await talk.say(SECRETARY, f"台账 {BRANCH} ２０２５"))
    assert NOT_FOUND in text(await talk.say(SECRETARY, "完成 ０"))


async def test_the_ledger_counts_what_became_of_a_year(talk: Talk, meeting: int) -> None:
    today = talk.now.date()
    late = await owe(talk, MEETING, unit=BRANCH, due_on=today - timedelta(days=3))
    await owe(talk, MEETING, unit=BRANCH, due_on=today - timedelta(days=1))
    await owe(talk, MEETING, unit=BRANCH, due_on=date(2025, 12, 31))
    await talk.say(SECRETARY, f"完成 {meeting}")
    await talk.say(SECRETARY, f"完成 {late}")
    (answer,) = await talk.say(SUPERIOR, f"台账 {BRANCH} 2026")
    assert answer.table is not None
    assert answer.table.name == f"台账-{BRANCH}-2026"
    head, row = answer.table.rows
    assert dict(zip(head, row, strict=True)) == {
        "事项": "支委会会议",
        "应办": "3",
        "按期办结": "1",
        "逾期办结": "1",
        "免除": "0",
        "待接收": "0",
        "办理中": "0",
        "逾期未办": "1",
    }
