"""From a file to its questions, whatever its format and layout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from knowledge import documents
from knowledge.documents import Block, BlockKind, DocumentError, Kind, check_upload
from knowledge.documents.encoding import decode
from knowledge.documents.grid import Cell, Grid, Row, read_grid
from knowledge.documents.limits import DEFAULT
from knowledge.documents.reading import TOO_LONG
from knowledge.documents.safety import load
from knowledge.quiz.layouts import listed, numbered, tables
from knowledge.quiz.layouts.assembling import assemble
from knowledge.quiz.layouts.raw import BadQuestion, Fault, Raw, Reading, plain
from knowledge.quiz.model import Question

SUFFIXES = (".xlsx", ".csv", ".docx", ".txt", ".json")
WRONG_KIND = "题库要用 xlsx、csv、docx、txt 或 json 文件。发送“导入题库”看样例。"
NOTHING = "没有读到题目。发送“导入题库”看看能读哪些写法。"
JSON = ".json"
MOST, MOST_LINES = 10_000, 100_000
TOO_LONG_PAPER = f"行数过多（超过 {MOST_LINES} 行），请拆分后再发。"
TOO_MANY = f"题目超过 {MOST} 道，请分几个文件导入。"


def read(name: str, data: bytes, topic: str = "") -> Reading:
    """Read a question bank; raises `DocumentError` if the file is refused or holds no question.

    `topic` is that of the questions that name none. May take seconds of CPU: call it in a
    worker thread.
    """
    questions: list[Question] = []
    faults: list[Fault] = []
    for raw in _raws(name, data):
        if isinstance(raw, Fault):
            faults.append(raw)
            continue
        if len(questions) + len(faults) >= MOST:
            raise DocumentError(TOO_MANY, "too many questions")
        try:
            questions.append(assemble(raw, topic))
        except BadQuestion as error:
            faults.append(Fault(raw.place, str(error)))
    if not questions and not faults:
        raise DocumentError(NOTHING, "no questions")
    kept, repeated = _unique(questions)
    return Reading(kept, (*faults, *repeated))


def _raws(name: str, data: bytes) -> Iterator[Raw | Fault]:
    if name.lower().endswith(JSON):
        # To the check a JSON file is a text.
        check_upload(f"{name[: -len(JSON)]}.txt", data)
        return listed.read(_text(data))
    kind = check_upload(name, data)
    if kind in (Kind.XLSX, Kind.CSV):
        return tables.read(read_grid(name, data, otherwise=WRONG_KIND))
    if kind is Kind.DOCX:
        return _document(documents.read(name, data).blocks)
    if kind in (Kind.TEXT, Kind.MARKDOWN):
        lines = _text(data).split("\n")
        if len(lines) > MOST_LINES:
            raise DocumentError(TOO_LONG_PAPER, f"{len(lines)} lines")
        return numbered.read((f"第 {n} 行", plain(line)) for n, line in enumerate(lines, 1))
    raise DocumentError(WRONG_KIND, f"{kind}")


def _text(data: bytes) -> str:
    text = decode(load(data))
    if len(text) > DEFAULT.characters:
        raise DocumentError(TOO_LONG.format(limit=DEFAULT.characters), f"{len(text)} characters")
    return text


def _document(blocks: Sequence[Block]) -> Iterator[Raw | Fault]:
    """Read the tables that have a head, and everything else as a paper."""
    lines: list[str] = []
    for table, group in groupby(blocks, key=lambda block: block.table):
        rows = list(group)
        grid = Grid(f"表{table}", lambda rows=rows: _rows(rows))  # type: ignore[misc]
        if table and tables.has_head(grid):
            yield from tables.read([grid])
        else:
            lines += _lines(rows)
    yield from numbered.read(("", plain(line)) for line in lines)


def _rows(blocks: Iterable[Block]) -> Iterator[Row]:
    return (tuple(Cell(cell) for cell in block.cells) for block in blocks)


def _lines(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        if block.kind is BlockKind.ROW:
            for cell in block.cells:
                yield from cell.split("\n")
        elif block.kind is not BlockKind.CONTENTS:
            yield from block.text.split("\n")


def _unique(questions: Sequence[Question]) -> tuple[tuple[Question, ...], list[Fault]]:
    """Keep one of those that ask the same; none where their answers differ."""
    first: dict[str, Question] = {}
    faults: list[Fault] = []
    torn: set[str] = set()
    for question in questions:
        known = first.setdefault(question.identity, question)
        if known is question:
            continue
        if set(known.answers) == set(question.answers):
            faults.append(Fault(question.place, f"与{known.place}的题目相同，只收一道"))
        else:
            faults.append(Fault(question.place, f"与{known.place}的题目相同，答案却不同，都没有收"))
            torn.add(question.identity)
    return tuple(q for identity, q in first.items() if identity not in torn), faults
