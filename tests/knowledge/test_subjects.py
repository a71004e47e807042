"""What a question is about has to be named by the passage that answers it."""

from __future__ import annotations

import pytest

from knowledge.search.lexicon import Lexicon
from knowledge.subjects import SHORT, lacks


@pytest.mark.parametrize(
    ("passage", "question", "lacking"),
    [
        ("党员大会的决议要多少票才算通过", "转正开大会，多少人同意算过", True),
        ("讨论转正的支部大会表决要求", "转正开大会，多少人同意算过", False),
        ("支委缺额要多久补上", "补选有没有时限", False),
        ("党费多久交一次", "多久开一次会", False),
    ],
)
def test_a_subject_is_named_by_itself_or_by_a_word_that_says_the_same(
    passage: str, question: str, lacking: bool
) -> None:
    assert lacks(passage, question) is lacking


def test_a_story_may_name_what_it_does_not_ask_about() -> None:
    assert lacks("党费多久交一次", "转正")
    assert not lacks("党费多久交一次", "转正".ljust(SHORT + 1, "的"))


def test_an_abbreviation_and_its_long_form_are_one() -> None:
    """Whoever wrote the passage and whoever asks need not have written the same form."""
    lexicon = Lexicon.load()
    assert lexicon.written_out("积极分子的志愿书") == "入党积极分子的入党志愿书"
    assert lexicon.written_out("入党积极分子的入党志愿书") == "入党积极分子的入党志愿书"
    assert lexicon.written_out("三会一课") == "三会一课"
