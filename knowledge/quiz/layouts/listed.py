"""Questions in JSON, as question programs export them: objects under many names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from knowledge.documents.errors import DocumentError
from knowledge.documents.grid import MAX_ROWS
from knowledge.quiz.layouts.kinds import kind_of
from knowledge.quiz.layouts.options import divided, unlabelled
from knowledge.quiz.layouts.raw import BadQuestion, Fault, Raw, short
from knowledge.quiz.layouts.tables import COLUMNS, field_of, option_of

BROKEN = "JSON 格式有误，读不了（第 {line} 行附近）。"
NO_LIST = "JSON 里没有找到题目列表：要有“题干”和“答案”。"
DEEPEST = 6
MIXED = "答案是数字，看不出从 0 还是从 1 数起，请写成 A、B、C"
_CONTAINERS = frozenset(
    {"questions", "data", "items", "list", "rows", "results", "records", "题目", "题库", "试题"}
)
_TEXT = ("text", "content", "value", "label", "name", "title", "内容", "选项内容")
_MARK = ("key", "label", "letter", "id", "option", "选项", "标识")
_RIGHT = ("correct", "is_correct", "isCorrect", "isRight", "right", "is_answer", "isAnswer")


def read(text: str) -> Iterator[Raw | Fault]:
    """Yield the questions of a JSON text; raises `DocumentError` if it holds none."""
    try:
        data = json.loads(text)
    except RecursionError as error:
        raise DocumentError(BROKEN.format(line=1), "json: nested too deep") from error
    except ValueError as error:
        raise DocumentError(BROKEN.format(line=getattr(error, "lineno", 1)), str(error)) from error
    found = list(_objects(data, "", DEEPEST))
    if not found:
        raise DocumentError(NO_LIST, "json: no questions")
    if len(found) > MAX_ROWS:
        raise DocumentError(f"题目超过 {MAX_ROWS} 道，请分几个文件导入。", "too many questions")
    base = _base([values for _, values in found])
    for number, (group, values) in enumerate(found, 1):
        place = f"第 {number} 题"
        try:
            raw = _raw(place, values, base)
        except BadQuestion as error:
            yield Fault(place, str(error))
        else:
            yield (
                replace(raw, kind=raw.kind or group)
                if _names_kind(group)
                else (replace(raw, topic=raw.topic or group))
            )


def _objects(data: Any, group: str, depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects with a stem, each with the name of the list that it is in."""
    if depth == 0:
        return
    if isinstance(data, list):
        for part in data:
            yield from _objects(part, group, depth - 1)
    elif isinstance(data, dict):
        values = _fields(data)
        if isinstance(values.get("stem"), str) and len(values) > 1:
            yield group, values
            return
        for name, part in data.items():
            if isinstance(part, list | dict):
                inner = "" if name.lower() in _CONTAINERS else name
                yield from _objects(part, inner or group, depth - 1)


def _fields(data: dict[str, Any]) -> dict[str, Any]:
    """Return the values under our names: fields, and options by letter."""
    best: dict[str, tuple[int, Any]] = {}
    letters: dict[int, Any] = {}
    for name, value in data.items():
        if (place := option_of(name)) is not None:
            letters[place] = value
        elif (found := field_of(name)) is not None and value is not None:
            field, rank = found
            if field not in best or rank < best[field][0]:
                best[field] = (rank, value)
    fields = {field: value for field, (_, value) in best.items()}
    if letters and "options" not in fields:
        fields["options"] = [letters.get(n) or "" for n in range(max(letters) + 1)]
    return fields


def _raw(place: str, values: dict[str, Any], base: int | None) -> Raw:
    options, marks, right = _options(values.get("options"))
    answer = _answer(values.get("answer"), marks, base)
    if not answer and right:
        answer = "".join(chr(ord("A") + at) for at in right)
    texts = {
        name: _text(values[name])
        for name in COLUMNS
        if name in values and name not in ("stem", "options", "answer")
    }
    return Raw(place=place, stem=_text(values["stem"]), options=options, answer=answer, **texts)


def _options(value: Any) -> tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]:
    """Return the options, what each is called, and which say of themselves that they are right."""
    if value is None or value in ("", [], {}):
        return (), (), ()
    if isinstance(value, str):
        return divided(value), (), ()
    if isinstance(value, dict):
        return tuple(_text(v) for v in value.values()), tuple(str(k) for k in value), ()
    if not isinstance(value, list):
        raise BadQuestion("选项看不懂")
    texts, marks, right = [], [], []
    for at, part in enumerate(value):
        if isinstance(part, dict):
            marks.append(_text(_first(part, _MARK)))
            texts.append(_text(_first(part, tuple(n for n in _TEXT if part.get(n) != marks[-1]))))
            if _first(part, _RIGHT) is True:
                right.append(at)
        else:
            texts.append(unlabelled(_text(part).strip(), at))
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts), tuple(marks), tuple(right)


def _answer(value: Any, marks: tuple[str, ...], base: int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "对" if value else "错"
    parts = value if isinstance(value, list) else [value]
    if all(isinstance(part, int) and not isinstance(part, bool) for part in parts) and parts:
        if marks and all(str(part) in marks for part in parts):
            return "".join(chr(ord("A") + marks.index(str(part))) for part in parts)
        if not marks and base is None:
            raise BadQuestion(MIXED)
        return "、".join(str(part + 1 - (base or 0)) for part in parts)
    texts = [_text(part) for part in parts]
    if marks and all(text in marks for text in texts):
        return "".join(chr(ord("A") + marks.index(text)) for text in texts)
    return "\n".join(texts)


def _base(questions: list[dict[str, Any]]) -> int | None:
    """Return from what number the file counts its options, None if it cannot be told."""
    low, high = False, False
    for values in questions:
        answer, options = values.get("answer"), values.get("options")
        if isinstance(options, list) and not isinstance(answer, bool):
            numbers = answer if isinstance(answer, list) else [answer]
            low = low or any(n == 0 and isinstance(n, int) for n in numbers)
            high = high or any(n == len(options) and isinstance(n, int) for n in numbers)
    return None if low == high else 0 if low else 1


def _first(values: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((values[name] for name in names if values.get(name) not in (None, "")), "")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "对" if value else "错"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "\n".join(value)
    raise BadQuestion(f"“{short(str(value)[:200])}”看不懂，应为文字")


def _names_kind(group: str) -> bool:
    try:
        return kind_of(group) is not None
    except BadQuestion:
        return True
