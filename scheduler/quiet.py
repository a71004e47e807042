"""The hours in which nobody is reminded, in the reader's own time zone.

A unit writes them as "21:30-08:00,12:00-13:30"; empty means none, and "always" that rest days
are open as well. Whatever was to be told in them waits for the next opening, unless its limit
lies inside them: then it is told at the last opening before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.numbers import BadValue
from db.tables import Unit

ALWAYS = "always"
DEFAULT_TEXT = "21:30-08:00"
_STRETCH = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DAY_MINUTES = 24 * 60
# Rest days in a row never come near this.
_MOST_DAYS = 60


@dataclass(frozen=True, slots=True)
class Quiet:
    """Stretches of the local day in minutes from midnight, each within one day, without overlap.

    With `rest_days` people may be told on days off as well.
    """

    stretches: tuple[tuple[int, int], ...] = ()
    rest_days: bool = False

    def is_open(self, local: datetime, works: Callable[[date], bool]) -> bool:
        """Tell whether somebody may be told at a local time."""
        if not self.rest_days and not works(local.date()):
            return False
        minute = local.hour * 60 + local.minute
        return not any(start <= minute < end for start, end in self.stretches)

    def next_opening(
        self, instant: datetime, zone: ZoneInfo, works: Callable[[date], bool]
    ) -> datetime:
        """Return the instant, or the first one after it at which somebody may be told."""
        local = instant.astimezone(zone)
        if self.is_open(local, works):
            return instant
        for days in range(_MOST_DAYS):
            for opening in self._openings(local.date() + timedelta(days=days), zone):
                if opening >= instant and self.is_open(opening.astimezone(zone), works):
                    return opening
        return instant

    def last_opening(
        self, instant: datetime, zone: ZoneInfo, works: Callable[[date], bool]
    ) -> datetime:
        """Return the instant, or the beginning of the last open stretch before it."""
        local = instant.astimezone(zone)
        if self.is_open(local, works):
            return instant
        for days in range(_MOST_DAYS):
            openings = self._openings(local.date() - timedelta(days=days), zone)
            for opening in reversed(openings):
                if opening <= instant and self.is_open(opening.astimezone(zone), works):
                    return opening
        return instant

    def closing_after(
        self, instant: datetime, zone: ZoneInfo, works: Callable[[date], bool]
    ) -> tuple[datetime, datetime] | None:
        """Return when the open stretch around an instant ends and the next begins; None if never.

        The instant itself is open.
        """
        local = instant.astimezone(zone)
        for days in range(_MOST_DAYS):
            day = local.date() + timedelta(days=days)
            for closing in self._closings(day, zone):
                if closing > instant and not self.is_open(closing.astimezone(zone), works):
                    return closing, self.next_opening(closing, zone, works)
        return None

    def _openings(self, day: date, zone: ZoneInfo) -> list[datetime]:
        minutes = sorted({0, *(end % _DAY_MINUTES for _, end in self.stretches)})
        return [_instant(day, minute, zone) for minute in minutes]

    def _closings(self, day: date, zone: ZoneInfo) -> list[datetime]:
        minutes = sorted({0, *(start for start, _ in self.stretches)})
        return [_instant(day, minute, zone) for minute in minutes]


def parse(text: str) -> Quiet:
    """Read quiet hours; raises `BadValue` for what cannot be read or leaves no hour open."""
    plain = text.strip()
    if plain == ALWAYS:
        return Quiet(rest_days=True)
    minutes: set[tuple[int, int]] = set()
    for part in plain.split(",") if plain else []:
        minutes.update(_stretch(part.strip()))
    merged = _merge(minutes)
    if sum(end - start for start, end in merged) >= _DAY_MINUTES:
        raise BadValue("免打扰时段不能是全天")
    return Quiet(merged)


@dataclass(frozen=True, slots=True)
class Hours:
    """A unit's time zone and quiet hours."""

    zone: ZoneInfo
    quiet: Quiet


async def of_units(session: AsyncSession, *, zone: ZoneInfo) -> dict[int, Hours]:
    """Return what holds for each unit: its own, or that of the nearest unit above that has one."""
    rows = (
        await session.execute(select(Unit.id, Unit.path, Unit.zone, Unit.quiet).order_by(Unit.path))
    ).all()
    own = {row.id: row for row in rows}
    found: dict[int, Hours] = {}
    for row in rows:
        line = [own[int(part)] for part in reversed(row.path.strip("/").split("/")) if part]
        named = next((above.zone for above in line if above.zone), None)
        hours = next((above.quiet for above in line if above.quiet is not None), DEFAULT_TEXT)
        found[row.id] = Hours(ZoneInfo(named) if named else zone, parse(hours))
    return found


def _stretch(text: str) -> list[tuple[int, int]]:
    found = _STRETCH.fullmatch(text)
    if not found:
        raise BadValue("看不懂这个时段")
    start, end = _minute(found[1], found[2]), _minute(found[3], found[4])
    if start == end:
        return []
    return [(start, end)] if start < end else [(start, _DAY_MINUTES), (0, end)]


def _minute(hour: str, minute: str) -> int:
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > _DAY_MINUTES:
        raise BadValue("没有这个钟点")
    return value


def _merge(stretches: set[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretch for stretch in stretches if stretch[0] < stretch[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant of a local minute; one that the clocks skip is the moment after."""
    at = time(minute // 60, minute % 60)
    return datetime.combine(day, at, zone).astimezone(UTC)


DEFAULT = parse(DEFAULT_TEXT)
