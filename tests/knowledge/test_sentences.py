"""Where a text asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge.sentences import cores, questions

STORY = (
    "您好，我是刚接手的支部组织委员，之前没有做过这项工作，手头的材料也不全，"
    "书记让我准备下个月的会，请问支委会多久开一次？麻烦您了，谢谢！"
)


def test_several_questions_are_told_apart() -> None:
    text = "你好，支委会多久开一次？另外党课几次？谢谢！"
    assert list(questions(text)) == ["支委会多久开一次？", "党课几次？"]


def test_a_statement_is_no_question() -> None:
    assert list(questions("我们支部有十二名党员。谢谢。")) == []


def test_keywords_are_no_questions() -> None:
    """A search for several keywords at once is one question."""
    assert list(questions("党费；计算基数；奖金")) == []


def test_a_story_comes_down_to_the_clause_that_asks() -> None:
    found = list(cores(STORY))
    assert found[0] == "支委会多久开一次"
    assert found[1] == "书记让我准备下个月的会，请问支委会多久开一次"


def test_a_short_text_is_its_own_core() -> None:
    assert list(cores("书记换了，支委会多久开一次？")) == []


@given(st.text(alphabet="支委会多久开一次，。？吗几 \n请问x", max_size=200))
def test_a_core_is_shorter_than_its_story(text: str) -> None:
    assert all(0 < len(core) <= len(text) for core in cores(text))
