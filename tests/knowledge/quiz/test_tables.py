"""Sheets of questions: columns under many names, and what spoils a cell."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from db.tables import QuestionKind
from knowledge.documents import DocumentError
from knowledge.documents.grid import MAX_LINES
from knowledge.quiz.layouts import Reading, read
from knowledge.quiz.model import Question
from tests.knowledge.quiz.make import JUDGE, MULTIPLE, SINGLE
from tests.knowledge.quiz.writers import HEAD, book, csv, docx, rows

STEM = "预备期多久？"
OPTIONS = ("半年", "一年", "二年", "三年")


def sheet(*lines: Any, name: str = "题.xlsx", **more: Any) -> Reading:
    return read(name, book(lines, **more))


def reasons(reading: Reading) -> list[str]:
    return [str(fault) for fault in reading.faults]


def test_one_row_a_question_and_one_column_an_option() -> None:
    reading = sheet(HEAD, *rows([SINGLE, MULTIPLE, JUDGE]))
    assert reasons(reading) == []
    first, second, third = reading.questions
    assert (first.stem, first.options, first.answer) == (SINGLE.stem, SINGLE.options, "B")
    assert (first.regulation, first.article, first.version) == (
        SINGLE.regulation,
        "第八条",
        "2008",
    )
    assert (second.kind, second.answer) == (QuestionKind.MULTIPLE, "ABD")
    assert (third.kind, third.options, third.answer) == (QuestionKind.JUDGE, ("对", "错"), "对")
    assert first.place == "第 2 行"


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (("题目", "A", "B", "C", "D", "答案"), (STEM, *OPTIONS, "B")),
        (("试题内容", "选项1", "选项2", "选项3", "选项4", "参考答案"), (STEM, *OPTIONS, "B")),
        (("问题", "选项一", "选项二", "选项三", "选项四", "标准答案"), (STEM, *OPTIONS, "一年")),
        (("题干（必填）", "选项(A)", "选项(B)", "选项(C)", "选项(D)", "答案*"),
         (STEM, *OPTIONS, 2)),
        (("question", "option_a", "option_b", "optionC", "Option D", "answer"),
         (STEM, *OPTIONS, "b")),
        (("题干", "A选项", "B选项", "C选项", "D选项", "正确答案"), (STEM, *OPTIONS, "B. 一年")),
        (("题干", "选项A", "选项B", "选项C", "选项D", "答案"),
         (STEM, "A.半年", "B.一年", "C.二年", "D.三年", "B")),
        (("题干", "选项", "答案"), (STEM, "A.半年 B.一年 C.二年 D.三年", "B")),
        (("题干", "选项", "答案"), (STEM, "A、半年\nB、一年\nC、二年\nD、三年", "B")),
        (("题干", "选项", "答案"), (STEM, "半年；一年；二年；三年", "一年")),
        (("题干", "备选答案", "答案"), (STEM, "半年|一年|二年|三年", "B")),
        (("题干", "选项", "答案"), (STEM, "半年\n一年\n二年\n三年", "B")),
        (("题干", "选项", "答案"), (STEM, '["半年", "一年", "二年", "三年"]', "B")),
        (("题干", "选项A", "选项B", "选项C", "选项D"), ("预备期多久？（ B ）", *OPTIONS)),
        (("题干", "选项A", "选项B", "选项C", "选项D", "答案"),
         ("12. 预备期多久？（B）", *OPTIONS, "B")),
        (("题目类型", "题目", "选项", "答案"),
         ("单选", "【单选题】预备期多久？", "A 半年\nB 一年\nC 二年\nD 三年", "（B）")),
    ],
)  # fmt: skip
def test_common_layouts_are_understood(head: tuple[str, ...], row: tuple[Any, ...]) -> None:
    reading = sheet(head, row)
    assert reasons(reading) == []
    [question] = reading.questions
    assert (question.options, question.answer) == (OPTIONS, "B")
    assert question.stem.startswith(STEM)
    assert "B" not in question.stem


@pytest.mark.parametrize("right", ["对", "√", "正确", "T", "1", 1, True, "是", "A", "TRUE"])
def test_right_is_written_in_many_ways(right: object) -> None:
    head = ("题型", "题干", "选项A", "选项B", "答案")
    [question] = sheet(head, ("判断题", "党费按月交纳。", "正确", "错误", right)).questions
    assert (question.kind, question.options, question.correct) == (
        QuestionKind.JUDGE,
        ("对", "错"),
        (0,),
    )


@pytest.mark.parametrize("wrong", ["错", "×", "错误", "F", "0", 0, False, "否", "B", "x"])
def test_wrong_is_written_in_many_ways(wrong: object) -> None:
    head = ("题型", "题干", "选项A", "选项B", "答案")
    [question] = sheet(head, ("判断题", "党费按年交纳。", "正确", "错误", wrong)).questions
    assert question.correct == (1,)


def test_options_of_a_judge_question_may_stand_the_other_way_round() -> None:
    head = ("题干", "选项A", "选项B", "答案")
    [question] = sheet(head, ("党费按年交纳。", "错误", "正确", "A")).questions
    assert (question.options, question.answer) == (("对", "错"), "错")


@pytest.mark.parametrize("answer", ["ABD", "A,B,D", "A、B、D", "a b d", "ＡＢＤ", "1,2,4", "124"])
def test_several_answers_are_written_in_many_ways(answer: str) -> None:
    head = ("题干", "选项A", "选项B", "选项C", "选项D", "答案")
    [question] = sheet(head, (MULTIPLE.stem, *MULTIPLE.options, answer)).questions
    assert (question.kind, question.answer) == (QuestionKind.MULTIPLE, "ABD")


def test_the_head_need_not_come_first_and_parts_may_be_marked() -> None:
    reading = sheet(
        ("党务知识题库", "", "", "", ""),
        ("填写说明：一行一题", "", "", "", ""),
        ("序号", "题干", "选项A", "选项B", "答案"),
        ("一、单选题", "", "", "", ""),
        (1, STEM, "半年", "一年", "B"),
        ("二、判断题", "", "", "", ""),
        (2, "党费按月交纳。", "", "", "√"),
        ("第二章 换届", "", "", "", ""),
        (3, "支部任期三年。", "", "", "√"),
        merge="A1:E1 A4:E4",
    )
    assert reasons(reading) == []
    assert [(q.kind.value, q.topic) for q in reading.questions] == [
        ("single", "综合"),
        ("judge", "综合"),
        ("judge", "第二章 换届"),
    ]
    assert reading.questions[0].place == "第 5 行"


def test_a_merged_chapter_stands_for_its_rows() -> None:
    reading = sheet(
        ("章节", "题干", "选项A", "选项B", "答案"),
        ("党费", STEM, "半年", "一年", "B"),
        ("", "另一问？", "甲", "乙", "A"),
        ("", "第三问？", "甲", "乙", "A"),
        merge="A2:A3",
    )
    assert [q.topic for q in reading.questions] == ["党费", "党费", "综合"]


def test_a_stem_merged_over_its_options_is_one_question() -> None:
    reading = sheet(
        ("题干", "选项", "答案"),
        (STEM, "A.半年", "B"),
        ("", "B.一年", ""),
        ("", "C.二年", ""),
        ("另一问？", "甲\n乙", "A"),
        merge="A2:A4 C2:C4",
    )
    assert reasons(reading) == []
    assert [q.options for q in reading.questions] == [OPTIONS[:3], ("甲", "乙")]


def test_a_stem_merged_over_other_questions_is_told() -> None:
    reading = sheet(
        ("题干", "选项A", "选项B", "答案"),
        (STEM, "半年", "一年", "B"),
        ("", "甲", "乙", "A"),
        merge="A2:A3",
    )
    assert reasons(reading) == ["第 3 行：题干是合并单元格，这一行没有读，请取消合并"]


def test_several_sheets_are_read_and_their_names_say_what_they_hold() -> None:
    head = ("题干", "选项A", "选项B", "选项C", "答案")
    data = book(
        [head, (STEM, "半年", "一年", "二年", "B")],
        [head, ("有哪些？", "甲", "乙", "丙", "A")],
        [("使用说明",), ("请勿修改",)],
        names=("单选题", "多选题", "说明"),
    )
    reading = read("题.xlsx", data)
    assert [q.kind.value for q in reading.questions] == ["single", "multiple"]
    assert reading.questions[1].place == "多选题 第 2 行"
    assert reasons(reading) == ["工作表“说明”：没有找到表头，整张表没有读"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((STEM, "半年", "一年", "=1+1"), "“答案”是公式"),
        (("=A1", "半年", "一年", "B"), "“题干”是公式"),
        ((STEM, date(2026, 3, 5), "一年", "B"), "“选项A”被表格软件改成了日期"),
        ((STEM, "半年", "一年", ""), "没有找到答案"),
        ((STEM, "半年", "一年", "C"), "超出了选项"),
        ((STEM, "半年", "一年", "两年"), "不是选项"),
        ((STEM, "", "一年", "B"), "选项 A 是空的"),
        (("", "半年", "一年", "B"), "没有题干"),
        ((STEM, "3", "1", "1"), "可以有两种理解"),
        (("x" * 2001, "半年", "一年", "B"), "题干超过"),
        ((STEM, "x" * 1001, "一年", "B"), "选项超过"),
    ],
)
def test_a_row_that_is_not_understood_is_told_and_the_others_stay(
    row: tuple[Any, ...], reason: str
) -> None:
    good = ("另一问？", "甲", "乙", "A")
    reading = sheet(("题干", "选项A", "选项B", "答案"), row, good)
    assert [q.stem for q in reading.questions] == ["另一问？"]
    [told] = reasons(reading)
    assert told.startswith("第 2 行：")
    assert reason in told


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("《中国共产党章程》第三十条（2022年版）", ("《中国共产党章程》", "第三十条", "2022")),
        ("中国共产党章程 第31条", ("中国共产党章程", "第31条", "")),
        (
            "《支部工作条例（试行）》(2018) 第十一条",
            ("《支部工作条例（试行）》(2018)", "第十一条", ""),
        ),
        ("第八条（2008年版）", ("", "第八条", "2008")),
        ("", ("", "", "")),
    ],
)
def test_a_source_is_taken_apart(source: str, parts: tuple[str, str, str]) -> None:
    head = ("题干", "选项A", "选项B", "答案", "依据")
    [question] = sheet(head, (STEM, "半年", "一年", "B", source)).questions
    assert (question.regulation, question.article, question.version) == parts


def test_days_in_force_are_read_or_refused() -> None:
    head = ("题干", "选项A", "选项B", "答案", "生效日期", "失效日期")
    reading = sheet(
        head,
        (STEM, "半年", "一年", "B", date(2026, 5, 18), ""),
        ("另一问？", "甲", "乙", "A", "2014年5月28日", "2026-05-18"),
        ("第三问？", "甲", "乙", "A", "2027-02-29", ""),
        ("第四问？", "甲", "乙", "A", "2026-05-18", "2026-05-18"),
    )
    assert [(q.valid_from, q.valid_to) for q in reading.questions] == [
        (date(2026, 5, 18), None),
        (date(2014, 5, 28), date(2026, 5, 18)),
    ]
    assert reasons(reading) == [
        "第 4 行：日期“2027-02-29”看不懂，请写成 2026-05-18",
        "第 5 行：失效日期不晚于生效日期",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_of_every_encoding_is_read(encoding: str) -> None:
    data = csv([HEAD, *rows([SINGLE, MULTIPLE, JUDGE])]).encode(encoding)
    assert [q.answer for q in read("题.csv", data).questions] == ["B", "ABD", "对"]


def test_line_ends_in_a_csv_cell_divide_options() -> None:
    data = csv([("题干", "选项", "答案"), (STEM, "半年\n一年", "B")]).encode()
    assert read("题.csv", data).questions[0].options == ("半年", "一年")


def test_twelve_options_are_read_and_thirteen_are_not() -> None:
    head = ("题干", "选项", "答案")
    many = [f"{chr(65 + n)}. 第{n}项" for n in range(12)]
    [question] = sheet(head, (STEM, "\n".join(many), "L")).questions
    assert (len(question.options), question.answer) == (12, "L")
    lines = "\n".join(f"第{n}项" for n in range(13))
    assert reasons(sheet(head, (STEM, lines, "第1项"))) == ["第 2 行：选项超过 12 个"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("题.xlsx", book([("姓名", "工号"), ("张三", 1)]), "没有找到表头"),
        ("题.csv", b"a,b\n1,2\n", "没有找到表头"),
        ("题.docx", docx("没有题目"), "没有读到题目"),
        ("题.pptx", b"no", "不是|不接收|内容"),
        ("题.md", "<html><body>题</body></html>".encode(), "."),
        ("题.exe", b"MZ", "."),
        ("题.xlsm", b"PK\x03\x04", "."),
        ("../题.txt", "1. 问".encode(), "文件名不正常"),
        ("题.txt", b"", "文件是空的"),
        ("题.csv", ("题干,选项,答案\n" + "\n" * (MAX_LINES + 1)).encode(), "空行太多"),
    ],
)
def test_what_is_no_bank_is_refused_with_a_word(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        read(name, data)


def changed(data: bytes, part: str, content: bytes) -> bytes:
    """Return a workbook with one part added or replaced."""
    out = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != part:
                new.writestr(entry.filename, old.read(entry))
        new.writestr(part, content)
    return out.getvalue()


GOOD = book([("题干", "选项A", "选项B", "答案"), (STEM, "半年", "一年", "B")])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (changed(GOOD, "xl/media/a.bin", b"\0" * 50_000_000), "压缩炸弹"),
        (changed(GOOD, "xl/vbaProject.bin", b"x"), "宏"),
        (changed(GOOD, "xl/externalLinks/externalLink1.xml", b"<x/>"), "链接了外部内容"),
        (changed(GOOD, "xl/a.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'), "XML 实体"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"Workbook", "旧版"),
        (GOOD[: len(GOOD) // 2], "损坏|打不开"),
    ],
)
def test_a_hostile_workbook_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        read("题.xlsx", data)


def test_a_head_that_comes_again_is_no_question() -> None:
    """So it is where sheets were copied one below another."""
    head = ("题干", "选项A", "选项B", "答案")
    found = sheet(head, (STEM, "半年", "一年", "B"), head, ("另一题？", "甲", "乙", "A"))
    assert [question.stem for question in found.questions] == [STEM, "另一题？"]
    assert found.faults == ()


@pytest.mark.parametrize(
    ("mark", "count", "encoding"),
    [
        ('<row r="{}"/>', 50_001, "utf-8"),
        ('<row r="{}"/>', 50_001, "utf-16-le"),
        ('<x:row r="{}"/>', 50_001, "utf-8"),
        ('<c r="A{}"/>', 500_001, "utf-8"),
    ],
)
def test_a_sheet_is_refused_by_what_it_holds_before_it_is_parsed(
    mark: str, count: int, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To parse a million empty rows takes half a minute."""
    monkeypatch.setattr("openpyxl.reader.excel.ExcelReader.read", pytest.fail)
    hostile = changed(
        GOOD, "xl/worksheets/sheet1.xml", "".join(map(mark.format, range(count))).encode(encoding)
    )
    with pytest.raises(DocumentError, match="空行太多"):
        read("题.xlsx", hostile)


def test_a_sheet_of_endless_empty_rows_is_refused() -> None:
    """The rows are counted as they are walked through, whatever the sheet declares."""
    made = Workbook()
    made.active.append(["题干", "选项A", "选项B", "答案"])
    made.active.cell(row=2_000_000 // 2, column=1, value=STEM)
    out = BytesIO()
    made.save(out)
    with pytest.raises(DocumentError, match="空行太多"):
        read("题.xlsx", out.getvalue())


words = st.text("党费支部大会员一二三四五预备", min_size=3, max_size=12)


@st.composite
def banks(draw: st.DrawFn) -> list[Question]:
    """Some questions whose stems differ; options are told apart by their text."""
    made = []
    for stem in draw(st.lists(words, min_size=1, max_size=4, unique=True)):
        options = tuple(draw(st.lists(words, min_size=2, max_size=4, unique=True)))
        places = st.integers(0, len(options) - 1)
        right = tuple(sorted(draw(st.sets(places, min_size=1))))
        kind = QuestionKind.MULTIPLE if len(right) > 1 else QuestionKind.SINGLE
        made.append(Question("", kind, f"{stem}？", options, right, explanation=draw(words)))
    return made


def essence(questions: Any) -> list[tuple[object, ...]]:
    return [(q.kind, q.stem, q.options, q.correct, q.explanation) for q in questions]


@settings(max_examples=40)
@given(banks())
def test_what_is_written_as_a_sheet_is_read_back(bank: list[Question]) -> None:
    data = csv([HEAD, *rows(bank)]).encode()
    assert essence(read("题.csv", data).questions) == essence(bank)


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=6))
def test_any_cells_are_read_or_refused(cells: list[list[str]]) -> None:
    head = ["题型", "题干", "选项A", "选项B", "答案"]
    try:
        reading = read("题.csv", csv([head, *cells]).encode("utf-8", "ignore"))
    except DocumentError:
        return
    assert reading.questions or reading.faults
