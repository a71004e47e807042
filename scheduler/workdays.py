"""Which days people work on: decreed where the State Council has decreed, computed beyond.

The decree for a year comes out in the autumn before it, and no rule derives its make-up
workdays. Days without a decree are computed (weekends and statutory holidays) and marked
provisional; a decree that is imported replaces them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import cast

from sqlalchemy import ColumnElement, Table, delete, extract, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import CalendarDay
from db.types import insert_rows

DECREE, LIBRARY, COMPUTED = "decree", "chinesecalendar", "computed"
# The table is kept so many years ahead of today's.
YEARS_AHEAD = 2
FIRST_YEAR = 2014
# From this month on a missing decree for the next year is worth a warning.
WARN_FROM_MONTH = 12
DAY = timedelta(days=1)
# Rows of the table itself are read in half the time of mapped ones, and they are thousands.
DAYS = cast(Table, CalendarDay.__table__)


@dataclass(frozen=True, slots=True)
class Kind:
    """Whether a day is worked on, and whether that is only computed."""

    workday: bool
    provisional: bool


# One of each, for the thousands of days of the table.
KINDS = {(w, p): Kind(w, p) for w in (False, True) for p in (False, True)}


class Workdays:
    """The table in memory. Never raises: a day beyond the table is computed."""

    def __init__(self, days: Mapping[date, Kind]) -> None:
        self._days = days

    @classmethod
    async def load(
        cls, session: AsyncSession, first: date = date.min, last: date = date.max
    ) -> Workdays:
        """Read the table of the store, or some days of it."""
        columns = DAYS.c.day, DAYS.c.workday, DAYS.c.provisional
        found = await session.execute(select(*columns).where(DAYS.c.day.between(first, last)))
        return cls({day: KINDS[workday, provisional] for day, workday, provisional in found.all()})

    def is_workday(self, day: date) -> bool:
        """Tell whether people work on a day."""
        return self._kind(day).workday

    def is_provisional(self, day: date) -> bool:
        """Tell whether that is only computed."""
        return self._kind(day).provisional

    def on_or_before(self, day: date) -> date:
        """Return the day, or the last workday before it."""
        return self._walk(day, -DAY)

    def on_or_after(self, day: date) -> date:
        """Return the day, or the first workday after it."""
        return self._walk(day, DAY)

    def add(self, day: date, count: int) -> date:
        """Return the `count`-th workday after a day (before it, if negative); 0 is the day."""
        step = DAY if count > 0 else -DAY
        for _ in range(abs(count)):
            day = self._walk(_shift(day, step), step)
        return day

    def _kind(self, day: date) -> Kind:
        return self._days.get(day) or Kind(computed(day)[0], True)

    def _walk(self, day: date, step: timedelta) -> date:
        while not self.is_workday(day) and date.min < day < date.max:
            day = _shift(day, step)
        return day


async def seed(session: AsyncSession, *, today: date) -> int:
    """Fill the table up to `YEARS_AHEAD` years from today; returns how many days were new.

    Days that the library has learned since replace computed ones; a decree is never touched.
    """
    have = await session.execute(
        select(extract("year", CalendarDay.day), CalendarDay.source, func.count()).group_by(
            extract("year", CalendarDay.day), CalendarDay.source
        )
    )
    sources: dict[int, set[str]] = {}
    for year, source, _ in have:
        sources.setdefault(int(year), set()).add(source)
    new = 0
    for year in range(FIRST_YEAR, today.year + YEARS_AHEAD + 1):
        known = sources.get(year, set())
        decreed = _decreed(year)
        if known - {COMPUTED} or (known and decreed is None):
            continue
        await session.execute(delete(CalendarDay).where(*_in_year(year)))
        rows = decreed if decreed is not None else _computed(year)
        await insert_rows(session, CalendarDay, rows)
        new += len(rows)
    return new


async def save_decree(
    session: AsyncSession, days: Mapping[date, tuple[bool, str]]
) -> tuple[date, date]:
    """Put decreed days (workday or not, and the name) into the table.

    The year that most of them fall in is decreed whole by it: its other days are weekends off
    and weekdays on, no longer provisional. Of a neighbouring year only the named days change.
    Returns the first and last day concerned.
    """
    counted = Counter(day.year for day in days)
    year = max(counted, key=lambda y: (counted[y], y))
    await session.execute(delete(CalendarDay).where(*_in_year(year)))
    rows = [_row(day, *_plain(day), DECREE, False) for day in _days_of(year) if day not in days]
    for day, named in days.items():
        if day.year != year:
            await session.execute(delete(CalendarDay).where(CalendarDay.day == day))
        rows.append(_row(day, *named, DECREE, False))
    await insert_rows(session, CalendarDay, rows)
    return min(date(year, 1, 1), *days), max(date(year, 12, 31), *days)


async def missing_year(session: AsyncSession, *, today: date) -> int | None:
    """Return the next year if it is December and its decree is not in the table, else None."""
    if today.month < WARN_FROM_MONTH:
        return None
    year = today.year + 1
    statement = select(CalendarDay.day).where(*_in_year(year), CalendarDay.provisional.is_(False))
    return None if await session.scalar(statement.limit(1)) is not None else year


@lru_cache(maxsize=4096)
def computed(day: date) -> tuple[bool, str]:
    """Return whether a day is probably worked on, and its statutory holiday's name if it is one."""
    name = _statutory(day.year).get(day, "")
    return (not name and day.weekday() < 5), name


@lru_cache(maxsize=64)
def _statutory(year: int) -> dict[date, str]:
    """Return the statutory days off of a year, by computation; none outside 1949 to 2099."""
    import holidays  # late: takes a while, and most commands need no calendar

    if not 1949 <= year <= 2099:
        return {}
    # Observed and substituted days are decreed, so they are not asked for.
    found = holidays.country_holidays("CN", years=year, observed=False, language="zh_CN")
    return {day: str(name) for day, name in found.items() if day.year == year}


@lru_cache(maxsize=64)
def _decreed(year: int) -> list[dict[str, object]] | None:
    """Return a year's days as the library knows them from the decree; None if it does not."""
    import chinese_calendar

    try:
        return [
            _row(day, chinese_calendar.is_workday(day), "", LIBRARY, False)
            for day in _days_of(year)
        ]
    except NotImplementedError:
        return None


def _computed(year: int) -> list[dict[str, object]]:
    return [_row(day, *computed(day), COMPUTED, True) for day in _days_of(year)]


def _plain(day: date) -> tuple[bool, str]:
    return day.weekday() < 5, ""


def _row(day: date, workday: bool, name: str, source: str, provisional: bool) -> dict[str, object]:
    return {
        "day": day,
        "workday": workday,
        "name": name,
        "source": source,
        "provisional": provisional,
    }


def _days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year, 12, 31) - first).days + 1)]


def _in_year(year: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return CalendarDay.day >= date(year, 1, 1), CalendarDay.day <= date(year, 12, 31)


def _shift(day: date, step: timedelta) -> date:
    try:
        return day + step
    except OverflowError:
        return day
