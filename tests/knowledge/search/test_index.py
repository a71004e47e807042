"""What a question finds, on which day, and after which change."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.search.index import FILE, Index
from knowledge.search.lexicon import Lexicon
from knowledge.search.passages import Passage
from tests.knowledge.search.conftest import LIBRARY, TODAY, first

QUESTIONS = ("支委会多久开一次", "党费怎么交", "介绍人要几名", "换届提前多久", "正式党员 党龄")


def results(index: Index) -> list[object]:
    return [index.search(question, as_of=TODAY) for question in QUESTIONS]


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("支部委员会会议多长时间开一次", 1),
        ("組織生活會多久開一次", 3),
        ("组生会多久一次", 3),
        ("你好，请问一下党费要怎么交呢，谢谢", 4),
        ("党废怎么交", 4),
        ("党非怎么交", 4),
        ("换界选举提前多久请示", 6),
        ("发展党员工作细则第13条", 8),
        ("发展党员工作细则第三十条", 7),
        ("换届；提前；请示", 6),
        ("流动党员 组织生活", 9),
    ],
)
def test_people_type_fast_and_still_find_it(index: Index, question: str, passage: int) -> None:
    assert first(index, question) == passage


def test_a_slip_is_corrected_against_the_library(index: Index) -> None:
    assert index.search("党非怎么交", as_of=TODAY).question == "党费怎么交"


def test_what_is_written_right_is_not_corrected(index: Index) -> None:
    for passage in LIBRARY:
        question = index.lexicon.normalise(passage.title)
        assert index.search(passage.title, as_of=TODAY).question == question


def test_a_foreign_question_is_declined(index: Index) -> None:
    for question in ("红烧肉怎么做才不腻", "手机充电很慢是什么原因", "今天会不会下雨"):
        assert index.search(question, as_of=TODAY).verdict == "decline"


def test_a_question_as_it_stands_in_the_library_is_answered(index: Index) -> None:
    for passage in LIBRARY[:6]:
        ranking = index.search(passage.title, as_of=TODAY)
        assert (ranking.verdict, ranking.hits[0].id) == ("answer", passage.id)


def test_confidence_stays_between_nothing_and_certain(index: Index) -> None:
    for question in (*QUESTIONS, "党", "", "红烧肉"):
        ranking = index.search(question, as_of=TODAY)
        assert 0 <= ranking.score <= 1
        assert all(0 <= hit.confidence <= ranking.score for hit in ranking.hits)


def test_a_passage_holds_from_its_first_day_to_the_day_before_its_end(lexicon: Lexicon) -> None:
    old = replace(LIBRARY[3], id=1, valid_to=date(2026, 1, 1))
    new = replace(LIBRARY[3], id=2, valid_from=date(2026, 1, 1))
    index = Index.build((old, new), lexicon)

    def found(day: date) -> list[int]:
        return [hit.id for hit in index.search("党费怎么交", as_of=day).hits]

    assert found(date(2025, 12, 31)) == [1]
    assert found(date(2026, 1, 1)) == [2]
    assert found(date.max) == [2]


def test_an_internal_passage_is_for_bound_persons(index: Index) -> None:
    index.put([Passage(50, "书记办公会议纪要在哪里", "在保密柜。", internal=True)])

    assert first(index, "书记办公会议纪要在哪里") != 50
    assert first(index, "书记办公会议纪要在哪里", internal=True) == 50


def test_another_wording_of_the_title_is_found(index: Index) -> None:
    index.put(
        [Passage(50, "党组织关系怎么转接", "由支部开介绍信。", aliases=("调动工作以后找谁报到",))]
    )

    assert first(index, "调动工作后要找谁报到") == 50


def test_a_put_passage_is_found_and_replaced_and_removed(index: Index) -> None:
    index.put([Passage(50, "党徽怎么佩戴", "佩戴在左胸。")])
    assert first(index, "党徽怎么佩戴") == 50

    index.put([Passage(50, "党旗怎么悬挂", "挂在会场正面。")])
    assert first(index, "党旗怎么悬挂") == 50
    assert first(index, "党徽佩戴") != 50

    index.remove([50, 999])
    assert first(index, "党旗悬挂") != 50
    assert len(index) == len(LIBRARY)


def test_a_passage_of_the_main_arrays_is_replaced_too(index: Index) -> None:
    index.put([Passage(4, "党费怎么交", "请看公告。"), Passage(51, "党徽怎么佩戴", "佩戴在左胸。")])

    hits = index.search("党费怎么交", as_of=TODAY).hits

    assert [hit.id for hit in hits].count(4) == 1
    assert index.ids == {passage.id for passage in LIBRARY} | {51}


def test_merging_changes_no_result(index: Index) -> None:
    """Mean lengths stay those of the build, so the scores are the same to the last bit."""
    index.put([Passage(50, "党徽怎么佩戴", "佩戴在左胸。"), Passage(51, "党旗怎么挂", "挂正面。")])
    before = results(index)

    index.merge()

    assert results(index) == before


def test_a_delta_ranks_like_a_new_build(lexicon: Lexicon) -> None:
    rebuilt = Index.build(LIBRARY, lexicon)
    grown = Index.build(LIBRARY[:6], lexicon)
    grown.put(LIBRARY[6:8])
    grown.put(LIBRARY[8:])

    for question in QUESTIONS:
        ours, theirs = grown.search(question, as_of=TODAY), rebuilt.search(question, as_of=TODAY)
        assert ours.hits[0].id == theirs.hits[0].id
        # Only the mean lengths differ: those of the first build stay.
        assert ours.hits[0].score == pytest.approx(theirs.hits[0].score, rel=0.15)


def test_a_library_that_begins_empty_can_grow(lexicon: Lexicon) -> None:
    index = Index.build((), lexicon)
    assert index.search("党费怎么交", as_of=TODAY).verdict == "decline"

    index.put(LIBRARY)

    assert results(index) == results(Index.build(LIBRARY, lexicon))


def test_a_large_library_finds_what_a_small_one_finds(lexicon: Lexicon) -> None:
    """Beyond 2,048 passages frequent terms move from posting lists to the forward index."""
    noise = [
        Passage(n, f"第{n}号材料怎么归档", f"党支部每月整理第{n}号材料，党员大会通报。")
        for n in range(100, 3_000)
    ]
    index = Index.build((*LIBRARY, *noise), lexicon)

    assert [first(index, question) for question in QUESTIONS] == [1, 4, 8, 6, 7]


def test_frequent_words_alone_find_something(lexicon: Lexicon) -> None:
    """Words that stand everywhere have no posting lists; their champions are looked at."""
    texts = [Passage(n, "", "党员大会通报情况" + "甲乙丙丁"[n % 4]) for n in range(1, 3_001)]
    index = Index.build((*texts, Passage(5_000, "", "党员大会")), lexicon)

    assert first(index, "党员大会") == 5_000


def test_equal_passages_come_in_the_order_they_were_given(lexicon: Lexicon) -> None:
    same = [Passage(n, "党费怎么交", "按月交。") for n in (5, 3, 9)]

    hits = Index.build(same, lexicon).search("党费怎么交", as_of=TODAY).hits

    assert [hit.id for hit in hits] == [5, 3, 9]


def test_searching_is_deterministic(lexicon: Lexicon) -> None:
    assert results(Index.build(LIBRARY, lexicon)) == results(Index.build(LIBRARY, lexicon))


@given(st.text(max_size=200) | st.text(alphabet="%_\\'\"\0\ud800党费的，*()[]", max_size=30))
@settings(max_examples=200)
def test_any_text_can_be_asked(plain_index: Index, question: str) -> None:
    ranking = plain_index.search(question, as_of=TODAY)

    assert ranking.verdict in ("answer", "suggest", "decline")


@pytest.fixture(scope="module")
def plain_index(plain: Lexicon) -> Index:
    return Index.build(LIBRARY, plain)


def test_a_very_long_question_is_read_up_to_a_point(index: Index) -> None:
    long = "党费怎么交" + "，我真的很想知道" * 2_000

    assert len(index.search(long, as_of=TODAY).question) <= 300
    assert first(index, long) == 4


def test_a_passage_of_odd_texts_can_be_put(index: Index) -> None:
    index.put(
        [Passage(60, "\0\ud800", ""), Passage(61, "", "%_\\'"), Passage(62, "党徽", "🙂" * 50)]
    )

    assert first(index, "党徽") == 62


def test_a_search_beside_changes_sees_one_state(index: Index) -> None:
    """Every change replaces the state as a whole; a reader never meets half of one."""
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            hits = index.search("党徽怎么佩戴", as_of=TODAY).hits
            if [hit.id for hit in hits].count(70) > 1:
                wrong.append(hits)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(60):
        index.put([Passage(70, "党徽怎么佩戴", f"佩戴在左胸第{number}处。")])
        if number % 20 == 19:
            index.merge()
    done.set()
    reader.join()

    assert wrong == []


def test_a_saved_index_gives_the_same_results(
    index: Index, lexicon: Lexicon, tmp_path: Path
) -> None:
    index.put([Passage(50, "党徽怎么佩戴", "佩戴在左胸。", valid_to=date(2030, 1, 1))])
    index.remove([2])
    index.save(tmp_path, revision=42)

    opened = Index.open(tmp_path, lexicon)

    assert results(opened) == results(index)
    assert (opened.revision, opened.ids) == (42, index.ids)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_an_opened_index_can_be_changed(index: Index, lexicon: Lexicon, tmp_path: Path) -> None:
    index.save(tmp_path, revision=1)
    opened = Index.open(tmp_path, lexicon)

    opened.put([Passage(50, "党徽怎么佩戴", "佩戴在左胸。")])
    opened.remove([4])
    opened.save(tmp_path, revision=2)

    again = Index.open(tmp_path, lexicon)
    assert first(again, "党徽怎么佩戴") == 50
    assert again.revision == 2
