"""The shipped questions: read with care, and brought into the store once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from db.engine import Database, Session
from db.tables import QuestionKind, QuizImport, QuizQuestion
from knowledge.quiz import lint, seeding, shipped
from knowledge.quiz.seeding import Counts
from knowledge.quiz.shipped import QuestionError
from tests.knowledge.quiz.make import NOW

FIRST = """
[[question]]
key = "dues-when"
kind = "single"
stem = "党费从哪一天起交纳？"
options = ["转正之日", "支部大会通过之日"]
answer = "B"
explanation = "自支部大会通过之日起。"
regulation = "《党费规定》"
article = "第八条"
version = "2008"
difficulty = 1
"""
SECOND = """
[[question]]
key = "dues-how"
kind = "judge"
stem = "党费一般按月交纳。"
options = ["对", "错"]
answer = "A"
difficulty = 2
valid_from = 2008-02-04
"""
FILES = {"dues.toml": f'topic = "党费"\n{FIRST}{SECOND}'}


def test_a_file_is_read() -> None:
    first, second = shipped.read(FILES)
    assert (first.key, first.kind, first.topic) == ("dues-when", QuestionKind.SINGLE, "党费")
    assert (first.answers, first.article) == (("支部大会通过之日",), "第八条")
    assert (second.answer, second.valid_from) == ("对", date(2008, 2, 4))
    assert second.place == "dues.toml: dues-how"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('topic = "党费"', "", "must hold a topic"),
        ('topic = "党费"', 'topic = "党费"\nmore = 1', "must hold a topic"),
        ('answer = "B"', "", "dues-when: answer is missing"),
        ('answer = "B"', 'answer = "C"', "dues-when: answer C is no option"),
        ('answer = "B"', 'answer = ""', "dues-when: answer is empty"),
        ('answer = "B"', 'answer = "对"', "dues-when: answer must be letters"),
        ('kind = "single"', 'kind = "essay"', "dues-when: kind must be one of"),
        ('key = "dues-how"', 'key = "Dues"', "Dues: key is not of lower-case"),
        ('key = "dues-how"', 'key = "dues-when"', "dues-when: the key is already in"),
        ('options = ["对", "错"]', 'options = ["是", "否"]', "dues-how: the options of a judge"),
        ("difficulty = 2", "difficulty = 4", "dues-how: difficulty must be one of"),
        ("difficulty = 2", 'difficulty = "2"', "dues-how: difficulty must be int"),
        ("difficulty = 2", "difficulty = true", "dues-how: difficulty must be int"),
        ("difficulty = 2", "difficulty = 2\nhint = 1", "dues-how: hint is not a field"),
        ('"转正之日"', '"转正之日 "', "dues-when: options is empty, or has spaces"),
        ('"转正之日"', "{}", "dues-when: options is empty, or has spaces"),
        ("valid_from = 2008-02-04", "valid_from = 2008-02-04\nvalid_to = 2008-02-04", "valid_to"),
        ("[[question]]", "[[question", "dues.toml: "),
    ],
)
def test_a_fault_is_told_with_file_and_question(old: str, new: str, complaint: str) -> None:
    with pytest.raises(QuestionError, match=r"dues\.toml") as caught:
        shipped.read({"dues.toml": FILES["dues.toml"].replace(old, new, 1)})
    assert complaint in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(QuestionError, match=r"x\.toml"):
        shipped.read({"x.toml": f"{text}\n[[question]]"})


async def rows(session: Session) -> dict[str, QuizQuestion]:
    return {row.key: row for row in await session.scalars(select(QuizQuestion))}


async def test_seeding_again_changes_only_what_is_worded_differently(database: Database) -> None:
    async with database.write() as session:
        assert await seeding.seed(session, now=NOW, texts=FILES) == Counts(added=2)
    async with database.write() as session:
        before = {key: row.id for key, row in (await rows(session)).items()}
        assert await seeding.seed(session, now=NOW, texts=FILES) == Counts()
        assert len((await session.scalars(select(QuizImport))).all()) == 1
        other = {"dues.toml": FILES["dues.toml"].replace("难", "").replace("转正之日", "谈话之日")}
        assert await seeding.seed(session, now=NOW, texts=other) == Counts(changed=1)
    async with database.read() as session:
        after = await rows(session)
        assert {key: row.id for key, row in after.items()} == before
        assert after["dues-when"].options == ["谈话之日", "支部大会通过之日"]


async def test_a_question_that_is_brought_no_more_is_retired_and_may_come_back(
    database: Database,
) -> None:
    less = {"dues.toml": f'topic = "党费"\n{FIRST}'}
    async with database.write() as session:
        await seeding.seed(session, now=NOW, texts=FILES)
        assert await seeding.seed(session, now=NOW, texts=less) == Counts(dropped=1)
        session.expire_all()
        assert (await rows(session))["dues-how"].retired_at == NOW
        assert await seeding.seed(session, now=NOW, texts=FILES) == Counts(changed=1)
        session.expire_all()
        assert (await rows(session))["dues-how"].retired_at is None


async def test_what_a_person_retired_stays_so(database: Database) -> None:
    later = NOW + timedelta(days=1)
    async with database.write() as session:
        await seeding.seed(session, now=NOW, texts=FILES)
        (await rows(session))["dues-how"].retired_at = NOW
        await session.flush()
        other = {"dues.toml": FILES["dues.toml"].replace("一般按月", "应当按月")}
        await seeding.seed(session, now=later, texts=other)
        session.expire_all()
        row = (await rows(session))["dues-how"]
        assert (row.stem, row.retired_at) == ("党费应当按月交纳。", NOW)


async def test_imported_questions_are_left_alone(database: Database) -> None:
    async with database.write() as session:
        (first, _) = shipped.read(FILES)
        session.add(QuizQuestion(key="all:1", created_at=NOW, **first.values))
        await seeding.seed(session, now=NOW, texts={})
        session.expire_all()
        assert (await rows(session))["all:1"].retired_at is None


def test_the_check_finds_nothing_in_the_shipped_bank() -> None:
    questions = shipped.load_questions()
    assert len(questions) >= 300
    assert [str(finding) for finding in lint.check(questions)] == []
    assert all(question.explanation for question in questions)
