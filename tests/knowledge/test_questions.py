"""Questions on record: what is kept of them, and what the library lacks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from db import accounts, organisation
from db.access import Scope
from db.engine import Database, Session
from db.tables import Asked, UnitKind
from knowledge import questions
from knowledge.answering import Answer, Verdict
from knowledge.questions import mask

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
HEADQUARTERS, BRANCH, SIBLING = 1, 2, 3
EVERYTHING = Scope(prefixes=("/1/",))


@pytest.fixture
async def asking(database: Database) -> Database:
    """A store with a committee, two branches below it, and one account."""
    async with database.write() as session:
        root = await organisation.add_unit(
            session, name="示例党委", kind=UnitKind.COMMITTEE, parent=None
        )
        for name in ("第一支部", "第二支部"):
            await organisation.add_unit(session, name=name, kind=UnitKind.BRANCH, parent=root)
        await accounts.seen(session, channel="test", external="a", name="甲", chat="a", now=NOW)
    return database


async def ask(
    session: Session,
    text: str,
    verdict: Verdict = "decline",
    *,
    reason: str = "",
    unit: int | None = BRANCH,
    at: datetime = NOW,
) -> int:
    """Record a question of the one account."""
    answer = Answer(verdict, "", reason=reason)
    return await questions.record(
        session, account_id=1, unit_id=unit, text=text, answer=answer, now=at
    )


async def shown(database: Database, within: Scope = EVERYTHING) -> list[tuple[str, int]]:
    async with database.read() as session:
        found = await questions.gaps(session, within=within, now=NOW)
    return [(gap.question, gap.count) for gap in found]


async def test_numbers_of_people_are_masked_before_they_are_stored(asking: Database) -> None:
    async with asking.write() as session:
        await ask(session, "电话13800138000和身份证11010519491231002X怎么登记")
        (row,) = await session.scalars(select(Asked))
    assert row.text == "电话138****00和身份证110105********002X怎么登记"
    assert "13800138000" not in row.folded


NUMBERS = [
    ("打138-1234-5678", "打138****78"),
    ("打138 1234 5678找我", "打138****78找我"),
    ("138.1234.5678", "138****78"),
    ("１３８—１２３４—５６７８", "１３８****７８"),
    ("110105 19491231 002X", "110105********002X"),
    ("6222 0200 1234 5678 901", "6222****78"),
    ("卡号6222020012345678901", "卡号6222****78"),
]


@pytest.mark.parametrize(("text", "masked"), NUMBERS)
def test_a_number_is_masked_however_it_is_grouped(text: str, masked: str) -> None:
    assert mask(text) == masked


async def test_what_folding_brings_together_is_masked(asking: Database) -> None:
    async with asking.write() as session:
        await ask(session, "我电话1-3-8-1-2-3-4-5-6-7-8")
        (row,) = await session.scalars(select(Asked))
    assert "12345678" not in row.folded


@pytest.mark.parametrize(
    "text",
    ["税后6000元交多少党费", "2026年5月18日", "第13条", "2026-05-18 2026-11-23", "2014 2018 2026"],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert mask(text) == text


async def test_the_text_of_a_private_question_is_not_kept(asking: Database) -> None:
    async with asking.write() as session:
        await ask(session, "张三的党费交了吗", reason="private")
        (row,) = await session.scalars(select(Asked))
    assert (row.text, row.verdict) == ("", "private")


async def test_a_long_text_is_cut(asking: Database) -> None:
    async with asking.write() as session:
        await ask(session, "长" * 8_000)
        (row,) = await session.scalars(select(Asked))
    assert len(row.text) == questions.KEPT


async def test_an_account_marks_its_own_questions_only(asking: Database) -> None:
    async with asking.write() as session:
        number = await ask(session, "党费怎么交", "answer")
        assert await questions.mark(session, number, account_id=1, useful=True)
        assert not await questions.mark(session, number, account_id=2, useful=True)


async def test_gaps_are_grouped_by_likeness_and_the_hottest_comes_first(
    asking: Database,
) -> None:
    async with asking.write() as session:
        await ask(session, "退休党员的组织关系放在哪里")
        for text in ("党员活动室怎么申请", "党员活动室怎么申请？", "党员活动室怎样申请"):
            await ask(session, text, "suggest")
    assert await shown(asking) == [
        ("党员活动室怎么申请", 3),
        ("退休党员的组织关系放在哪里", 1),
    ]


async def test_only_what_the_library_missed_is_a_gap(asking: Database) -> None:
    async with asking.write() as session:
        await ask(session, "支委会多久开一次", "answer")
        await ask(session, "你好", reason="greeting")
        unhelpful = await ask(session, "党课多久上一次", "answer")
        await questions.mark(session, unhelpful, account_id=1, useful=False)
        await ask(session, "去年的问题", at=NOW - timedelta(days=365))
    assert await shown(asking) == [("党课多久上一次", 1)]


async def test_an_editor_sees_the_gaps_of_the_own_units_only(asking: Database) -> None:
    async with asking.write() as session:
        await ask(session, "第一支部的问题", unit=BRANCH)
        await ask(session, "第二支部遇到另外一件事", unit=SIBLING)
        await ask(session, "未绑定的人想知道的", unit=None)
    assert await shown(asking, Scope(prefixes=("/1/2/",))) == [("第一支部的问题", 1)]
    assert len(await shown(asking)) == 3
    assert await shown(asking, Scope()) == []


async def test_a_settled_group_goes_and_can_come_back(asking: Database) -> None:
    async with asking.write() as session:
        for text in ("党员活动室怎么申请", "党员活动室怎样申请"):
            await ask(session, text)
        (gap,) = await questions.gaps(session, within=EVERYTHING, now=NOW)
        assert await questions.settle(session, gap.key, within=EVERYTHING, now=NOW) == 2
        assert await questions.settle(session, gap.key, within=EVERYTHING, now=NOW) == 0
    assert await shown(asking) == []
    async with asking.write() as session:
        assert await questions.unsettle(session, NOW, within=EVERYTHING) == 2
    assert [count for _, count in await shown(asking)] == [2]


async def test_settling_reaches_no_other_unit(asking: Database) -> None:
    async with asking.write() as session:
        for unit in (BRANCH, SIBLING):
            await ask(session, "党员活动室怎么申请", unit=unit)
        branch = Scope(prefixes=("/1/2/",))
        (gap,) = await questions.gaps(session, within=branch, now=NOW)
        assert await questions.settle(session, gap.key, within=branch, now=NOW) == 1
    assert await shown(asking) == [("党员活动室怎么申请", 1)]


def test_a_thousand_wordings_fall_into_their_fifty_groups() -> None:
    """Each is compared with a few likely groups only, and that must not lose any."""
    topics = [
        f"{chr(0x4E00 + 40 * n)}{chr(0x4E01 + 40 * n)}{chr(0x4E02 + 40 * n)}" for n in range(50)
    ]
    wordings = [
        questions._Wording(f"{topic * 3}{'多久' if n % 2 else '几次'}{n}", "", 1, NOW)
        for n in range(20)
        for topic in topics
    ]
    groups = questions._grouped(wordings)
    assert [len(group.wordings) for group in groups] == [20] * 50
