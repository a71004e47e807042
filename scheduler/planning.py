"""Makes the duties of the time ahead, and makes them anew when what they hang on has changed.

A duty is unique by rule, owner and period, so planning may run twice and anywhere. What is open
follows the rule, the term, the post, the unit and the table of days; what is done, handed in or
waived, what an organisation has postponed and what was made by hand ("+") is left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database, is_store_fault
from db.tables import Duty, DutyEvent, DutyState, Postponement, Term
from db.types import insert_new_ids
from scheduler import ladder, notices, quiet
from scheduler.owed import Debt, Owing, debts, latest_terms, owners
from scheduler.periods import add, due_at
from scheduler.rulebook.model import Rule, RuleBook
from scheduler.workdays import Workdays

log = logging.getLogger(__name__)

BATCH = 500
BY_HAND, OF_CASE = "+", "case:"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning came to: how many duties were made, moved, taken back; rules that failed."""

    created: int = 0
    moved: int = 0
    withdrawn: int = 0
    failed: tuple[str, ...] = ()

    def __add__(self, other: Planned) -> Planned:
        return Planned(
            self.created + other.created,
            self.moved + other.moved,
            self.withdrawn + other.withdrawn,
            self.failed + other.failed,
        )


@dataclass(slots=True)
class Bench:
    """What a round of planning goes by."""

    book: RuleBook
    workdays: Workdays
    hours: dict[int, quiet.Hours]
    terms: dict[int, Term]
    now: datetime
    sent_at: datetime
    today: date
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
    for rule_id in dict.fromkeys(rule.id for rule in book.standing()):
        try:
            planned += await _rule(database, bench, rule_id, batch)
        except Exception as error:
            if is_store_fault(error):
                raise
            log.exception("rule %s cannot be planned; the others go on", rule_id)
            planned += Planned(failed=(rule_id,))
    async with database.write() as session:
        planned += Planned(withdrawn=await _withdraw_unknown(session, bench))
    return planned


async def _rule(database: Database, bench: Bench, rule_id: str, batch: int) -> Planned:
    versions = bench.book.of_id(rule_id)
    async with database.read() as session:
        owing = await owners(session, versions[-1], bench.book, bench.today)
    expected: set[tuple[str, str]] = set()
    planned = Planned()
    for group in _grouped(owing, batch):
        wanted = {(d.owner, d.period): d for d in _debts(versions, group, bench)}
        expected |= wanted.keys()
        async with database.write() as session:
            planned += await _settle(session, bench, rule_id, wanted, group)
    keys = {one.key for one in owing}
    async with database.write() as session:
        gone = await _superfluous(session, bench, rule_id, expected, keys)
        return replace(planned, withdrawn=await _withdraw(session, bench, gone))


def _debts(versions: Sequence[Rule], group: Sequence[Owing], bench: Bench) -> Iterator[Debt]:
    for one in group:
        yield from debts(
            versions, one, held=bench.terms, workdays=bench.workdays, today=bench.today
        )


async def _settle(
    session: AsyncSession,
    bench: Bench,
    rule_id: str,
    wanted: dict[tuple[str, str], Debt],
    group: Sequence[Owing],
) -> Planned:
    """Make what is missing and move what hangs on something else now, for a group of owners."""
    there = await session.scalars(
        select(Duty).where(Duty.rule == rule_id, Duty.owner.in_([one.key for one in group]))
    )
    known = {(duty.owner, duty.period): duty for duty in there}
    postponed = await _postponed(session, [duty.id for duty in known.values()])
    moved = 0
    for key, debt in wanted.items():
        duty = known.get(key)
        if duty is None or duty.id in postponed:
            continue
        if duty.state == DutyState.WITHDRAWN.value:
            await _revive(session, bench, duty, debt)
        elif duty.state == DutyState.OPEN.value:
            moved += await _move(session, bench, duty, debt)
    missing = [_row(bench, debt) for key, debt in wanted.items() if key not in known]
    return Planned(created=await _create(session, bench, missing), moved=moved)


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
        "late_entered": False,
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


async def _create(session: AsyncSession, bench: Bench, rows: Sequence[dict[str, Any]]) -> int:
    """Insert the duties that nobody else has made meanwhile, each with its first event."""
    new = await insert_new_ids(session, Duty, rows)
    events = [{"duty_id": number, "at": bench.now, "kind": "planned", "data": {}} for number in new]
    if events:
        await session.execute(insert(DutyEvent), events)
    return len(new)


async def _move(session: AsyncSession, bench: Bench, duty: Duty, debt: Debt) -> int:
    """Let an open duty follow what it hangs on; 1 if its limit, unit or version changed."""
    row = _row(bench, debt)
    followed = ("edition", "title", "label", "unit_id", "due_on", "due_at", "provisional")
    changed = {name: row[name] for name in followed if getattr(duty, name) != row[name]}
    if changed.keys() & {"edition", "unit_id", "due_on"}:
        return await _follow(session, bench, duty, changed)
    values = dict(changed)
    at = bench.next_at(
        debt.version, debt.due_on, debt.unit_id, told=duty.stage, snoozed=duty.snoozed_until
    )
    # A step whose time has come waits for the sweep, or for the end of a night or a silence.
    waiting = (duty.next_at is None or duty.next_at > bench.now) and (at is None or at > bench.now)
    if waiting and duty.next_at != at and not duty.failures:
        values["next_at"] = at
    if values:
        await session.execute(_if_same(duty).values(**values))
    return 0


async def _revive(session: AsyncSession, bench: Bench, duty: Duty, debt: Debt) -> None:
    """Let a duty that was taken back be owed again."""
    values = {**_row(bench, debt), "closed_at": None}
    del values["created_at"], values["failures"]
    revived = await session.execute(
        update(Duty)
        .where(Duty.id == duty.id, Duty.state == DutyState.WITHDRAWN.value)
        .values(**values)
        .returning(Duty.id)
    )
    if revived.first() is not None:
        session.add(DutyEvent(duty_id=duty.id, at=bench.now, kind="planned", data={"again": True}))
        await session.flush()


async def _follow(session: AsyncSession, bench: Bench, duty: Duty, changed: dict[str, Any]) -> int:
    values = {**changed, "next_at": bench.now}
    if "due_on" in changed:
        values |= {"stage": "", "snoozed_until": None}
    moved = await session.execute(_if_same(duty).values(**values).returning(Duty.id))
    if moved.first() is None:
        return 0
    data = {name: [str(getattr(duty, name)), str(new)] for name, new in changed.items()}
    data.pop("due_at", None)
    session.add(DutyEvent(duty_id=duty.id, at=bench.now, kind="moved", data=data))
    await session.flush()
    await notices.take_back(session, duty.id, now=bench.sent_at)
    return 1


def _if_same(duty: Duty) -> Any:
    """Return an update that counts only while the duty is as it was read."""
    return update(Duty).where(
        and_(
            Duty.id == duty.id,
            Duty.state == DutyState.OPEN.value,
            Duty.stage == duty.stage,
            Duty.due_on == duty.due_on,
        )
    )


async def _superfluous(
    session: AsyncSession,
    bench: Bench,
    rule_id: str,
    expected: set[tuple[str, str]],
    keys: set[str],
) -> list[int]:
    """Return the open duties of a rule that nobody owes any more.

    One whose limit has passed stays as long as its owner owes the rule at all.
    """
    rows = await session.execute(
        select(Duty.id, Duty.owner, Duty.period, Duty.due_on).where(
            Duty.rule == rule_id,
            Duty.state == DutyState.OPEN.value,
            ~Duty.period.startswith(BY_HAND),
            ~Duty.period.startswith(OF_CASE),
        )
    )
    gone = []
    for number, owner, period, due_on in rows:
        past = due_on is not None and due_on < bench.today
        if owner not in keys or (not past and (owner, period) not in expected):
            gone.append(number)
    postponed = await _postponed(session, gone)
    return [number for number in gone if number not in postponed]


async def _withdraw_unknown(session: AsyncSession, bench: Bench) -> int:
    """Take back what hangs on rules that are in the book no more."""
    known = {rule.id for rule in bench.book.rules}
    rows = await session.execute(
        select(Duty.id, Duty.rule).where(
            Duty.state == DutyState.OPEN.value,
            Duty.rule.not_in(known),
            ~Duty.period.startswith(BY_HAND),
            ~Duty.period.startswith(OF_CASE),
        )
    )
    return await _withdraw(session, bench, [number for number, _ in rows])


async def _withdraw(session: AsyncSession, bench: Bench, ids: Sequence[int]) -> int:
    for number in ids:
        await session.execute(
            update(Duty)
            .where(Duty.id == number, Duty.state == DutyState.OPEN.value)
            .values(state=DutyState.WITHDRAWN.value, next_at=None, closed_at=bench.now)
        )
        session.add(DutyEvent(duty_id=number, at=bench.now, kind="withdrawn", data={}))
        await session.flush()
        await notices.take_back(session, number, now=bench.sent_at)
    return len(ids)


async def _postponed(session: AsyncSession, ids: Sequence[int]) -> set[int]:
    if not ids:
        return set()
    found = await session.scalars(
        select(Postponement.duty_id).where(Postponement.duty_id.in_(ids)).distinct()
    )
    return set(found)


def _grouped(items: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group
