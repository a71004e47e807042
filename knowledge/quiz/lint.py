"""What is wrong with questions, or looks it: findings as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from db.tables import QuestionKind
from knowledge.quiz import wordings
from knowledge.quiz.likeness import conflicts, conflicts_with
from knowledge.quiz.model import Question, fold

# What a native poll of Telegram holds; a longer question is put with buttons instead.
LONGEST_STEM, LONGEST_OPTION, MOST_OPTIONS = 300, 100, 12
# A shorter answer may stand in a stem by chance.
GIVEN_AWAY = 4
NO_SOURCE = "出处"
SHOWN = 30


class Severity(StrEnum):
    """How sure a finding is."""

    WRONG = "错误"
    DOUBT = "存疑"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `rule` names it for counting, `words` tell it to the question's maker."""

    severity: Severity
    rule: str
    question: Question
    words: str

    def __str__(self) -> str:
        place = self.question.place or self.question.key
        return f"{place}：{_short(self.question.stem)}\n    {self.severity}：{self.words}"


def check(questions: Sequence[Question]) -> list[Finding]:
    """Return what is found in questions, in their order.

    Takes some seconds of CPU for five thousand: call it in a worker thread.
    """
    found = [finding for question in questions for finding in _of_one(question)]
    found += map(_conflict, conflicts(questions))
    order = {id(question): at for at, question in enumerate(questions)}
    return sorted(found, key=lambda finding: order[id(finding.question)])


def against(questions: Sequence[Question], known: Sequence[Question]) -> list[Finding]:
    """Return where questions contradict others that are there already."""
    return list(map(_conflict, conflicts_with(questions, known)))


def _conflict(pair: tuple[Question, Question, bool]) -> Finding:
    first, second, same = pair
    where = second.place or second.key or "另一题"
    likeness = "题干相同" if same else f"题干相近（“{_short(second.stem, 60)}”）"
    words = f"与“{where}”{likeness}，答案不同：{_answer(first)}；{_answer(second)}"
    return Finding(Severity.WRONG if same else Severity.DOUBT, "矛盾", first, words)


def _of_one(question: Question) -> Iterator[Finding]:
    for severity, rule, words in (*_answers(question), *_shape(question), *_content(question)):
        yield Finding(severity, rule, question, words)


def _answers(question: Question) -> Iterator[tuple[Severity, str, str]]:
    count = len(question.options)
    if not question.correct or not set(question.correct) <= set(range(count)):
        yield Severity.WRONG, "答案", f"答案不是选项（共 {count} 个选项）"
    elif len(question.correct) > 1 and question.kind is not QuestionKind.MULTIPLE:
        yield Severity.WRONG, "答案", "只能有一个答案的题有几个答案"
    elif len(question.correct) == 1 and question.kind is QuestionKind.MULTIPLE:
        yield Severity.DOUBT, "答案", "多选题只有一个答案"
    if count < 2:
        yield Severity.WRONG, "选项", "少于两个选项"
    folded = [fold(option) or option for option in question.options]
    doubled = [o for at, o in enumerate(question.options) if folded[at] in folded[:at]]
    if doubled:
        yield Severity.WRONG, "选项", f"选项重复：“{doubled[0][:SHOWN]}”"


def _shape(question: Question) -> Iterator[tuple[Severity, str, str]]:
    if len(question.stem) > LONGEST_STEM:
        yield Severity.DOUBT, "长度", f"题干超过 {LONGEST_STEM} 字，群里只能用按钮答"
    if any(len(option) > LONGEST_OPTION for option in question.options):
        yield Severity.DOUBT, "长度", f"有选项超过 {LONGEST_OPTION} 字，群里只能用按钮答"
    if len(question.options) > MOST_OPTIONS:
        yield Severity.DOUBT, "长度", f"选项超过 {MOST_OPTIONS} 个，群里只能用按钮答"


def _content(question: Question) -> Iterator[tuple[Severity, str, str]]:
    if not question.regulation:
        yield Severity.DOUBT, NO_SOURCE, "没有写依据"
    if given := _given_away(question):
        yield Severity.DOUBT, "泄题", f"题干里已经写着答案“{given}”"
    for reason in wordings.load().reasons(question):
        yield Severity.DOUBT, "旧版", reason


def _given_away(question: Question) -> str:
    """Return a right option that the stem holds, while it holds no wrong one."""
    if question.kind is QuestionKind.JUDGE:
        return ""
    stem = fold(question.stem)
    held = [at for at, option in enumerate(question.options) if fold(option) in stem]
    right = [at for at in held if at in question.correct]
    if len(right) < len(held) or not right:
        return ""
    given = max((question.options[at] for at in right), key=lambda option: len(fold(option)))
    return given if len(fold(given)) >= GIVEN_AWAY else ""


def _answer(question: Question) -> str:
    return _short("、".join(question.answers)) or question.answer


def _short(text: str, most: int = SHOWN) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}…"
