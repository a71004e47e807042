"""Files made in code: documents as offices send them, and some as nobody should."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import docx
import openpyxl
import pptx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt

NUMBERING = "word/numbering.xml"


def docx_file(*parts: Any, numbering: str = "", styles: Mapping[str, str] | None = None) -> bytes:
    """Build a Word file; a part is a text, a `paragraph`, a `table` or raw XML of the body.

    `numbering` is the inside of `w:numbering`; `styles` ties lists to paragraph styles by name.
    """
    file = docx.Document()
    if numbering:
        file.part.numbering_part.element.clear()
        for element in parse_xml(f"<w:numbering {nsdecls('w')}>{numbering}</w:numbering>"):
            file.part.numbering_part.element.append(element)
    for name, properties in (styles or {}).items():
        style = file.styles[name].element
        style.get_or_add_pPr().append(parse_xml(_declared(properties)))
    for part in parts:
        _add(file, part)
    return _saved(file)


def paragraph(text: str, *, centred: bool = False, bold: bool = False, size: int = 0,
              style: str = "", list_: tuple[int, int] | None = None) -> dict[str, Any]:  # fmt: skip
    """Describe a paragraph; `list_` is (numId, level), `size` in points."""
    return {
        "text": text, "centred": centred, "bold": bold, "size": size, "style": style,
        "list": list_,
    }  # fmt: skip


def table(*rows: Sequence[str]) -> list[list[str]]:
    """Describe a table of plain cells."""
    return [list(row) for row in rows]


def abstract(number: int, *levels: str, extra: str = "") -> str:
    """Return an abstract list; a level is the inside of `w:lvl`."""
    inside = "".join(f'<w:lvl w:ilvl="{i}">{level}</w:lvl>' for i, level in enumerate(levels))
    return f'<w:abstractNum w:abstractNumId="{number}">{extra}{inside}</w:abstractNum>'


def level(format_: str, text: str, *, start: int = 1, extra: str = "") -> str:
    """Return the inside of `w:lvl`."""
    return (
        f'<w:start w:val="{start}"/><w:numFmt w:val="{format_}"/>{extra}<w:lvlText w:val="{text}"/>'
    )


def list_(number: int, abstract_: int, inside: str = "") -> str:
    """Return a list made from an abstract one."""
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{abstract_}"/>{inside}</w:num>'


def xlsx_file(sheets: Mapping[str, Iterable[Sequence[Any]]]) -> bytes:
    """Build a workbook of sheets by name."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    return _saved(workbook)


def pptx_file(*slides: Mapping[str, Any]) -> bytes:
    """Build slides with `title`, `text`, `table` and `notes`."""
    presentation = pptx.Presentation()
    for described in slides:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = described.get("title", "")
        slide.placeholders[1].text = described.get("text", "")
        if "table" in described:
            _add_table(slide, described["table"])
        if "notes" in described:
            slide.notes_slide.notes_text_frame.text = described["notes"]
    return _saved(presentation)


def pdf_file(*pages: Sequence[tuple[float, float, str]]) -> bytes:
    """Build a PDF; a page is lines of (x, y, text) in points, 16 points a character.

    The font is not embedded: readers know Adobe's Chinese character collection by themselves.
    """
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>"
        % (b" ".join(b"%d 0 R" % (6 + 2 * i) for i in range(len(pages))), len(pages)),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H"
        b" /DescendantFonts [4 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 5 0 R"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /ItalicAngle 0 /Ascent 880"
        b" /Descent -120 /CapHeight 880 /StemV 93 /FontBBox [-25 -254 1000 880] >>",
    ]
    for i, lines in enumerate(pages):
        content = zlib.compress(b"\n".join(_shown(*line) for line in lines))
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (7 + 2 * i),
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream"
            % (len(content), content),
        ]
    return _pdf(objects)


def zip_file(members: Mapping[str | ZipInfo, bytes]) -> bytes:
    """Build a zip archive."""
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def with_members(data: bytes, members: Mapping[str, bytes]) -> bytes:
    """Return an Office file with members added or replaced."""
    with ZipFile(BytesIO(data)) as archive:
        present: dict[str | ZipInfo, bytes] = {n: archive.read(n) for n in archive.namelist()}
    present.update(members)
    return zip_file(present)


def member(data: bytes, name: str) -> bytes:
    """Return a member of an Office file."""
    with ZipFile(BytesIO(data)) as archive:
        return archive.read(name)


def _pdf(objects: Sequence[bytes]) -> bytes:
    data, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table_ = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size, start = len(objects) + 1, len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table_)
    return data + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, start)


def _shown(x: float, y: float, text: str) -> bytes:
    return b"BT /F1 16 Tf %g %g Td <%s> Tj ET" % (x, y, text.encode("utf-16-be").hex().encode())


def _add(file: Any, part: Any) -> None:
    if isinstance(part, list):
        _fill(file.add_table(rows=len(part), cols=max(map(len, part))), part)
    elif isinstance(part, dict):
        _format(file.add_paragraph(style=part["style"] or None), part)
    elif part.startswith("<"):
        file.element.body.insert_element_before(parse_xml(_declared(part)), "w:sectPr")
    else:
        file.add_paragraph(part)


def _format(target: Any, part: Mapping[str, Any]) -> None:
    run = target.add_run(part["text"])
    run.bold = part["bold"] or None
    if part["size"]:
        run.font.size = Pt(part["size"])
    if part["centred"]:
        target.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if part["list"] is not None:
        number, depth = part["list"]
        properties = target.paragraph_format.element.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = depth
        properties.get_or_add_numId().val = number


def _fill(target: Any, rows: Sequence[Sequence[str]]) -> None:
    for row, cells in zip(target.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=False):
            cell.text = text


def _add_table(slide: Any, rows: Sequence[Sequence[str]]) -> None:
    frame = slide.shapes.add_table(len(rows), len(rows[0]), Pt(10), Pt(200), Pt(400), Pt(90))
    _fill(frame.table, rows)


def _declared(xml: str) -> str:
    """Return a fragment with the namespaces that it uses."""
    name, _, rest = xml.partition(">")
    closed = "/" if name.endswith("/") else ""
    return f"{name.removesuffix('/')} {nsdecls('w')}{closed}>{rest}"


def _saved(file: Any) -> bytes:
    target = BytesIO()
    file.save(target)
    return target.getvalue()


def run(text: str, properties: str = "") -> str:
    """Return a run of raw XML."""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
