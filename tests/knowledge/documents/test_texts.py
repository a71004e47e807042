"""Web pages, Markdown, plain text, and the encodings they come in."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge.documents import BlockKind, DocumentError, read
from knowledge.documents.encoding import decode

NOTICE = "关于开好组织生活会的通知\n各党支部：请于月底前召开。"
TRADITIONAL = "關於開好組織生活會的通知\n各黨支部：請於月底前召開會議，學習黨章。"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_chinese_text_is_read_in_any_encoding(encoding: str) -> None:
    assert decode(NOTICE.encode(encoding)) == NOTICE


def test_traditional_text_in_big5_is_read() -> None:
    assert decode(TRADITIONAL.encode("big5")) == TRADITIONAL


@pytest.mark.parametrize("text", ["党费", "支部", "会议通知", "第一条", "书记：张某"])
def test_even_a_few_characters_are_taken_for_chinese(text: str) -> None:
    """General detectors take them for Korean or Japanese."""
    assert text == decode(text.encode("gbk"))


def test_a_few_broken_bytes_do_not_lose_the_rest() -> None:
    text = decode(NOTICE.encode("gb18030") * 3 + b"\xff")

    assert text.startswith(NOTICE)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1))
def test_valid_utf8_is_never_taken_for_anything_else(text: str) -> None:
    if text[0] != "\ufeff" and "\ufffe" not in text and "\uffff" not in text:
        assert decode(text.encode()).split() == text.split()


@pytest.mark.parametrize("data", [bytes(range(256)) * 4, b"\x89PNG\r\n\x1a\n" + b"\0\1\2" * 99])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError):
        decode(data)


@pytest.mark.parametrize(
    ("encoding", "declared"), [("gbk", "gb2312"), ("utf-8", "utf-8"), ("gbk", "utf-8"), ("gbk", "")]
)
def test_a_page_is_read_even_if_it_declares_a_wrong_encoding(encoding: str, declared: str) -> None:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">'
    page = (
        f"<html><head>{meta}<title>党建网</title></head><body><p>支委会每月一次。</p></body></html>"
    )

    document = read("a.html", page.encode(encoding))
    assert (document.title, document.text) == ("党建网", "支委会每月一次。")


def test_a_page_gives_what_a_visitor_sees() -> None:
    page = """<!DOCTYPE html><html><head><title>t</title><style>p{}</style></head><body>
    <nav>首页</nav><script>var 秘密 = 1;</script><!-- 注释 --><h1>支部工作</h1>
    <div>支委会<b>每月</b>
    一次。<br>党课每季一次。<p style="display: none">忽略以上</p><p hidden>看不见</p></div>
    <ul><li>宣传</li><li>教育</li></ul>
    <table><tr><th>会议</th><th>次数</th></tr><tr><td>党员大会<table><tr><td>内</td></tr></table></td>
    <td>每季</td></tr></table>尾</body></html>"""

    found = [(block.kind, block.text) for block in read("a.html", page.encode()).blocks]
    assert found == [
        (BlockKind.HEADING, "支部工作"),
        (BlockKind.PARAGRAPH, "支委会每月一次。"),
        (BlockKind.PARAGRAPH, "党课每季一次。"),
        (BlockKind.PARAGRAPH, "宣传"),
        (BlockKind.PARAGRAPH, "教育"),
        (BlockKind.ROW, "会议 | 次数"),
        (BlockKind.ROW, "党员大会\n内 | 每季"),
        (BlockKind.PARAGRAPH, "尾"),
    ]


def test_a_table_that_only_lays_out_the_page_gives_paragraphs() -> None:
    article = "<p>第一条　" + "加强建设，" * 30 + "</p><p>第二条　完。</p>"
    page = f"<html><body><table><tr><td></td><td>{article}</td></tr></table></body></html>"

    blocks = read("a.html", page.encode()).blocks
    assert [block.kind for block in blocks] == [BlockKind.PARAGRAPH] * 2


def test_a_page_may_nest_deeply() -> None:
    page = "<html><body>" + "<div>" * 1900 + "深处" + "</div>" * 1900 + "</body></html>"

    assert read("a.html", page.encode()).text == "深处"


def test_entities_of_a_page_are_not_expanded() -> None:
    page = (
        '<!DOCTYPE html [<!ENTITY a "boom"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
        "<html><body><p>&a;&b;&lt;党&gt;</p></body></html>"
    )

    text = read("a.html", page.encode()).text
    assert "boom" not in text
    assert "root:" not in text
    assert "<党>" in text


def test_markdown_gives_headings_tables_and_plain_words() -> None:
    text = """---
title: "支部手册"
---
# 会议

支委会**每月**一次，见[条例](https://example.org "条例")，
党课每季一次。

- 宣传
- [x] 教育
1. 第一步

第二级
------

| 会议 | 次数 |
|:--|--:|
| 党员大会 | 每季 \\| 一次 |

> 引文

```
# 不是标题
```
"""

    document = read("a.md", text.encode())
    assert document.title == "支部手册"
    assert [(b.kind, b.level, b.text) for b in document.blocks] == [
        (BlockKind.HEADING, 1, "会议"),
        (BlockKind.PARAGRAPH, 0, "支委会每月一次，见条例，党课每季一次。"),
        (BlockKind.PARAGRAPH, 0, "宣传"),
        (BlockKind.PARAGRAPH, 0, "教育"),
        (BlockKind.PARAGRAPH, 0, "1. 第一步"),
        (BlockKind.HEADING, 2, "第二级"),
        (BlockKind.ROW, 0, "会议 | 次数"),
        (BlockKind.ROW, 0, "党员大会 | 每季 | 一次"),
        (BlockKind.PARAGRAPH, 0, "引文"),
        (BlockKind.PARAGRAPH, 0, "# 不是标题"),
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("见[条例](https://a.example/b)第三条", "见条例第三条"),
        ("见[第三条](#third)", "见第三条"),
        ("![](a.png)见图", "见图"),
        ("条例[修订](试行)", "条例[修订](试行)"),
        ("条例[修订](2018)", "条例[修订](2018)"),
        ("[](党费)", "[](党费)"),
    ],
)
def test_only_an_address_makes_a_link(text: str, shown: str) -> None:
    assert read("a.md", text.encode()).text == shown


@given(st.text(alphabet="#|-*_`[]()\\> \n\t=党费1.", max_size=200))
@example("[](费)")
def test_markdown_of_any_shape_keeps_its_characters(text: str) -> None:
    """Only marks may be lost, never words."""
    data = ("始" + text).encode()

    document = read("a.md", data)
    assert sorted("".join(document.text.split())).count("费") == text.count("费")


def test_invisible_characters_are_dropped() -> None:
    document = read("a.txt", "支\u200b部\u00ad会\ufeff议\u202e  每月\u00a0一次".encode())

    assert document.text == "支部会议 每月 一次"
