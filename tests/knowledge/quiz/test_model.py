"""What makes two questions the same, and what is a change of one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from db.engine import Database
from db.tables import QuizQuestion
from knowledge.quiz.model import Question, of_row
from tests.knowledge.quiz.make import JUDGE, MULTIPLE, SINGLE, store


def test_the_answer_is_written_as_people_write_it() -> None:
    assert [q.answer for q in (SINGLE, MULTIPLE, JUDGE)] == ["B", "ABD", "对"]
    assert MULTIPLE.answers == ("支部党员大会", "支部委员会会议", "党课")


def test_spaces_signs_width_and_the_order_of_options_do_not_make_another_question() -> None:
    turned = replace(SINGLE, options=SINGLE.options[::-1], correct=(2,))
    spaced = replace(SINGLE, stem=f" {SINGLE.stem[:-1]} ?")
    assert turned.identity == spaced.identity == SINGLE.identity
    assert replace(SINGLE, stem=SINGLE.stem + "是").identity != SINGLE.identity
    assert replace(SINGLE, options=SINGLE.options[:3]).identity != SINGLE.identity


def test_another_answer_is_another_content_of_the_same_question() -> None:
    other = replace(SINGLE, correct=(2,))
    assert other.identity == SINGLE.identity
    assert other.digest != SINGLE.digest
    assert replace(SINGLE, place="第 9 行", key="other").digest == SINGLE.digest


def test_json_is_read_back() -> None:
    question = replace(MULTIPLE, valid_from=date(2026, 5, 18), place="第 2 行")
    assert Question.from_json(question.to_json()) == question


async def test_the_store_keeps_every_field(database: Database) -> None:
    question = replace(MULTIPLE, valid_from=date(2014, 5, 28), valid_to=date(2026, 5, 18))
    async with database.write() as session:
        [id_] = await store(session, question)
    async with database.read() as session:
        row = await session.get_one(QuizQuestion, id_)
        assert of_row(row) == question
        assert row.digest == question.digest
