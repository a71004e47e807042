"""Three duties that let a demo show a reminder, an overdue alert and an escalation at once.

They are written by hand ("+" periods, which planning leaves alone) in three branches: one is due
in some days, one has just passed its limit, and one long enough ago for the level above.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Duty, Unit, UnitKind
from db.types import insert_new
from scheduler.duties import record
from scheduler.periods import due_at
from scheduler.rulebook.model import AnchorKind, Audience, Owner, Rule, RuleBook

PERIOD = "+rehearsal"


async def rehearse(session: AsyncSession, book: RuleBook, *, now: datetime, zone: ZoneInfo) -> int:
    """Write the duties that are not there yet; return how many were new."""
    rule = _rule(book)
    if rule is None:
        return 0
    statement = select(Unit).where(Unit.kind == UnitKind.BRANCH.value).order_by(Unit.id).limit(3)
    branches = list(await session.scalars(statement))
    today, new = now.astimezone(zone).date(), 0
    for unit, offset in zip(branches, _offsets(rule).values(), strict=False):
        new += await _owe(session, rule, unit, today - timedelta(days=offset), now=now, zone=zone)
    return new


async def _owe(
    session: AsyncSession, rule: Rule, unit: Unit, due_on: date, *, now: datetime, zone: ZoneInfo
) -> int:
    values = {
        "rule": rule.id,
        "edition": rule.version,
        "owner": f"unit:{unit.id}",
        "period": PERIOD,
        "unit_id": unit.id,
        "title": rule.title,
        "label": f"{due_on.year}年{due_on.month}月，演示",
        "starts_on": due_on.replace(day=1),
        "due_on": due_on,
        "due_at": due_at(due_on, zone),
        "next_at": now,
        "created_at": now,
    }
    if not await insert_new(session, Duty, values):
        return 0
    written = select(Duty.id).where(
        Duty.rule == rule.id, Duty.owner == values["owner"], Duty.period == PERIOD
    )
    duty_id = await session.scalar(written)
    assert duty_id is not None  # it was written just now
    record(session, duty_id, "planned", now=now)
    return 1


def _rule(book: RuleBook) -> Rule | None:
    """Return a branch's recurring duty whose ladder goes up the line."""
    for rule in book.standing():
        recurring = rule.anchor.kind is AnchorKind.PERIOD and not rule.own
        if recurring and rule.owner is Owner.BRANCH and rule.remind and _above(rule):
            return rule
    return None


def _above(rule: Rule) -> int | None:
    """Return after how many days the level above is told."""
    audiences = (Audience.SUPERIOR_ORGANISATION, Audience.SUPERIOR_SECRETARY)
    return next((rung.after for rung in rule.ladder if rung.to in audiences), None)


def _offsets(rule: Rule) -> Mapping[str, int]:
    """Return how many days past the limit each branch is; the morning of that day has passed.

    A day more than the step asks, and for a week-end, so that the step has come whatever the
    hour and day on which the demo begins.
    """
    owner = next((r.after for r in rule.ladder if r.to is Audience.OWNER), 1)
    return {"reminder": 1 - rule.remind[0], "overdue": owner + 1, "above": (_above(rule) or 1) + 1}
