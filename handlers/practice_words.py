"""How questions, answers and results are worded for somebody who practises alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from db.tables import QuestionKind, QuizQuestion
from handlers.quiz_words import number
from handlers.reply import Button, Quote, UserError
from knowledge.quiz.bank import letters

KINDS = {
    QuestionKind.SINGLE.value: "单选",
    QuestionKind.MULTIPLE.value: "多选",
    QuestionKind.JUDGE.value: "判断",
}
OTHER = "未分类"
LETTERS_IN_ROW = 4
STEM_SHOWN = 40
_NUMERAL = r"\d{1,4}|[一二两三四五六七八九十百]{1,4}"
_COUNT = re.compile(rf"({_NUMERAL})\s*(?:道题|道|题)|(?<!\S)(\d{{1,4}})(?!\S)")
_MINUTES = re.compile(rf"({_NUMERAL})\s*(?:分钟|分|min)")


@dataclass(frozen=True, slots=True)
class Wish:
    """What follows 答题 or 模拟考试: how many questions, how many minutes, about what."""

    count: int | None = None
    minutes: int | None = None
    topic: str = ""


def read_wish(text: str) -> Wish:
    """Read "20题 30分钟 党章" in any order; a bare number is that of the questions."""
    minutes = _MINUTES.search(text)
    rest = _MINUTES.sub(" ", text)
    count = _COUNT.search(rest)
    topic = " ".join(_COUNT.sub(" ", rest).split())
    return Wish(
        number(count[1] or count[2]) if count else None,
        number(minutes[1]) if minutes else None,
        topic,
    )


def pick_topic(
    name: str, known: Sequence[tuple[str, int]], regulations: Sequence[tuple[str, int]] = ()
) -> str:
    """Return the topic or the regulation that a name means.

    Raises `UserError` with the topics there are.
    """
    names = [topic for topic, _ in known if topic]
    if not name or name in names:
        return name
    near = [topic for topic in names if name in topic]
    near = near or [regulation for regulation, _ in regulations if name in regulation]
    if len(near) == 1:
        return near[0]
    listed = "、".join(near or names) or "题库里还没有题目"
    raise UserError(f"没有“{name}”这个主题。可以选：{listed}")


def heading(number: int, count: int, question: QuizQuestion) -> str:
    """Say which question it is, of how many, and of what kind."""
    parts = (f"第 {number} 题 / {count}", KINDS[question.kind], question.topic or OTHER)
    return " · ".join(parts)


def put(head: str, question: QuizQuestion, order: Sequence[int]) -> str:
    """Word a question with its options as they are shown."""
    lines = [head, question.stem]
    if question.kind != QuestionKind.JUDGE:
        lines += ["", *(_option(question, place, index) for place, index in enumerate(order))]
    return "\n".join(lines)


def solved(
    head: str, question: QuizQuestion, order: Sequence[int], chosen: Sequence[int], *, correct: bool
) -> str:
    """Word a question that was answered: the options marked, the right ones and why."""
    lines = [f"{head} · 题号 {question.id}", question.stem, ""]
    for place, index in enumerate(order):
        mark = " ✓" if index in question.correct else " ✗" if index in chosen else ""
        lines.append(f"{_option(question, place, index)}{mark}")
    lines += ["", f"{'✓ 答对了。' if correct else '✗ 答错了。'}{said(question, order, chosen)}"]
    if question.explanation:
        lines.append(f"解析：{question.explanation}")
    return "\n".join(lines)


def said(question: QuizQuestion, order: Sequence[int], chosen: Sequence[int]) -> str:
    """Say what was answered and what is right, by what stands before the options."""
    yours = names(question, order, chosen) if chosen else "未答"
    return f"你的答案：{yours}；正确答案：{names(question, order, question.correct)}"


def names(question: QuizQuestion, order: Sequence[int], indices: Collection[int]) -> str:
    """Name options as they are shown: letters, or 对 and 错."""
    places = [place for place, index in enumerate(order) if index in indices]
    if question.kind == QuestionKind.JUDGE:
        return "、".join(question.options[order[place]] for place in places)
    return letters(places)


def source(question: QuizQuestion) -> Quote | None:
    """Return where the answer stands."""
    if not question.regulation:
        return None
    return Quote(question.regulation, question.article, question.version)


def option_buttons(
    question: QuizQuestion, order: Sequence[int], ticked: Collection[int], command: str, sign: str
) -> list[tuple[Button, ...]]:
    """Return a button for each option; `command` with `sign` and the letter is what it sends."""
    buttons = []
    for place, index in enumerate(order):
        letter = letters([place])
        label = question.options[index] if question.kind == QuestionKind.JUDGE else letter
        tick = " ✓" if place in ticked else ""
        buttons.append(Button(f"{label}{tick}", f"{command} {sign}{letter}"))
    return [
        tuple(buttons[at : at + LETTERS_IN_ROW]) for at in range(0, len(buttons), LETTERS_IN_ROW)
    ]


def how(question: QuizQuestion) -> str:
    """Say what an answer to a question looks like."""
    if question.kind == QuestionKind.JUDGE:
        return "请回复“对”或“错”"
    example = "AC" if question.kind == QuestionKind.MULTIPLE else "B"
    return f"请回复选项字母，例如：{example}"


def short(stem: str) -> str:
    """Cut a stem for a list."""
    line = " ".join(stem.split())
    return line if len(line) <= STEM_SHOWN else f"{line[: STEM_SHOWN - 1]}…"


def span(time: timedelta) -> str:
    """Word a length of time in minutes and seconds."""
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    return f"{minutes} 分 {seconds} 秒" if minutes else f"{seconds} 秒"


def _option(question: QuizQuestion, place: int, index: int) -> str:
    if question.kind == QuestionKind.JUDGE:
        return question.options[index]
    return f"{letters([place])}. {question.options[index]}"
