"""A lexicon and a small library that the search tests share."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.search.index import Index
from knowledge.search.lexicon import Lexicon
from knowledge.search.passages import Passage

TODAY = date(2026, 7, 1)

LIBRARY = (
    Passage(1, "支部委员会多久开一次会？", "支部委员会会议一般每月召开1次，根据需要可以随时召开。"),
    Passage(2, "支部党员大会多久开一次？", "支部党员大会一般每季度召开1次。"),
    Passage(3, "组织生活会多久开一次？", "组织生活会一般每年召开1次，会前开展谈心谈话。"),
    Passage(4, "党费怎么交？", "党员应当每月向党支部交纳党费，可以预交，不得补交六个月以前的。"),
    Passage(5, "党支部每届任期几年？", "村和社区党支部每届任期五年，其他基层单位一般为三年。"),
    Passage(6, "换届选举要提前多久请示？", "任期届满前六个月由上级党组织提醒做好换届准备。"),
    Passage(7, "发展党员工作细则第三十条", "党员的党龄，从预备期满转为正式党员之日算起。"),
    Passage(8, "发展党员工作细则第十三条", "发展对象应当有两名正式党员作入党介绍人。"),
    Passage(9, "流动党员怎么过组织生活？", "流动党员就近参加一个党支部的组织生活。"),
    Passage(10, "主题党日怎么开展？", "党支部每月相对固定一天开展主题党日。"),
)


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return Lexicon.load()


@pytest.fixture(scope="session")
def plain() -> Lexicon:
    return Lexicon.load(plain=True)


@pytest.fixture
def index(lexicon: Lexicon) -> Index:
    return Index.build(LIBRARY, lexicon)


def first(index: Index, question: str, **options: object) -> int | None:
    """Return the id of the best passage, if any."""
    hits = index.search(question, as_of=TODAY, **options).hits  # type: ignore[arg-type]
    return hits[0].id if hits else None
