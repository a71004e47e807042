"""Questions that name a day, a year or a version."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.moments import moment

TODAY = date(2026, 11, 23)

DATED = [
    ("2025年5月发展党员支部大会多久开", date(2025, 5, 31)),
    ("2025年5月18日支部大会怎么开", date(2025, 5, 18)),
    ("二〇二五年五月发展党员要谈话吗", date(2025, 5, 31)),
    ("二〇二五年十二月二十三日发展党员要谈话吗", date(2025, 12, 23)),
    ("2024-02-29开的会算不算", date(2024, 2, 29)),
    ("2024.2开的会算不算", date(2024, 2, 29)),
    ("2019年发展党员公示几天", date(2019, 12, 31)),
    ("去年发展党员公示几天", date(2025, 12, 31)),
    ("按2014年的规定公示几天", date(2014, 12, 31)),
    ("2014版细则里公示几天", date(2014, 12, 31)),
    ("2014年版的细则里公示几天", date(2014, 12, 31)),
    ("2014年细则公示几天", date(2014, 12, 31)),
    ("现在还能按2014年的规定办吗", date(2014, 12, 31)),
    ("2026版细则公示几天", date(2026, 12, 31)),
    ("2026年11月的会怎么开", TODAY),
    ("2026年要开几次党员大会", TODAY),
    ("2026年12月换届来得及吗", date(2026, 12, 1)),
    ("2028年换届要准备什么", date(2028, 1, 1)),
    ("明年换届要准备什么", date(2027, 1, 1)),
    ("2019—2023年规划要求培训多少学时", date(2023, 12, 31)),
    ("14年的时候公示几天", date(2014, 12, 31)),
    ("按14年那会儿要公示几天", date(2014, 12, 31)),
    ("一四年细则公示几天", date(2014, 12, 31)),
    ("19到23年那个规划要求培训多少学时", date(2023, 12, 31)),
]

UNDATED = [
    "支委会多久开一次",
    "我2019年入党，现在预备期满了吗",
    "2024—2028年党员教育培训规划有什么要求",
    "2023年至2027年干部教育培训规划是什么",
    "工期6个月以上的项目怎么办",
    "税后6000元党费交多少",
    "入党14年的时候能评优秀党员吗",
    "没有出规定的时候怎么办",
    "党龄二十年的老党员有什么纪念",
    "9999年会怎样",
    "1234年会怎样",
    "2025年13月开会",
    "2025年2月30日开会",
    "党费0.5%是怎么来的",
    "今年要开几次党员大会",
    "新版细则公示几天",
    "2014版和2026版细则对比",
    "2014年和2026年的细则比有什么改动",
    "新旧细则怎么衔接",
    "支部工作条例2024年以后修订过吗",
]


@pytest.mark.parametrize(("question", "day"), DATED)
def test_a_named_period_gives_the_day_that_counts(question: str, day: date) -> None:
    found = moment(question, TODAY)
    assert found.day == day
    assert found.words


@pytest.mark.parametrize("question", UNDATED)
def test_without_a_named_day_the_question_is_about_today(question: str) -> None:
    found = moment(question, TODAY)
    assert (found.day, found.question, found.former) == (TODAY, question, False)


def test_there_is_no_year_after_the_last() -> None:
    assert moment("明年怎么交党费", date.max).day == date.max


@pytest.mark.parametrize(
    "question",
    [
        "旧细则里公示几天",
        "以前的规定公示几天",
        "修订前的条例怎么说",
        "以前没改细则的时候公示几天",
        "新细则出台前公示几天",
        "细则没改之前公示几天",
        "细则还没修订的时候公示几天",
        "细则修订之前公示几天",
    ],
)
def test_the_former_version_may_be_asked_for(question: str) -> None:
    assert moment(question, TODAY).former


def test_the_words_of_the_day_are_not_searched_for() -> None:
    assert moment("按2014年的规定公示几天", TODAY).question == "规定公示几天"


def test_a_version_that_is_named_by_its_year_is_kept() -> None:
    assert moment("2014版细则里公示几天", TODAY).edition == "2014"


@given(st.text(alphabet="2019年月日二〇版旧去前按的规定第—.-5 x\n"))
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(moment(text, TODAY).day, date)


@pytest.mark.parametrize(
    ("question", "year"),
    [
        ("14版细则公示几天", "2014"),
        ("26年细则公示几天", "2026"),
        ("14年的细则公示几天", "2014"),
    ],
)
def test_a_version_may_be_called_by_two_digits(question: str, year: str) -> None:
    assert moment(question, TODAY).edition == year
