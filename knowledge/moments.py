"""Which day a question is about, when it names one.

A rule answers for the day on which it is in force, so "2025年5月…" and "按2014年的规定…" are
searched as of that day. Of a month or a year the last day counts when it is past, today when it
is running, the first day when it is to come.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

EARLIEST, AHEAD_YEARS = 1921, 10
DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_FOUR = "[0-9〇零○一二三四五六七八九]{4}"
_YEAR = rf"(?P<year>{_FOUR})"
_NUMBER = r"[0-9]{1,2}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]"
# A span of years is the name of a plan: one that runs is asked about as of today.
_SPAN = re.compile(r"(?<!\d)(\d{4})\s*年?\s*[-—–~～至到]+\s*(\d{4})(?!\d)\s*年?")
_DAY = re.compile(
    rf"(?:按照?|依照|根据|在)?(?<!\d){_YEAR}\s*年"
    rf"(?:\s*(?P<month>{_NUMBER})\s*月(?:份)?(?:\s*(?P<day>{_NUMBER})\s*[日号])?)?"
    r"(?!\s*(?:以后|之后|以来|后|起))(?:以?前|那会儿?|那时候?|当时|的时候|时)?"
)
_PLAIN = re.compile(
    r"(?<![\d.])(?P<year>\d{4})[-./](?P<month>\d{1,2})(?:[-./](?P<day>\d{1,2}))?(?![\d.])"
)
_EDITION = re.compile(
    rf"(?:按照?|依照|根据)?(?<!\d){_YEAR}\s*年?(?:的?[老旧]?)?"
    r"(?:版本?|修订版|(?=的?《?(?:旧|老)?(?:规定|细则|条例|办法|规则|要求|标准|中国共产党)))的?"
)
# 14版细则, 一四年细则, 14年那会儿: the century goes without saying. 入党14年的时候 is no year.
_TWO = "[012〇零一二][0-9〇零一二三四五六七八九]"
_SHORT_EDITION = re.compile(
    rf"(?<![0-9〇零一二三四五六七八九十])(?={_TWO}年?的?(?:[旧老]?细则|版))"
    rf"|(?<![^，,。；;、\s按在照像])(?={_TWO}年(?:的时候|那会儿?|那时候?|当时))"
)
_SHORT_SPAN = re.compile(r"(?<!\d)([012]\d)年?\s*[-—–~～至到]+\s*([012]\d)年(?=[^，。？]{0,4}规划)")
_RELATIVE = {"大前年": -3, "前年": -2, "去年": -1, "上一年": -1, "明年": 1, "后年": 2}
_FORMER = re.compile(
    r"(?:按照?|依照|根据)?(?<!新)(?:旧|老|原来|以前|过去|之前|从前|修订前|修改前|上一?个|上一?[版轮]|前一版)的?"
    r"(?P<kept>版本?|规定|规矩|细则|条例|办法|规则|规划|要求|标准|政策)"
)
# Before a change, however it is told: 细则修订以前, 还没改细则的时候, 新细则出台前.
_BEFORE = re.compile(
    r"(?:以前|从前|过去)?(?:还没|没有?)(?:(?:改|修订|修改|换)新?|出新)(?:细则|条例|办法|规定)(?:的时候|之前|以前|那会儿?|时|前)"
    r"|新(?:细则|条例|办法|规定)(?:出台|施行|实施|出来|生效|执行|没出|下来)(?:之前|以前|前)"
    r"|(?:细则|条例|办法|规定)(?:还没有?|没有?|未)(?:改|修订|修改|换|更新)(?:的时候|之前|以前|那会儿?|时|前)"
    r"|(?:细则|条例|办法|规定)(?:改|修订|修改|换|更新)(?:之前|以前|前)"
)
# Two versions side by side are compared: the library of today has the answer.
_COMPARED = re.compile(
    rf"{_FOUR}\s*年?(?:版|修订|的)*[细则条例办法]*(?:和|与|跟|同|及|、|比|对比|相比){_FOUR}"
)
_PRESENT = re.compile(r"现在|目前|如今|现行|今天|眼下|当前|新版|最新|新规|新细则|新条例")


@dataclass(frozen=True, slots=True)
class Moment:
    """The day that a question is about, and the question without the words that say so.

    `words` is how the question named the day, empty when it named none. `edition` is the year
    of a version that was asked for by name; `former` asks for the version before today's.
    """

    day: date
    question: str
    words: str = ""
    edition: str = ""
    former: bool = False


def moment(question: str, today: date) -> Moment:
    """Find the day that a question is about; today when it names none."""
    question = _SHORT_SPAN.sub(r"20\1—20\2年", _SHORT_EDITION.sub("20", question))
    if found := _SPAN.search(question):
        return _planned(question, found, today)
    if _COMPARED.search(question):
        return Moment(today, question)
    if found := _EDITION.search(question):
        return _edition(question, found, today)
    if found := _BEFORE.search(question):
        return Moment(today, _without(question, found[0]), found[0], former=True)
    if _PRESENT.search(question):
        return Moment(today, question)
    if found := _FORMER.search(question):
        rest = question[: found.start()] + found["kept"] + question[found.end() :]
        return Moment(today, rest, found[0], former=True)
    return _dated(question, today)


def _dated(question: str, today: date) -> Moment:
    found = _PLAIN.search(question) or _DAY.search(question)
    day = _day(found, today) if found else None
    if found and day:
        return Moment(day, _without(question, found[0]), found[0])
    for words, years in _RELATIVE.items():
        if words in question:
            day = _within(today.year + years, None, None, today)
            return Moment(day or today, _without(question, words), words)
    return Moment(today, question)


def _planned(question: str, found: re.Match[str], today: date) -> Moment:
    last_year = int(found[2])
    if not EARLIEST <= last_year < today.year:
        return Moment(today, question)
    return Moment(date(last_year, 12, 31), _without(question, found[0]), found[0])


def _edition(question: str, found: re.Match[str], today: date) -> Moment:
    year = int(found["year"].translate(DIGITS))
    if not EARLIEST <= year <= today.year + AHEAD_YEARS:
        return Moment(today, question)
    # A version that is called by its year is in force at the end of that year.
    last_day = date(year, 12, 31)
    return Moment(last_day, _without(question, found[0]), found[0], edition=str(year))


def _day(found: re.Match[str], today: date) -> date | None:
    year = int(found["year"].translate(DIGITS))
    month = _number(found["month"]) if found["month"] else None
    day = _number(found["day"]) if found["day"] else None
    return _within(year, month, day, today)


def _within(year: int, month: int | None, day: int | None, today: date) -> date | None:
    """Return the day that stands for a period, None for one that does not exist."""
    if (
        not EARLIEST <= year <= min(today.year + AHEAD_YEARS, date.max.year)
        or not 1 <= (month or 1) <= 12
    ):
        return None
    last = monthrange(year, month or 12)[1]
    if not 1 <= (day or 1) <= last:
        return None
    first_day = date(year, month or 1, day or 1)
    last_day = date(year, month or 12, day or last)
    if first_day <= today <= last_day:
        return today
    return last_day if last_day < today else first_day


def _number(text: str) -> int:
    """Read 1 to 99 in either numerals."""
    if text.isascii():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    digit = int(ones.translate(DIGITS)) if ones else 0
    return digit + (10 * int(tens.translate(DIGITS) or 1) if ten else 0)


def _without(question: str, words: str) -> str:
    """Take the words out, unless hardly a question is left."""
    rest = question.replace(words, "", 1).strip(" ，,、的")
    return rest if len(rest) >= 4 else question
