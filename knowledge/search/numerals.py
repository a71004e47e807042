"""One way to write a number: 三个月 and 3个月, 第十三条 and 第13条, 百分之二十 and 20%.

Chinese numerals become digits where they count something. Where a numeral is part of a name or
of a word (三会一课, 千万, 统一) it stays. Questions and passages pass through the same rules, so
a numeral that is read wrongly is at least read wrongly on both sides.
"""

from __future__ import annotations

import re

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}

_ONE = "[一二两三四五六七八九]"
_NUMBER = "[零〇一二两三四五六七八九十百千万亿]"
# What a numeral of one character counts; 会, 课 and 学 are left out for 三会一课 and 两学一做.
_MEASURE = (
    "个|年|月|日|天|次|名|人|元|条|款|项|章|节|周|届|倍|岁|份|期|级|种|遍|轮|号|小时|分钟|学时"
)
# 统一个人 is no 1个人: after these a single numeral belongs to the word before it.
_JOINED = "统唯万专单划归之同逐如不进某任"

_PERCENT = re.compile(f"百分之({_NUMBER}+|[0-9]+(?:\\.[0-9]+)?)")
_YEAR = re.compile("[零〇一二三四五六七八九]{4}(?=年)")
_WITH_UNITS = re.compile(f"(?:{_ONE}|十)(?:{_NUMBER})+")
_SINGLE = re.compile(f"(?<![{_JOINED}])(?:{_ONE}|十)(?={_MEASURE})")
_GROUPED = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_MIXED = re.compile("([0-9]{1,8}(?:\\.[0-9]{1,4})?)([千万亿])(?=[元个名人多余])")


def to_digits(text: str) -> str:
    """Write the counting numerals of a text in digits."""
    text = _GROUPED.sub("", text)
    text = _PERCENT.sub(_percent, text)
    text = _YEAR.sub(lambda found: "".join(str(DIGITS[c]) for c in found[0]), text)
    text = _WITH_UNITS.sub(_counted, text)
    text = _SINGLE.sub(_counted, text)
    return _MIXED.sub(_multiplied, text)


def parse(numeral: str) -> int | None:
    """Return the value of a Chinese numeral with units, or None when it is not one.

    二十五 is 25 and 一万二千 is 12,000; 一二 and 三五十 are no numbers. The everyday short
    form counts as it is meant: 一百五 is 150.
    """
    total = section = digit = 0
    last_unit = 0
    pending = zero = False
    for character in numeral:
        if character in DIGITS:
            if pending:
                return None
            digit, pending = DIGITS[character], DIGITS[character] > 0
            zero = zero or not pending
            continue
        unit = UNITS[character]
        if unit >= 10_000:
            if not (section or pending) or (total and unit >= _last_section(total)):
                return None
            total += (section + digit) * unit
            section, last_unit = 0, unit
        else:
            if last_unit and last_unit < 10_000 and unit >= last_unit:
                return None
            section += (digit if pending else 1) * unit
            last_unit = unit
        digit, pending, zero = 0, False, False
    if pending and last_unit > 10 and not zero:
        digit *= last_unit // 10
    return total + section + digit if last_unit else None


def _last_section(total: int) -> int:
    """Return the unit of the last section counted, 10,000 or 100,000,000."""
    return 100_000_000 if total % 100_000_000 == 0 else 10_000


def _counted(found: re.Match[str]) -> str:
    numeral = found[0]
    value = DIGITS.get(numeral) if len(numeral) == 1 else parse(numeral)
    if value is None:
        value = parse(numeral)
    return numeral if value is None else str(value)


def _percent(found: re.Match[str]) -> str:
    numeral = found[1]
    if numeral[0].isdecimal():
        return f"{numeral}%"
    value = DIGITS.get(numeral, parse(numeral))
    if value is None and numeral == "百":
        value = 100
    return found[0] if value is None else f"{value}%"


def _multiplied(found: re.Match[str]) -> str:
    value = float(found[1]) * UNITS[found[2]]
    return str(round(value)) if value == round(value) else found[0]
