"""What a document says of itself is proposed with the words it rests on."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import read
from knowledge.documents.dates import find_date
from knowledge.documents.proposals import Proposal, propose

HEAD = "某某工作条例（试行）\n（2018年9月20日会议审议批准　2018年10月28日印发）\n"


def proposal(text: str) -> Proposal:
    return propose(read("a.txt", text.encode()))


def test_title_version_and_first_day_are_proposed_with_evidence() -> None:
    found = proposal(HEAD + "第一条　甲。\n第二条　本条例自2019年1月1日起施行。")

    assert (found.title, found.label) == ("某某工作条例（试行）", "2018年")
    assert found.starts is not None
    assert found.starts.day == date(2019, 1, 1)
    assert "自2019年1月1日起施行" in found.starts.evidence
    assert found.issued is not None
    assert found.issued.day == date(2018, 10, 28)
    assert "2018年10月28日印发" in found.issued.evidence


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("本办法自二〇一九年一月一日起施行。", date(2019, 1, 1)),
        ("本细则自 2026 年 5 月 18 日 起正式施行", date(2026, 5, 18)),
        ("生效日期：2026年5月18日", date(2026, 5, 18)),
        ("本条例自发布之日起施行。", date(2018, 10, 28)),
        ("本条例自2027年2月29日起施行。", None),
        ("本条例自发布后施行。", None),
        ("2016年1月1日起有人施行了别的事。", None),
    ],
)
def test_a_first_day_is_proposed_only_if_the_text_gives_one(text: str, day: date | None) -> None:
    found = proposal(HEAD + f"第一条　甲。\n第二条　{text}")

    assert day == (found.starts.day if found.starts else None)


def test_the_day_of_the_document_itself_goes_before_that_of_another() -> None:
    found = proposal(
        HEAD
        + "第一条　本条例自2019年1月1日起施行。\n第二条　旧办法自2009年1月1日起施行，现予废止。"
    )

    assert found.starts is not None
    assert found.starts.day == date(2019, 1, 1)


def test_days_of_papers_that_are_cited_are_not_the_day_of_issue() -> None:
    found = proposal("某某办法\n第一条　根据2014年6月10日印发的细则制定。\n第二条　完。")

    assert (found.issued, found.label) == (None, "")


def test_the_last_revision_names_the_version() -> None:
    found = proposal("某某条例\n（2009年7月7日印发　2023年4月8日修订）\n第一条　甲。")

    assert found.label == "2023年"


def test_a_year_in_the_title_names_the_version() -> None:
    assert proposal("某某条例（2023年修订）\n第一条　甲。").label == "2023年"


@pytest.mark.parametrize("text", ["第一条　甲。", "各位党员，大家好，今天讲党费。", "问题 | 答案"])
def test_without_evidence_nothing_is_proposed(text: str) -> None:
    found = proposal(text)

    assert (found.starts, found.issued, found.label) == (None, None, "")


@given(st.dates(date(1921, 7, 1), date(2099, 12, 31)))
def test_days_are_read_in_both_ways_of_writing(day: date) -> None:
    assert day == find_date(f"{day.year}年{day.month}月{day.day}日")
    assert day == find_date(day.isoformat())


@pytest.mark.parametrize(
    "text",
    ["2027-02-29", "2026年4月31日", "1899-12-31", "9999-12-31", "43251", "2026-5", "正月初一"],
)
def test_what_is_no_day_is_not_guessed(text: str) -> None:
    assert find_date(text) is None
