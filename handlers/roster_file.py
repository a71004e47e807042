"""A roster in xlsx or csv, read into rows: what each cell may hold, and what is wrong with it.

Plain functions of bytes, for a worker thread: no database, no conversation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from db.days import parse_day
from db.names import INVISIBLE, clean_name
from db.numbers import BadValue, normalise_identity, normalise_phone
from db.roster import Fault, RosterRow
from db.tables import Stage, Title
from knowledge.documents import DocumentError
from knowledge.documents.grid import MAX_ROWS, Cell, Grid, read_grid

# The fields of a row, the heading we write, and others that people use.
HEADINGS: dict[str, tuple[str, ...]] = {
    "number": ("工号", "员工编号", "职工号", "职工编号", "人员编号", "员工号", "编号"),
    "name": ("姓名", "名字", "党员姓名"),
    "unit": ("单位", "组织", "所在组织", "所在支部", "所在党支部", "党支部", "支部", "所属党组织",
             "组织名称", "党组织"),
    "stage": ("身份", "人员类别", "人员身份", "政治面貌", "类别", "发展阶段"),
    "posts": ("职务", "党内职务", "职务名称"),
    "phone": ("手机", "手机号", "手机号码", "联系电话", "电话", "移动电话"),
    "identity": ("身份证号", "身份证", "身份证号码", "公民身份号码", "证件号码"),
    "joined": ("入党日期", "入党时间", "加入党组织日期", "加入中共组织日期"),
}  # fmt: skip
WRONG_KIND = "名册要用 xlsx 或 csv 文件。发送“名册模板”取得样表。"
REQUIRED = ("number", "name", "unit")
HEAD_WITHIN = 10
STAGES = {stage.value: stage for stage in Stage} | {
    "中共党员": Stage.MEMBER,
    "党员": Stage.MEMBER,
    "中共正式党员": Stage.MEMBER,
    "中共预备党员": Stage.PROBATIONARY,
    "积极分子": Stage.ACTIVIST,
    "申请人": Stage.APPLICANT,
}
FOUNDED = date(1921, 7, 1)
LONGEST_UNIT = 100
_NUMBER = re.compile(r"[^\W_][\w\-./]{0,31}")
_REMARK = re.compile(r"\(.*?\)|[*\s:]")
_BETWEEN = re.compile(r"[；;、，,\n]+")
_FIELDS = {word: field for field, words in HEADINGS.items() for word in words}


@dataclass(frozen=True, slots=True)
class RosterFile:
    """What a file says: its good rows, the faults of the others, and headings not understood."""

    rows: tuple[RosterRow, ...]
    faults: tuple[Fault, ...]
    ignored: tuple[str, ...] = ()


def read(name: str, data: bytes) -> RosterFile:
    """Read a roster; raises `DocumentError` for a file that is none."""
    candidates = []
    for grid in read_grid(name, data, otherwise=WRONG_KIND):
        head = next((n for n, cells in grid.head(HEAD_WITHIN) if _is_head(cells)), None)
        if head is not None:
            candidates.append((grid, head))
    if not candidates:
        raise DocumentError(
            "没有找到名册的表头：要有“工号”“姓名”“单位”三列。发送“名册模板”取得样表。", "no head"
        )
    if len(candidates) > 1:
        names = "、".join(grid.name for grid, _ in candidates)
        raise DocumentError(f"有几张工作表都像名册（{names}），请只保留一张。", "several heads")
    return _read(*candidates[0])


def _read(grid: Grid, head: int) -> RosterFile:
    fields, ignored = _fields(dict(grid.head(HEAD_WITHIN))[head])
    rows: list[RosterRow] = []
    faults = [
        Fault(max(merge.first_row, head + 1), "有合并单元格，请取消合并并逐行填写")
        for merge in grid.merged()
        if merge.last_row > head
    ]
    count = 0
    for line, cells in grid.rows(after=head):
        if not any(cell.text for cell in cells):
            continue
        count += 1
        if count > MAX_ROWS:
            raise DocumentError(f"名册超过 {MAX_ROWS} 行，请分几个文件导入。", "too many rows")
        row = _row(line, {field: cells[at] for at, field in fields.items() if at < len(cells)})
        if isinstance(row, RosterRow):
            rows.append(row)
        else:
            faults += row
    if not count:
        raise DocumentError("名册里没有人员。", "no rows")
    return RosterFile(tuple(rows), tuple(faults), ignored)


def _is_head(cells: Sequence[Cell]) -> bool:
    found = {_FIELDS.get(_heading(cell)) for cell in cells}
    return set(REQUIRED) <= found


def _fields(cells: Sequence[Cell]) -> tuple[dict[int, str], tuple[str, ...]]:
    """Return which column holds which field, and the headings that are not ours."""
    fields: dict[int, str] = {}
    ignored = []
    for at, cell in enumerate(cells):
        field = _FIELDS.get(_heading(cell))
        if field is None:
            if cell.text:
                ignored.append(cell.text[:20])
        elif field in fields.values():
            raise DocumentError(f"有两列都是“{HEADINGS[field][0]}”，请只保留一列。", "double head")
        else:
            fields[at] = field
    return fields, tuple(ignored)


def _heading(cell: Cell) -> str:
    return _REMARK.sub("", unicodedata.normalize("NFKC", cell.text))


def _row(line: int, cells: dict[str, Cell]) -> RosterRow | list[Fault]:
    """Read one row, or say everything that is wrong with it."""
    values: dict[str, Any] = {}
    faults = []
    for field in HEADINGS:
        cell = cells.get(field, Cell(""))
        try:
            values[field] = _value(field, cell)
        except BadValue as error:
            faults.append(Fault(line, f"{HEADINGS[field][0]}：{error}"))
    if faults:
        return faults
    values["joined_on"] = values.pop("joined")
    return RosterRow(line=line, **values)


def _value(field: str, cell: Cell) -> Any:
    if cell.kind == "formula" or cell.text.startswith("="):
        raise BadValue("是公式，请粘贴为数值")
    if cell.kind == "error":
        raise BadValue("单元格里是错误值")
    if not cell.text and field not in REQUIRED:
        return _EMPTY.get(field, "")
    return _READERS[field](cell)


def _number(cell: Cell) -> str:
    plain = unicodedata.normalize("NFKC", cell.text).strip()
    if not plain:
        raise BadValue("是空的")
    if not _NUMBER.fullmatch(plain):
        raise BadValue("只能用文字、数字、连字符、点和斜线，不超过 32 个字符")
    return plain


def _unit(cell: Cell) -> str:
    name = "".join(unicodedata.normalize("NFC", cell.text).split())
    if not name:
        raise BadValue("是空的")
    strange = any(unicodedata.category(character) in INVISIBLE for character in name)
    if strange or len(name) > LONGEST_UNIT:
        raise BadValue("组织名称不正常，请核对")
    return name


def _stage(cell: Cell) -> Stage:
    word = "".join(unicodedata.normalize("NFKC", cell.text).split())
    if word not in STAGES:
        raise BadValue(f"应为{'、'.join(Stage)}之一")
    return STAGES[word]


def _posts(cell: Cell) -> tuple[tuple[Title, str], ...]:
    """Read 组织委员；党小组长@第一党小组."""
    posts = []
    for part in _BETWEEN.split(unicodedata.normalize("NFC", cell.text).replace("＠", "@")):
        word, _, unit = ("".join(p.split()) for p in part.partition("@"))
        if not word:
            continue
        try:
            posts.append((Title(word), unit))
        except ValueError as error:
            raise BadValue(f"没有“{word[:10]}”这个职务；可用：{'、'.join(Title)}") from error
    return tuple(posts)


def _identity(cell: Cell) -> str:
    if cell.kind == "number":
        raise BadValue("单元格是数字格式，末几位已经丢失，请设为文本后重新填写")
    return normalise_identity(cell.text)


def _joined(cell: Cell) -> date:
    day = parse_day(cell.text)
    if day < FOUNDED or day.year > 2100:
        raise BadValue("日期太早或太晚，请核对")
    return day


_READERS: dict[str, Callable[[Cell], Any]] = {
    "number": _number,
    "name": lambda cell: clean_name(cell.text),
    "unit": _unit,
    "stage": _stage,
    "posts": _posts,
    "phone": lambda cell: normalise_phone(cell.text),
    "identity": _identity,
    "joined": _joined,
}
_EMPTY: dict[str, Any] = {"stage": None, "posts": (), "joined": None}


def headings() -> Iterator[str]:
    """Yield the headings of the template."""
    return (words[0] for words in HEADINGS.values())
