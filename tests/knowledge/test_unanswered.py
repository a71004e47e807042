"""The questions that no entry answers, and how like one of them another question is."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.own_questions import read_questions
from knowledge.entries import fold, load_entries
from knowledge.search.lexicon import shipped
from knowledge.search.reading import lines
from knowledge.unanswered import FILE, Unanswered, likeness, read

GROUPS = list(read(lines(FILE)))
CROSSED = [about + side for abouts, sides in GROUPS for about in abouts or [""] for side in sides]
texts = st.text("党费入支部书记a1", min_size=1, max_size=8)


def form(text: str) -> str:
    lexicon = shipped()
    return re.sub(r"\W", "", lexicon.written_out(lexicon.normalise(text)))


def test_each_piece_is_in_the_form_of_the_search() -> None:
    """So that nothing need be normalised before a process's first answer."""
    pieces = {piece for group in GROUPS for part in group for piece in part}
    assert {piece: form(piece) for piece in pieces if form(piece) != piece} == {}


def test_nothing_is_there_twice() -> None:
    for abouts, sides in GROUPS:
        assert [piece for piece, n in Counter([*abouts, *sides]).items() if n > 1] == []


def test_no_question_is_a_wording_of_an_entry() -> None:
    told = {fold(form(words)) for e in load_entries() for words in (e.question, *e.asks)}
    assert [question for question in CROSSED if fold(question) in told] == []


def test_no_question_is_one_of_those_asked_at_the_end() -> None:
    asked = {fold(form(question.text)) for question in read_questions("held")}
    assert not asked & {fold(question) for question in CROSSED}


@pytest.mark.parametrize("question", CROSSED[:: len(CROSSED) // 20])
def test_a_question_is_like_itself(question: str) -> None:
    assert likeness(frozenset(question)) == 1


def test_a_question_of_another_wording_is_much_like_it() -> None:
    """Neither the subject nor the side alone is."""
    listed = Unanswered([(["入党申请书"], ["一式几份"])])
    assert listed.likeness(frozenset("入党申请书要一式几份啊")) > 0.7
    assert listed.likeness(frozenset("入党申请书交给谁")) < 0.6
    assert listed.likeness(frozenset("选票一式几份")) < 0.6


@given(st.lists(st.tuples(st.lists(texts, max_size=3), st.lists(texts, min_size=1))), st.text())
def test_the_likeness_is_the_greatest_shared_share(
    groups: list[tuple[list[str], list[str]]], asked: str
) -> None:
    crossed = [set(a + s) for abouts, sides in groups for a in abouts or [""] for s in sides]
    shares = [len(q & set(asked)) / len(q | set(asked)) for q in crossed]
    found = Unanswered(groups).likeness(frozenset(asked))
    assert found == pytest.approx(max(shares, default=0.0))


def test_groups_are_read_by_their_heads() -> None:
    rows = ["= 甲 乙", "丙 丁", "戊", "=", "己"]
    assert list(read(rows)) == [(["甲", "乙"], ["丙", "丁", "戊"]), ([], ["己"])]


def test_an_empty_list_is_like_nothing() -> None:
    assert Unanswered([]).likeness(frozenset("党费")) == 0
    assert likeness(frozenset()) == 0
