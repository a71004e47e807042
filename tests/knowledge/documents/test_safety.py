"""Hostile files, one by one: each is refused with a reason that its sender can act on."""

from __future__ import annotations

import stat
import struct
import zlib
from pathlib import Path
from zipfile import ZipInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import DocumentError, Kind, Limits, check_upload, read, safe_name
from knowledge.documents.faq import extract
from knowledge.documents.proposals import propose
from knowledge.documents.split import split
from tests.knowledge.documents.files import (
    docx_file,
    member,
    pdf_file,
    pptx_file,
    with_members,
    xlsx_file,
    zip_file,
)

DOCX = docx_file("第一条　甲。")
RELATION = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://x/relationships/{type}" Target="{target}"'
    ' TargetMode="External"/></Relationships>'
)


def refusal(name: str, data: bytes, limits: Limits | None = None) -> str:
    """Return why a file is refused."""
    with pytest.raises(DocumentError) as caught:
        check_upload(name, data, limits or Limits())
    assert caught.value.detail
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("制度.docx", DOCX, Kind.DOCX),
        ("名册.XLSX", xlsx_file({"S": [["甲"]]}), Kind.XLSX),
        ("党课.pptx", pptx_file({"title": "甲"}), Kind.PPTX),
        ("通知.pdf", pdf_file([(80, 700, "甲")]), Kind.PDF),
        ("网页.htm", b"<!-- x -->\n<!DOCTYPE html><html></html>", Kind.HTML),
        ("手册.md", "# 手册".encode(), Kind.MARKDOWN),
        ("问答.csv", "问题,答案".encode("gbk"), Kind.CSV),
        ("说明.txt", "说明".encode("utf-16"), Kind.TEXT),
        ("没有后缀", DOCX, Kind.DOCX),
        ("关于2026.5.18活动的通知", "说明".encode(), Kind.TEXT),
    ],
)
def test_the_type_is_found_in_the_content(name: str, data: bytes, kind: Kind) -> None:
    assert kind is check_upload(name, data)


@pytest.mark.parametrize(
    "name",
    ["../制度.docx", "/etc/passwd", "C:\\制度.docx", "制度\0.docx", "CON", "nul.docx", "com1.txt",
     "长" * 201, "", " . ", "制\u202exslx.docx", "制度\n.docx"],
)  # fmt: skip
def test_hostile_names_are_refused(name: str) -> None:
    assert "文件名" in refusal(name, DOCX)


@pytest.mark.parametrize(
    "name",
    ["制度.pdf", "制度.exe", "制度.docx.exe", "制度.exe.docx", "制度.pdf.docx", "制度.doc",
     "制度.docm", "制度.zip"],
)  # fmt: skip
def test_a_suffix_unlike_the_content_is_refused(name: str) -> None:
    reason = refusal(name, DOCX)
    assert "后缀" in reason or "不接收" in reason


def test_a_program_text_is_no_document() -> None:
    assert "不接收 .py" in refusal("a.py", b"print(1)")


@pytest.mark.parametrize("data", [b"", b"   \n\t"])
def test_empty_files_are_refused(data: bytes) -> None:
    assert "空" in refusal("a.txt", data)


def test_a_file_over_the_limit_is_refused_wherever_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 2_000_001)

    with pytest.raises(DocumentError, match="MB"):
        check_upload("a.txt", path, Limits(size=2_000_000))
    assert Kind.TEXT is check_upload("a.txt", path, Limits(size=2_000_001))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0\1" * 500, "看不出"),
        (b"MZ\x90\0\3\0\0\0" + bytes(range(32)) * 100, "看不出"),
        (b"Rar!\x1a\x07\x01\0", "压缩包"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "压缩包"),
        (zip_file({"甲.docx": DOCX}), "压缩包"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (b"PK\x03\x04 and then nothing", "已损坏"),
    ],
)
def test_other_formats_are_refused_by_name(data: bytes, reason: str) -> None:
    assert reason in refusal("a.docx", data)


def test_a_bomb_of_one_member_is_refused() -> None:
    bomb = with_members(DOCX, {"word/media/a.bin": b"\0" * 30_000_000})
    assert len(bomb) < 200_000

    assert "炸弹" in refusal("a.docx", bomb)


def test_a_bomb_of_many_members_is_refused() -> None:
    noise = bytes((i * i >> 3) & 0xFF for i in range(60_000))
    bomb = with_members(DOCX, {f"word/media/{i}.bin": noise for i in range(40)})

    assert "炸弹" in refusal("a.docx", bomb, Limits(unpacked=2_000_000))


def test_a_bomb_of_entries_is_refused() -> None:
    bomb = with_members(DOCX, {f"word/media/{i}": b"" for i in range(60)})

    assert "炸弹" in refusal("a.docx", bomb, Limits(entries=50))


def test_a_bomb_of_overlapping_members_is_refused() -> None:
    """A directory may name the same packed bytes many times."""
    data = zip_file({"a": bytes(range(256)) * 8, "b": b"x"})
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    first = data[start : data.index(b"PK\x01\x02", start + 4)]
    copies = b"".join(first[:46] + b"%d" % i + first[47:] for i in range(9))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, len(copies), start, 0)
    assert end > start

    reason = refusal("a.docx", data[:start] + copies + tail)
    assert "炸弹" in reason or "已损坏" in reason


def test_a_member_that_unpacks_to_more_than_it_says_is_refused() -> None:
    data = bytearray(with_members(DOCX, {"word/media/a.xml": b"<a>" + b" " * 9_000 + b"</a>"}))
    entry = data.rindex(b"word/media/a.xml") - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + 24 : entry + 28] = struct.pack("<L", 10)

    assert "已损坏" in refusal("a.docx", bytes(data))


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(DOCX)
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 1

    assert "密码" in refusal("a.docx", bytes(data))


@pytest.mark.parametrize("name", ["word/vbaProject.bin", "xl/vbaProject.bin"])
def test_macros_are_refused(name: str) -> None:
    assert "宏" in refusal("a.docx", with_members(DOCX, {name: b"\0"}))


def test_a_macro_file_under_a_harmless_name_is_refused() -> None:
    types = member(DOCX, "[Content_Types].xml").replace(
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        b"application/vnd.ms-word.document.macroEnabled.main+xml",
    )

    assert "宏" in refusal("a.docx", with_members(DOCX, {"[Content_Types].xml": types}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize(
    "declaration", ["<!DOCTYPE a>", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>']
)
def test_xml_entities_are_refused_in_every_part(encoding: str, declaration: str) -> None:
    xml = f"<?xml version='1.0'?>{' ' * 300_000}{declaration}<a/>".encode(encoding)

    assert "实体" in refusal("a.docx", with_members(DOCX, {"word/any.xml": xml}))


def test_xml_in_an_encoding_that_could_hide_a_declaration_is_refused() -> None:
    xml = b"<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE a+AD4-<a/>"

    assert "实体" in refusal("a.docx", with_members(DOCX, {"word/any.xml": xml}))


@pytest.mark.parametrize(
    ("type_", "target"),
    [("image", "http://example.org/a.png"), ("oleObject", "file:///c:/a.xlsx"),
     ("attachedTemplate", "http://example.org/a.dotm"),
     ("attachedTemplate", "\\\\host\\share\\a.dotm"),
     ("attachedTemplate", "file://host/share/a.dotm")],
)  # fmt: skip
def test_external_links_are_refused(type_: str, target: str) -> None:
    relations = RELATION.format(type=type_, target=target).encode()

    assert "链接" in refusal("a.docx", with_members(DOCX, {"word/_rels/x.xml.rels": relations}))


def test_external_links_of_a_workbook_are_refused() -> None:
    data = with_members(xlsx_file({"S": [["甲"]]}), {"xl/externalLinks/externalLink1.xml": b"<a/>"})

    assert "链接" in refusal("a.xlsx", data)


@pytest.mark.parametrize(
    ("type_", "target"),
    [("hyperlink", "http://example.org/"), ("attachedTemplate", "Normal.dotm"),
     ("attachedTemplate", "file:///C:/Users/a/Normal.dotm")],
)  # fmt: skip
def test_links_that_are_only_shown_and_local_templates_are_allowed(type_: str, target: str) -> None:
    """Nearly every office file names its template; nothing is ever fetched."""
    relations = RELATION.format(type=type_, target=target).encode()

    assert Kind.DOCX is check_upload(
        "a.docx", with_members(DOCX, {"word/_rels/x.xml.rels": relations})
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [("word/embeddings/a.zip", b"x"), ("word/embeddings/a.exe", b"x"),
     ("word/media/image1.png", zip_file({"a": b"b"})), ("word/media/image1.png", b"MZ\x90\0"),
     ("word/embeddings/oleObject1.bin", b"Rar!\x1a\x07\0")],
)  # fmt: skip
def test_archives_and_programs_inside_are_refused(name: str, content: bytes) -> None:
    assert "夹带" in refusal("a.docx", with_members(DOCX, {name: content}))


def test_the_workbook_of_a_chart_is_allowed() -> None:
    chart = {"word/embeddings/book.xlsx": xlsx_file({"S": [["甲"]]})}

    assert Kind.DOCX is check_upload("a.docx", with_members(DOCX, chart))


@pytest.mark.parametrize("name", ["../../x.xml", "/x.xml", "word\\x.xml"])
def test_paths_inside_that_lead_outside_are_refused(name: str) -> None:
    assert "路径" in refusal("a.docx", with_members(DOCX, {name: b"<a/>"}))


def test_links_inside_archives_are_refused() -> None:
    link = ZipInfo("word/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    types = member(DOCX, "[Content_Types].xml")

    data = zip_file({"[Content_Types].xml": types, link: b"/etc/passwd"})
    assert "路径" in refusal("a.docx", data)


def test_a_pdf_bomb_is_refused() -> None:
    packed = zlib.compress(b"\0" * 30_000_000)
    data = b"%PDF-1.7\n1 0 obj\n<< /Filter /FlateDecode >>\nstream\n" + packed + b"\nendstream"

    assert "炸弹" in refusal("a.pdf", data, Limits(unpacked=20_000_000))


def test_a_pdf_stream_that_is_packed_twice_is_refused() -> None:
    data = b"%PDF-1.7\n1 0 obj\n<< /Filter [/FlateDecode /FlateDecode] >>\nstream\n\nendstream"

    assert "炸弹" in refusal("a.pdf", data)


def test_two_million_empty_rows_are_walked_through_within_bounds() -> None:
    """The file says that its sheet has them; only so many are looked at."""
    data = xlsx_file({"S": [["甲"]]})
    sheet = member(data, "xl/worksheets/sheet1.xml").replace(
        b"</sheetData>",
        b'<row r="2000000"><c r="A2000000" t="inlineStr"><is><t>x</t></is></c></row></sheetData>',
    )
    hostile = with_members(data, {"xl/worksheets/sheet1.xml": sheet})

    with pytest.raises(DocumentError, match="表格过大"):
        read("a.xlsx", hostile, Limits(cells=20_000))


def test_a_sheet_that_claims_to_be_huge_is_read_as_it_is() -> None:
    data = xlsx_file({"S": [["甲"]]})
    sheet = member(data, "xl/worksheets/sheet1.xml").replace(b'ref="A1"', b'ref="A1:XFD1048576"')

    document = read("a.xlsx", with_members(data, {"xl/worksheets/sheet1.xml": sheet}))
    assert [block.cells for block in document.blocks] == [("甲",)]


def test_too_much_text_is_refused() -> None:
    with pytest.raises(DocumentError, match="10 字"):
        read("a.txt", "一二三四五六七八九十百".encode(), Limits(characters=10))


@pytest.mark.parametrize("part", ["word/document.xml", "word/styles.xml", "[Content_Types].xml"])
def test_a_document_with_a_broken_part_is_refused(part: str) -> None:
    broken = with_members(DOCX, {part: member(DOCX, part)[:-40]})

    with pytest.raises(DocumentError):
        read("a.docx", broken)


def outcome(name: str, data: bytes) -> str:
    """Return the text of a file, or why it is refused."""
    try:
        return read(name, data).text
    except DocumentError as refused:
        return str(refused)


@given(st.binary(max_size=300), st.sampled_from(list(Kind)))
def test_any_bytes_are_read_or_refused(data: bytes, kind: Kind) -> None:
    assert outcome(f"a.{kind}", data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", DOCX),
        ("a.pdf", pdf_file([(80, 700, "第一条　甲。")])),
        ("a.html", b"<!DOCTYPE html><html><body><table><tr><td>a<p>b</table></html>"),
    ],
)
@given(st.data())
def test_a_file_with_any_one_byte_changed_is_read_or_refused(
    name: str, data: bytes, draw: st.DataObject
) -> None:
    place = draw.draw(st.integers(0, len(data) - 1))
    changed = data[place] ^ draw.draw(st.integers(1, 255))

    assert outcome(name, data[:place] + bytes([changed]) + data[place + 1 :])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "|\n|" + "-" * 50_000 + " " * 50_000 + "x"),
        ("a.md", "# " + "#" * 100_000 + "x"),
        ("a.md", "<!--" * 50_000),
        ("a.md", "**a " * 50_000),
        ("a.md", "---\ntitle: x" + " " * 100_000 + "y\n---\n党费"),
        ("a.txt", "第一章" + "_" * 100_000),
        ("a.txt", "第一条　" + "本条例自2019年1月1日起施行" * 10_000),
        ("a.csv", "（" * 100_000 + ",答案\n甲,乙"),
        ("a.html", "<!-- -->" * 50_000 + "<html><body>党费" + "\n " * 50_000),
    ],
    ids=["divider", "hashes", "comments", "stars", "blanks", "dashes", "dates", "brackets", "html"],
)
def test_a_line_as_long_as_the_file_takes_no_longer_than_its_length(name: str, text: str) -> None:
    """Patterns that look back and forth would need minutes for these, or hours."""
    try:
        document = read(name, text.encode())
    except DocumentError:
        return
    extract(document)
    assert split(document) or not document.text
    assert propose(document)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../制度.docx", "制度.docx"), ("C:\\a\\制度.docx", "制度.docx"), ("", "未命名"),
     ("制\u202e度\0.docx", "制度.docx"), ("nul.docx", "_nul.docx"),
     ("长" * 300 + ".docx", "长" * 54 + "….docx"), ("..", "未命名")],
)  # fmt: skip
def test_a_name_is_shown_short_and_harmless(name: str, shown: str) -> None:
    assert shown == safe_name(name)


@given(st.text())
def test_any_name_has_a_harmless_form_that_is_its_own(name: str) -> None:
    shown = safe_name(name)

    assert 0 < len(shown) <= 61
    assert not set("/\\\0\n") & set(shown)
    assert shown == safe_name(shown)
