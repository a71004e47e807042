"""Each act on a duty is one change, on record, that only the first of two can make."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.tables import Duty, DutyState, Evidence, OutboxState, Postponement
from scheduler import duties
from scheduler.duties import DutyError
from scheduler.rulebook.model import Span
from tests.scheduler.world import (
    LIMIT,
    MEETING,
    MONDAY,
    ZONE,
    after_all,
    at,
    events,
    fetch,
    messages,
    owe,
    person_named,
    plant,
    swept,
    until_somebody_waits,
)

NOW = at(MONDAY, 15)
Act = Callable[[AsyncSession, int], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Desk:
    """A store with one duty of a person, who has a secretary."""

    database: Database
    duty_id: int
    owner: int
    secretary: int

    async def do(self, act: Act) -> None:
        async with self.database.write() as session:
            await act(session, self.duty_id)

    async def duty(self) -> Duty:
        return await fetch(self.database, self.duty_id)

    async def said(self) -> list[str]:
        return [kind for kind, _ in await events(self.database, self.duty_id)]

    def complete(self, on: date = MONDAY, *, accept: bool = False, today: date = MONDAY) -> Act:
        return lambda session, number: duties.complete(
            session,
            number,
            on=on,
            today=today,
            actor_id=self.owner,
            now=NOW,
            sent_at=NOW,
            text="已办",
            accept=accept,
        )

    def accept(self, by: int | None = None) -> Act:
        return lambda session, number: duties.accept(
            session, number, actor_id=by or self.secretary, now=NOW, sent_at=NOW
        )

    def give_back(self) -> Act:
        return lambda session, number: duties.give_back(
            session, number, reason="缺签名", actor_id=self.secretary, now=NOW, sent_at=NOW
        )

    def waive(self) -> Act:
        return lambda session, number: duties.waive(
            session, number, reason="长期病假", actor_id=self.secretary, now=NOW, sent_at=NOW
        )

    def reopen(self, by: int | None = None, now: datetime = NOW) -> Act:
        return lambda session, number: duties.reopen(
            session,
            number,
            within=timedelta(days=1),
            actor_id=by or self.owner,
            now=now,
            sent_at=now,
        )

    def snooze(self, until: date) -> Act:
        return lambda session, number: duties.snooze(
            session, number, until=until, actor_id=self.owner, now=NOW, sent_at=NOW
        )

    def acknowledge(self) -> Act:
        return lambda session, number: duties.acknowledge(
            session, number, actor_id=self.owner, now=NOW
        )

    def postpone(self, to: date, months: int = 1) -> Act:
        return lambda session, number: duties.postpone(
            session,
            number,
            rule=replace(MEETING, postpone=Span(months=months)),
            to=to,
            paper="〔2026〕3号",
            zone=ZONE,
            actor_id=self.secretary,
            now=NOW,
            sent_at=NOW,
        )


@pytest.fixture
async def desk(database: Database) -> Desk:
    async with database.write() as session:
        await plant(session)
        duty = await owe(session, "王小明")
        owner = await person_named(session, "王小明")
        secretary = await person_named(session, "支书记")
    return Desk(database, duty.id, owner.id, secretary.id)


async def test_seen_acknowledged_and_done_are_three_things(desk: Desk) -> None:
    await desk.do(lambda session, number: duties.see(session, number, actor_id=desk.owner, now=NOW))
    seen = await desk.duty()
    assert (seen.seen_at, seen.acknowledged_at, seen.state) == (NOW, None, DutyState.OPEN)
    await desk.do(desk.acknowledge())
    known = await desk.duty()
    assert (known.acknowledged_at, known.state) == (NOW, DutyState.OPEN)
    assert known.next_at == seen.next_at
    await desk.do(desk.complete())
    assert (await desk.duty()).state == DutyState.DONE
    assert await desk.said() == ["seen", "acknowledged", "completed"]


async def test_done_stops_the_ladder_and_keeps_what_was_handed_in(desk: Desk) -> None:
    await desk.do(desk.complete(on=date(2026, 11, 20)))
    duty = await desk.duty()
    assert (duty.done_on, duty.closed_at, duty.next_at) == (date(2026, 11, 20), NOW, None)
    async with desk.database.read() as session:
        (evidence,) = await session.scalars(select(Evidence))
    assert (evidence.duty_id, evidence.by_id, evidence.text) == (desk.duty_id, desk.owner, "已办")


async def test_of_two_that_close_it_at_once_one_does(desk: Desk) -> None:
    """Two transactions side by side: the other is told, and leaves no trace."""
    came = await asyncio.gather(
        desk.do(desk.complete()), desk.do(desk.waive()), return_exceptions=True
    )
    assert [type(one) for one in came if one] == [duties.NotOpen]
    said = await desk.said()
    assert len(said) == 1
    state = (await desk.duty()).state
    assert (said[0], state) in {
        ("completed", DutyState.DONE),
        ("waived", DutyState.WAIVED),
    }


@pytest.mark.parametrize(("days_ago", "late"), [(0, False), (14, False), (15, True)])
async def test_a_day_entered_late_is_marked(desk: Desk, days_ago: int, late: bool) -> None:
    await desk.do(desk.complete(on=MONDAY - timedelta(days=days_ago)))
    assert (await desk.duty()).late_entered is late


@pytest.mark.parametrize(
    ("on", "error"),
    [
        (MONDAY + timedelta(days=1), duties.InFuture),
        (LIMIT - timedelta(days=30), duties.TooEarly),
    ],
)
async def test_an_impossible_day_is_refused(desk: Desk, on: date, error: type[DutyError]) -> None:
    """Tomorrow, and the day before the period begins."""
    with pytest.raises(error):
        await desk.do(desk.complete(on=on))
    assert (await desk.duty()).state == DutyState.OPEN
    assert await desk.said() == []


async def test_the_earliest_day_holds_to_the_day(desk: Desk) -> None:
    async with desk.database.write() as session:
        await session.execute(update(Duty).values(earliest_on=MONDAY))
    with pytest.raises(duties.TooEarly):
        await desk.do(desk.complete(on=MONDAY - timedelta(days=1)))
    await desk.do(desk.complete(on=MONDAY))


async def test_what_is_handed_in_waits_and_is_accepted_by_somebody_else(desk: Desk) -> None:
    await desk.do(desk.complete(accept=True))
    handed_in = await desk.duty()
    assert (handed_in.state, handed_in.closed_at) == (DutyState.SUBMITTED, None)
    assert handed_in.next_at == NOW
    with pytest.raises(duties.OwnWork):
        await desk.do(desk.accept(by=desk.owner))
    await desk.do(desk.accept())
    accepted = await desk.duty()
    assert (accepted.state, accepted.closed_at, accepted.next_at) == (DutyState.DONE, NOW, None)
    with pytest.raises(duties.NotHandedIn):
        await desk.do(desk.accept())


async def test_what_is_given_back_is_owed_again_and_looked_at(desk: Desk) -> None:
    await desk.do(desk.complete(accept=True))
    await desk.do(desk.give_back())
    duty = await desk.duty()
    assert (duty.state, duty.returned_at, duty.done_on) == (DutyState.OPEN, NOW, None)
    assert duty.next_at == NOW
    assert await desk.said() == ["submitted", "returned"]
    await desk.do(desk.complete(accept=True))
    assert (await desk.duty()).returned_at is None


async def test_ones_own_closing_is_undone_within_a_day(desk: Desk) -> None:
    await desk.do(desk.complete())
    await desk.do(desk.reopen(now=NOW + timedelta(days=1)))
    duty = await desk.duty()
    assert (duty.state, duty.done_on, duty.closed_at) == (DutyState.OPEN, None, None)
    assert duty.next_at is not None


async def test_nobody_undoes_what_is_old_or_anothers_or_accepted(desk: Desk) -> None:
    await desk.do(desk.complete(accept=True))
    refused = [
        desk.reopen(now=NOW + timedelta(days=1, seconds=1)),
        desk.reopen(by=desk.secretary),
    ]
    for act in refused:
        with pytest.raises(duties.NotUndoable):
            await desk.do(act)
    await desk.do(desk.accept())
    with pytest.raises(duties.NotUndoable):
        await desk.do(desk.reopen())
    assert (await desk.duty()).state == DutyState.DONE


async def test_an_acceptance_made_meanwhile_is_not_undone(postgres_url: str) -> None:
    """The one who undoes has looked before the acceptance was there; SQLite's writers take turns.

    The waiting update is given the row as the acceptance left it.
    """
    database = Database(postgres_url)
    async with database.write() as session:
        await plant(session)
        duty = await owe(session, "王小明")
        owner = await person_named(session, "王小明")
        secretary = await person_named(session, "支书记")
    desk = Desk(database, duty.id, owner.id, secretary.id)
    await desk.do(desk.complete(accept=True))
    async with database.write() as session:
        await desk.accept()(session, duty.id)
        await session.flush()
        undoing = asyncio.create_task(desk.do(desk.reopen()))
        await until_somebody_waits(database)
    with pytest.raises(duties.NotUndoable):
        await undoing
    assert (await desk.duty()).state == DutyState.DONE
    await database.close()


@pytest.mark.parametrize("act", [Desk.complete, Desk.waive])
async def test_a_closed_duty_is_not_told_from_the_queue(
    desk: Desk, act: Callable[[Desk], Act]
) -> None:
    await swept(desk.database, after_all(MONDAY))
    assert [row.state for row in await messages(desk.database)] == [OutboxState.PENDING]
    await desk.do(act(desk))
    assert [row.state for row in await messages(desk.database)] == [OutboxState.CANCELLED]


@pytest.mark.parametrize("act", [Desk.reopen, Desk.give_back])
async def test_nobody_is_asked_to_accept_what_was_taken_away(
    desk: Desk, act: Callable[[Desk], Act]
) -> None:
    """The reminder to accept is queued when the result is undone, or returned by another."""
    await desk.do(desk.complete(accept=True))
    morning = after_all(MONDAY + timedelta(days=3))
    await swept(desk.database, morning)
    assert OutboxState.PENDING in [row.state for row in await messages(desk.database)]
    await desk.do(act(desk))
    assert {row.state for row in await messages(desk.database)} == {OutboxState.CANCELLED}


async def test_a_snooze_is_kept_and_takes_back_what_is_queued(desk: Desk) -> None:
    await swept(desk.database, after_all(MONDAY))
    await desk.do(desk.snooze(MONDAY + timedelta(days=2)))
    duty = await desk.duty()
    assert (duty.snoozed_until, duty.next_at) == (MONDAY + timedelta(days=2), NOW)
    assert [row.state for row in await messages(desk.database)] == [OutboxState.CANCELLED]


async def test_a_postponement_keeps_the_old_day_and_its_paper(desk: Desk) -> None:
    await desk.do(desk.postpone(date(2026, 12, 20)))
    duty = await desk.duty()
    assert (duty.due_on, duty.stage, duty.next_at) == (date(2026, 12, 20), "", NOW)
    assert duty.due_at == at(date(2026, 12, 21), 0)
    async with desk.database.read() as session:
        (kept,) = await session.scalars(select(Postponement))
    assert (kept.old_due_on, kept.new_due_on, kept.paper) == (LIMIT, duty.due_on, "〔2026〕3号")


async def test_postponements_together_never_exceed_what_the_rule_allows(desk: Desk) -> None:
    """A month from 30 November is 30 December, however it is cut up."""
    await desk.do(desk.postpone(date(2026, 12, 20)))
    with pytest.raises(duties.NotPostponable):
        await desk.do(desk.postpone(date(2026, 12, 31)))
    await desk.do(desk.postpone(date(2026, 12, 30)))
    for to in (date(2026, 12, 30), date(2026, 12, 1)):
        with pytest.raises(duties.NotPostponable):
            await desk.do(desk.postpone(to, months=12))


@pytest.mark.parametrize("act", [Desk.acknowledge, Desk.complete, Desk.waive])
@pytest.mark.parametrize(
    "state", [DutyState.DONE, DutyState.SUBMITTED, DutyState.WAIVED, DutyState.WITHDRAWN]
)
async def test_what_is_not_open_is_left_alone(
    sqlite_database: Database, act: Callable[[Desk], Act], state: DutyState
) -> None:
    async with sqlite_database.write() as session:
        await plant(session)
        duty = await owe(session, "王小明")
        duty.state = state.value
        owner = await person_named(session, "王小明")
    desk = Desk(sqlite_database, duty.id, owner.id, owner.id)
    with pytest.raises(duties.NotOpen):
        await desk.do(act(desk))
    assert (await desk.duty()).state == state
    assert await desk.said() == []
