"""What is written in each layout is read back the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.documents import DocumentError
from knowledge.quiz.layouts import read
from knowledge.quiz.model import Question
from tests.knowledge.quiz.make import JUDGE, MULTIPLE, SINGLE
from tests.knowledge.quiz.test_tables import banks, essence
from tests.knowledge.quiz.writers import HEAD, book, docx, dump, paper, rows


@settings(max_examples=40)
@given(banks())
def test_a_paper(bank: list[Question]) -> None:
    assert essence(read("题.txt", paper(bank).encode()).questions) == essence(bank)


@settings(max_examples=40)
@given(banks())
def test_json(bank: list[Question]) -> None:
    assert essence(read("题.json", dump(bank).encode()).questions) == essence(bank)


@settings(max_examples=5)
@given(banks())
def test_a_workbook_and_a_document(bank: list[Question]) -> None:
    assert essence(read("题.xlsx", book([HEAD, *rows(bank)])).questions) == essence(bank)
    assert essence(read("题.docx", docx(paper(bank))).questions) == essence(bank)


@pytest.mark.parametrize(
    "data",
    [
        [{"题干": "问？", "选项": {"A": "甲", "B": "乙"}, "答案": "B"}],
        [{"title": "问？", "options": ["A. 甲", "B. 乙"], "answer": "B"}],
        [{"stem": "问？", "A": "甲", "B": "乙", "answer": "B"}],
        {"data": {"list": [{"question": "问？", "choices": ["甲", "乙"], "correct": "乙"}]}},
        {"单选题": [{"question": "问？", "options": "A.甲\nB.乙", "answer": ["B"]}]},
        [{"question": "问？", "options": [{"key": "A", "text": "甲"}, {"key": "B", "text": "乙"}],
          "answer": "B"}],
        [{"question": "问？", "options": [{"content": "甲"}, {"content": "乙", "isRight": True}]}],
        [{"question": "问？", "options": ["甲", "乙"], "answer": 1},
         {"question": "其他？", "options": ["甲", "乙"], "answer": 0}],
        [{"question": "问？", "options": ["甲", "乙"], "answer": 2}],
    ],
)  # fmt: skip
def test_json_under_many_names(data: object) -> None:
    reading = read("题.json", json.dumps(data, ensure_ascii=False).encode())
    assert reading.faults == ()
    question = reading.questions[0]
    assert (question.stem, question.options, question.answer) == ("问？", ("甲", "乙"), "B")


def test_the_kind_of_a_json_list_is_its_name() -> None:
    data = {
        "判断题": [{"question": "党费按月交纳。", "answer": True}],
        "党费": [{"question": "问？", "options": ["甲", "乙"], "answer": "A"}],
    }
    first, second = read("题.json", json.dumps(data).encode()).questions
    assert (first.kind.value, first.answer, second.topic) == ("judge", "对", "党费")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[{"question": "问？", "options": ["甲", "乙"], "answer": 1}]', "从 0 还是从 1"),
        ('[{"question": "问？", "options": ["甲", "乙"]}]', "没有找到答案"),
        ('[{"question": "问？", "options": [["甲"], {}], "answer": "A"}]', "."),
        ('[{"question": "问？", "options": 7, "answer": "A"}]', "选项看不懂"),
        ('[{"question": "问？", "options": ["甲", "乙"], "answer": {"a": 1}}]', "看不懂"),
    ],
)
def test_what_is_not_sure_is_told(text: str, reason: str) -> None:
    reading = read("题.json", text.encode())
    assert reading.questions == ()
    [fault] = reading.faults
    assert fault.place == "第 1 题"
    assert reason == "." or reason in fault.reason


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", "null", "1", '"x"', "[" * 100_000, '{"a": [1, 2]}', "[NaN]", "1" * 9000],
)
def test_a_file_without_questions_is_refused(text: str) -> None:
    with pytest.raises(DocumentError):
        read("题.json", text.encode())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["question", "options", "answer", "A", "B", "key", "text", "x"]),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_read_or_refused(data: object) -> None:
    try:
        reading = read("题.json", json.dumps(data).encode())
    except DocumentError:
        return
    assert reading.questions or reading.faults


def test_every_field_survives_a_paper() -> None:
    read_back = read("题.txt", paper([SINGLE, MULTIPLE, JUDGE]).encode()).questions
    assert [q.regulation for q in read_back] == [SINGLE.regulation] * 3
    assert [q.identity for q in read_back] == [q.identity for q in (SINGLE, MULTIPLE, JUDGE)]
