"""The vocabulary of the trade does what its files promise, over the entries that are shipped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from benchmarks.own_questions import Question, ask
from knowledge.entries import Entry, load_entries
from knowledge.search.index import Index
from knowledge.search.lexicon import Lexicon
from knowledge.search.passages import Passage

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load()


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    return load_entries()


@pytest.fixture(scope="module")
def index(lexicon: Lexicon, entries: tuple[Entry, ...]) -> Index:
    return Index.build(passages(entries), lexicon)


def passages(entries: tuple[Entry, ...]) -> Iterator[Passage]:
    for number, entry in enumerate(entries, 1):
        yield Passage(
            number,
            entry.question,
            entry.answer,
            entry.asks,
            entry.effective_from,
            entry.effective_to,
        )


def test_every_word_of_the_dictionary_stays_whole(lexicon: Lexicon) -> None:
    cut = [word for word in lexicon.dictionary if word not in lexicon.segment(word)]
    assert cut == []


def test_every_synonym_is_a_word_to_the_segmenter(lexicon: Lexicon) -> None:
    """One that is cut would never be met in a question."""
    words = [word for word in lexicon.synonyms if not any(c.isdecimal() for c in word)]
    assert [word for word in words if word not in lexicon.segment(word)] == []


def test_no_synonym_is_also_an_abbreviation(lexicon: Lexicon) -> None:
    """Each way to another word is written once, so that none is weighed twice."""
    assert set(lexicon.synonyms) & set(lexicon.abbreviations) == set()


def asked(index: Index, entries: tuple[Entry, ...], question: str) -> str:
    """Return the id of the entry that is found first today."""
    return entries[index.search(question, limit=1, as_of=TODAY).hits[0].id - 1].id


@pytest.mark.parametrize(
    ("question", "ident"),
    [
        ("组生会一年要开多少回", "meeting-life-cycle"),
        ("民评按什么程序走", "meeting-appraisal-steps"),
        ("党员活动日多久一次", "meeting-theme-day-cycle"),
        ("支书要几年党龄", "term-secretary-seniority"),
        ("支部换班子能延后多久", "term-delay"),
        ("政审不合格怎么办", "join26-review"),
        ("民生会一年开几次", "committee-democratic-life"),
        ("中心组多久学一次", "training-center-group"),
        ("开除出党多少年后能重新入党", "discipline-expel-rejoin"),
        ("联系不上的党员多久停止党籍", "member-lost"),
        ("志愿书什么时候填", "join26-form"),
        ("党员補交黨費最多幾個月", "dues-arrears"),
    ],
)
def test_a_word_of_the_trade_finds_what_it_means(
    index: Index, entries: tuple[Entry, ...], question: str, ident: str
) -> None:
    assert asked(index, entries, question) == ident


def test_every_wording_is_answered_by_its_own_entry(entries: tuple[Entry, ...]) -> None:
    """Wordings that lead elsewhere mean that two entries say nearly the same: merge them."""
    wordings = [
        Question("", "", words, frozenset({entry.id}), TODAY)
        for entry in entries
        if entry.valid_on(TODAY)
        for words in (entry.question, *entry.asks)
    ]
    lost = [o.question.text for o in ask(wordings, entries) if o.result != "right"]
    assert len(lost) <= len(wordings) // 200, lost


@pytest.mark.parametrize("income", range(1_300, 26_000, 1_100))
def test_an_amount_that_no_entry_names_is_answered_for_all_incomes(
    index: Index, entries: tuple[Entry, ...], income: int
) -> None:
    """An example of another amount would be wrong with confidence."""
    found = asked(index, entries, f"税后工资{income}元每月交多少党费")
    assert found in {"dues-examples", "dues-rates"}
