"""Three duties that let a demo show a reminder, an overdue alert and an escalation at once.

They are written by hand ("+" periods, which planning leaves alone) in three branches: one is due
in some days, one has just passed its limit, and one long enough ago for the level above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import (
    CheckIn,
    Duty,
    Material,
    MaterialKind,
    Person,
    Post,
    Title,
    Unit,
    UnitKind,
)
from db.types import insert_new
from knowledge.study import check_ins, materials
from scheduler import study_duties
from scheduler.duties import record
from scheduler.periods import due_at
from scheduler.rulebook.model import AnchorKind, Audience, Owner, Rule, RuleBook

PERIOD = "+rehearsal"
# Longer than the first reminder before a limit, so that it waits in the list quietly.
MATERIAL_TIME = timedelta(days=14)
MATERIAL = materials.Draft(
    MaterialKind.TEXT.value,
    "党员教育管理工作条例导读（演示）",
    text="请通读条例，想一想本支部的集中学习培训怎样达到每年一般不少于 32 学时（第二十条）。",
    minutes=45,
)
STUDIED = ("党章", "党员教育管理工作条例", "支部工作条例")


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


async def study(session: AsyncSession, book: RuleBook, *, now: datetime, zone: ZoneInfo) -> int:
    """Let a secretary have published a material, and some of the branch have studied.

    Returns how many check-ins were new.
    """
    today = now.astimezone(zone).date()
    statement = (
        select(Post)
        .join(Unit, Unit.id == Post.unit_id)
        .where(Unit.kind == UnitKind.BRANCH.value, Post.title == Title.SECRETARY.value)
        .order_by(Unit.id)
        .limit(1)
    )
    post = (await session.scalars(statement)).one_or_none()
    if post is None:
        return 0
    if await session.scalar(select(Material.id).limit(1)) is None:
        material = await materials.publish(
            session,
            replace(MATERIAL, due_on=today + MATERIAL_TIME),
            unit_id=post.unit_id,
            to=[post.unit_id],
            by_id=post.person_id,
            now=now,
        )
        times = study_duties.Times(today, now, now, zone)
        await study_duties.owe(session, material, book, times)
    people = await session.scalars(
        select(Person.id).where(Person.unit_id == post.unit_id).order_by(Person.id).limit(6)
    )
    if await session.scalar(select(CheckIn.id).limit(1)) is not None:
        return 0
    new = 0
    for place, person_id in enumerate(people.all()):
        for back in range(0, 60, 3 + place):
            made = await check_ins.add(
                session,
                key=f"rehearsal:{person_id}:{back}",
                person_id=person_id,
                on=today - timedelta(days=back),
                what=STUDIED[back % len(STUDIED)],
                minutes=30 + 15 * (place % 3),
                thought="",
                at=now,
            )
            new += made is not None
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
