"""What people type to set up rounds of questions, read in any order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from db.numbers import BadValue
from handlers.reply import UserError
from scheduler.quiz_times import read_clock, read_days

HOW = "每日答题 08:30 5题 党章"
MOST_QUESTIONS, MOST_MINUTES = 20, 720
ALL_TOPICS = ("全部", "不限", "全部主题")
OFF = ("关闭", "停止", "取消", "关")
_COUNT = re.compile(r"(\d{1,4})(?:道题?|题)")
_MINUTES = re.compile(r"(?:限时)?(\d{1,4})(分钟?|个?小时)")
_HOUR = re.compile(r"([01]?\d|2[0-3])点(?:(半)|(\d{1,2})分?)?")
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


def topic_of(wish: Wish, topics: Collection[str]) -> str | None:
    """Return the topic of the bank that is meant, "" for all; raises `UserError`."""
    if wish.topic is None or wish.topic in topics:
        return wish.topic
    if wish.topic in ALL_TOPICS:
        return ""
    near = [topic for topic in topics if wish.topic in topic]
    if len(near) == 1:
        return near[0]
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
        wish.count = _within(int(found[1]), MOST_QUESTIONS, "题数")
    elif found := _MINUTES.fullmatch(word):
        hours = 60 if "小时" in found[2] else 1
        wish.minutes = _within(int(found[1]) * hours, MOST_MINUTES, "限时分钟数")
    elif (days := read_days(word)) is not None:
        wish.days = days
    elif word:
        wish.topic = word


def _clock(word: str) -> str | None:
    if found := _HOUR.fullmatch(word):
        minute = 30 if found[2] else int(found[3] or 0)
        return read_clock(f"{found[1]}:{minute:02}")
    return read_clock(word)


def _within(number: int, most: int, what: str) -> int:
    if not 1 <= number <= most:
        raise UserError(f"{what}可以是 1 到 {most}。")
    return number
