"""What a message about duties says, and what it never says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from db.engine import Database
from db.tables import Duty
from scheduler.announcement import ROWS, SHOWN, Item, Part, Reader, compose
from scheduler.messages import Message, Quote
from tests.scheduler.world import (
    BRANCH,
    LIMIT,
    MEETING,
    MONDAY,
    after_all,
    messages,
    owe,
    person_named,
    plant,
    swept,
)

BASIS = Quote("党费规定", "第一条", "2008")
ITEM = Item(12, Part.REMINDER, Reader.OWES, "交纳党费", "2026-11-30 截止，还有 7 天", basis=BASIS)


def commands(message: Message) -> list[list[str]]:
    return [[button.command for button in row] for row in message.buttons]


def test_one_duty_is_told_with_limit_basis_papers_and_buttons() -> None:
    message = compose([replace(ITEM, hand_in="凭证", remarks=("（已退回，请重新办理）",))])
    assert message.text.splitlines() == [
        "【提醒】交纳党费",
        "2026-11-30 截止，还有 7 天",
        "要提交：凭证",
        "（已退回，请重新办理）",
        "编号 12",
    ]
    assert message.quote == BASIS
    assert commands(message) == [["/gotit 12", "/done 12", "/snooze 12"]]


def test_several_are_told_in_parts_the_overdue_ones_first() -> None:
    overdue = replace(ITEM, duty_id=13, part=Part.OVERDUE, words="支委会会议", limit="已逾期 3 天")
    message = compose([ITEM, overdue])
    assert message.text.splitlines() == [
        "你有 2 项任务要留意：",
        "【逾期】",
        "13. 支委会会议 — 已逾期 3 天",
        "　依据：党费规定第一条（2008版）",
        "【提醒】",
        "12. 交纳党费 — 2026-11-30 截止，还有 7 天",
        "　依据：党费规定第一条（2008版）",
    ]
    assert commands(message)[-1] == ["/mytasks"]


def test_what_several_rest_on_is_named_once() -> None:
    message = compose([ITEM, replace(ITEM, duty_id=13), replace(ITEM, duty_id=14, basis=None)])
    assert message.text.splitlines()[2:] == [
        "12. 交纳党费 — 2026-11-30 截止，还有 7 天",
        "13. 交纳党费 — 2026-11-30 截止，还有 7 天",
        "　以上 2 项依据：党费规定第一条（2008版）",
        "14. 交纳党费 — 2026-11-30 截止，还有 7 天",
    ]


def test_a_long_list_is_cut_and_the_rest_is_a_button_away() -> None:
    message = compose([replace(ITEM, duty_id=n) for n in range(1, SHOWN + 4)])
    assert "另有 3 项" in message.text
    assert len(message.buttons) == ROWS + 1


@pytest.mark.parametrize(
    ("reader", "row", "everything"),
    [
        (Reader.OWES, ["/gotit 12", "/done 12", "/snooze 12"], ["/mytasks"]),
        (Reader.WATCHES, ["/task 12"], ["/overdue"]),
        (Reader.ACCEPTS, ["/evidence 12", "/accept 12"], ["/toaccept"]),
    ],
)
def test_the_buttons_are_those_that_the_reader_may_use(
    reader: Reader, row: list[str], everything: list[str]
) -> None:
    item = replace(ITEM, reader=reader)
    assert commands(compose([item])) == [row]
    assert commands(compose([item, replace(item, duty_id=13)]))[-1] == everything


def test_a_message_without_anything_to_say_is_refused() -> None:
    with pytest.raises(ValueError, match="something to say"):
        compose([])


async def test_the_line_above_reads_unit_and_masked_name(sqlite_database: Database) -> None:
    """A messenger may be abroad: full names are shown in the list, which is asked for."""
    async with sqlite_database.write() as session:
        await plant(session)
        await owe(session, "王小明")
    await swept(sqlite_database, after_all(LIMIT.replace(month=12, day=3)))
    [row] = await messages(sqlite_database)
    assert row.chat == "支书记"
    assert row.content["text"].splitlines()[:2] == [
        "【逾期】第一党支部 王**：交纳党费（2026年11月）",
        "2026-11-30 截止，已逾期 3 天",
    ]
    assert "小明" not in str(row.content)
    assert "交费凭证" not in str(row.content)


async def test_a_case_names_its_person_masked_and_not_to_themselves(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.write() as session:
        await plant(session)
        subject = await person_named(session, "王小明")
        for owner in (BRANCH, "王小明"):
            duty: Duty = await owe(session, owner, rule=MEETING)
            duty.subject_person_id, duty.label = subject.id, subject.name
    await swept(sqlite_database, after_all(MONDAY))
    first_lines = {
        m.chat: m.content["text"].splitlines()[0] for m in await messages(sqlite_database)
    }
    assert first_lines == {
        "支书记": "【提醒】第一党支部：支委会会议（王**）",
        "王小明": "【提醒】支委会会议",
    }
