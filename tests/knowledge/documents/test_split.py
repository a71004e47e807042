"""Documents into sections: an article is one, and no word is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Block, BlockKind, Document, Kind, Section, read
from knowledge.documents.numerals import to_chinese
from knowledge.documents.split import split

REGULATION = """某某工作条例（试行）
（2018年10月28日印发）
第一章 总则
第一条 为了加强建设，制定本条例。
第二条　党支部是基础组织。
第十条规定的期限，从次日起算。
第二章　组织
第一节　设置
第三条　党支部的任务：
（一）宣传；
（二）教育。
第三条之一　补充规定。
附则
第4条　本条例自2019年1月1日起施行。"""


def text_file(text: str) -> Document:
    return read("a.txt", text.encode())


def test_an_article_number_beyond_all_locators_is_plain_text() -> None:
    sections = split(text_file("第1条 甲甲。\n第10000条 内容在此。\n"))
    assert [section.locator for section in sections] == ["第一条"]
    assert "第10000条 内容在此。" in sections[0].text


def squeeze(text: str) -> str:
    return "".join(text.split())


def all_words(sections: list[Section]) -> str:
    return squeeze("".join(section.text for section in sections))


def test_an_article_is_a_section_under_its_chapter() -> None:
    found = [(s.locator, s.article, s.path) for s in split(text_file(REGULATION))]

    assert found == [
        ("序言", "", ()),
        ("第一条", "第一条", ("第一章 总则",)),
        ("第二条", "第二条", ("第一章 总则",)),
        ("第三条", "第三条", ("第二章　组织", "第一节　设置")),
        ("第三条之一", "第三条之一", ("第二章　组织", "第一节　设置")),
        ("第四条", "第四条", ("附则",)),
    ]


def test_a_citation_at_the_beginning_of_a_line_begins_no_article() -> None:
    sections = {s.locator: s.text for s in split(text_file(REGULATION))}

    assert sections["第二条"].endswith("第十条规定的期限，从次日起算。")


@pytest.mark.parametrize(
    ("line", "locator"),
    [("第十二条　甲", "第十二条"), ("第12条 甲", "第十二条"), ("第１２条 甲", "第十二条"),
     ("第 十二 条　甲", "第十二条"), ("第十二条：甲", "第十二条"), ("【第十二条】甲", "第十二条"),
     ("第十二条之二　甲", "第十二条之二"), ("第一〇一条　甲", "第一百零一条"),
     ("第一百零一条　甲", "第一百零一条"), ("第十二条", "第十二条")],
)  # fmt: skip
def test_articles_are_located_in_chinese_however_they_are_written(line: str, locator: str) -> None:
    sections = split(text_file(f"第一条　始\n{line}\n正文"))

    assert [s.locator for s in sections] == ["第一条", locator]


def test_articles_without_a_gap_are_told_by_their_order() -> None:
    lines = ["第一条为了加强建设。", "第二条支部设书记。", "第九条已经废止。"]
    lines += ["第三条第二款不适用。", "第三条附则。"]

    assert [s.locator for s in split(text_file("\n".join(lines)))] == ["第一条", "第二条", "第三条"]


def test_a_table_of_contents_is_dropped() -> None:
    chapters = ["第一章 总则", "第二章 组织", "第三章 附则"]
    contents = "目　录\n" + "\n".join(f"{c}……{i}" for i, c in enumerate(chapters))
    body = "\n".join(f"{c}\n第{to_chinese(i)}条　甲。" for i, c in enumerate(chapters, start=1))

    assert split(text_file(body)) == split(text_file(f"{contents}\n{body}"))


def test_a_table_of_contents_without_title_or_pages_is_told_by_its_repetition() -> None:
    chapters = "第一章 总则\n第二章 组织\n第三章 附则"
    body = "第一章 总则\n第一条　甲。\n第二章 组织\n第二条　乙。\n第三章 附则\n第三条　丙。"

    assert split(text_file(body)) == split(text_file(f"{chapters}\n{body}"))


def test_chapters_that_never_come_again_are_no_table_of_contents() -> None:
    text = "第一章 总则\n第二章 组织\n第三章 附则\n第一条　甲。"

    words = [(s.locator, s.path) for s in split(text_file(text))]
    assert words == [
        ("第一章 总则", ()), ("第二章 组织", ()), ("第一条", ("第三章 附则",)),
    ]  # fmt: skip


def test_a_part_a_chapter_and_a_section_that_begin_together_are_no_table_of_contents() -> None:
    text = "第一编 总则\n第一章 通则\n第一节 目的\n第一条　甲。"

    (section,) = split(text_file(text))
    assert section.path == ("第一编 总则", "第一章 通则", "第一节 目的")


def test_a_long_article_is_cut_at_its_items_and_keeps_the_article() -> None:
    items = [f"（{to_chinese(i)}）" + "内容" * 150 + "；" for i in range(1, 10)]
    text = "第一条　任务：\n" + "\n".join(items) + "\n第二条　完。"

    sections = split(text_file(text))
    assert [s.locator for s in sections] == [
        "第一条", "第一条（四）至（六）", "第一条（七）至（九）", "第二条",
    ]  # fmt: skip
    assert {s.article for s in sections[:3]} == {"第一条"}
    assert max(len(s.text) for s in sections) <= 1200


def test_a_long_article_without_items_is_cut_at_paragraphs_and_sentences() -> None:
    text = "第一条　" + "甲" * 700 + "。\n" + "乙" * 700 + "。" + "丙" * 700 + "。\n第二条　完。"

    sections = split(text_file(text))
    assert [s.locator for s in sections[:3]] == ["第一条", "第一条第二部分", "第一条第三部分"]
    assert all(s.text.endswith("。") for s in sections)


def test_a_paper_is_cut_at_its_points() -> None:
    text = (
        "关于学习的通知\n各党支部：\n一、总体要求\n坚持学思用贯通。\n二、主要任务\n"
        "（一）学习党章。" + "认真研读原文，" * 12 + "写出体会。\n"
        "（二）严守纪律。" + "对照检查问题，" * 12 + "及时整改。\n"
        "三、有关要求。" + "各支部要高度重视，" * 8 + "抓好落实。"
    )

    found = [(s.locator, s.path) for s in split(text_file(text))]
    assert found == [
        ("正文", ()),
        ("一、总体要求", ("一、总体要求",)),
        ("（一）学习党章", ("二、主要任务",)),
        ("（二）严守纪律", ("二、主要任务",)),
        ("三、有关要求", ()),
    ]


def test_items_of_a_regulation_are_no_headings() -> None:
    text = "第一条　任务：\n一、宣传\n二、教育\n第二条　完。"

    assert [s.locator for s in split(text_file(text))] == ["第一条", "第二条"]


def test_articles_begin_anew_in_an_annex() -> None:
    text = "第一条　甲。\n第二条　乙。\n附件1\n第一条丙。\n第二条丁。"

    found = [(s.locator, s.path) for s in split(text_file(text))]
    assert found[2:] == [("第一条", ("附件1",)), ("第二条", ("附件1",))]


def test_headings_of_markdown_give_the_path_and_the_title_is_not_repeated() -> None:
    text = "# 手册\n\n## 会议\n\n### 支委会\n\n每月一次。\n\n## 党费\n\n按月交。"

    document = read("a.md", text.encode())
    found = [(s.locator, s.path, s.text) for s in split(document)]
    assert found == [
        ("支委会", ("会议", "支委会"), "每月一次。"),
        ("党费", ("党费",), "按月交。"),
    ]


def test_only_the_title_is_left_out_and_not_what_is_named_like_a_part_of_it() -> None:
    document = read("a.md", "# 党费收缴办法\n\n## 党费\n\n按月交。".encode())

    assert [s.path for s in split(document)] == [("党费",)]


def test_pages_without_headings_are_sections_and_tiny_ones_are_joined() -> None:
    page = [Block(BlockKind.PARAGRAPH, "内容" * 30, place=f"第{to_chinese(n)}页") for n in (1, 2)]
    last = Block(BlockKind.PARAGRAPH, "完", place="第三页")

    sections = split(Document(Kind.PDF, "", (*page, last)))
    assert [(s.locator, s.text[-1]) for s in sections] == [("第一页", "容"), ("第二页", "完")]


LINES = st.one_of(
    st.integers(1, 30).map(lambda n: f"第{to_chinese(n)}条　内容{n}。"),
    st.integers(1, 30).map(lambda n: f"第{n}条内容{n}"),
    st.integers(1, 9).map(lambda n: f"第{to_chinese(n)}章 名称{n}"),
    st.integers(1, 9).map(lambda n: f"第{to_chinese(n)}节"),
    st.integers(1, 9).map(lambda n: f"{to_chinese(n)}、要点{n}"),
    st.integers(1, 9).map(lambda n: f"（{to_chinese(n)}）事项{n}；" + "说明" * n * 8),
    st.sampled_from(["附件1", "附则", "总则", "（2018年10月28日印发）", "某某条例"]),
    st.text("党支部。，；、（）一二条第章 \u3000", min_size=1, max_size=60).filter(str.strip),
    st.integers(1, 40).map(lambda n: "很长的一段话，没有句号" * n * 5),
)


@given(st.lists(LINES, min_size=1, max_size=25), st.sampled_from([80, 300, 1200]))
def test_no_word_is_lost_and_none_is_invented(lines: list[str], longest: int) -> None:
    """All but tables of contents, which need three headings in a row that come again."""
    document = text_file("\n".join(f"{line}※{i}" for i, line in enumerate(lines)))

    sections = split(document, longest=longest)
    kept = all_words(sections)
    paths = {squeeze(name) for section in sections for name in section.path}
    for block in document.blocks:
        assert squeeze(block.text) in kept or squeeze(block.text) in paths
    assert set(kept) <= set(squeeze(document.text))


@given(st.lists(LINES, min_size=1, max_size=25), st.sampled_from([80, 300, 1200]))
def test_sections_are_in_order_and_no_longer_than_allowed(lines: list[str], longest: int) -> None:
    document = text_file("始\n" + "\n".join(lines))

    sections = split(document, longest=longest)
    words, place = squeeze(document.text), 0
    for section in sections:
        # The last piece of a long section may carry a few words more.
        assert len(section.text) <= longest + 60
        assert section.locator
        place = words.index(squeeze(section.text), place)


def test_nothing_gives_no_sections() -> None:
    assert split(Document(Kind.TEXT, "", ())) == []
