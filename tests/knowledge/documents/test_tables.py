"""Workbooks, slides and comma-separated files."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from knowledge.documents import BlockKind, DocumentError, Limits, read
from knowledge.documents.split import split
from tests.knowledge.documents.files import member, pptx_file, with_members, xlsx_file


def test_rows_are_placed_by_their_first_cell() -> None:
    document = read("a.xlsx", xlsx_file({"名册": [["姓名", "学时"], [], [None, 32.0]]}))

    found = [(block.place, block.cells) for block in document.blocks]
    assert found == [("名册!A1", ("姓名", "学时")), ("名册!B3", ("", "32"))]


@pytest.mark.parametrize(
    ("value", "written"),
    [(1.0, "1"), (1.5, "1.5"), (True, "是"), (date(2026, 5, 18), "2026-05-18"),
     (datetime(2026, 5, 18, 9, 30), "2026-05-18 09:30"), (time(9, 30), "09:30:00"),
     ("上\r\n下", "上\n下"), ("  ", None)],
)  # fmt: skip
def test_values_are_written_as_a_reader_of_the_sheet_sees_them(
    value: object, written: str | None
) -> None:
    document = read("a.xlsx", xlsx_file({"S": [["名", "值"], ["甲", value]]}))

    assert document.blocks[1].cells == (("甲",) if written is None else ("甲", written))


def test_formulas_are_not_evaluated_their_saved_values_are_read() -> None:
    data = xlsx_file({"S": [["和"], ["=1+1"]]})
    sheet = member(data, "xl/worksheets/sheet1.xml")
    assert b"<v></v>" in sheet or b"<v />" in sheet
    saved = sheet.replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>")
    data = with_members(data, {"xl/worksheets/sheet1.xml": saved})

    assert read("a.xlsx", data).blocks[1].cells == ("2",)


def test_hidden_sheets_are_not_read() -> None:
    data = xlsx_file({"看得见": [["甲"]], "看不见": [["乙"]]})
    book = member(data, "xl/workbook.xml")
    hidden = book.replace(b'sheetId="2" state="visible"', b'sheetId="2" state="hidden"')
    assert hidden != book

    assert "乙" not in read("a.xlsx", with_members(data, {"xl/workbook.xml": hidden})).text


def test_a_row_becomes_a_section_with_the_names_of_its_columns() -> None:
    data = xlsx_file({"S": [["学时统计表"], ["姓名", "学时"], ["甲", 32], ["乙", None, "请假"]]})

    sections = split(read("a.xlsx", data))
    found = [(s.locator, s.path, s.text) for s in sections]
    assert found == [
        ("S!A3", ("学时统计表",), "姓名：甲；学时：32"),
        ("S!A4", ("学时统计表",), "姓名：乙；请假"),
    ]


def test_slides_give_titles_text_tables_and_notes() -> None:
    data = pptx_file(
        {"title": "党课", "text": "要点一\n要点二", "table": [["会议", "次数"]], "notes": "讲慢些"},
        {"title": "第二讲", "text": "要点三"},
    )

    document = read("a.pptx", data)
    found = [(block.kind, block.text, block.place) for block in document.blocks]
    assert found == [
        (BlockKind.HEADING, "党课", "第一张"),
        (BlockKind.PARAGRAPH, "要点一", "第一张"),
        (BlockKind.PARAGRAPH, "要点二", "第一张"),
        (BlockKind.ROW, "会议 | 次数", "第一张"),
        (BlockKind.PARAGRAPH, "备注：讲慢些", "第一张"),
        (BlockKind.HEADING, "第二讲", "第二张"),
        (BlockKind.PARAGRAPH, "要点三", "第二张"),
    ]


def test_each_slide_is_a_section() -> None:
    data = pptx_file({"title": "党课", "text": "要点一"}, {"title": "第二讲", "text": "要点二"})

    found = [(s.locator, s.path, s.text) for s in split(read("a.pptx", data))]
    assert found == [("第一张", (), "要点一"), ("第二张", ("第二讲",), "要点二")]


def test_hidden_slides_are_not_read() -> None:
    data = pptx_file({"title": "甲"}, {"title": "乙"})
    slide = member(data, "ppt/slides/slide2.xml")
    hidden = slide.replace(b"<p:sld ", b'<p:sld show="0" ', 1)

    assert "乙" not in read("a.pptx", with_members(data, {"ppt/slides/slide2.xml": hidden})).text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_records_are_read_in_any_encoding_and_with_any_separator(
    encoding: str, separator: str
) -> None:
    text = separator.join(["问题", "答案"]) + "\r\n" + separator.join(["党费何时交", '"每月\n交"'])
    document = read("a.csv", text.encode(encoding))

    assert [b.cells for b in document.blocks] == [("问题", "答案"), ("党费何时交", "每月\n交")]


def test_records_are_placed_by_the_line_they_begin_on() -> None:
    document = read("a.csv", '甲,"一\n二"\n\n乙,三\n'.encode())

    assert [block.place for block in document.blocks] == ["第1行", "第4行"]


@pytest.mark.parametrize("text", ['甲,"' + "长" * 200_000, "甲,乙\n" * 50])
def test_tables_beyond_the_limits_are_refused(text: str) -> None:
    with pytest.raises(DocumentError):
        read("a.csv", text.encode(), Limits(rows=40))
