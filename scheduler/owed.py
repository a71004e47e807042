"""Who owes what: the owners of a rule, and the periods for which each owes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.accounts import in_force, present
from db.tables import Duty, DutyState, Person, Post, Stage, Term, Title, Unit, UnitKind
from scheduler import terms
from scheduler.periods import add, due_on, occurrences
from scheduler.rulebook.checks import EVENTS
from scheduler.rulebook.model import AnchorKind, Owner, Rule, RuleBook, Span
from scheduler.workdays import Workdays

# A duty is made when its period begins within this time, one of a term when its limit does.
HORIZON = timedelta(days=45)
TERM_HORIZON = timedelta(days=400)
UNIT_KINDS = {
    Owner.COMMITTEE: UnitKind.COMMITTEE,
    Owner.GENERAL_BRANCH: UnitKind.GENERAL_BRANCH,
    Owner.BRANCH: UnitKind.BRANCH,
    Owner.GROUP: UnitKind.GROUP,
}
STAGES = {
    Owner.MEMBERS: (Stage.MEMBER, Stage.PROBATIONARY),
    Owner.FULL_MEMBERS: (Stage.MEMBER,),
    Owner.PROBATIONARY: (Stage.PROBATIONARY,),
}
TITLES = {
    Owner.SECRETARIES: (Title.SECRETARY,),
    Owner.OFFICERS: (
        Title.SECRETARY,
        Title.DEPUTY_SECRETARY,
        Title.ORGANISATION,
        Title.PUBLICITY,
        Title.DISCIPLINE,
    ),
}
# What was handed in was done, too: what follows it does not wait for its acceptance.
DONE = (DutyState.DONE.value, DutyState.SUBMITTED.value)
# How the periods of a term begin.
TERM = "term"


@dataclass(frozen=True, slots=True)
class Debt:
    """One duty that is owed. `version` is the rule's version of the period's first day.

    It is made only if `timely`: not over before it was ever planned, and not too far ahead. With
    `late` it was over before what it follows was entered.
    """

    owner: str
    period: str
    unit_id: int
    person_id: int | None
    subject_unit_id: int | None
    label: str
    starts_on: date
    due_on: date
    version: Rule
    timely: bool
    late: bool = False


@dataclass(frozen=True, slots=True)
class Owing:
    """Somebody who may owe something: a unit, or a person in one."""

    key: str
    unit_id: int
    person_id: int | None = None
    since: date | None = None
    about: Unit | None = None
    mark: str = ""
    follows: bool = False


async def owners(session: AsyncSession, rule: Rule, book: RuleBook, today: date) -> list[Owing]:
    """Return who owes a rule today, in the units that it holds for."""
    units = await _units(session, rule, book, today)
    if rule.anchor.kind is AnchorKind.EVENT and rule.anchor.event not in EVENTS:
        return await _followers(session, rule, book, units)
    if rule.owner is Owner.SUPERIOR:
        return await _superiors(session, rule, book, units)
    if kind := UNIT_KINDS.get(rule.owner):
        found = [unit for unit in units.values() if unit.kind == kind.value]
        return [Owing(f"unit:{unit.id}", unit.id, about=unit) for unit in found]
    if rule.owner in STAGES:
        return await _members(session, rule, units, today)
    if rule.owner in TITLES:
        return await _holders(session, rule, units, today)
    return []


async def latest_terms(session: AsyncSession) -> dict[int, Term]:
    """Return the newest term of each unit."""
    rows = await session.scalars(select(Term).order_by(Term.elected_on))
    return {term.unit_id: term for term in rows}


def debts(
    versions: Sequence[Rule],
    owing: Owing,
    *,
    held: dict[int, Term],
    workdays: Workdays,
    today: date,
    since: date | None = None,
) -> Iterator[Debt]:
    """Yield what an owner owes by the versions of one rule, up to the horizon.

    With `since`, also for the periods that ended on or after that day.
    """
    for rule in versions:
        kind = rule.anchor.kind
        if kind is AnchorKind.PERIOD:
            yield from _periods(rule, owing, workdays, today, since or today)
        elif kind is AnchorKind.TERM:
            yield from _of_term(rule, owing, held, workdays, today)
        elif kind is AnchorKind.EVENT and owing.since is not None:
            yield from _of_event(rule, owing, owing.since, workdays, today)
        elif kind is AnchorKind.ONCE and rule.anchor.on is not None:
            day = rule.anchor.on
            if rule.in_force(day):
                timely = today <= day <= today + TERM_HORIZON
                yield _debt(rule, owing, "once", f"{day}", day, day, timely=timely)


def _periods(
    rule: Rule, owing: Owing, workdays: Workdays, today: date, since: date
) -> Iterator[Debt]:
    """A limit may lie beyond its period, which is then over and still owed."""
    after = min(since, today - _longest(rule.limit))
    for period in occurrences(rule.anchor, after=after, before=today + HORIZON):
        last = due_on(rule, period, workdays)
        if rule.in_force(period.starts_on):
            yield _debt(
                rule,
                owing,
                period.key,
                period.label,
                period.starts_on,
                last,
                timely=last >= today,
            )


def _longest(span: Span | None) -> timedelta:
    """Return a time that a span never exceeds; a workday may have long holidays before it."""
    if span is None:
        return timedelta(0)
    days = 366 * span.years + 31 * span.months + span.days + 3 * span.workdays
    return timedelta(days=max(days, 0) + 14 * bool(span.workdays))


def _of_term(
    rule: Rule, owing: Owing, held: dict[int, Term], workdays: Workdays, today: date
) -> Iterator[Debt]:
    """A term that has run out is owed however long ago that was."""
    term = held.get(owing.about.id) if owing.about else None
    if term is None or owing.about is None or not rule.in_force(term.elected_on):
        return
    end = terms.ends_on(term, rule.anchor.years, workdays)
    last = add(end, rule.limit, workdays) if rule.limit else end
    key = f"{TERM}:{owing.about.id}:{term.elected_on}"
    label = f"{owing.about.name}，{end:%Y-%m-%d} 届满"
    timely = last <= today + TERM_HORIZON
    yield _debt(rule, owing, key, label, term.elected_on, last, timely=timely)


def _of_event(
    rule: Rule, owing: Owing, since: date, workdays: Workdays, today: date
) -> Iterator[Debt]:
    """What follows a duty that was entered late is owed all the same, as far back as ahead."""
    last = add(since, rule.limit, workdays) if rule.limit else since
    if rule.in_force(since):
        key = f"{rule.anchor.event}:{owing.mark}:{since}"
        timely = today <= last + (HORIZON if owing.follows else timedelta(0))
        late = owing.follows and last < today
        yield _debt(rule, owing, key, f"{since} 起", since, last, timely=timely, late=late)


def _debt(
    rule: Rule,
    owing: Owing,
    period: str,
    label: str,
    starts_on: date,
    last: date,
    *,
    timely: bool,
    late: bool = False,
) -> Debt:
    about = owing.about.id if owing.about and f"unit:{owing.about.id}" != owing.key else None
    return Debt(
        owner=owing.key,
        period=period,
        unit_id=owing.unit_id,
        person_id=owing.person_id,
        subject_unit_id=about,
        label=label,
        starts_on=starts_on,
        due_on=last,
        version=rule,
        timely=timely,
        late=late,
    )


async def _units(session: AsyncSession, rule: Rule, book: RuleBook, today: date) -> dict[int, Unit]:
    """Return the units that a rule holds for.

    A unit's own rule holds below it; where it tightens another rule it stands in for that one,
    as long as it is in force: before and after it the regulation's holds.
    """
    units = {unit.id: unit for unit in await session.scalars(select(Unit))}
    paths = {unit.name: unit.path for unit in units.values()}
    if rule.own:
        own = paths.get(rule.unit)
        return {i: u for i, u in units.items() if own and u.path.startswith(own)}
    tighter = [
        paths[other.unit]
        for other in book.standing()
        if other.stricter_than == rule.id and other.unit in paths and other.in_force(today)
    ]
    return {i: u for i, u in units.items() if not any(u.path.startswith(path) for path in tighter)}


async def _followers(
    session: AsyncSession, rule: Rule, book: RuleBook, units: dict[int, Unit]
) -> list[Owing]:
    """Whoever has done a duty of the rule before owes what follows it, since the actual day."""
    before = rule.anchor.event
    ids = {before, *(other.id for other in book.standing() if other.stricter_than == before)}
    statement = (
        select(Duty.id, Duty.owner, Duty.unit_id, Duty.person_id, Duty.done_on)
        .where(Duty.rule.in_(ids), Duty.state.in_(DONE), Duty.done_on.is_not(None))
        .order_by(Duty.id)
    )
    return [
        Owing(owner, unit_id, person_id, since=done_on, mark=f"{number}", follows=True)
        for number, owner, unit_id, person_id, done_on in await session.execute(statement)
        if unit_id in units
    ]


async def _superiors(
    session: AsyncSession, rule: Rule, book: RuleBook, units: dict[int, Unit]
) -> list[Owing]:
    """The unit above owes it for each unit whose own term is as long."""
    kinds = {
        UNIT_KINDS[other.owner].value
        for other in book.standing()
        if other.anchor.kind is AnchorKind.TERM
        and other.anchor.years == rule.anchor.years
        and other.owner in UNIT_KINDS
    }
    return [
        Owing(f"unit:{unit.parent_id}", unit.parent_id, about=unit)
        for unit in units.values()
        if unit.kind in kinds and unit.parent_id is not None
    ]


async def _members(
    session: AsyncSession, rule: Rule, units: dict[int, Unit], today: date
) -> list[Owing]:
    stages = [stage.value for stage in STAGES[rule.owner]]
    statement = (
        select(Person.id, Person.unit_id, Person.joined_on)
        .where(Person.stage.in_(stages), present(today))
        .order_by(Person.id)
    )
    return [
        Owing(f"person:{person_id}", unit_id, person_id, since=joined_on)
        for person_id, unit_id, joined_on in await session.execute(statement)
        if unit_id in units
    ]


async def _holders(
    session: AsyncSession, rule: Rule, units: dict[int, Unit], today: date
) -> list[Owing]:
    """Each holder once, by the post held longest; for an appointment, each post."""
    titles = [title.value for title in TITLES[rule.owner]]
    statement = (
        select(Post.id, Post.person_id, Post.unit_id, Post.since)
        .join(Person, Person.id == Post.person_id)
        .where(Post.title.in_(titles), present(today), *in_force(today))
        .order_by(Post.since, Post.id)
    )
    each = rule.anchor.kind is AnchorKind.EVENT
    found: dict[str, Owing] = {}
    for post_id, person_id, unit_id, since in await session.execute(statement):
        if unit_id in units:
            owing = Owing(
                f"person:{person_id}", unit_id, person_id, since=since, mark=f"post{post_id}"
            )
            found.setdefault(f"{post_id}" if each else owing.key, owing)
    return list(found.values())
