"""A check-in as people type it: what, how long and a thought, in any order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from db.days import parse_day
from db.numbers import BadValue

LEAST, MOST = 1, 600
WHAT_LIMIT, THOUGHT_LIMIT = 100, 1_000
NEAR_DAYS = {"今天": 0, "昨天": 1, "前天": 2}
SEPARATORS = " \t\n\r\u3000,，;；。.、:：-—"
DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
HAN = {c: n for n, c in enumerate("零一二三四五六七八九十")} | {"两": 2}

_PLAIN = r"(?<![0-9.第A-Za-z])[0-9]{1,5}(?:\.[0-9]{1,2})?"
_HAN = r"(?<!第)[一二两三四五六七八九十]{1,3}"
# 十分 is "very": with a numeral in characters only the full word 分钟 is a time.
# A dash that follows a space belongs to the number; one that follows a word sets off the time.
_DURATION = re.compile(
    rf"(?:(?<!\S)(?P<minus>[-−－]))?"
    rf"(?:(?P<hours>{_PLAIN}|{_HAN}|半)\s*个?(?P<and_half>半)?\s*(?:小时|钟头|[hH](?![A-Za-z]))"
    rf"(?P<half>半)?(?:\s*(?P<more>[0-9]{{1,3}}(?=\s*分)|{_HAN}(?=\s*分钟))\s*分钟?)?"
    rf"|(?P<plain>{_PLAIN})\s*(?:分钟|分(?![一-鿿])|[mM][iI][nN](?![A-Za-z]))"
    rf"|(?P<han>{_HAN})\s*分钟)"
)
_BARE = re.compile(rf"{_PLAIN}|{_HAN}")
_MARKED = re.compile(r"(?:感想|心得|体会|收获)\s*[：:]\s*")
_FULL_DAY = re.compile(r"[0-9]{4}(?:[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?|[0-9]{4})")
_MONTH_DAY = re.compile(r"([0-9]{1,2})(?:[-/.]|月)([0-9]{1,2})日?")


@dataclass(frozen=True, slots=True)
class Entry:
    """What was understood; `minutes` and `on` are None where nothing was said of them."""

    what: str = ""
    minutes: int | None = None
    thought: str = ""
    on: date | None = None


def parse(text: str, *, today: date) -> Entry:
    """Read a check-in. `today` is the local day of the event, from which 昨天 is counted.

    What stands before the time is what was studied and what follows it the thought; where only
    one of both is there, its first word is the former. Raises `BadValue` for a time out of
    bounds or a day that does not exist.
    """
    body, marked = _marked(text)
    found = _DURATION.search(body.translate(DIGITS))
    head, tail = (body, "") if found is None else (body[: found.start()], body[found.end() :])
    minutes = _minutes(found) if found else None
    head, on = _without_day(head, today)
    if on is None:
        tail, on = _without_day(tail, today)
    what, thought = _split(_trim(head), _trim(tail))
    thought = _trim(f"{thought} {marked}") if marked else thought
    return Entry(_short(what, WHAT_LIMIT), minutes, _short(thought, THOUGHT_LIMIT), on)


def is_bare_number(text: str) -> bool:
    """Tell whether somebody who was asked how long has left out the unit."""
    return _BARE.fullmatch(text.strip().translate(DIGITS)) is not None


def parse_near_day(text: str, today: date) -> date | None:
    """Read 昨天, 11-25, 11月25日 or a full date; None for what is no day at all.

    A day without its year is the last such day up to today. Raises `BadValue` for a day that
    does not exist.
    """
    plain = text.translate(DIGITS)
    if plain in NEAR_DAYS:
        return today - timedelta(days=NEAR_DAYS[plain])
    if short := _MONTH_DAY.fullmatch(plain):
        return _last_such_day(int(short[1]), int(short[2]), today)
    looks_like_one = re.fullmatch(
        r"[0-9]{4}(?:[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?|[0-9]{4})", plain
    )
    return parse_day(plain) if looks_like_one else None


def _last_such_day(month: int, day: int, today: date) -> date:
    for year in range(today.year, today.year - 5, -1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found <= today or year < today.year:
            return found
    raise BadValue("没有这一天，请核对日期")


def _marked(text: str) -> tuple[str, str]:
    """Split off a thought that is announced as one."""
    found = _MARKED.search(text)
    return (text, "") if found is None else (text[: found.start()], text[found.end() :])


def _minutes(found: re.Match[str]) -> int:
    if found["plain"] or found["han"]:
        total = _number(found["plain"] or found["han"])
    else:
        hours = 0.5 if found["hours"] == "半" else _number(found["hours"])
        half = 0.5 if found["and_half"] or found["half"] else 0
        total = (hours + half) * 60 + (_number(found["more"]) if found["more"] else 0)
    if found["minus"] or not LEAST <= total <= MOST:
        raise BadValue(f"一次签到请在 {LEAST} 到 {MOST} 分钟之间")
    return max(LEAST, round(total))


def _number(text: str) -> float:
    if text[0].isdecimal():
        return float(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return float(HAN[text[-1]]) if len(text) == 1 else 0
    return 10 * (HAN[tens[-1]] if tens else 1) + (HAN[ones[0]] if ones else 0)


def _without_day(text: str, today: date) -> tuple[str, date | None]:
    """Take a day off that is the first or the last word."""
    words = text.split()
    for place in _ends(words):
        day = parse_near_day(words[place].strip(SEPARATORS), today)
        if day is not None:
            return " ".join(words[:place] + words[place + 1 :]), day
    return text, None


def _ends(words: list[str]) -> Iterator[int]:
    if words:
        yield 0
    if len(words) > 1:
        yield len(words) - 1


def _split(head: str, tail: str) -> tuple[str, str]:
    if head and tail:
        return head, tail
    what, _, thought = re.sub(r"[ \t\n\r\u3000，,；;。]+", " ", head or tail, count=1).partition(
        " "
    )
    return _trim(what), _trim(thought)


def _trim(text: str) -> str:
    return text.strip(SEPARATORS)


def _short(text: str, limit: int) -> str:
    return " ".join(text.split())[:limit].rstrip()
