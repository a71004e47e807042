"""Makes the duties of the time ahead, and makes them anew when what they hang on has changed.

A duty is unique by rule, owner and period, so planning may run twice and anywhere. What is open
follows the rule, the term, the post, the unit and the table of days; what is done, handed in or
waived, what an organisation has postponed and what was made by hand ("+") is left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database, is_store_fault
from db.tables import Duty, DutyState, Postponement, Term
from scheduler import case_moves, ladder, quiet, replanning
from scheduler.owed import TERM, Debt, Owing, debts, latest_terms, owners
from scheduler.periods import add, due_at
from scheduler.replanning import COLUMNS, Changes, Planned
from scheduler.rulebook.model import AnchorKind, Rule, RuleBook
from scheduler.steps import Calendar
from scheduler.workdays import Workdays

log = logging.getLogger(__name__)

BATCH = 500
BY_HAND, OF_CASE = "+", "case:"
# What a duty that is owed again keeps from when it was first made.
KEPT = frozenset({"created_at", "failures"})
# Owner and period: with the rule, what makes a duty unique.
Key = tuple[str, str]
T = TypeVar("T")


@dataclass(slots=True)
class Bench:
    """What a round of planning goes by, and how many duties it has made.

    `looked_at` is how many there were when the store was last told that they are many.
    """

    book: RuleBook
    workdays: Workdays
    hours: dict[int, quiet.Hours]
    terms: dict[int, Term]
    now: datetime
    sent_at: datetime
    today: date
    made: int = 0
    looked_at: int = BATCH // 2
    _first: dict[tuple[Any, ...], datetime | None] = field(default_factory=dict)

    def next_at(
        self, rule: Rule, due_on: date, unit_id: int, *, told: str, snoozed: date | None
    ) -> datetime | None:
        """Return when a duty must be looked at; the same question is worked out once."""
        key = (rule.id, rule.version, due_on, unit_id, told, snoozed)
        if key not in self._first:
            hours = self.hours[unit_id]
            self._first[key] = ladder.next_at(
                rule,
                due_on,
                told=told,
                workdays=self.workdays,
                quiet=hours.quiet,
                zone=hours.zone,
                jitter=ladder.jitter(unit_id),
                snoozed_until=snoozed,
            )
        return self._first[key]


async def plan(
    database: Database,
    book: RuleBook,
    *,
    now: datetime,
    sent_at: datetime,
    zone: ZoneInfo,
    batch: int = BATCH,
) -> Planned:
    """Plan every rule, a transaction for each `batch` owners; a rule that fails fails alone."""
    async with database.read() as session:
        bench = Bench(
            book,
            await Workdays.load(session),
            await quiet.of_units(session, zone=zone),
            await latest_terms(session),
            now,
            sent_at,
            now.astimezone(zone).date(),
        )
    planned = Planned()
    planned_rules = (r for r in book.standing() if r.anchor.kind is not AnchorKind.HAND)
    for rule_id in dict.fromkeys(rule.id for rule in planned_rules):
        try:
            planned += await _rule(database, bench, rule_id, batch)
        except Exception as error:
            if is_store_fault(error):
                raise
            log.exception("rule %s cannot be planned; the others go on", rule_id)
            planned += Planned(failed=(rule_id,))
    calendar = Calendar(book, bench.workdays, zone, now)
    await case_moves.follow(database, calendar, sent_at=sent_at)
    await case_moves.tell_of_leavers(database, calendar, sent_at=sent_at)
    known = {rule.id for rule in book.rules}
    async with database.read() as session:
        orphans = await _ids(session, Duty.rule.not_in(known))
    return planned + await _withdraw(database, bench, orphans, batch)


async def _rule(database: Database, bench: Bench, rule_id: str, batch: int) -> Planned:
    versions = bench.book.of_id(rule_id)
    async with database.read() as session:
        owing = await owners(session, versions[-1], bench.book, bench.today)
    by_owner: dict[str, list[Owing]] = {}
    for one in owing:
        by_owner.setdefault(one.key, []).append(one)
    planned = Planned()
    for group in _grouped(by_owner, batch):
        planned += await _settle(database, bench, versions, {key: by_owner[key] for key in group})
    async with database.read() as session:
        owed_once = await _owners_of(session, rule_id)
    for left in _grouped(sorted(owed_once - by_owner.keys()), batch):
        async with database.read() as session:
            gone = await _ids(session, Duty.rule == rule_id, Duty.owner.in_(left))
        planned += await _withdraw(database, bench, gone, batch)
    return planned


async def _settle(
    database: Database, bench: Bench, versions: Sequence[Rule], group: Mapping[str, Sequence[Owing]]
) -> Planned:
    """Compare what some owners owe with what is there, and write the difference.

    An owner whose debts cannot be worked out is left as it is and reported.
    """
    rule_id = versions[0].id
    failed: dict[str, Exception] = {}
    async with database.read() as session:
        opened = await _open(session, rule_id, group)
        since = min((row.starts_on for row in opened), default=bench.today)
        wanted: dict[Key, tuple[Debt, dict[str, Any]]] = {}
        for key, several in group.items():
            try:
                wanted |= _wanted(versions, several, bench, min(since, bench.today))
            except Exception as error:
                failed[key] = error
        closed = await _closed(session, rule_id, group, {period for _, period in wanted})
        postponed = await _postponed(session, [row.id for row in opened])
    opened = [row for row in opened if row.owner not in failed]
    changes = _compare(bench, wanted, opened, closed, postponed)
    planned = Planned(failed=(rule_id,)) if failed else Planned()
    if failed:
        first = next(iter(failed.values()))
        log.error("%s: %d owners cannot be planned", rule_id, len(failed), exc_info=first)
    return planned + await _write(database, bench, changes)


def _wanted(
    versions: Sequence[Rule], several: Sequence[Owing], bench: Bench, since: date
) -> dict[Key, tuple[Debt, dict[str, Any]]]:
    found = {}
    for one in several:
        for debt in debts(
            versions,
            one,
            held=bench.terms,
            workdays=bench.workdays,
            today=bench.today,
            since=since,
        ):
            found[debt.owner, debt.period] = debt, _row(bench, debt)
    return found


def _compare(
    bench: Bench,
    wanted: Mapping[Key, tuple[Debt, dict[str, Any]]],
    opened: Sequence[Row[Any]],
    closed: Sequence[Row[Any]],
    postponed: set[int],
) -> Changes:
    changes = Changes()
    for duty in opened:
        found = wanted.get((duty.owner, duty.period))
        if found is not None:
            debt, row = found
            if duty.id in postponed:
                row = _row(bench, replace(debt, due_on=duty.due_on))
            _follow(bench, changes, duty, debt.version, row)
        elif _is_gone(bench, duty, postponed):
            changes.gone.append(duty)
    for duty in closed:
        found = wanted.get((duty.owner, duty.period))
        if found is None or duty.state != DutyState.WITHDRAWN.value:
            continue
        debt, row = found
        if debt.timely:
            values = {name: value for name, value in row.items() if name not in KEPT}
            changes.revived.append((duty, {**values, "closed_at": None}))
    there = {(duty.owner, duty.period) for duty in (*opened, *closed)}
    fresh = sorted(key for key, (debt, _) in wanted.items() if debt.timely and key not in there)
    changes.made = [wanted[key][1] for key in fresh]
    return changes


def _is_gone(bench: Bench, duty: Row[Any], postponed: set[int]) -> bool:
    """Tell whether a duty is owed no more by somebody who still owes the rule.

    A new election ends what the term before owed. Else what is overdue or postponed stays.
    """
    if duty.period.startswith(f"{TERM}:"):
        return True
    past = duty.due_on is not None and duty.due_on < bench.today
    return not past and duty.id not in postponed


def _row(bench: Bench, debt: Debt) -> dict[str, Any]:
    rule, zone = debt.version, bench.hours[debt.unit_id].zone
    return {
        "rule": rule.id,
        "edition": rule.version,
        "owner": debt.owner,
        "period": debt.period,
        "unit_id": debt.unit_id,
        "person_id": debt.person_id,
        "subject_unit_id": debt.subject_unit_id,
        "title": rule.title,
        "label": debt.label,
        "starts_on": debt.starts_on,
        "due_on": debt.due_on,
        "due_at": due_at(debt.due_on, zone),
        "earliest_on": _earliest(debt, bench.workdays),
        "provisional": _provisional(debt, bench.workdays),
        "next_at": bench.next_at(rule, debt.due_on, debt.unit_id, told="", snoozed=None),
        "state": DutyState.OPEN.value,
        "stage": "",
        "late_entered": debt.late,
        "failures": 0,
        "created_at": bench.now,
    }


def _earliest(debt: Debt, workdays: Workdays) -> date | None:
    """A term's limit is not its earliest day; only a span counted from the anchor is."""
    rule = debt.version
    return add(debt.starts_on, rule.earliest, workdays) if rule.earliest else None


def _provisional(debt: Debt, workdays: Workdays) -> bool:
    """Tell whether a limit was counted in workdays that are only computed."""
    limit = debt.version.limit
    return bool(limit and limit.workdays) and workdays.is_provisional(debt.due_on)


def _follow(
    bench: Bench, changes: Changes, duty: Row[Any], rule: Rule, row: Mapping[str, Any]
) -> None:
    """Let an open duty follow what it hangs on: its limit, unit and version, or only its time."""
    followed = ("edition", "title", "label", "unit_id", "due_on", "due_at", "provisional")
    values = {name: row[name] for name in followed if getattr(duty, name) != row[name]}
    if values.keys() & {"edition", "unit_id", "due_on"}:
        anew = {"stage": "", "snoozed_until": None} if "due_on" in values else {}
        changes.moved.append((duty, {**values, "next_at": bench.now, **anew}))
        return
    at = bench.next_at(
        rule, row["due_on"], duty.unit_id, told=duty.stage, snoozed=duty.snoozed_until
    )
    waiting = duty.next_at is None or duty.next_at > bench.now
    if waiting and duty.next_at != at and not duty.failures:
        values["next_at"] = at
    if values:
        changes.timed.append((duty, values))


async def _write(database: Database, bench: Bench, changes: Changes) -> Planned:
    if not changes:
        return Planned()
    async with database.write() as session:
        planned = await replanning.write(session, changes, now=bench.now, sent_at=bench.sent_at)
    bench.made += planned.created
    # Each time they have doubled; else each batch would read all duties of those before it.
    if planned.created and bench.made >= 2 * bench.looked_at:
        bench.looked_at = bench.made
        await database.has_grown(Duty.__tablename__)
    return planned


async def _withdraw(database: Database, bench: Bench, ids: Sequence[int], batch: int) -> Planned:
    """Take back duties that nobody owes any more."""
    planned = Planned()
    for some in _grouped(ids, batch):
        async with database.read() as session:
            rows = (await session.execute(select(*COLUMNS).where(Duty.id.in_(some)))).all()
        still = [row for row in rows if row.state == DutyState.OPEN.value]
        planned += await _write(database, bench, Changes(gone=still))
    return planned


def _planned_open() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of an open duty that planning made."""
    return (
        Duty.state == DutyState.OPEN.value,
        ~Duty.period.startswith(BY_HAND),
        ~Duty.period.startswith(OF_CASE),
    )


async def _open(session: AsyncSession, rule_id: str, owners: Iterable[str]) -> Sequence[Row[Any]]:
    """Return the open duties of some owners, in the order of their ids."""
    statement = select(*COLUMNS).where(
        Duty.rule == rule_id, Duty.owner.in_(list(owners)), *_planned_open()
    )
    return (await session.execute(statement.order_by(Duty.id))).all()


async def _closed(
    session: AsyncSession, rule_id: str, owners: Iterable[str], periods: Iterable[str]
) -> Sequence[Row[Any]]:
    """Return what some owners owe no more of some periods: done, handed in, or taken back."""
    statement = select(*COLUMNS).where(
        Duty.rule == rule_id,
        Duty.owner.in_(list(owners)),
        Duty.period.in_(list(periods)),
        Duty.state != DutyState.OPEN.value,
    )
    return (await session.execute(statement.order_by(Duty.id))).all()


async def _owners_of(session: AsyncSession, rule_id: str) -> set[str]:
    """Return whoever has an open duty of a rule."""
    statement = select(Duty.owner).where(Duty.rule == rule_id, *_planned_open()).distinct()
    return set(await session.scalars(statement))


async def _ids(session: AsyncSession, *conditions: ColumnElement[bool]) -> Sequence[int]:
    statement = select(Duty.id).where(*conditions, *_planned_open()).order_by(Duty.id)
    return (await session.scalars(statement)).all()


async def _postponed(session: AsyncSession, ids: Sequence[int]) -> set[int]:
    if not ids:
        return set()
    found = await session.scalars(
        select(Postponement.duty_id).where(Postponement.duty_id.in_(ids)).distinct()
    )
    return set(found)


def _grouped(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group
