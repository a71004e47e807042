"""What a file gives as the answer: letters, the options' own words, numbers, √ and ×."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from db.tables import QuestionKind
from knowledge.quiz.choices import NO, YES
from knowledge.quiz.layouts.options import labelled
from knowledge.quiz.layouts.raw import BadQuestion, short
from knowledge.quiz.model import fold

_BETWEEN = r"[\s,，、;；/|.和与及]*"
_LETTERS = re.compile(rf"[（(【\[]?\s*([A-Za-z](?:{_BETWEEN}[A-Za-z])*)\s*[)）】\].。;；]*")
_ONE = re.compile(r"([A-Za-z])\s*[.、．:：)）\s]\s*(.+)", re.S)
_NUMBERS = re.compile(r"\d{1,2}(?:[\s,，、;；/|]+\d{1,2})*")
_RUN = re.compile(r"[1-9]{2,9}")
_DIVIDERS = (r"\n+", r"[;；|｜]+", r"[、，,]+", r"\s+")
_ENDS = " \t\n。.;；,，()（）【】[]"
_TRUE, _FALSE = "1", "0"


def read_answer(text: str, options: Sequence[str], kind: QuestionKind | None) -> tuple[int, ...]:
    """Return the indices of the right options; raises `BadQuestion` if it is not sure which."""
    if kind is QuestionKind.JUDGE:
        return (_judged(text, options),)
    found = {places for read in _READERS if (places := read(text, options)) is not None}
    if len(found) > 1:
        raise BadQuestion(f"答案“{short(text)}”可以有两种理解，请写成 A、B、C")
    if not found:
        raise BadQuestion(f"答案“{short(text)}”不是选项")
    places = found.pop()
    if places[-1] >= len(options):
        raise BadQuestion(f"答案“{short(text)}”超出了选项（只有 {len(options)} 个）")
    return places


def verdict(text: str) -> bool | None:
    """Return whether a word says 对 or 错, None if neither."""
    word = text.strip(_ENDS).lower()
    return True if word in YES else False if word in NO else None


def _judged(text: str, options: Sequence[str]) -> int:
    """Return 0 for 对 and 1 for 错, whatever words the file has for them."""
    words = [verdict(option) for option in options]
    said = verdict(text)
    if said is None and text.strip(_ENDS) in (_TRUE, _FALSE):
        said = text.strip(_ENDS) == _TRUE
        if words[:1] == [False] and said:
            raise BadQuestion("答案“1”可以有两种理解，请写成“对”或“错”")
    if said is None and len(options) == 2 and (places := _by_letter(text, options)):
        said = words[places[0]] if len(places) == 1 and places[0] < 2 else None
    if said is None:
        raise BadQuestion(f"判断题的答案“{short(text)}”看不懂，请写成“对”或“错”")
    return 0 if said else 1


def _by_text(text: str, options: Sequence[str]) -> tuple[int, ...] | None:
    """Read the options' own words, one or several."""
    known = {fold(option): place for place, option in enumerate(options)}
    if len(known) < len(options):
        return None
    whole = fold(text)
    if whole in known:
        return (known[whole],)
    for divider in _DIVIDERS:
        parts = [fold(part) for part in re.split(divider, text) if fold(part)]
        if len(parts) > 1 and all(part in known for part in parts):
            return tuple(sorted({known[part] for part in parts}))
    return None


def _by_letter(text: str, options: Sequence[str]) -> tuple[int, ...] | None:
    found = _LETTERS.fullmatch(text.strip())
    if found is None:
        return None
    return tuple(sorted({ord(c) - ord("A") for c in re.sub(_BETWEEN, "", found[1]).upper()}))


def _by_label(text: str, options: Sequence[str]) -> tuple[int, ...] | None:
    """Read "B. 支部大会", whose words must be those of option B."""
    found = labelled(text)
    if found is None:
        one = _ONE.fullmatch(text.strip())
        pairs = [(ord(one[1].upper()) - ord("A"), one[2])] if one else []
    else:
        pairs = list(enumerate(found[1])) if not found[0] else []
    right = [p for p, words in pairs if p < len(options) and fold(options[p]) == fold(words)]
    return tuple(sorted(right)) if right and len(right) == len(pairs) else None


def _by_number(text: str, options: Sequence[str]) -> tuple[int, ...] | None:
    """Read numbers from 1, apart or as one run of growing digits."""
    plain = text.strip(_ENDS)
    if _NUMBERS.fullmatch(plain):
        numbers = [int(number) for number in re.findall(r"\d+", plain)]
        if all(0 < number <= len(options) for number in numbers):
            return tuple(sorted({number - 1 for number in numbers}))
    if _RUN.fullmatch(plain) and list(plain) == sorted(set(plain)):
        return tuple(int(digit) - 1 for digit in plain)
    return None


_READERS: tuple[Callable[[str, Sequence[str]], tuple[int, ...] | None], ...] = (
    _by_text,
    _by_letter,
    _by_label,
    _by_number,
)
