"""Reading the State Council's notice on a year's days off, as it is pasted or listed.

Two forms are read: the notice's own sentences ("元旦：1月1日（周四）至3日（周六）放假调休，共3天。
1月4日（周日）上班。") and a plain list ("2027-02-05 休 春节" or "2027-02-14 班"), a day a line.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from db.days import parse_day
from db.numbers import BadValue

Days = dict[date, tuple[bool, str]]
REST, WORK = ("休", "放假", "休息"), ("班", "上班", "调休上班")
_LINE = re.compile(r"(\S+)\s+(休息|放假|休|调休上班|上班|班)(?:\s+(\S+))?")
_TITLE = re.compile(r"(20\d{2})\s*年")
_HOLIDAY = re.compile(r"(?:[一二三四五六七八九十]+、)?([\u4e00-\u9fff、]{2,10})[：:](.+)")
_DAY = r"(?:(\d{1,2})\s*月)?\s*(\d{1,2})\s*日(?:[（(][^）)]*[）)])?"
_SPAN = re.compile(rf"{_DAY}\s*(?:至|到|—|-)\s*{_DAY}\s*[^，。]*?放假")
_ONE = re.compile(rf"{_DAY}\s*[^，。至到]*?放假")
_MADE_UP = re.compile(rf"((?:{_DAY}\s*[、，和]?\s*)+)上班")
_EACH = re.compile(_DAY)
LONGEST = 15
# A year has more days off than this; fewer are no whole notice.
LEAST = 7


def read(text: str) -> Days:
    """Return the days that a text names: whether people work, and the holiday's name.

    Raises `BadValue` when nothing is understood, or something is understood twice differently.
    """
    days = _listed(text) or _noticed(text)
    if not days:
        raise BadValue("没有读出日期。请粘贴放假通知全文，或每行写“2027-02-05 休 春节”")
    if len({day.year for day in days}) > 2 or len(days) < LEAST:
        raise BadValue("请一次导入一年的完整安排（放假和调休上班的日子）")
    return days


def _listed(text: str) -> Days:
    days: Days = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        found = _LINE.fullmatch(line)
        if found is None:
            return {}
        _put(days, parse_day(found[1]), found[2] in WORK, found[3] or "")
    return days


def _noticed(text: str) -> Days:
    title = _TITLE.search(text)
    if title is None:
        return {}
    days: Days = {}
    for line in text.splitlines():
        if holiday := _HOLIDAY.match(line.strip()):
            _holiday(days, int(title[1]), holiday[1], holiday[2])
    return days


def _holiday(days: Days, year: int, name: str, text: str) -> None:
    """Read one holiday's sentences; the first month in them counts where one is left out."""
    rest = text
    if span := _SPAN.search(text):
        first = _date(year, span[1], span[2], None)
        last = _date(year, span[3], span[4], first)
        if not 0 <= (last - first).days <= LONGEST:
            raise BadValue(f"{name}的放假日期读不通")
        for number in range((last - first).days + 1):
            _put(days, first + timedelta(days=number), False, name)
        rest = text[span.end() :]
    elif one := _ONE.search(text):
        _put(days, _date(year, one[1], one[2], None), False, name)
        rest = text[one.end() :]
    for made_up in _MADE_UP.finditer(rest):
        before: date | None = None
        for each in _EACH.finditer(made_up[1]):
            before = _date(year, each[1], each[2], before)
            _put(days, before, True, f"{name}调休上班")


def _date(year: int, month: str | None, day: str, before: date | None) -> date:
    number = int(month) if month else before.month if before else 0
    # The new year's holiday may begin in the December before.
    if before is not None and month and number < before.month:
        year = before.year + 1
    try:
        return date(year, number, int(day))
    except ValueError as error:
        raise BadValue(f"没有 {number}月{day}日 这一天") from error


def _put(days: Days, day: date, works: bool, name: str) -> None:
    if day in days and days[day][0] != works:
        raise BadValue(f"{day} 既写了放假又写了上班")
    days[day] = (works, name)
