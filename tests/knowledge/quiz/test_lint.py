"""What the check of questions finds, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from knowledge.quiz import wordings
from knowledge.quiz.lint import Severity, against, check
from knowledge.quiz.model import Question
from tests.knowledge.quiz.make import JUDGE, MULTIPLE, SINGLE, question

TURN = date(2026, 5, 18)


def rules(*questions: Question) -> list[str]:
    return [finding.rule for finding in check(questions)]


def ask(stem: str, right: str, *wrong: str, **more: Any) -> Question:
    options = (right, *(wrong or ("甲", "乙")))
    return replace(SINGLE, key=stem, stem=stem, options=options, correct=(0,), **more)


def test_good_questions_are_left_alone() -> None:
    assert rules(SINGLE, MULTIPLE, JUDGE, *(question(n) for n in range(30))) == []


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (replace(SINGLE, correct=(4,)), "答案"),
        (replace(SINGLE, correct=()), "答案"),
        (replace(SINGLE, correct=(0, 1)), "答案"),
        (replace(MULTIPLE, correct=(1,)), "答案"),
        (replace(SINGLE, options=("甲", "乙", "甲 。")), "选项"),
        (replace(SINGLE, options=("甲",), correct=(0,)), "选项"),
        (replace(SINGLE, stem="问" * 301), "长度"),
        (replace(SINGLE, options=("甲" * 101, "乙")), "长度"),
        (replace(SINGLE, options=tuple(f"第{n}项" for n in range(13))), "长度"),
        (replace(SINGLE, regulation=""), "出处"),
        (replace(SINGLE, stem="支部大会通过其为预备党员之日起交党费，是哪一天？"), "泄题"),
    ],
)
def test_one_bad_question_is_found(bad: Question, rule: str) -> None:
    assert rules(bad) == [rule]


def test_numbers_that_differ_by_a_point_are_two_options() -> None:
    assert rules(replace(SINGLE, options=("1.5%", "15%", "0.5%", "5%"))) == []


def test_the_same_stem_with_two_answers_is_wrong() -> None:
    other = replace(SINGLE, key="other", correct=(2,), place="第 9 行")
    [finding] = check([SINGLE, other])
    assert (finding.severity, finding.rule, finding.question) == (Severity.WRONG, "矛盾", SINGLE)
    assert "第 9 行" in finding.words
    assert [f.question for f in against([other], [SINGLE])] == [other]


def test_nearly_the_same_stem_with_two_answers_is_doubtful() -> None:
    other = replace(SINGLE, key="other", stem="党员交纳党费的起算日应是哪一天呢？", correct=(2,))
    [finding] = check([SINGLE, other])
    assert (finding.severity, finding.rule) == (Severity.DOUBT, "矛盾")
    assert [f.rule for f in against([other, MULTIPLE], [SINGLE])] == ["矛盾"]
    assert against([SINGLE], [SINGLE, MULTIPLE]) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("党总支每届任期一般为几年，由谁决定呢？", "党支部每届任期一般为几年，由谁决定呢？"),
        ("下列属于支部党员大会职权的是哪一项呢？", "下列不属于支部党员大会职权的是哪一项呢？"),
        ("税后收入3000元以下的党员按多少交党费？", "税后收入5000元以下的党员按多少交党费？"),
        ("转出组织关系的党员由哪个组织负责管理？", "转入组织关系的党员由哪个组织负责管理？"),
    ],
)
def test_a_number_or_a_term_makes_another_question(first: str, second: str) -> None:
    options = ("第一种", "第二种", "第三种")
    one = replace(SINGLE, key="1", stem=first, options=options, correct=(0,))
    two = replace(SINGLE, key="2", stem=second, options=options, correct=(1,))
    assert rules(one, two) == []


def test_general_stems_are_told_by_their_options() -> None:
    stem = "下列说法正确的是哪一项？"
    assert rules(ask(stem, "一种", "二种"), ask(stem, "三种", "四种")) == []
    assert rules(ask(stem, "一种", "二种"), ask(stem, "二种", "一种")) == ["矛盾"]


def test_two_versions_that_never_hold_together_do_not_contradict() -> None:
    old = replace(SINGLE, key="old", valid_to=TURN)
    new = replace(SINGLE, key="new", valid_from=TURN, correct=(2,))
    assert rules(old, new) == []
    assert rules(old, replace(new, valid_from=None)) == ["矛盾"]


@pytest.mark.parametrize(
    "old",
    [
        ask("选举中候选人如何当选？", "赞成票超过实到会人数的半数", "超过应到会的半数"),
        ask("对发展对象的短期集中培训一般不少于多少学时？", "40 学时", "24 学时"),
        ask("发展对象应当参加几天的短期培训？", "五至七天", "三天"),
        ask("党支部书记一般应有几年以上党龄？", "5年", "1年"),
        ask("党支部委员会每届任期几年？", "2 年", "3 年"),
        ask("国有企业党委每届任期一般几年？", "四年", "五年"),
        ask("党支部委员会由什么会议选举产生？", "党员代表大会", "党员大会"),
        ask("发展党员工作一共有几个步骤？", "29个", "25个"),
        ask("确定发展对象后是否需要公示？", "不需要公示", "要公示"),
        ask("党员组织关系介绍信的有效期最长多久？", "6个月", "3个月"),
        ask("民主生活会多久召开一次？", "每半年一次", "每年一次"),
        replace(JUDGE, stem="选举时，赞成票超过实到会人数半数即可当选。"),
    ],
)
def test_superseded_wording_is_found(old: Question) -> None:
    assert rules(old) == ["旧版"]
    [finding] = check([old])
    assert "旧版或误传" in finding.words


@pytest.mark.parametrize(
    "good",
    [
        ask("选举中候选人如何当选？", "赞成票超过应到会人数的半数", "超过实到会的半数"),
        ask("对发展对象的短期集中培训一般不少于多少学时？", "24 学时", "40 学时"),
        ask("党员每年集中学习培训一般不少于多少学时？", "32 学时", "24 学时"),
        ask("下列关于当选的说法错误的是哪一项？", "以实到会为准", "以应到会为准"),
        ask("村党支部委员会每届任期几年，两委任期几年？", "5年", "2年"),
        ask("国有企业党委委员一般应有几年以上党龄？", "3年", "1年"),
        ask("确定发展对象后公示多久？", "不少于5个工作日", "3天"),
        ask("2014 年的细则是否要求公示发展对象？", "不需要公示", "要公示"),
        ask("确定发展对象后是否需要公示？", "不需要公示", "要公示", valid_to=TURN),
        replace(JUDGE, stem="选举时，赞成票超过实到会人数半数即可当选。", correct=(1,)),
    ],
)
def test_what_holds_now_or_says_that_it_is_old_is_left_alone(good: Question) -> None:
    assert rules(good) == []


def test_an_old_version_must_say_until_when() -> None:
    old = replace(
        SINGLE,
        stem="收到申请书后多久谈话？",
        regulation="《中国共产党发展党员工作细则》",
        version="2014",
    )
    assert rules(old) == ["旧版"]
    assert rules(replace(old, valid_to=TURN)) == []
    assert rules(replace(old, version="2026")) == []
    assert rules(replace(old, valid_to=date(2030, 1, 1))) == ["旧版"]


def test_findings_come_in_the_order_of_the_questions_with_their_place() -> None:
    first = replace(SINGLE, place="第 2 行", regulation="")
    second = replace(MULTIPLE, place="第 3 行", correct=(9,))
    lines = [str(finding) for finding in check([first, second])]
    assert [line.split("：")[0] for line in lines] == ["第 2 行", "第 3 行"]
    assert "错误：答案不是选项（共 4 个选项）" in lines[1]


def test_every_row_of_the_data_says_why() -> None:
    data = wordings.load()
    assert len(data.wordings) > 10
    assert all(row.why for row in data.wordings)
    assert all(row.why for row in data.versions)


def test_thousands_of_questions_are_compared() -> None:
    """Each of many pairs is found once, whatever block it falls into."""
    many = [question(n, stem=f"第{n}条的规定是什么内容呢？") for n in range(600)]
    assert check(many) == []
    torn = replace(many[599], key="torn", correct=(0,))
    assert [f.question.key for f in check([*many, torn])] == [many[599].key]
