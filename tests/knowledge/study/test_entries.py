"""Check-ins as people type them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.numbers import BadValue
from knowledge.study.entries import MOST, Entry, parse

TODAY = date(2026, 11, 23)
WORDS = st.text("学习党章条例会议精神读书笔记重要认识", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("党章 45分钟 收获很大", Entry("党章", 45, "收获很大")),
        ("45分钟 党章 收获很大", Entry("党章", 45, "收获很大")),
        ("党章 收获很大 45分钟", Entry("党章", 45, "收获很大")),
        ("学习党章45分钟，收获很大", Entry("学习党章", 45, "收获很大")),
        ("学习 党章 45分钟", Entry("学习", 45, "党章")),
        ("党章 1小时30分", Entry("党章", 90)),
        ("党章 一个半小时 十分精彩", Entry("党章", 90, "十分精彩")),
        ("党章 两小时", Entry("党章", 120)),
        ("半小时 读书", Entry("读书", 30)),
        ("1.5小时 读书", Entry("读书", 90)),
        ("读书 二十五分钟", Entry("读书", 25)),
        ("条例 １２０分钟 心得：先学 20分钟再谈", Entry("条例", 120, "先学 20分钟再谈")),
        ("第3小时内容 20min", Entry("第3小时内容", 20)),
        ("昨天 党章 45分钟", Entry("党章", 45, on=date(2026, 11, 22))),
        ("党章 45分钟 前天", Entry("党章", 45, on=date(2026, 11, 21))),
        ("11-20 党章 30分钟", Entry("党章", 30, on=date(2026, 11, 20))),
        ("11月20日 党章 30分钟", Entry("党章", 30, on=date(2026, 11, 20))),
        ("2026-11-20 党章 30分钟", Entry("党章", 30, on=date(2026, 11, 20))),
        ("党章", Entry("党章")),
        ("45分钟", Entry(minutes=45)),
        ("党章-45分钟", Entry("党章", 45)),
        ("党章 1e3分钟", Entry("党章", thought="1e3分钟")),
        ("十分精彩的报告", Entry("十分精彩的报告")),
        ("", Entry()),
    ],
)
def test_a_check_in_is_read_in_any_order(text: str, entry: Entry) -> None:
    assert parse(text, today=TODAY) == entry


@pytest.mark.parametrize(
    "text", ["党章 0分钟", "党章 601分钟", "党章 11小时", "党章 99999分钟", "党章 -5分钟"]
)
def test_a_time_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="600 分钟"):
        parse(text, today=TODAY)


def test_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadValue):
        parse("2-30 党章 30分钟", today=TODAY)


@given(WORDS, st.integers(1, MOST), WORDS, st.permutations(range(3)))
def test_the_order_of_what_time_and_thought_does_not_matter(
    what: str, minutes: int, thought: str, order: list[int]
) -> None:
    """The thought never comes before what was studied: nothing tells the two apart."""
    if order.index(0) > order.index(2):
        order = [{0: 2, 2: 0}.get(part, part) for part in order]
    parts = [what, f"{minutes}分钟", thought]
    entry = parse(" ".join(parts[part] for part in order), today=TODAY)
    assert entry == Entry(what, minutes, thought)


@given(st.text(max_size=200))
def test_any_text_is_read_within_bounds_or_refused(text: str) -> None:
    try:
        entry = parse(text, today=TODAY)
    except BadValue:
        return
    assert entry.minutes is None or 1 <= entry.minutes <= MOST
    assert len(entry.what) <= 100
    assert entry.on is None or entry.on.year >= 1
