"""PDF files: broken lines are joined, what belongs to the page and not to the text is dropped."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from knowledge.documents import BlockKind, DocumentError, Limits, read
from knowledge.documents.numerals import to_chinese
from tests.knowledge.documents.files import pdf_file

LEFT, INDENT = 80, 112
# 27 characters fill a line from 80 to 512 points.
FULL = "支部委员会应当定期召开会议研究讨论支部重要事项并作出决定同时"


def full_line(begin: str = "") -> str:
    return (begin + FULL)[:27]


def test_lines_of_a_paragraph_are_joined_and_a_new_paragraph_is_not() -> None:
    data = pdf_file(
        [
            (INDENT, 740, full_line("第一条　")[:25]),
            (LEFT, 716, "重要事项。"),
            (INDENT, 692, full_line("第二条　")[:25]),
            (LEFT, 668, full_line()),
            (LEFT, 644, "结束。"),
        ]
    )

    texts = [block.text for block in read("a.pdf", data).blocks]
    assert texts == [
        full_line("第一条　")[:25] + "重要事项。",
        full_line("第二条　")[:25] + full_line() + "结束。",
    ]


def test_a_paragraph_goes_on_across_pages_and_page_numbers_go() -> None:
    data = pdf_file(
        [(INDENT, 740, full_line("第一条　")[:25]), (290, 40, "- 1 -")],
        [(LEFT, 740, "下一页。"), (290, 40, "- 2 -")],
    )

    (block,) = read("a.pdf", data).blocks
    assert (full_line("第一条　")[:25] + "下一页。", "第一页") == (block.text, block.place)


def test_running_heads_go_and_chapters_stay() -> None:
    pages = [
        [
            (200, 800, "某某党委制度汇编"),
            (LEFT, 740, f"第{to_chinese(n)}章　制度"),
            (INDENT, 716, f"这一章写的是第{n}件事。"),
            (300, 40, f"第 {n} 页 共 4 页"),
        ]
        for n in range(1, 5)
    ]

    text = read("a.pdf", pdf_file(*pages)).text
    assert "汇编" not in text
    assert "共 4 页" not in text
    assert all(f"第{to_chinese(n)}章" in text for n in range(1, 5))


def test_a_centred_line_on_top_is_the_title() -> None:
    data = pdf_file(
        [
            (217, 780, "支部工作条例（试行）"),
            (193, 756, "（2018年8月印发）"),
            (INDENT, 740, full_line("第一条　")[:25]),
            (LEFT, 716, full_line()),
            (LEFT, 692, "结束。"),
        ]
    )

    document = read("a.pdf", data)
    assert document.title == "支部工作条例（试行）"
    assert [b.text for b in document.blocks if b.kind is BlockKind.HEADING] == [document.title]


def test_short_lines_of_a_last_page_are_not_joined() -> None:
    """The type area is that of the file, not as narrow as what stands on the last page."""
    data = pdf_file(
        [(LEFT, 740 - 24 * n, full_line()) for n in range(8)],
        [(LEFT, 740, "请各支部认真贯彻执行"), (LEFT, 716, "某某党委"), (LEFT, 692, "五月十八日")],
    )

    texts = [block.text for block in read("a.pdf", data).blocks]
    assert texts[-2:] == ["某某党委", "五月十八日"]


def test_a_scan_is_said_to_be_one() -> None:
    with pytest.raises(DocumentError, match="扫描件"):
        read("a.pdf", pdf_file([]))


def test_too_many_pages_are_refused() -> None:
    data = pdf_file(*[[(80, 700, "一")]] * 5)

    with pytest.raises(DocumentError, match="4 页"):
        read("a.pdf", data, Limits(pages=4))


def test_a_locked_file_is_refused() -> None:
    keys = b"/O <%s> /U <%s>" % (b"a" * 64, b"b" * 64)
    lock = b"/Encrypt << /Filter /Standard /V 1 /R 2 %s /P -4 >> /ID [<00> <00>] /Root" % keys
    data = pdf_file([(80, 700, "一")]).replace(b"/Root", lock)

    with pytest.raises(DocumentError, match="密码"):
        read("a.pdf", data)


def test_a_broken_file_is_refused() -> None:
    with pytest.raises(DocumentError, match="已损坏"):
        read("a.pdf", b"%PDF-1.7\nnothing follows")


def test_several_threads_may_read_at_once() -> None:
    """PDFium itself may not be called by two threads."""
    files = [pdf_file(*[[(80, 700, f"第{n}份文件")]] * 20) for n in range(8)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda data: read("a.pdf", data).blocks[0].text, files))

    assert all(text.startswith(f"第{n}份文件") for n, text in enumerate(found))
