"""Which duties a person owes, oversees or may look at: every query narrowed by scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.access import BY_TITLE, Action, Actor, Scope
from db.tables import Duty, DutyEvent, DutyState, Evidence, Person, Title, Unit

# Who answers for a unit: what the unit owes stands in the list of each of them.
ANSWERING = frozenset(
    {Title.SECRETARY, Title.DEPUTY_SECRETARY, Title.ORGANISATION, Title.GROUP_LEADER}
)
# Not yet over: owed, or handed in and not yet accepted.
RUNNING = (DutyState.OPEN.value, DutyState.SUBMITTED.value)
MOST = 200


def owed_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for what the actor owes, personally or for a unit."""
    clauses: list[ColumnElement[bool]] = []
    if actor.person_id is not None:
        clauses.append(Duty.person_id == actor.person_id)
    units = {f"unit:{post.unit_id}" for post in actor.posts if post.title in ANSWERING}
    if units:
        clauses.append(Duty.owner.in_(units))
    return or_(*clauses) if clauses else false()


def covered(scope: Scope) -> ColumnElement[bool]:
    """Return the condition on a query over `Duty` joined with `Unit`."""
    own = Duty.person_id == scope.person_id if scope.person_id is not None else false()
    return or_(scope.units(), own)


async def owed(
    session: AsyncSession, actor: Actor, *, begun: date = date.max, limit: int = MOST
) -> list[Duty]:
    """Return what the actor owes and has not ended, the nearest limit first.

    What begins after the day `begun` is left out.
    """
    statement = select(Duty).where(owed_by(actor), Duty.state.in_(RUNNING), Duty.starts_on <= begun)
    return list(await session.scalars(_nearest(statement).limit(limit)))


async def find(session: AsyncSession, duty_id: int, within: Scope) -> Duty | None:
    """Return a duty of a scope, by id; one outside is not found."""
    statement = _within(within).where(Duty.id == duty_id)
    return (await session.scalars(statement)).one_or_none()


async def owners(session: AsyncSession, duties: Sequence[Duty]) -> dict[int, str]:
    """Return the names of the persons who owe some duties, by person; a unit's have none."""
    ids = {duty.person_id for duty in duties if duty.person_id is not None}
    if not ids:
        return {}
    people = await session.scalars(select(Person).where(Person.id.in_(ids)))
    return {person.id: person.name for person in people}


async def owes(session: AsyncSession, actor: Actor, duty_id: int) -> bool:
    """Tell whether the actor owes a duty, personally or for a unit."""
    statement = select(Duty.id).where(Duty.id == duty_id, owed_by(actor))
    return await session.scalar(statement) is not None


async def running(
    session: AsyncSession,
    within: Scope,
    *,
    begun: date,
    unit: Unit | None = None,
    limit: int = MOST,
) -> list[Duty]:
    """Return what has begun and not ended in a scope, or below one unit of it.

    The nearest limit is first; what begins after the day `begun` is left out.
    """
    statement = _below(_within(within), unit).where(
        Duty.state.in_(RUNNING), Duty.starts_on <= begun
    )
    return list(await session.scalars(_nearest(statement).limit(limit)))


async def overdue(
    session: AsyncSession,
    within: Scope,
    *,
    today: date,
    unit: Unit | None = None,
    limit: int = MOST,
) -> list[Duty]:
    """Return what is owed past its limit in a scope, the longest overdue first."""
    statement = _below(_within(within), unit).where(
        Duty.state == DutyState.OPEN.value, Duty.due_on < today
    )
    return list(await session.scalars(_nearest(statement).limit(limit)))


async def of_year(
    session: AsyncSession, within: Scope, *, unit: Unit, year: int, begun: date
) -> list[Duty]:
    """Return what falls due in a year in a unit and below and has begun, by rule and day.

    Withdrawn ones are among them.
    """
    statement = (
        _below(_within(within), unit)
        .where(Duty.due_on.between(date(year, 1, 1), date(year, 12, 31)), Duty.starts_on <= begun)
        .order_by(Duty.rule, Duty.due_on, Duty.id)
    )
    return list(await session.scalars(statement))


async def handed_in(session: AsyncSession, within: Scope, *, limit: int = MOST) -> list[Duty]:
    """Return what waits for acceptance in a scope, the oldest first."""
    statement = (
        _within(within)
        .where(Duty.state == DutyState.SUBMITTED.value)
        .order_by(Duty.submitted_at, Duty.id)
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def handed_in_by(session: AsyncSession, duty_id: int) -> int | None:
    """Return who handed in the result of a duty last."""
    statement = (
        select(DutyEvent.actor_id)
        .where(DutyEvent.duty_id == duty_id, DutyEvent.kind == "submitted")
        .order_by(DutyEvent.id.desc())
        .limit(1)
    )
    return await session.scalar(statement)


def held_in(actor: Actor, action: Action) -> list[str]:
    """Return the paths of the units in which a post of the actor allows an action."""
    return [post.unit_path for post in actor.posts if action in BY_TITLE[post.title]]


async def history(session: AsyncSession, duty_id: int) -> list[DutyEvent]:
    """Return what happened to a duty, in order. The caller has found the duty in a scope."""
    statement = select(DutyEvent).where(DutyEvent.duty_id == duty_id).order_by(DutyEvent.id)
    return list(await session.scalars(statement))


async def evidence(session: AsyncSession, duty_id: int) -> Sequence[Evidence]:
    """Return what was handed in for a duty. The caller has found the duty in a scope."""
    statement = select(Evidence).where(Evidence.duty_id == duty_id).order_by(Evidence.id)
    return (await session.scalars(statement)).all()


def _within(scope: Scope) -> Select[Duty]:
    return select(Duty).join(Unit, Unit.id == Duty.unit_id).where(covered(scope))


def _below(statement: Select[Duty], unit: Unit | None) -> Select[Duty]:
    if unit is None:
        return statement
    return statement.where(Unit.path.startswith(unit.path, autoescape=True))


def _nearest(statement: Select[Duty]) -> Select[Duty]:
    return statement.order_by(Duty.due_on.is_(None), Duty.due_on, Duty.id)
