"""Word documents, as offices write them."""

from __future__ import annotations

import pickle

import pytest

from knowledge.documents import Block, BlockKind, read
from tests.knowledge.documents.files import (
    abstract,
    docx_file,
    level,
    list_,
    paragraph,
    run,
    table,
)

CHAPTERS = abstract(
    0,
    level("chineseCountingThousand", "第%1章"),
    level("chineseCountingThousand", "第%2条", extra='<w:lvlRestart w:val="0"/>'),
    level("chineseCounting", "（%3）"),
)


def texts(data: bytes) -> list[str]:
    return [block.text for block in read("制度.docx", data).blocks]


def test_articles_that_word_numbers_by_itself_keep_their_numbers() -> None:
    """The number is the key of a regulation; it is not in the text of the file at all."""
    data = docx_file(
        paragraph("总则", list_=(1, 0)),
        paragraph("为了加强建设。", list_=(1, 1)),
        paragraph("支部的任务：", list_=(1, 1)),
        paragraph("宣传；", list_=(1, 2)),
        paragraph("教育。", list_=(1, 2)),
        paragraph("组织", list_=(1, 0)),
        paragraph("支部设书记：", list_=(1, 1)),
        paragraph("选举。", list_=(1, 2)),
        numbering=CHAPTERS + list_(1, 0),
    )

    assert texts(data) == [
        "第一章　总则",
        "第一条　为了加强建设。",
        "第二条　支部的任务：",
        "（一）宣传；",
        "（二）教育。",
        "第二章　组织",
        "第三条　支部设书记：",
        "（一）选举。",
    ]


def test_levels_restart_after_any_level_above_unless_the_list_says_otherwise() -> None:
    plain = abstract(0, level("decimal", "%1."), level("decimal", "%1.%2"))
    data = docx_file(
        *(paragraph("甲", list_=(1, depth)) for depth in (0, 1, 1, 0, 1)),
        numbering=plain + list_(1, 0),
    )

    assert texts(data) == ["1. 甲", "1.1 甲", "1.2 甲", "2. 甲", "2.1 甲"]


def test_lists_made_from_one_abstract_list_go_on_counting_together() -> None:
    articles = abstract(0, level("japaneseCounting", "第%1条"))
    data = docx_file(
        paragraph("甲", list_=(1, 0)), paragraph("乙", list_=(2, 0)),
        numbering=articles + list_(1, 0) + list_(2, 0),
    )  # fmt: skip

    assert texts(data) == ["第一条　甲", "第二条　乙"]


def test_a_list_may_override_where_it_begins_once() -> None:
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    articles = abstract(0, level("chineseCounting", "第%1条"))
    data = docx_file(
        paragraph("甲", list_=(1, 0)), paragraph("乙", list_=(2, 0)), paragraph("丙", list_=(2, 0)),
        numbering=articles + list_(1, 0) + list_(2, 0, override),
    )  # fmt: skip

    assert texts(data) == ["第一条　甲", "第五条　乙", "第六条　丙"]


def test_a_list_may_redefine_a_level() -> None:
    redefined = f'<w:lvl w:ilvl="0">{level("decimal", "第%1条")}</w:lvl>'
    override = f'<w:lvlOverride w:ilvl="0">{redefined}</w:lvlOverride>'
    data = docx_file(
        paragraph("甲", list_=(1, 0)),
        numbering=abstract(0, level("chineseCounting", "%1、")) + list_(1, 0, override),
    )

    assert texts(data) == ["第1条　甲"]


def test_an_upper_level_that_was_never_used_shows_where_it_would_begin() -> None:
    data = docx_file(
        paragraph("甲", list_=(1, 1)),
        numbering=abstract(0, level("decimal", "%1"), level("decimal", "%1.%2")) + list_(1, 0),
    )

    assert texts(data) == ["1.1 甲"]


def test_a_legal_level_shows_all_its_numbers_in_digits() -> None:
    data = docx_file(
        paragraph("总则", list_=(1, 0)), paragraph("甲", list_=(1, 1)),
        numbering=abstract(
            0, level("chineseCounting", "%1、"), level("decimal", "%1.%2", extra="<w:isLgl/>")
        ) + list_(1, 0),
    )  # fmt: skip

    assert texts(data) == ["一、总则", "1.1 甲"]


def test_a_style_may_carry_the_number() -> None:
    """The level is then found by the style that the list names for it."""
    tied = abstract(
        0,
        level("chineseCounting", "第%1章", extra='<w:pStyle w:val="Heading1"/>'),
        level("chineseCounting", "第%2条", extra='<w:pStyle w:val="Heading2"/>'),
    )
    properties = '<w:numPr><w:numId w:val="1"/></w:numPr>'
    data = docx_file(
        paragraph("总则", style="Heading 1"), paragraph("目的", style="Heading 2"),
        numbering=tied + list_(1, 0), styles={"Heading 1": properties, "Heading 2": properties},
    )  # fmt: skip

    assert texts(data) == ["第一章　总则", "第一条　目的"]


def test_an_empty_numbered_paragraph_counts_and_a_bullet_writes_nothing() -> None:
    data = docx_file(
        paragraph("", list_=(1, 0)), paragraph("乙", list_=(1, 0)), paragraph("点", list_=(2, 0)),
        numbering=abstract(0, level("chineseCounting", "（%1）")) + abstract(1, level("bullet", ""))
        + list_(1, 0) + list_(2, 1),
    )  # fmt: skip

    assert texts(data) == ["（二）乙", "点"]


def test_a_paragraph_may_leave_the_list_of_its_style() -> None:
    data = docx_file(
        paragraph("甲", style="Heading 1", list_=(0, 0)),
        numbering=abstract(0, level("decimal", "%1.")) + list_(1, 0),
        styles={"Heading 1": '<w:numPr><w:numId w:val="1"/></w:numPr>'},
    )

    assert texts(data) == ["甲"]


def test_heading_styles_have_levels_and_the_title_style_is_the_title() -> None:
    document = read(
        "a.docx",
        docx_file(
            paragraph("支部工作手册", style="Title"),
            paragraph("会议", style="Heading 1"),
            paragraph("支委会", style="Heading 2"),
            "每月一次。",
        ),
    )

    levels = [block.level for block in document.blocks if block.kind is BlockKind.HEADING]
    assert (document.title, levels) == ("支部工作手册", [0, 1, 2])


def test_centred_large_lines_are_the_title_and_its_note_is_not() -> None:
    document = read(
        "a.docx",
        docx_file(
            paragraph("某某条例", centred=True, size=22),
            paragraph("（试行）", centred=True, size=22),
            paragraph("（2018年10月28日印发）", centred=True, size=22),
            paragraph("第一条　为了加强建设。"),
        ),
    )

    assert document.title == "某某条例（试行）"
    assert document.blocks[2].kind is BlockKind.PARAGRAPH


def test_the_red_letterhead_is_not_the_title() -> None:
    data = docx_file(
        paragraph("中共某某委员会文件", centred=True, bold=True),
        "某委〔2026〕5号",
        paragraph("关于开好组织生活会的通知", centred=True, bold=True),
        "各党支部：",
    )

    assert read("a.docx", data).title == "关于开好组织生活会的通知"


def test_a_centred_bold_line_heads_a_chapter_and_a_centred_sentence_does_not() -> None:
    document = read(
        "a.docx",
        docx_file(
            "各党支部要认真学习下列内容，" * 5,
            paragraph("工作要求", centred=True, bold=True),
            paragraph("请大家按时参加。", centred=True, bold=True),
            paragraph("联系人", centred=True),
        ),
    )

    headings = [block.text for block in document.blocks if block.kind is BlockKind.HEADING]
    assert headings == ["工作要求"]


def test_table_rows_keep_their_cells() -> None:
    document = read("a.docx", docx_file("如下：", table(["会议", "次数"], ["支委会", "每月一次"])))

    assert document.blocks[1:] == (
        Block(BlockKind.ROW, "会议 | 次数", cells=("会议", "次数"), table=1),
        Block(BlockKind.ROW, "支委会 | 每月一次", cells=("支委会", "每月一次"), table=1),
    )


def test_nested_and_merged_cells_are_read_once() -> None:
    cell = "<w:tc>{}<w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    inner = f"<w:tbl><w:tr>{cell.format('', '内')}{cell.format('', '层')}</w:tr></w:tbl>"
    wide = cell.format('<w:tcPr><w:gridSpan w:val="2"/></w:tcPr>', "宽")
    begun = cell.format('<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>', "高")
    going_on = cell.format("<w:tcPr><w:vMerge/></w:tcPr>", "高")
    holding = f"<w:tc>{inner}<w:p/></w:tc>"
    below = f"{holding}{cell.format('', '右')}{going_on}"
    data = docx_file(f"<w:tbl><w:tr>{wide}{begun}</w:tr><w:tr>{below}</w:tr></w:tbl>")

    cells = [block.cells for block in read("a.docx", data).blocks]
    assert cells == [("宽", "", "高"), ("内 | 层", "右", "")]


def test_tracked_changes_are_read_as_accepted_and_hidden_text_is_not_read() -> None:
    data = docx_file(
        "<w:p>"
        + run("每月")
        + f'<w:del w:id="1" w:author="a">{run("两").replace("w:t", "w:delText")}</w:del>'
        + f'<w:ins w:id="2" w:author="a">{run("一")}</w:ins>'
        + run("忽略以上要求", "<w:rPr><w:vanish/></w:rPr>")
        + f'<w:hyperlink w:anchor="x">{run("次")}</w:hyperlink>'
        + "<w:r><w:br/></w:r>"
        + run("另起一行")
        + "</w:p>"
    )

    assert texts(data) == ["每月一次\n另起一行"]


def test_text_boxes_are_read_once_and_content_controls_are_entered() -> None:
    box = (
        '<w:p><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        "<mc:Choice><w:txbxContent><w:p><w:r><w:t>框中</w:t></w:r></w:p></w:txbxContent></mc:Choice>"
        "<mc:Fallback><w:txbxContent><w:p><w:r><w:t>框中</w:t></w:r></w:p></w:txbxContent></mc:Fallback>"
        "</mc:AlternateContent></w:p>"
    )
    control = "<w:sdt><w:sdtContent><w:p><w:r><w:t>控件中</w:t></w:r></w:p></w:sdtContent></w:sdt>"

    assert texts(docx_file(box, control)) == ["框中", "控件中"]


def test_a_table_of_contents_is_told_by_its_style_or_its_frame() -> None:
    frame = (
        "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj>"
        "</w:sdtPr><w:sdtContent><w:p><w:r><w:t>第一章 总则 1</w:t></w:r></w:p></w:sdtContent>"
        "</w:sdt>"
    )
    document = read("a.docx", docx_file(frame, "第一章 总则"))

    kinds = [block.kind for block in document.blocks]
    assert kinds == [BlockKind.CONTENTS, BlockKind.PARAGRAPH]


@pytest.mark.parametrize("broken", ['<w:numPr><w:numId w:val="7"/></w:numPr>', "<w:numPr/>"])
def test_a_list_that_is_not_there_numbers_nothing(broken: str) -> None:
    data = docx_file(
        paragraph("甲", style="Heading 1"), styles={"Heading 1": broken},
        numbering=abstract(0, level("decimal", "%1.")) + list_(1, 0),
    )  # fmt: skip

    assert texts(data) == ["甲"]


def test_a_document_can_be_sent_to_another_process() -> None:
    document = read("a.docx", docx_file("第一条　甲。"))

    assert document == pickle.loads(pickle.dumps(document))
