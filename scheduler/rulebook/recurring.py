"""The recurrences that a rule may have: of RFC 5545, without end, at most daily."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from dateutil.rrule import DAILY, rrule, rrulestr

from scheduler.rulebook.model import Anchor

# What dateutil raises at a text that is no recurrence, or one beyond the calendar.
NO_RRULE = (ValueError, TypeError, AttributeError, OverflowError)


class BadRecurrence(Exception):
    """It is no recurrence, or none that a rule may have; the message says why."""


def recurrence(anchor: Anchor) -> rrule:
    """Return the recurrence of a period's anchor; raises `BadRecurrence`."""
    if anchor.dtstart is None:
        raise BadRecurrence("an RRULE needs its DTSTART (dtstart)")
    try:
        found = rrulestr(anchor.rrule, dtstart=datetime.combine(anchor.dtstart, time()))
        if fault := _fault(found):
            raise BadRecurrence(f"bad RRULE {anchor.rrule!r}: {fault}")
    except NO_RRULE as error:
        raise BadRecurrence(f"bad RRULE {anchor.rrule!r}: {error}") from error
    assert isinstance(found, rrule)  # `_fault` has looked
    return found


def days_of(anchor: Anchor) -> Iterator[date]:
    """Yield the days of an anchor's recurrence; none where it is a bad one."""
    try:
        for moment in recurrence(anchor):
            yield moment.date()
    except BadRecurrence:
        return


def _fault(found: object) -> str:
    """Say why dateutil's object is no recurrence for a rule; "" if it is one.

    An interval of 0 makes dateutil search for ever, so it is looked at before any day is asked for.
    """
    if not isinstance(found, rrule):
        return "one recurrence, no set"
    freq, interval, count, until = (
        getattr(found, part)  # dateutil has no public names for them
        for part in ("_freq", "_interval", "_count", "_until")
    )
    if freq > DAILY:
        return "nothing is due more often than daily"
    if interval < 1:
        return "INTERVAL must be 1 or more"
    if count is not None or until is not None:
        return "a rule ends by effective_until, not by COUNT or UNTIL"
    return "" if next(iter(found), None) else "it never occurs"
