"""Questions for the tests of the bank."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import QuestionKind, QuizQuestion
from knowledge.quiz.model import JUDGE_OPTIONS, Question

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
SINGLE = Question(
    key="dues-when",
    kind=QuestionKind.SINGLE,
    stem="党员交纳党费的起算日是哪一天？",
    options=("递交申请书之日", "支部大会通过其为预备党员之日", "转正之日", "党委谈话之日"),
    correct=(1,),
    explanation="自支部大会通过其为预备党员之日起交纳党费。",
    regulation="《关于中国共产党党费收缴、使用和管理的规定》",
    article="第八条",
    version="2008",
    topic="党费",
)
MULTIPLE = replace(
    SINGLE,
    key="meetings-three",
    kind=QuestionKind.MULTIPLE,
    stem="下列哪些属于“三会一课”？",
    options=("支部党员大会", "支部委员会会议", "民主生活会", "党课"),
    correct=(0, 1, 3),
    topic="组织生活",
)
JUDGE = replace(
    SINGLE,
    key="dues-monthly",
    kind=QuestionKind.JUDGE,
    stem="党费一般按月交纳。",
    options=JUDGE_OPTIONS,
    correct=(0,),
)


def question(number: int, topic: str = "党费", **more: Any) -> Question:
    """Return one of many different questions."""
    values = {"key": f"{topic}-{number}", "stem": f"{topic}的第{number}个问题是什么？", **more}
    return replace(SINGLE, topic=topic, **values)


async def store(
    session: AsyncSession, *questions: Question, unit_id: int | None = None, **more: Any
) -> list[int]:
    """Put questions into the store as they are and return their numbers."""
    rows = [
        QuizQuestion(key=q.key, unit_id=unit_id, created_at=NOW, **{**q.values, **more})
        for q in questions
    ]
    session.add_all(rows)
    await session.flush()
    return [row.id for row in rows]
