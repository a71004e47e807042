"""Questions written out one after another, as in a paper: 1. … A. … B. … 答案：B 解析：…"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from knowledge.quiz.layouts import kinds
from knowledge.quiz.layouts.keys import Key, read_keys
from knowledge.quiz.layouts.options import labelled
from knowledge.quiz.layouts.raw import Fault, Raw

LONGEST_TOPIC = 40
_START = re.compile(
    r"(?:第\s*(\d{1,4})\s*题\s*[.．、:：]?|(\d{1,4})\s*[.．、:：)）](?!\d)|[（(]\s*(\d{1,4})\s*[)）])\s*"
)
_LOOSE = re.compile(r"(\d{1,4})[\s　]+(?=\D)")
_PART = r"[【\[（(]?\s*(?:{0})\s*(?:[】\]）)]\s*[:：]?|[:：])\s*"
_LABELS = {
    name: re.compile(_PART.format(words) + "(?P<text>.*)", re.S)
    for name, words in {
        "explanation": "(?:答案|试题|题目|参考)?(?:解析|详解|解释|分析)|解答|说明",
        "source": "(?:法规|文件|答案|出题)?(?:依据|出处|来源)",
        "topic": "知识点|考点|章节|分类|主题",
        "difficulty": "难度(?:系数|等级|程度)?|难易程度|难易度",
        "ignored": "(?:我|你|您|考生|学生|用户)的?答案|(?:本题)?(?:分值|分数|得分)|题号|备注",
        "kind": "题型|类型",
        "answer": "(?:正确|参考|标准|试题|本题)?答案|答",
    }.items()
}
# A label may stand further on in the same line: in 【】, or after a blank or a full stop.
_WORDS = "(?:(?:正确|参考|标准)?答案|(?:答案|试题)?解析|依据|出处|来源|难度|知识点|考点|得分)"
_INNER = re.compile(rf"(?=【{_WORDS}】)|(?<=[\s。；;A-L√×】）)])(?={_WORDS}\s?[:：])")
_CHAPTER = re.compile(
    r"第[一二三四五六七八九十百\d]{1,4}(?:章|节|编|单元|篇|部分|模块|专题)[\s　、:：]*(?P<name>.*)"
)
_ANSWERS_BELOW = re.compile(
    r"[一二三四五六七八九十]{0,2}[、.]?\s*(?:参考|标准|正确|试题)?答案(?:及|与|和)?(?:解析)?\s*[:：]?"
)


@dataclass(slots=True)
class _Open:
    """A question while its lines come in."""

    place: str
    number: int
    kind: str
    topic: str
    lines: list[str]
    parts: dict[str, list[str]] = field(default_factory=dict)
    current: str = ""

    def raw(self) -> Raw:
        """Divide stem and options, now that all lines are there."""
        text = "\n".join(self.lines)
        found = labelled(text)
        stem, options = found if found is not None else (text, ())
        parts = {name: "\n".join(lines).strip() for name, lines in self.parts.items()}
        parts.pop("ignored", None)
        parts["kind"] = parts.get("kind") or self.kind
        parts["topic"] = parts.get("topic") or self.topic
        return Raw(place=self.place, stem=stem.replace("\n", " "), options=options, **parts)

    @property
    def answered(self) -> bool:
        return bool(self.parts.get("answer"))


class _Paper:
    """Walks through the lines once; answers listed below are given to the questions above."""

    def __init__(self) -> None:
        self.done: list[_Open] = []
        self.faults: list[Fault] = []
        self._kind = self._topic = ""
        self._waiting: list[_Open] = []
        self._listing = False
        self._keys: list[Key] = []

    def take(self, place: str, line: str) -> None:
        """Take the next line."""
        if self._begins_answers(line) or self._begins_part(line):
            return
        keys = read_keys(line, listing=self._listing)
        if keys:
            self._listing = True
            self._keys += [key._replace(kind=self._kind, place=place) for key in keys]
        elif started := self._start(line):
            self._begin(place, *started)
        elif self._listing and not self._keys and not self._waiting[-1].answered:
            self._answer_alone(line)
        elif self._listing:
            self._explain(line)
        elif self._waiting:
            self._continue(line)

    def close(self) -> None:
        """Give out what was listed, and end the last question."""
        self._give()
        self.done += self._waiting
        self._waiting = []

    def _begins_answers(self, line: str) -> bool:
        if self._waiting and _ANSWERS_BELOW.fullmatch(line):
            self._listing = True
            return True
        return False

    def _answer_alone(self, line: str) -> None:
        """Take what follows a line of its own that says 答案： and is no list."""
        self._listing = False
        question = self._waiting[-1]
        question.current = "answer"
        question.parts.setdefault("answer", [])
        self._continue(line)

    def _begins_part(self, line: str) -> bool:
        if part := kinds.heading(line):
            self._kind = part[0]
            if part[1]:
                self._listing = bool(self._waiting)
            elif not self._listing:
                self._leave_question()
            return True
        chapter = _CHAPTER.fullmatch(line)
        if chapter is None or len(line) > LONGEST_TOPIC or _asks(line):
            return False
        self.close()
        self._listing = False
        self._kind, self._topic = "", chapter["name"].strip() or line
        return True

    def _leave_question(self) -> None:
        if self._waiting:
            self._waiting[-1].current = "end"

    def _start(self, line: str) -> tuple[int, str] | None:
        """Return number and text of a question that begins here."""
        if found := _START.match(line):
            rest = line[found.end() :].strip()
            number = int(next(group for group in found.groups() if group))
            return (number, rest) if rest and not self._is_item(number) else None
        found = _LOOSE.match(line)
        last = self._waiting[-1].number if self._waiting else 0
        if found and int(found[1]) == last + 1 and not self._listing:
            return int(found[1]), line[found.end() :].strip()
        return None

    def _is_item(self, number: int) -> bool:
        """Tell an item of an explanation, counted from 1 again, from the next question."""
        if not self._waiting or self._listing:
            return False
        last = self._waiting[-1]
        return number <= last.number and last.current in ("explanation", "source") and number > 1

    def _begin(self, place: str, number: int, rest: str) -> None:
        if self._listing:
            self._give()
            self.done += self._waiting
            self._waiting, self._listing = [], False
        where = f"{place}（第 {number} 题）" if place else f"第 {number} 题"
        self._waiting.append(_Open(where, number, self._kind, self._topic, []))
        self._continue(rest)

    def _continue(self, line: str) -> None:
        """Add a line to the open question: to its words, its answer or its explanation."""
        question = self._waiting[-1]
        if question.current == "end":
            return
        for piece in _pieces(line):
            name, text = _label(piece)
            if name:
                question.current = name
                question.parts.setdefault(name, [])
            else:
                text = piece
            if question.current:
                question.parts[question.current].append(text)
            else:
                question.lines.append(text)

    def _explain(self, line: str) -> None:
        """Keep what is explained below a listed answer."""
        if self._keys:
            key = self._keys[-1]
            name, text = _label(line)
            words = text if name == "explanation" else line
            self._keys[-1] = key._replace(explanation=f"{key.explanation}\n{words}".strip())

    def _give(self) -> None:
        """Give the listed answers to the questions that wait for one, by kind and number."""
        by_number: dict[int, list[_Open]] = {}
        for question in self._waiting:
            by_number.setdefault(question.number, []).append(question)
        for key in self._keys:
            wanting = [q for q in by_number.get(key.number, ()) if not q.answered]
            if len(wanting) > 1:
                wanting = [q for q in wanting if _alike(q.kind, key.kind)]
            if len(wanting) != 1:
                word = "有几道题" if wanting else "没有题目"
                self.faults.append(Fault(key.place, f"第 {key.number} 题的答案对不上：{word}"))
                continue
            wanting[0].parts["answer"] = [key.answer]
            if key.explanation:
                wanting[0].parts.setdefault("explanation", []).append(key.explanation)
        self._keys = []


def read(lines: Iterable[tuple[str, str]]) -> Iterator[Raw | Fault]:
    """Yield the questions of a paper given as its lines, each with its place."""
    paper = _Paper()
    for place, line in lines:
        if line:
            paper.take(place, line)
    paper.close()
    yield from (question.raw() for question in paper.done)
    yield from paper.faults


def _pieces(line: str) -> Sequence[str]:
    """Divide "… 答案：B 解析：…" into its labelled parts."""
    cuts = sorted({0, len(line), *(found.end() for found in _INNER.finditer(line))})
    pieces = (line[a:b].strip() for a, b in pairwise(cuts))
    return [piece for piece in pieces if piece]


def _label(line: str) -> tuple[str, str]:
    """Return which part of a question a line begins, and the rest of the line."""
    for name, pattern in _LABELS.items():
        if found := pattern.match(line):
            return name, found["text"].strip()
    return "", line


def _alike(first: str, second: str) -> bool:
    return first[:2] == second[:2] or not second


def _asks(line: str) -> bool:
    return line.endswith(("。", "？", "?", "）", ")"))
