"""Tables of questions and answers, in whatever file they stand."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.documents import Document, read
from knowledge.documents.faq import extract
from tests.knowledge.documents.files import docx_file, table, xlsx_file

HEADER = ["问题", "答案", "依据", "条款", "版本", "生效日期", "相似问法", "分类"]
ROW = ["支委会多久开一次？", "一般每月一次。", "《某某条例》", "第十二条", "2018", "2018-10-28",
       "支委会几时开；多久开支委会", "会议"]  # fmt: skip


def as_csv(rows: list[list[str]]) -> Document:
    return read("a.csv", "\n".join(",".join(row) for row in rows).encode())


def as_markdown(rows: list[list[str]]) -> Document:
    lines = ["|" + "|".join(row) + "|" for row in rows]
    return read("a.md", "\n".join([lines[0], "|--" * 8 + "|", *lines[1:]]).encode())


def as_html(rows: list[list[str]]) -> Document:
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return read("a.html", f"<html><body><table>{body}</table></body></html>".encode())


@pytest.mark.parametrize(
    "document",
    [
        as_csv([HEADER, ROW]),
        as_markdown([HEADER, ROW]),
        as_html([HEADER, ROW]),
        read("a.docx", docx_file(table(HEADER, ROW))),
        read("a.xlsx", xlsx_file({"S": [HEADER, [*ROW[:5], date(2018, 10, 28), *ROW[6:]]]})),
    ],
    ids=["csv", "md", "html", "docx", "xlsx"],
)
def test_pairs_are_read_from_every_kind_of_table(document: Document) -> None:
    faq = extract(document)

    (pair,) = faq.pairs
    assert (pair.question, pair.answer) == (ROW[0], ROW[1])
    assert (pair.regulation, pair.article, pair.label) == ("《某某条例》", "第十二条", "2018")
    assert (pair.starts, pair.topic) == (date(2018, 10, 28), "会议")
    assert pair.aliases == ("支委会几时开", "多久开支委会")
    assert (faq.problems, faq.rest.blocks) == ((), ())


def test_other_words_for_the_columns_and_remarks_in_them_are_understood() -> None:
    faq = extract(as_csv([["序号", "标准问题*", "答复（不超过500字）"], ["1", "甲？", "乙。"]]))

    assert [(p.question, p.answer) for p in faq.pairs] == [("甲？", "乙。")]


def test_what_stands_around_the_table_is_left_for_the_sections() -> None:
    data = docx_file("说明文字", table(HEADER[:2], ["甲？", "乙。"]), table(["会议"], ["支委会"]))

    faq = extract(read("a.docx", data))
    assert len(faq.pairs) == 1
    assert [block.text for block in faq.rest.blocks] == ["说明文字", "会议", "支委会"]


def test_a_title_may_stand_above_the_header() -> None:
    faq = extract(read("a.xlsx", xlsx_file({"S": [["常见问题"], HEADER[:2], ["甲？", "乙。"]]})))

    assert faq.pairs[0].place == "S!A3"
    assert [block.text for block in faq.rest.blocks] == ["常见问题"]


def test_rows_that_are_not_as_they_should_be_are_reported_by_place() -> None:
    faq = extract(
        as_csv([["问题", "答案", "生效日期"], ["甲？", "", ""], ["", "乙。", ""],
                ["丙？", "丁。", "2027-02-29"], ["丙？", "又答。", ""]])
    )  # fmt: skip

    assert [pair.question for pair in faq.pairs] == ["丙？"]
    assert [problem.split("：")[0] for problem in faq.problems] == [
        "第2行", "第3行", "第4行", "第5行",
    ]  # fmt: skip


def test_the_same_question_may_have_an_answer_for_each_version() -> None:
    rows = [["问题", "答案", "版本"], ["甲？", "旧。", "2014"], ["甲？", "新。", "2026"]]

    assert [pair.answer for pair in extract(as_csv(rows)).pairs] == ["旧。", "新。"]


def test_a_document_without_questions_is_left_as_it_is() -> None:
    document = read("a.docx", docx_file("第一条　甲。", table(["会议", "次数"], ["支委会", "1"])))

    assert extract(document).rest == document
