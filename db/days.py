"""Dates as people type them: read when there is one reading, refused otherwise."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from db.numbers import BadValue

HINT = "请写成 2024-07-01"
_PARTED = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_MONTH_DAY = re.compile(r"([0-9]{1,2})(?:[-/.]|月)([0-9]{1,2})日?")
_WORDED = re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日")
_PACKED = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SERIAL = re.compile(r"[0-9]{1,7}(?:\.[0-9]+)?")


def parse_day(text: str) -> date:
    """Read 2024-07-01, 2024/7/1, 2024.7.1, 2024年7月1日 or 20240701; raises `BadValue`.

    A spreadsheet's serial number is refused: which day it is depends on the file's epoch.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if _SERIAL.fullmatch(plain):
        raise BadValue(f"日期是一个数字，不能确定是哪一天，{HINT}")
    if parted := _PARTED.fullmatch(plain):
        return _day(parted[1], parted[3], parted[4])
    if found := _WORDED.fullmatch(plain) or _PACKED.fullmatch(plain):
        return _day(found[1], found[2], found[3])
    raise BadValue(f"看不懂这个日期，{HINT}")


def parse_coming_day(text: str, today: date) -> date:
    """Read what `parse_day` does, and 12-15 or 12月15日 as the next such day from today on."""
    found = _MONTH_DAY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return parse_day(text)
    month, day = found[1].zfill(2), found[2].zfill(2)
    this_year = f"{today:%m%d}" <= month + day
    return _day(str(today.year + (not this_year)), month, day)


def _day(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise BadValue("没有这一天，请核对日期") from error
