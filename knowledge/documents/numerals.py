"""Numbers as documents write them: Chinese both ways, and the formats of Word's lists."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

DIGITS = "零一二三四五六七八九"
FORMAL_SIMPLIFIED = "零壹贰叁肆伍陆柒捌玖"
FORMAL_TRADITIONAL = "零壹貳參肆伍陸柒捌玖"
UNITS = ("", "十", "百", "千")
FORMAL_UNITS = ("", "拾", "佰", "仟")
STEMS = "甲乙丙丁戊己庚辛壬癸"
BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
LARGEST = 9999
# Every character that a numeral may hold, for use inside a character class.
CLASS = "零〇○一二两三四五六七八九十百千廿卅壹贰貳叁參肆伍陆陸柒捌玖拾佰仟0-9０-９"

_VALUES = (
    {c: i for i, c in enumerate(DIGITS)}
    | {c: i for i, c in enumerate(FORMAL_SIMPLIFIED)}
    | {c: i for i, c in enumerate(FORMAL_TRADITIONAL)}
    | {"〇": 0, "○": 0, "两": 2}
)
_POWERS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_SHORT = str.maketrans({"廿": "二十", "卅": "三十"})
_ROMAN = {
    "M": 1000, "CM": 900, "D": 500, "CD": 400, "C": 100, "XC": 90, "L": 50, "XL": 40, "X": 10,
    "IX": 9, "V": 5, "IV": 4, "I": 1,
}  # fmt: skip
_NUMERAL = re.compile(rf"[{CLASS}]+")


def to_chinese(number: int) -> str:
    """Write 0 to 9999 as in 第一百零一条; raises `ValueError` beyond."""
    written = _grouped(number, DIGITS, UNITS)
    # 十二, never 一十二, where the ten comes first; formal numbers keep their 壹.
    return written.removeprefix(DIGITS[1]) if 10 <= number < 20 else written


def in_locator(number: int) -> str:
    """Write a number as in 第一百零一页: in Chinese up to 9999, in digits beyond."""
    return to_chinese(number) if number <= LARGEST else str(number)


def from_chinese(numeral: str) -> int:
    """Read 第…条's numeral: 十二, 一百零一, 一〇一, 两千, 廿一, 12 or １２.

    Raises `ValueError` for anything else. Units must fall and each digit have its own, so that
    every number has one value.
    """
    if not _NUMERAL.fullmatch(numeral):
        raise ValueError(f"no numeral: {numeral!r}")
    plain = numeral.translate(_SHORT)
    if all(c in _VALUES or unicodedata.decimal(c, None) is not None for c in plain):
        return int("".join(str(_digit(c)) for c in plain))
    return _sum_of_groups(plain)


def format_number(number: int, style: str) -> str:
    """Write a list number in a format of Word (ST_NumberFormat, ECMA-376 part 1, 17.18.59).

    A format that is unknown, or has no sign for the number, gives digits. Bullets give nothing.
    """
    if style in ("bullet", "none"):
        return ""
    write = _FORMATS.get(style)
    try:
        return str(number) if write is None else write(number)
    except ValueError:
        return str(number)


def _digit(character: str) -> int:
    value = _VALUES.get(character)
    return unicodedata.decimal(character) if value is None else value


def _sum_of_groups(plain: str) -> int:
    """Add up digits and units. `pending` is a digit without its unit, `last` the unit before."""
    total, pending, last, gap = 0, 0, 10_000, False
    for character in plain:
        power = _POWERS.get(character)
        if power is None:
            if pending:
                raise ValueError(f"two digits without a unit: {plain!r}")
            pending = _digit(character)
            gap = gap or pending == 0
        elif power >= last or (not pending and (power > 10 or total)):
            raise ValueError(f"units out of order: {plain!r}")
        else:
            total, pending, last, gap = total + (pending or 1) * power, 0, power, False
    if pending and last > 10 and not gap:
        # 一百一 is said for 110, and would be read as 101.
        raise ValueError(f"a digit of unknown unit: {plain!r}")
    return total + pending


def _grouped(number: int, digits: str, units: tuple[str, ...]) -> str:
    if not 0 <= number <= LARGEST:
        raise ValueError(f"not between 0 and {LARGEST}: {number}")
    if number == 0:
        return digits[0]
    written, gap = "", False
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if digit:
            written += (digits[0] if gap and written else "") + digits[digit] + units[power]
        gap = digit == 0
    return written


def _positional(number: int) -> str:
    return "".join("〇" if d == "0" else DIGITS[int(d)] for d in str(number))


def _counting(number: int) -> str:
    """Write 十二 up to 99 and digit by digit above, as Word does in its 'counting' formats."""
    return to_chinese(number) if 1 <= number <= 99 else _positional(number)


def _cycle(signs: str) -> Callable[[int], str]:
    return lambda number: _sign(signs, number)


def _sign(signs: str, number: int) -> str:
    if not 1 <= number <= len(signs):
        raise ValueError(f"no sign for {number}")
    return signs[number - 1]


def _row(first: int, count: int) -> Callable[[int], str]:
    return _cycle("".join(chr(first + i) for i in range(count)))


def _roman(number: int) -> str:
    written = ""
    for sign, value in _ROMAN.items():
        written, number = written + sign * (number // value), number % value
    return written


def _letters(number: int) -> str:
    """Write A to Z, then AA, BB, …, as Word does."""
    if number < 1:
        raise ValueError(f"no letter for {number}")
    return chr(ord("A") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def _full_width(number: int) -> str:
    return "".join(chr(ord("０") + int(d)) for d in str(number))


_FORMATS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02}",
    "upperRoman": _roman,
    "lowerRoman": lambda number: _roman(number).lower(),
    "upperLetter": _letters,
    "lowerLetter": lambda number: _letters(number).lower(),
    "chineseCounting": _counting,
    "taiwaneseCounting": _counting,
    "chineseCountingThousand": to_chinese,
    "taiwaneseCountingThousand": to_chinese,
    "japaneseCounting": to_chinese,
    "ideographDigital": _positional,
    "japaneseDigitalTenThousand": _positional,
    "taiwaneseDigital": _positional,
    "chineseLegalSimplified": lambda number: _grouped(number, FORMAL_SIMPLIFIED, FORMAL_UNITS),
    "ideographLegalTraditional": lambda number: _grouped(number, FORMAL_TRADITIONAL, FORMAL_UNITS),
    "ideographTraditional": _cycle(STEMS),
    "ideographZodiac": _cycle(BRANCHES),
    "ideographZodiacTraditional": lambda number: (
        STEMS[(number - 1) % len(STEMS)] + BRANCHES[(number - 1) % len(BRANCHES)]
    ),
    "ideographEnclosedCircle": _row(0x3220, 10),
    "decimalEnclosedCircle": _row(0x2460, 20),
    "decimalEnclosedCircleChinese": _row(0x2460, 20),
    "decimalEnclosedParen": _row(0x2474, 20),
    "decimalEnclosedFullstop": _row(0x2488, 20),
    "decimalFullWidth": _full_width,
    "decimalFullWidth2": _full_width,
    "numberInDash": lambda number: f"- {number} -",
}
