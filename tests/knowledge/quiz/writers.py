"""Question banks written out as people write them, for the tests of the readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any

from docx import Document
from openpyxl import Workbook

from db.tables import QuestionKind
from knowledge.quiz.model import Question

HEAD = ("序号", "题型", "题干", "选项A", "选项B", "选项C", "选项D", "正确答案", "解析", "依据")
WORDS = {
    QuestionKind.SINGLE: "单选题",
    QuestionKind.MULTIPLE: "多选题",
    QuestionKind.JUDGE: "判断题",
}


def rows(questions: Sequence[Question]) -> list[tuple[Any, ...]]:
    """Write one question a row, a column an option."""
    written = []
    for number, q in enumerate(questions, 1):
        options = () if q.kind is QuestionKind.JUDGE else q.options
        cells = [*options, *[""] * (4 - len(options))]
        source = q.regulation + q.article + (f"（{q.version}年版）" if q.version else "")
        written.append((number, WORDS[q.kind], q.stem, *cells, q.answer, q.explanation, source))
    return written


def book(*sheets: Sequence[Sequence[Any]], names: Sequence[str] = (), merge: str = "") -> bytes:
    """Return a workbook of sheets given as rows."""
    made = Workbook()
    made.remove(made.active)
    for at, lines in enumerate(sheets):
        sheet = made.create_sheet(names[at] if at < len(names) else f"Sheet{at + 1}")
        for line in lines:
            sheet.append(list(line))
    if merge:
        for part in merge.split():
            made.worksheets[0].merge_cells(part)
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def csv(lines: Sequence[Sequence[Any]]) -> str:
    """Return a csv text."""
    import csv

    out = StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue()


def paper(questions: Sequence[Question]) -> str:
    """Write a paper, each answer below its question."""
    lines = []
    for number, q in enumerate(questions, 1):
        lines.append(f"{number}. {q.stem}")
        if q.kind is not QuestionKind.JUDGE:
            lines += [f"{chr(65 + at)}. {option}" for at, option in enumerate(q.options)]
        lines.append(f"答案：{q.answer}")
        if q.explanation:
            lines.append(f"解析：{q.explanation}")
        if q.regulation:
            lines.append(f"依据：{q.regulation}{q.article}")
    return "\n".join(lines) + "\n"


def docx(text: str) -> bytes:
    """Return a document with a paragraph a line."""
    made = Document()
    for line in text.split("\n"):
        made.add_paragraph(line)
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def dump(questions: Sequence[Question]) -> str:
    """Return a JSON list."""
    return json.dumps(
        [
            {
                "question": q.stem,
                "type": q.kind.value,
                "options": list(q.options),
                "answer": [chr(65 + place) for place in q.correct],
                "analysis": q.explanation,
            }
            for q in questions
        ],
        ensure_ascii=False,
    )
