"""The day on which a reminder that is put off really comes: people are told on workdays."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Duty
from scheduler import quiet
from scheduler.workdays import Workdays


async def day(
    session: AsyncSession, duty: Duty, wanted: date, *, today: date, zone: ZoneInfo
) -> date | None:
    """Return the wanted day, or the workday after it, or the last one in time; None if past.

    A reminder that moved past the limit with the days off would come as an alert.
    """
    hours = (await quiet.of_units(session, zone=zone))[duty.unit_id]
    if hours.quiet.rest_days:
        return wanted
    workdays = await Workdays.load(session)
    told = workdays.on_or_after(wanted)
    if duty.due_on is not None and told > duty.due_on:
        told = workdays.on_or_before(duty.due_on)
    return told if told > today else None
