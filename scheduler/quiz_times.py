"""When a group's daily round is due: a local minute on workdays, every day, or some weekdays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from db.numbers import BadValue
from scheduler.workdays import Workdays

WORKDAYS, EVERY_DAY = "workdays", "daily"
# No holiday is longer; whoever asks for no day at all has none.
LOOK_AHEAD = 60
_DAY = timedelta(days=1)
_NAMES = "一二三四五六日"
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)")
_WEEKDAYS = re.compile(r"(?:每?(?:周|星期))([一二三四五六日天、,，至到-]+)")


@dataclass(frozen=True, slots=True)
class Course:
    """When rounds are due: `at` is "08:30", `days` as in `QuizGroup`."""

    at: str
    days: str

    def falls_on(self, day: date, workdays: Workdays) -> bool:
        """Tell whether there is a round on a day."""
        if self.days == WORKDAYS:
            return workdays.is_workday(day)
        return self.days == EVERY_DAY or str(day.isoweekday()) in self.days.split(",")

    def instant(self, day: date, zone: ZoneInfo) -> datetime:
        """Return when that is; a minute that the clocks skip is the one they jump to.

        One that comes twice on a day is the first.
        """
        local = datetime.combine(day, time.fromisoformat(self.at), zone)
        return local.astimezone(UTC)

    def latest(self, at: datetime, zone: ZoneInfo) -> tuple[date, datetime]:
        """Return the last day and time of the course's minute that is not after `at`."""
        day = at.astimezone(zone).date()
        if self.instant(day, zone) > at:
            day -= _DAY
        return day, self.instant(day, zone)

    def following(
        self, after: datetime, zone: ZoneInfo, workdays: Workdays, *, taken: date | None
    ) -> datetime | None:
        """Return the first time that is not before `after` and on a later day than `taken`."""
        first = after.astimezone(zone).date()
        if taken is not None:
            first = max(first, taken + _DAY)
        for number in range(LOOK_AHEAD):
            day = first + number * _DAY
            at = self.instant(day, zone)
            if at >= after and self.falls_on(day, workdays):
                return at
        return None


def read_clock(text: str) -> str | None:
    """Return "08:30" for 8:30, 08：30 and the like; None if it is no time."""
    found = _CLOCK.fullmatch(text)
    return f"{int(found[1]):02}:{found[2]}" if found else None


def read_days(text: str) -> str | None:
    """Return the days that 工作日, 每天, 周一三五 or 周一至周五 name; None if it names none.

    Raises `BadValue` for a stretch of weekdays that runs backwards.
    """
    if text in ("工作日", "每个工作日"):
        return WORKDAYS
    if text in ("每天", "每日", "天天"):
        return EVERY_DAY
    if text in ("周末", "每周末", "每个周末"):
        return "6,7"
    found = _WEEKDAYS.fullmatch(re.sub(r"(?<=[至到,，、-])(?:周|星期)", "", text))
    if not found:
        return None
    days: set[int] = set()
    for part in filter(None, re.split("[、,，]", found[1].replace("天", "日"))):
        ends = re.split("[至到-]", part)
        if len(ends) == 1:
            days |= {_NAMES.index(name) + 1 for name in part}
            continue
        if len(ends) != 2 or len(ends[0]) != 1 or len(ends[1]) != 1:
            return None
        first, last = (_NAMES.index(name) + 1 for name in ends)
        if first > last:
            raise BadValue("星期的先后反了")
        days |= set(range(first, last + 1))
    return ",".join(map(str, sorted(days))) if days else None


def say_days(days: str) -> str:
    """Word the days of a course."""
    if days in (WORKDAYS, EVERY_DAY):
        return "每个工作日" if days == WORKDAYS else "每天"
    return "每周" + "".join(_NAMES[int(day) - 1] for day in days.split(","))
