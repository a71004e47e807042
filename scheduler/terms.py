"""When a unit's leading body was elected, and when its term ends."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Term
from db.types import insert_new
from scheduler.periods import add
from scheduler.rulebook.model import Span
from scheduler.workdays import Workdays


async def current(session: AsyncSession, unit_id: int) -> Term | None:
    """Return the newest term of a unit."""
    statement = select(Term).where(Term.unit_id == unit_id).order_by(Term.elected_on.desc())
    return (await session.scalars(statement.limit(1))).first()


async def enter(
    session: AsyncSession, *, unit_id: int, elected_on: date, by_id: int | None, now: datetime
) -> bool:
    """Note the day of an election; False if it is noted already."""
    values = {
        "unit_id": unit_id,
        "elected_on": elected_on,
        "paper": "",
        "entered_by": by_id,
        "entered_at": now,
    }
    return bool(await insert_new(session, Term, values))


async def extend_of(session: AsyncSession, unit_id: int, to: date, paper: str) -> None:
    """Note the later end of a unit's term that the organisation above has allowed, on its paper."""
    term = await current(session, unit_id)
    if term is not None:
        term.extended_to, term.paper = to, paper
        await session.flush()


def ends_on(term: Term, years: int, workdays: Workdays) -> date:
    """Return the last day of a term of so many years, or the later day that was allowed."""
    return term.extended_to or add(term.elected_on, Span(years=years), workdays)
