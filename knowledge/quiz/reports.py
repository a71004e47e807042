"""Reports that a question is wrong, in the hands of whoever keeps the question."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import accounts, organisation
from db.access import Scope
from db.tables import Person, QuestionReport, QuizQuestion, Title, Unit
from db.types import insert_new
from knowledge.quiz.keeping import Kept

OF_UNIT = (Title.ORGANISATION, Title.PUBLICITY, Title.SECRETARY, Title.DEPUTY_SECRETARY)
OF_ALL = (Title.EDITOR, Title.ADMINISTRATOR)


async def keeper(
    session: AsyncSession, kept: Kept, *, reporter_id: int, unit_id: int, today: date
) -> Person | None:
    """Return who answers for a question: its importer while in post, else a post of its unit.

    Shipped questions are kept by the editors and administrators above the reporter's unit.
    Passed over are the reporter, and whoever no message can reach.
    """
    async for person in _candidates(session, kept, unit_id=unit_id, today=today):
        if person.id != reporter_id and await accounts.addresses(session, person.id):
            return person
    return None


async def file(
    session: AsyncSession,
    *,
    question_id: int,
    reporter_id: int,
    keeper_id: int,
    text: str,
    now: datetime,
) -> bool:
    """Note a report; False while one of the same person about the same question is open."""
    values = {
        "question_id": question_id,
        "reporter_id": reporter_id,
        "keeper_id": keeper_id,
        "text": text,
        "at": now,
    }
    return await insert_new(session, QuestionReport, values) == 1


async def filed_since(session: AsyncSession, *, reporter_id: int, since: datetime) -> int:
    """Return how many reports a person has filed; a second one at the same time waits."""
    await session.scalar(select(Person.id).where(Person.id == reporter_id).with_for_update())
    statement = select(func.count()).where(
        QuestionReport.reporter_id == reporter_id, QuestionReport.at >= since
    )
    return await session.scalar(statement) or 0


async def open_one(
    session: AsyncSession, *, question_id: int, reporter_id: int
) -> QuestionReport | None:
    """Return the open report of a person about a question."""
    statement = select(QuestionReport).where(
        QuestionReport.question_id == question_id,
        QuestionReport.reporter_id == reporter_id,
        QuestionReport.answered_at.is_(None),
    )
    return (await session.scalars(statement)).one_or_none()


async def find(
    session: AsyncSession, report_id: int, *, keeper_id: int, within: Scope
) -> QuestionReport | None:
    """Return a report to somebody who was asked, or keeps the question."""
    statement = (
        select(QuestionReport)
        .join(QuizQuestion, QuizQuestion.id == QuestionReport.question_id)
        .outerjoin(Unit, Unit.id == QuizQuestion.unit_id)
        .where(QuestionReport.id == report_id, _for(keeper_id, within))
    )
    return (await session.scalars(statement)).one_or_none()


async def waiting(
    session: AsyncSession, *, keeper_id: int, within: Scope, limit: int = 10
) -> list[QuestionReport]:
    """Return what waits for somebody's answer, the oldest first."""
    statement = (
        select(QuestionReport)
        .join(QuizQuestion, QuizQuestion.id == QuestionReport.question_id)
        .outerjoin(Unit, Unit.id == QuizQuestion.unit_id)
        .where(QuestionReport.answered_at.is_(None), _for(keeper_id, within))
        .order_by(QuestionReport.id)
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def is_stranded(session: AsyncSession, row: QuestionReport, kept: Kept, today: date) -> bool:
    """Tell whether a report waits with somebody who may not answer it any more."""
    person = await accounts.person_today(session, row.keeper_id, today=today)
    if person is None or not await accounts.addresses(session, person.id):
        return True
    return not kept.kept_by(await accounts.as_actor(session, person, today=today))


async def answer(
    session: AsyncSession, report_id: int, text: str, *, by: int, now: datetime
) -> bool:
    """Keep the answer; False if somebody has answered already."""
    done = await session.execute(
        update(QuestionReport)
        .where(QuestionReport.id == report_id, QuestionReport.answered_at.is_(None))
        .values(answer=text, answered_by=by, answered_at=now)
        .returning(QuestionReport.id)
    )
    return done.first() is not None


async def _candidates(
    session: AsyncSession, kept: Kept, *, unit_id: int, today: date
) -> AsyncIterator[Person]:
    importer = kept.question.imported_by
    if importer is not None:
        person = await accounts.person_today(session, importer, today=today)
        if person and kept.kept_by(await accounts.as_actor(session, person, today=today)):
            yield person
    start, titles = (kept.unit.id, OF_UNIT) if kept.unit else (unit_id, OF_ALL)
    for unit in await organisation.line_up(session, start):
        for title in titles:
            for person in await organisation.holders(
                session, unit_id=unit.id, title=title, today=today
            ):
                yield person


def _for(keeper_id: int, within: Scope) -> ColumnElement[bool]:
    """Return the condition for what a person was asked, or keeps by a scope of KEEP_QUESTIONS."""
    shipped = [QuizQuestion.unit_id.is_(None)] if within.prefixes else []
    return or_(QuestionReport.keeper_id == keeper_id, within.units(), *shipped)
