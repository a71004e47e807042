"""A question about another body is not answered by our rules, unless they speak of that body."""

from datetime import date

import pytest

from knowledge.answering import answer
from knowledge.bodies import named, of_the_trade, strangers
from knowledge.cards import Card
from knowledge.entries import load_entries
from knowledge.shelf import Shelf

TODAY = date(2026, 11, 23)
BRANCH = Card(
    id=1,
    question="党支部书记一届任期几年？",
    text="党支部每届任期一般为3年，书记随届产生。",
    regulation="《中国共产党支部工作条例（试行）》",
    article="第二十一条",
)
OTHERS = [
    Card(id=2, question="党费按什么标准交？", text="按税后工资的比例交。"),
    Card(id=3, question="组织生活会一年开几次？", text="每年至少1次。"),
]
UNION = Card(id=4, question="工会主席一届任期几年？", text="工会主席每届任期由工会章程规定。")


def test_a_body_that_the_passage_does_not_speak_of_is_a_stranger() -> None:
    assert strangers("工会主席任期几年", BRANCH.wording) == ["工会"]
    assert strangers("工会主席任期几年", UNION.wording) == []
    assert strangers("党支部书记任期几年", BRANCH.wording) == []


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("小学入学年龄是几岁", ("入学", "小学入学")),
        ("村支书工资多少", ("支书工资",)),
        ("党费可以发奖金吗", ("发奖金",)),
        ("党费最多可以预交几个月", ("预交",)),
        ("团员几岁离团", ("团员",)),
        ("集团员工党员的组织关系", ()),
        ("集团员工和团员一起上课", ("团员",)),
        ("WiFi连不上", ("wifi",)),
        ("有人大半年没交党费", ()),
    ],
)
def test_a_name_counts_where_it_is_no_part_of_our_own_words(
    question: str, names: tuple[str, ...]
) -> None:
    assert sorted(named(question)) == sorted(names)


@pytest.mark.parametrize(
    ("question", "trade"),
    [
        ("支委会多久开一次", True),
        ("选票比人多一张怎么办", True),
        ("项目验收会由谁主持", False),
        ("年终奖一般几月份发", False),
        ("体育委员怎么当", False),
    ],
)
def test_a_question_of_the_trade_names_something_of_it(question: str, trade: bool) -> None:
    assert of_the_trade(question) is trade


def test_what_names_nothing_of_the_trade_is_declined_however_alike_it_sounds() -> None:
    """Each of these has been offered or answered by an entry on meetings, training or approval."""
    cards = [
        Card(id=number, question=e.question, aliases=tuple(e.asks), text=e.answer, title=e.topic)
        for number, e in enumerate(load_entries(), 1)
    ]
    shelf = Shelf.build(cards, 1)
    for question in ("项目评审会由谁主持", "仓管员每年要学多少小时", "进货单要找谁批准"):
        assert answer(shelf, question, as_of=TODAY, internal=True).verdict == "decline"


def test_another_bodys_question_is_declined_until_its_rules_are_there() -> None:
    ours = Shelf.build([BRANCH, *OTHERS], 1)
    theirs = Shelf.build([BRANCH, *OTHERS, UNION], 1)
    question = "工会主席一届任期几年"
    assert answer(ours, question, as_of=TODAY, internal=True).verdict == "decline"
    assert answer(theirs, question, as_of=TODAY, internal=True).passage_id == UNION.id


@pytest.mark.parametrize("article", ["第一条", "第99条", "第一百零二条"])
def test_an_article_that_was_named_is_not_answered_by_another(article: str) -> None:
    shelf = Shelf.build([BRANCH, *OTHERS], 1)
    found = answer(shelf, f"{article}党支部书记一届任期几年", as_of=TODAY, internal=True)
    assert found.verdict != "answer"


@pytest.mark.parametrize("article", ["第二十一条", "第21条", ""])
def test_the_article_that_was_named_is_answered(article: str) -> None:
    shelf = Shelf.build([BRANCH, *OTHERS], 1)
    found = answer(shelf, f"{article}党支部书记一届任期几年", as_of=TODAY, internal=True)
    assert found.passage_id == BRANCH.id


def test_no_shipped_entry_is_hidden_from_its_own_question() -> None:
    """Every name in a question or its other wordings stands in that very passage."""
    for entry in load_entries():
        wording = "\n".join((entry.question, *entry.asks, entry.answer))
        for asked in (entry.question, *entry.asks):
            assert strangers(asked, wording) == []


def test_a_question_in_an_entrys_own_words_is_answered_by_that_entry() -> None:
    """However much the neighbours look alike: 党费怎么交 stands under one of many on dues."""
    cards = [
        Card(id=number, question=e.question, aliases=tuple(e.asks), text=e.answer, title=e.topic)
        for number, e in enumerate(load_entries(), 1)
        if e.topic == "党费"
    ]
    shelf = Shelf.build(cards, 1)
    found = answer(shelf, "党费，怎么交？", as_of=TODAY, internal=True)
    assert (found.verdict, found.question) == ("answer", "党费多久交一次？")
