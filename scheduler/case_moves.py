"""Lets the open steps of a case follow its person to another unit; what is done stays there.

A case whose person has left follows nobody: whoever answers for its branch is told once, and
stops it, or enters the person where they are now.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.accounts import present
from db.engine import Database
from db.names import mask_name
from db.tables import Case, CaseState, Duty, DutyState, Outbox, Person, Unit
from scheduler import answering, notices
from scheduler.duties import record
from scheduler.messages import Button, Message
from scheduler.steps import Calendar, owner_of

STAYS = "人员已离开，停止办理"


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


async def tell_of_leavers(database: Database, calendar: Calendar, *, sent_at: datetime) -> int:
    """Tell of the open cases whose person has left; return of how many. Each is told once."""
    async with database.read() as session:
        if not await _untold(session, calendar.today):
            return 0
    async with database.write() as session:
        told = 0
        for case, person in await _untold(session, calendar.today):
            message, key = await _left(session, case, person), _left_key(case, person)
            told += await answering.tell(
                session, case.unit_id, message, key=key, today=calendar.today, now=sent_at
            )
        return told


async def _untold(session: AsyncSession, today: date) -> list[tuple[Case, Person]]:
    statement = (
        select(Case, Person)
        .join(Person, Person.id == Case.person_id)
        .where(Case.state == CaseState.OPEN.value, ~present(today))
        .order_by(Case.id)
    )
    found = [(case, person) for case, person in await session.execute(statement)]
    keys = [_left_key(case, person) for case, person in found]
    known = set(await session.scalars(select(Outbox.dedup_key).where(Outbox.dedup_key.in_(keys))))
    return [pair for pair, key in zip(found, keys, strict=True) if key not in known]


def _left_key(case: Case, person: Person) -> str:
    return f"case-left:{case.id}:{person.left_on}"


async def _left(session: AsyncSession, case: Case, person: Person) -> Message:
    """Say what has happened, and under it how the case is ended."""
    step = await _step_of(session, case)
    text = (
        f"{mask_name(person.name)}已于 {person.left_on} 办理离开，"
        f"“{case.kind}”还在办理中（{step.id} 号任务“{step.title}”）。"
        "不再办理的，请停办；转到本组织体系内其他支部的，请在那里的名册登记，事项随人转去；"
        "转到外单位的，请移交材料后停办。"
    )
    stop = Button("停办", f"/stopcase {step.id} {STAYS}")
    return Message(text, buttons=((stop, Button("看这一步", f"/task {step.id}")),))


async def _step_of(session: AsyncSession, case: Case) -> Duty:
    """Return the step that a case stands at: the first open one, else the last that was made."""
    steps = select(Duty).where(Duty.case_id == case.id)
    at = steps.where(Duty.state == DutyState.OPEN.value).order_by(Duty.id).limit(1)
    last = steps.order_by(Duty.id.desc()).limit(1)
    found = await session.scalar(at) or await session.scalar(last)
    assert found is not None  # a case is opened with its first step
    return found


async def _move(
    session: AsyncSession, case: Case, unit_id: int, *, calendar: Calendar, sent_at: datetime
) -> int:
    left, case.unit_id = case.unit_id, unit_id
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
    if moved:
        await _tell_of_move(session, case, left, calendar=calendar, sent_at=sent_at)
    return moved


async def _tell_of_move(
    session: AsyncSession, case: Case, left: int, *, calendar: Calendar, sent_at: datetime
) -> None:
    """Tell the branch that carried a case where it is now, and the other one what has come."""
    old, new = await session.get_one(Unit, left), await session.get_one(Unit, case.unit_id)
    step = await _step_of(session, case)
    about = f"“{case.kind}”（{mask_name(step.label)}，{step.id} 号任务“{step.title}”）"
    key = f"case-moved:{case.id}:{old.id}:{new.id}:{calendar.today}"
    gone = Message(f"{about}随人员从{old.name}转到了{new.name}，由那里接着办。")
    come = Message(
        f"{about}随人员从{old.name}转来，由{new.name}接着办。",
        buttons=((Button("看这一步", f"/task {step.id}"),),),
    )
    for unit, message in ((old, gone), (new, come)):
        await answering.tell(
            session, unit.id, message, key=f"{key}:{unit.id}", today=calendar.today, now=sent_at
        )
