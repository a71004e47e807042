"""Lets the open steps of a case follow its person to another unit; what is done stays there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.tables import Case, CaseState, Duty, DutyState, Person
from scheduler import notices
from scheduler.duties import record
from scheduler.steps import Calendar, owner_of


async def follow(database: Database, calendar: Calendar, *, sent_at: datetime) -> int:
    """Move what has to be moved; return how many steps. Without any it writes nothing."""
    async with database.read() as session:
        if (await session.execute(_moved().limit(1))).first() is None:
            return 0
    async with database.write() as session:
        found = await session.execute(_moved().order_by(Case.id).with_for_update(of=Case))
        return sum(
            [
                await _move(session, case, unit_id, calendar=calendar, sent_at=sent_at)
                for case, unit_id in found.all()
            ]
        )


def _moved() -> Select[Case, int]:
    return (
        select(Case, Person.unit_id)
        .join(Person, Person.id == Case.person_id)
        .where(Case.state == CaseState.OPEN.value, Case.unit_id != Person.unit_id)
    )


async def _move(
    session: AsyncSession, case: Case, unit_id: int, *, calendar: Calendar, sent_at: datetime
) -> int:
    case.unit_id = unit_id
    steps = select(Duty).where(Duty.case_id == case.id, Duty.state == DutyState.OPEN.value)
    moved = 0
    for duty in (await session.scalars(steps.order_by(Duty.id).with_for_update())).all():
        rule = calendar.book.edition(duty.rule, duty.edition)
        if rule is None:
            continue
        owner, unit, _ = await owner_of(session, case, rule)
        if (owner, unit) == (duty.owner, duty.unit_id):
            continue
        old, duty.owner, duty.unit_id = duty.unit_id, owner, unit
        # The next round of the sweep tells whoever stands above it now.
        duty.next_at = calendar.now if duty.due_on else None
        record(session, duty.id, "moved", now=calendar.now, unit_id=[str(old), str(unit)])
        await session.flush()
        await notices.take_back(session, duty.id, now=sent_at)
        moved += 1
    return moved
