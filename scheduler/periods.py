"""Arithmetic of dates: spans, recurring periods (RFC 5545), and the end of a local day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrule, rrulestr

from scheduler.rulebook.model import Anchor, AnchorKind, Rule, Span
from scheduler.workdays import Workdays

QUARTERS = "一二三四"
HALVES = ("上半年", "下半年")
# How far a rule that ends is asked for another occurrence, to know where its last period ends.
OPEN_END = date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """One period: its key ("2026-11", "2026Q4", "2026H2", "2026"), its name, first and last day."""

    key: str
    label: str
    starts_on: date
    ends_on: date


def add(day: date, span: Span, workdays: Workdays) -> date:
    """Return the day so much later (or earlier); a month without that day ends on its last.

    Workdays are counted last. A day beyond the calendar is the calendar's last.
    """
    try:
        moved = day + relativedelta(years=span.years, months=span.months, days=span.days)
    except (ValueError, OverflowError):
        return date.max
    return workdays.add(moved, span.workdays)


def occurrences(anchor: Anchor, *, after: date, before: date) -> Iterator[Period]:
    """Yield the periods of an anchor that begin before a day and end on or after another."""
    if anchor.kind is not AnchorKind.PERIOD:
        return
    recurring = _rule(anchor)
    start = recurring.before(_midnight(after), inc=True) or recurring.after(
        _midnight(after), inc=True
    )
    while start is not None and start.date() < before:
        following = recurring.after(start)
        ends = (following.date() if following else OPEN_END) - timedelta(days=1)
        if ends >= after:
            yield _period(start.date(), ends)
        start = following


def due_on(rule: Rule, period: Period, workdays: Workdays) -> date:
    """Return the last day on which a period's duty is in time."""
    return add(period.starts_on, rule.limit, workdays) if rule.limit else period.ends_on


def due_at(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a local day ends: the next one's midnight, as UTC."""
    following = day + timedelta(days=1) if day < date.max else day
    return datetime.combine(following, time(), zone).astimezone(UTC)


@lru_cache(maxsize=256)
def _rule(anchor: Anchor) -> rrule:
    """Return the recurrence, begun at its DTSTART: without one it would count from today."""
    assert anchor.dtstart is not None  # a rule without it is refused when it is read
    found = rrulestr(anchor.rrule, dtstart=_midnight(anchor.dtstart), cache=True)
    assert isinstance(found, rrule)  # one RRULE and no EXDATE, also checked when it is read
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _period(start: date, end: date) -> Period:
    """Name a period by its length: a month, a quarter, half a year, a year, or its first day."""
    days = (end - start).days + 1
    if 28 <= days <= 31:
        return Period(f"{start:%Y-%m}", f"{start.year}年{start.month}月", start, end)
    if 89 <= days <= 92:
        number = (start.month - 1) // 3
        label = f"{start.year}年第{QUARTERS[number]}季度"
        return Period(f"{start.year}Q{number + 1}", label, start, end)
    if 180 <= days <= 184:
        number = (start.month - 1) // 6
        return Period(f"{start.year}H{number + 1}", f"{start.year}年{HALVES[number]}", start, end)
    if 365 <= days <= 366:
        return Period(f"{start.year}", f"{start.year}年", start, end)
    return Period(f"{start}", f"{start} 起", start, end)
