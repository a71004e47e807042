"""What one owner owes: by period, term and event, to the day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from db.tables import Term, Unit, UnitKind
from scheduler.owed import HORIZON, Debt, Owing, debts
from scheduler.rulebook.model import Anchor, AnchorKind, Rule, Span
from scheduler.workdays import Workdays
from tests.scheduler.world import DUES, MEETING

TODAY = date(2026, 11, 23)
PERSON = Owing("person:9", 4, 9, since=date(2026, 8, 31), mark="post7")
BRANCH = Unit(id=4, kind=UnitKind.BRANCH.value, name="第一党支部", path="/1/4/")
UNIT = Owing("unit:4", 4, about=BRANCH)
ELECTION = replace(MEETING, anchor=Anchor(AnchorKind.TERM, years=3))
APPOINTED = replace(DUES, anchor=Anchor(AnchorKind.EVENT, event="appointed"), limit=Span(months=6))


def owed(
    *versions: Rule, by: Owing = PERSON, today: date = TODAY, term: Term | None = None
) -> list[Debt]:
    held = {term.unit_id: term} if term else {}
    return list(debts(versions, by, held=held, workdays=Workdays({}), today=today))


def elected(day: date, extended_to: date | None = None) -> Term:
    entered = datetime(2026, 1, 1, tzinfo=UTC)
    return Term(unit_id=4, elected_on=day, extended_to=extended_to, entered_at=entered)


@pytest.mark.parametrize(("days", "periods"), [(0, 2), (1, 3)])
def test_a_period_is_made_when_it_begins_within_the_horizon(days: int, periods: int) -> None:
    """On the first day and the day before it."""
    today = date(2027, 3, 1) - HORIZON + timedelta(days=days)
    assert len(owed(DUES, today=today)) == periods


@pytest.mark.parametrize(("today", "timely"), [(date(2026, 11, 10), True), (TODAY, False)])
def test_what_is_over_is_owed_but_not_made(today: date, timely: bool) -> None:
    november = owed(replace(DUES, limit=Span(days=9)), today=today)[0]
    assert (november.due_on, november.timely) == (date(2026, 11, 10), timely)


def test_the_version_of_the_periods_first_day_counts() -> None:
    """A rule that changes in the middle of a month holds from the next month on."""
    old = replace(DUES, effective_until=date(2026, 12, 15))
    new = replace(DUES, version="2027", effective_from=date(2026, 12, 15), limit=Span(days=9))
    found = {debt.period: debt.version.version for debt in owed(old, new)}
    assert found == {"2026-11": "2008", "2026-12": "2008", "2027-01": "2027"}


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2024, 2, 29), date(2027, 2, 28)),
        (date(2024, 11, 30), date(2027, 11, 30)),
    ],
)
def test_a_term_ends_on_the_day_of_its_election(day: date, end: date) -> None:
    (debt,) = owed(ELECTION, by=UNIT, term=elected(day))
    assert (debt.due_on, debt.timely) == (end, True)


def test_a_term_that_is_far_from_over_is_not_made() -> None:
    (debt,) = owed(ELECTION, by=UNIT, term=elected(date(2026, 11, 1)))
    assert not debt.timely


def test_an_extended_term_ends_on_the_day_that_was_allowed() -> None:
    term = elected(date(2024, 1, 5), extended_to=date(2027, 6, 30))
    (debt,) = owed(ELECTION, by=UNIT, term=term)
    assert debt.due_on == date(2027, 6, 30)


def test_a_unit_whose_term_is_unknown_owes_no_election() -> None:
    assert owed(ELECTION, by=UNIT) == []


def test_an_appointment_on_the_last_day_of_a_month_ends_on_the_last() -> None:
    """Half a year from 31 August has no 31 February."""
    (debt,) = owed(APPOINTED)
    assert (debt.period, debt.due_on) == ("appointed:post7:2026-08-31", date(2027, 2, 28))
