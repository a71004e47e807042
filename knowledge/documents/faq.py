"""Questions and answers laid out as a table: columns 问题 and 答案, and what they rest on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from knowledge.documents.dates import find_date
from knowledge.documents.model import Block, BlockKind, Document
from knowledge.documents.words import tidy

COLUMNS = {
    "question": ("问题", "问", "提问", "标准问题", "题目", "question", "q"),
    "answer": ("答案", "答", "答复", "回答", "解答", "标准答案", "answer", "a"),
    "aliases": ("相似问题", "相似问法", "其他问法", "别名", "同义问法", "aliases"),
    "regulation": ("依据", "出处", "来源", "文件", "依据文件", "制度名称", "法规", "source"),
    "article": ("条款", "条文", "条号", "条", "依据条款", "article"),
    "label": ("版本", "版本号", "version"),
    "topic": ("分类", "类别", "主题", "栏目", "topic", "category"),
    "starts": ("生效日期", "施行日期", "实施日期", "生效时间", "施行时间", "effective_from"),
    "ends": ("失效日期", "废止日期", "失效时间", "effective_to"),
}
NO_QUESTION = "{place}：没有问题，这一行没有收入。"
NO_ANSWER = "{place}：没有答案，这一行没有收入。"
BAD_DATE = "{place}：日期“{text}”看不懂，请写成 2026-05-18。"
TWICE = "{place}：与{first}的问题相同，这一行没有收入。"
# Headers stand at the top, after a title or a remark at most.
HEADER_WITHIN, LONGEST_HEADER = 5, 60
_SEPARATORS = re.compile(r"[\n;；|]+")
_REMARK = re.compile(r"[（(].*?[)）]|[：:*\s]")
_COLUMN_OF = {name: key for key, names in COLUMNS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Pair:
    """One question with its answer; `place` says where it stands, other fields may be empty."""

    question: str
    answer: str
    place: str
    aliases: tuple[str, ...] = ()
    regulation: str = ""
    article: str = ""
    label: str = ""
    topic: str = ""
    starts: date | None = None
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class Faq:
    """What the question tables of a document hold.

    `problems` are Chinese sentences, one for each row that is not as it should be; `rest` is the
    document without those tables.
    """

    pairs: tuple[Pair, ...]
    problems: tuple[str, ...]
    rest: Document


def extract(document: Document) -> Faq:
    """Take the question tables out of a document; no pairs if it has none."""
    pairs: list[Pair] = []
    problems: list[str] = []
    rest: list[Block] = []
    for _, group in groupby(document.blocks, key=lambda block: block.table):
        rows = list(group)
        header = _header(rows)
        if header is None:
            rest += rows
            continue
        place, columns = header
        rest += rows[:place]
        for number, row in enumerate(rows[place + 1 :], start=place + 2):
            _take(row, columns, row.place or f"表{row.table}第{number}行", pairs, problems)
    unique, repeated = _unique(pairs)
    return Faq(unique, (*problems, *repeated), replace(document, blocks=tuple(rest)))


def _header(rows: Sequence[Block]) -> tuple[int, dict[str, int]] | None:
    """Return the place of the header row and the cell of each column it names."""
    for place, row in enumerate(rows[:HEADER_WITHIN]):
        if row.kind is not BlockKind.ROW:
            return None
        columns: dict[str, int] = {}
        for cell, text in enumerate(row.cells):
            column = _COLUMN_OF.get(_REMARK.sub("", text[:LONGEST_HEADER]).lower())
            if column:
                columns.setdefault(column, cell)
        if {"question", "answer"} <= columns.keys():
            return place, columns
    return None


def _take(
    row: Block, columns: dict[str, int], place: str, pairs: list[Pair], problems: list[str]
) -> None:
    values = {
        name: row.cells[cell] if cell < len(row.cells) else "" for name, cell in columns.items()
    }
    if not values["question"] or not values["answer"]:
        missing = NO_ANSWER if values["question"] else NO_QUESTION
        problems.append(missing.format(place=place))
        return
    days: dict[str, date | None] = {}
    for name in ("starts", "ends"):
        text = tidy(values.get(name, ""))
        days[name] = find_date(text) if text else None
        if text and days[name] is None:
            problems.append(BAD_DATE.format(place=place, text=text))
    pairs.append(_pair(values, place, days))


def _pair(values: dict[str, str], place: str, days: dict[str, date | None]) -> Pair:
    aliases = (tidy(alias) for alias in _SEPARATORS.split(values.get("aliases", "")))
    return Pair(
        question=_line(values["question"]),
        answer=values["answer"],
        place=place,
        aliases=tuple(alias for alias in aliases if alias),
        regulation=_line(values.get("regulation", "")),
        article=_line(values.get("article", "")),
        label=_line(values.get("label", "")),
        topic=_line(values.get("topic", "")),
        starts=days["starts"],
        ends=days["ends"],
    )


def _line(text: str) -> str:
    return text.replace("\n", " ")


def _unique(pairs: Iterable[Pair]) -> tuple[tuple[Pair, ...], list[str]]:
    """Keep the first of those that ask the same for the same version and days."""
    first: dict[tuple[object, ...], Pair] = {}
    problems: list[str] = []
    for pair in pairs:
        key = (pair.question, pair.label, pair.starts, pair.regulation)
        known = first.setdefault(key, pair)
        if known is not pair:
            problems.append(TWICE.format(place=pair.place, first=known.place))
    return tuple(first.values()), problems
