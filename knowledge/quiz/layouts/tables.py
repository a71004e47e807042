"""Questions laid out as a table: one a row, with columns that people call by many names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from knowledge.documents.errors import DocumentError
from knowledge.documents.grid import MAX_ROWS, Cell, Grid, Merge
from knowledge.quiz.layouts import kinds
from knowledge.quiz.layouts.options import LETTERS, divided, unlabelled
from knowledge.quiz.layouts.raw import BadQuestion, Fault, Raw

# What each column may be called, the clearest name first.
COLUMNS: dict[str, tuple[str, ...]] = {
    "stem": ("题干", "试题题干", "题目内容", "试题内容", "题目描述", "题干内容", "试题题目", "题面",
             "题目", "试题", "问题", "内容", "stem", "question", "title"),
    "options": ("选项", "选项内容", "全部选项", "备选项", "备选答案", "候选项", "可选项",
                "答案选项", "options", "choices"),
    "answer": ("正确答案", "标准答案", "参考答案", "试题答案", "题目答案", "正确选项", "答案",
               "answer", "answers", "correct", "key"),
    "explanation": ("解析", "答案解析", "试题解析", "题目解析", "详解", "解释", "分析", "说明",
                    "explanation", "analysis"),
    "kind": ("题型", "试题类型", "题目类型", "题目题型", "试题题型", "类型", "type", "kind"),
    "topic": ("知识点", "章节", "所属章节", "考点", "分类", "试题分类", "题目分类", "类别", "模块",
              "专题", "主题", "栏目", "topic", "category", "chapter"),
    "difficulty": ("难度", "难易度", "难易程度", "难度等级", "难度系数", "difficulty", "level"),
    "source": ("依据", "出处", "来源", "题目来源", "试题来源", "法规依据", "依据文件", "文件依据",
               "答案依据", "法规", "文件", "source", "regulation"),
    "article": ("条款", "条号", "条文", "article"),
    "version": ("版本", "版本号", "version"),
    "starts": ("生效日期", "施行日期", "valid_from"),
    "ends": ("失效日期", "废止日期", "valid_to"),
}  # fmt: skip
# A merged cell of these stands for every row that it covers.
SHARED = frozenset(COLUMNS) - {"stem", "options", "answer"}
HEAD_WITHIN, LONGEST_SECTION = 15, 40
NO_HEAD = "没有找到表头：要有“题干”和“答案”两列，选项放在“选项A、选项B……”或“选项”列。"
FORMULA = "“{column}”是公式，请粘贴为数值"
MERGED = "题干是合并单元格，这一行没有读，请取消合并"
ERROR = "“{column}”是错误值"
DATE = "“{column}”被表格软件改成了日期，请把单元格设为文本后重填"
_RANK = {name: (field, rank) for field, ns in COLUMNS.items() for rank, name in enumerate(ns)}
_ONE = re.compile(r"\(([a-l\d])\)")
_REMARK = re.compile(r"\(.*?\)|\[.*?\]|[*\s:_\-]")
_OPTION = re.compile(
    r"(?:(?:选项|备选答案|备选项|答案选项|候选项|option|choice|opt|答案)(?P<n>[1-9]|1[0-2]|[a-l]"
    r"|[一二三四五六七八九十])|(?P<l>[a-l])(?:选项|项)?)"
)
_CHINESE = "一二三四五六七八九十"
# A date or a number may stand in these; elsewhere a date is a cell that was changed by itself.
_DATED = frozenset({"starts", "ends"})


@dataclass(frozen=True, slots=True)
class Head:
    """The row of names: which column holds which field, and which hold the options A, B, C."""

    line: int
    fields: dict[str, int]
    letters: tuple[int, ...]
    names: dict[int, str]


def read(grids: Sequence[Grid]) -> Iterator[Raw | Fault]:
    """Yield the rows of every sheet that has a head; raises `DocumentError` if none has."""
    found = [(grid, _head(grid)) for grid in grids]
    if not any(head for _, head in found):
        raise DocumentError(NO_HEAD, "no head")
    several = len(grids) > 1
    for grid, head in found:
        if head is not None:
            yield from _Sheet(grid, head, several=several).rows()
        elif any(cell.text for _, cells in grid.head(HEAD_WITHIN) for cell in cells):
            yield Fault(f"工作表“{grid.name}”", "没有找到表头，整张表没有读")


def has_head(grid: Grid) -> bool:
    """Tell whether a sheet names its columns."""
    return _head(grid) is not None


class _Sheet:
    """Reads one sheet from its head down."""

    def __init__(self, grid: Grid, head: Head, *, several: bool) -> None:
        self._grid, self._head = grid, head
        self._name = f"{grid.name} " if several else ""
        self._merges = [merge for merge in grid.merged() if merge.last_row > head.line]
        self._kind = self._kind_of_sheet()
        self._topic = ""
        self._shared: dict[tuple[int, int], Cell] = {}

    def rows(self) -> Iterator[Raw | Fault]:
        open_: Raw | None = None
        count = 0
        for line, cells in self._grid.rows(after=self._head.line):
            cells = self._filled(line, cells)
            if not any(cell.text for cell in cells):
                continue
            count += 1
            if count > MAX_ROWS:
                raise DocumentError(f"题目超过 {MAX_ROWS} 行，请分几个文件导入。", "too many rows")
            if self._is_continued(line):
                if open_ is not None and self._is_listed(line):
                    open_ = self._continued(open_, cells)
                else:
                    yield Fault(self._place(line), MERGED)
                continue
            if open_ is not None:
                yield open_
            open_ = None
            try:
                if not (self._is_section(cells) or self._is_head(cells)):
                    open_ = self._raw(line, cells)
            except BadQuestion as error:
                yield Fault(self._place(line), str(error))
        if open_ is not None:
            yield open_

    def _is_head(self, cells: Sequence[Cell]) -> bool:
        """Tell whether the head stands here again, as where sheets were put one below another."""
        at = self._head.fields["stem"]
        named = field_of(cells[at].text) if at < len(cells) else None
        return named is not None and _names(0, cells).fields == self._head.fields

    def _raw(self, line: int, cells: Sequence[Cell]) -> Raw:
        values = {field: self._value(cells, at, field) for field, at in self._head.fields.items()}
        options = self._letters(cells)
        if not options and (text := values.get("options", "")):
            options = (unlabelled(text, 0),) if self._is_listed(line) else divided(text)
        values.pop("options", None)
        values["kind"] = values.get("kind") or self._kind
        values["topic"] = values.get("topic") or self._topic
        return Raw(place=self._place(line), options=options, **values)

    def _letters(self, cells: Sequence[Cell]) -> tuple[str, ...]:
        """Return the options that have a column each, without the empty ones at the end."""
        texts = [self._value(cells, at, "options") for at in self._head.letters]
        while texts and not texts[-1]:
            texts.pop()
        return tuple(unlabelled(text, place) for place, text in enumerate(texts))

    def _value(self, cells: Sequence[Cell], at: int, field: str) -> str:
        cell = cells[at] if at < len(cells) else Cell("")
        column = self._head.names.get(at, field)
        if cell.kind == "formula" or (cell.text.startswith("=") and len(cell.text) > 1):
            raise BadQuestion(FORMULA.format(column=column))
        if cell.kind == "error":
            raise BadQuestion(ERROR.format(column=column))
        if cell.kind == "date" and field not in _DATED:
            raise BadQuestion(DATE.format(column=column))
        return cell.text

    def _is_section(self, cells: Sequence[Cell]) -> bool:
        """Tell a row that only says what follows: a kind, or a chapter."""
        said = [(at, cell.text) for at, cell in enumerate(cells) if cell.text]
        if len(said) != 1 or len(said[0][1]) > LONGEST_SECTION:
            return False
        at, text = said[0]
        if found := kinds.heading(text):
            self._kind = found[0]
            return True
        if at == self._head.fields.get("stem"):
            return False
        if text.isdecimal():
            raise BadQuestion("只有序号，没有题干")
        self._topic = text
        return True

    def _filled(self, line: int, cells: Sequence[Cell]) -> tuple[Cell, ...]:
        """Return the cells with those that a merged cell covers, in columns where it is shared."""
        kept = list(cells)
        for merge in self._merges:
            if not merge.first_row <= line <= merge.last_row:
                continue
            for field in SHARED:
                at = self._head.fields.get(field)
                if at is None or not merge.first_column <= at + 1 <= merge.last_column:
                    continue
                if merge.first_column != at + 1 or at >= len(kept):
                    continue
                key = (merge.first_row, at)
                kept[at] = self._shared.setdefault(key, kept[at])
        return tuple(kept)

    def _merge(self, field: str, line: int) -> Merge | None:
        """Return the merged rows of a column that a line lies in."""
        at = self._head.fields.get(field, -1) + 1
        merges = (m for m in self._merges if m.first_column == m.last_column == at)
        return next((m for m in merges if m.first_row <= line <= m.last_row), None)

    def _is_continued(self, line: int) -> bool:
        merge = self._merge("stem", line)
        return merge is not None and line > merge.first_row

    def _is_listed(self, line: int) -> bool:
        """Tell the layout with one option a row, beside a stem that is merged over the rows."""
        stem = self._merge("stem", line)
        several = stem is not None and stem.last_row > stem.first_row
        alone = "options" in self._head.fields and self._merge("options", line) is None
        return several and alone and not self._head.letters

    def _continued(self, open_: Raw, cells: Sequence[Cell]) -> Raw:
        """Add the option of a further row."""
        text = self._value(cells, self._head.fields["options"], "options")
        if not text:
            return open_
        return replace(open_, options=(*open_.options, unlabelled(text, len(open_.options))))

    def _place(self, line: int) -> str:
        return f"{self._name}第 {line} 行"

    def _kind_of_sheet(self) -> str:
        """A sheet may be called 单选题."""
        try:
            return self._grid.name if kinds.kind_of(self._grid.name) else ""
        except BadQuestion:
            return self._grid.name


def _head(grid: Grid) -> Head | None:
    for line, cells in grid.head(HEAD_WITHIN):
        head = _names(line, cells)
        if "stem" in head.fields and (
            "answer" in head.fields or "options" in head.fields or len(head.letters) > 1
        ):
            return head
    return None


def _names(line: int, cells: Sequence[Cell]) -> Head:
    best: dict[str, tuple[int, int]] = {}
    letters: dict[int, int] = {}
    for at, cell in enumerate(cells):
        if (place := option_of(cell.text)) is not None:
            letters.setdefault(place, at)
        elif (found := field_of(cell.text)) is not None:
            field, rank = found
            best[field] = min(best.get(field, (rank, at)), (rank, at))
    count = next((n for n in range(len(LETTERS) + 1) if n not in letters), len(LETTERS))
    fields = {field: at for field, (_, at) in best.items()}
    names = {at: " ".join(cell.text.split())[:20] for at, cell in enumerate(cells)}
    return Head(line, fields, tuple(letters[n] for n in range(count)), names)


def field_of(name: str) -> tuple[str, int] | None:
    """Return the field that a name stands for, and how clearly: 0 is the clearest."""
    return _RANK.get(_heading(name))


def option_of(name: str) -> int | None:
    """Return the place of the option that a name stands for: 选项A, A, 选项1, 选项一."""
    found = _OPTION.fullmatch(_heading(name))
    if found is None:
        return None
    mark = found["n"] or found["l"]
    if mark.isdecimal():
        return int(mark) - 1
    return _CHINESE.index(mark) if mark in _CHINESE else ord(mark) - ord("a")


def _heading(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text[:60]).lower()
    if (name := re.sub(r"[*\s:]", "", plain)) in _RANK:
        return name
    return _REMARK.sub("", _ONE.sub(r"\1", plain))
