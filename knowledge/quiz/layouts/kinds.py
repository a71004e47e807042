"""单选题, [多选], true_false: what kind of question a word names."""

from __future__ import annotations

import re

from db.tables import QuestionKind
from knowledge.quiz.layouts.raw import BadQuestion, short

_KINDS = (
    (
        QuestionKind.JUDGE,
        re.compile(r"判断|是非|对错|正误|true.?false|judg|(?<![a-z])t/?f\b", re.I),
    ),
    (QuestionKind.MULTIPLE, re.compile(r"多选|多项|复选|不定项|multi|checkbox", re.I)),
    (QuestionKind.SINGLE, re.compile(r"单选|单项|single|radio", re.I)),
)
_OTHERS = re.compile(
    r"填空|简答|问答|论述|名词解释|案例分析|材料分析|作文|写作|排序|连线|essay|blank|short.?answer",
    re.I,
)
# A line that only says which questions follow: 一、单项选择题（共 20 题，每题 2 分）
_HEADING = re.compile(
    r"(?:第?[一二三四五六七八九十]{1,3}[、.．:：\s]|[（(][一二三四五六七八九十]{1,3}[）)]|第[一二三四五六七八九十]{1,3}部分)?"
    r"[、\s:：]*(?P<kind>[一-鿿]{0,6}(?:选择|单选|多选|判断|是非|不定项|填空|简答|问答|论述)[题]?)"
    r"(?:参考)?(?P<answers>答案)?\s*(?:[（(].{0,80}|[:：。]?)"
)
_TAG = re.compile(
    r"[【\[（(]\s*(?P<kind>(?:单项?|多项?|不定项)选择?|判断|是非)(?:题)?\s*[】\]）)]\s*"
)


def kind_of(text: str) -> QuestionKind | None:
    """Return the kind that a word names, None if none; raises `BadQuestion` for other kinds."""
    for kind, pattern in _KINDS:
        if pattern.search(text):
            return kind
    if _OTHERS.search(text):
        raise BadQuestion(f"“{short(text)}”不能自动判分，没有收入")
    return None


def heading(line: str) -> tuple[str, bool] | None:
    """Return the kind word of a line that begins a part, and whether answers follow."""
    found = _HEADING.fullmatch(line)
    return (found["kind"], bool(found["answers"])) if found else None


def without_tag(stem: str) -> tuple[str, str]:
    """Take 【单选】 from the ends of a stem; returns the rest and the word."""
    for found in (_TAG.match(stem), *_TAG.finditer(stem)):
        if found and (found.start() == 0 or not stem[found.end() :].strip("。？?")):
            return (stem[: found.start()] + stem[found.end() :]).strip(), found["kind"]
    return stem, ""
