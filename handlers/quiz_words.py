"""What people type to set up rounds of questions, read in any order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from db.numbers import BadValue
from handlers.reply import UserError
from knowledge.documents import numerals
from scheduler.quiz_times import read_clock, read_days

HOW = "每日答题 08:30 5题 党章"
MOST_QUESTIONS, MOST_MINUTES = 20, 720
ALL_TOPICS = ("全部", "不限", "全部主题")
OFF = ("关闭", "停止", "取消", "关", "停")
_HAN = "一二两三四五六七八九十"
_COUNT = re.compile(rf"(\d{{1,9}}|[{_HAN}]{{1,3}})(?:道题?|题)")
_MINUTES = re.compile(rf"(?:限时)?(\d{{1,9}}|[{_HAN}]{{1,3}})(分钟?|个?小时)")
_HOUR = re.compile(
    rf"(早上|上午|早|中午|下午|晚上|晚)?(\d{{1,2}}|[{_HAN}]{{1,3}})点钟?"
    rf"(?:(半)|(\d{{1,2}}|[{_HAN}]{{1,3}})分?)?"
)
_NUMBER = re.compile(rf"\d|:|[{_HAN}]点|^(?:每?周|星期|限时)")
_UNIT, _GROUP = re.compile(r"#(\d{1,15})"), re.compile(r"群(\d{1,15})")


@dataclass(slots=True)
class Wish:
    """What was asked for; None where nothing was said. `unit` and `group` are ids."""

    at: str | None = None
    days: str | None = None
    count: int | None = None
    topic: str | None = None
    minutes: int | None = None
    unit: int | None = None
    group: int | None = None
    off: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be changed."""
        said = (self.at, self.days, self.count, self.topic, self.minutes, self.unit)
        return not self.off and all(value is None for value in said)


def read(text: str) -> Wish:
    """Read a wish; a word that is nothing else is a topic. Raises `UserError`."""
    wish = Wish()
    try:
        for word in unicodedata.normalize("NFKC", text).split():
            _take(wish, word.strip(",，。;；"))
    except BadValue as error:
        raise UserError(f"{error}。") from error
    return wish


def topic_of(wish: Wish, topics: Collection[str], regulations: Collection[str] = ()) -> str | None:
    """Return the topic or the regulation that is meant, "" for all; raises `UserError`."""
    if wish.topic is None or wish.topic in topics:
        return wish.topic
    if wish.topic in ALL_TOPICS:
        return ""
    near = [topic for topic in topics if wish.topic in topic]
    near = near or [name for name in regulations if wish.topic in name]
    if len(near) == 1:
        return near[0]
    _see_through(wish.topic)
    known = "、".join(near or topics)
    raise UserError(f"题库里没有“{wish.topic[:20]}”这个主题。可以写：{known or '（题库是空的）'}。")


def _take(wish: Wish, word: str) -> None:
    if word in OFF:
        wish.off = True
    elif found := _UNIT.fullmatch(word):
        wish.unit = int(found[1])
    elif found := _GROUP.fullmatch(word):
        wish.group = int(found[1])
    elif (at := _clock(word)) is not None:
        wish.at = at
    elif found := _COUNT.fullmatch(word):
        wish.count = _within(number(found[1]), MOST_QUESTIONS, "题数")
    elif found := _MINUTES.fullmatch(word):
        hours = 60 if "小时" in found[2] else 1
        wish.minutes = _within(number(found[1]) * hours, MOST_MINUTES, "限时分钟数")
    elif (days := read_days(word)) is not None:
        wish.days = days
    elif word:
        wish.topic = word


def _clock(word: str) -> str | None:
    found = _HOUR.fullmatch(word)
    if found is None:
        return read_clock(word)
    hour = number(found[2])
    minute = 30 if found[3] else number(found[4] or "0")
    if found[1] in ("下午", "晚上", "晚") and hour < 12:
        hour += 12
    return read_clock(f"{hour}:{minute:02}")


def number(text: str) -> int:
    """Return a number in digits or in characters; raises `UserError`."""
    try:
        return numerals.from_chinese(text)
    except ValueError:
        raise UserError(f"没有看懂“{text}”，请写成数字。") from None


def _see_through(word: str) -> None:
    """Refuse what looks like a time or a number as what it is, and not as a topic."""
    if _NUMBER.search(word):
        raise UserError(f"没有看懂“{word[:20]}”。请照这样写：{HOW} 工作日 限时30分钟")


def _within(number: int, most: int, what: str) -> int:
    if not 1 <= number <= most:
        raise UserError(f"{what}可以是 1 到 {most}。")
    return number
