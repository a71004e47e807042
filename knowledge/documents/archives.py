"""Office files are zip archives: what is in one, judged before anything is unpacked."""

from __future__ import annotations

import re
import stat
from io import BytesIO
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo
from zlib import error as DeflateError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from knowledge.documents.errors import DocumentError
from knowledge.documents.limits import MEBI, Limits
from knowledge.documents.model import Kind

TYPES = "[Content_Types].xml"
MAIN_PARTS = {
    b"wordprocessingml.document.main+xml": Kind.DOCX,
    b"spreadsheetml.sheet.main+xml": Kind.XLSX,
    b"presentationml.presentation.main+xml": Kind.PPTX,
}
BROKEN = "文件已损坏，打不开，请重新导出后再发。"
BOMB = "文件解压后过大，像是压缩炸弹，已拒收。"
MACROS = "文件含有宏，出于安全不予接收，请另存为不含宏的格式后再发。"
ENTITIES = "文件内含 XML 实体或外部定义，出于安全不予接收。"
LINKS = "文件链接了外部内容，出于安全不予接收，请断开链接（粘贴为数值或图片）后再发。"
ARCHIVE = "请解压后再发送其中的文档，不能接收压缩包。"
INSIDE = "文件里夹带了压缩包或程序，出于安全不予接收，请删去附件对象后再发。"
ENCRYPTED = "文件有密码保护，读不了，请去掉密码后再发。"
UNSAFE = "文件内部的路径不正常，出于安全不予接收。"

ENCRYPTED_FLAG = 0x1
# Small members may be as repetitive as they like.
RATIO_FROM = MEBI
HEAD, CHUNK = 512, 256 * 1024
ARCHIVE_MAGIC = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ")
PROGRAM_MAGIC = (b"MZ", b"\x7fELF")
_CARRIER = re.compile(
    r"\.(zip|rar|7z|gz|tgz|bz2|xz|tar|jar|cab|iso|exe|dll|scr|com|bat|cmd|ps1|vbs|js|msi|lnk)$",
    re.IGNORECASE,
)
# An address, or a share of another computer: \\\\host\\share, //host/share, file://host/share.
_REMOTE = re.compile(r"(?!file:)[a-z][a-z+.-]+:|(?:file:)?(?:\\\\|//)(?!/)", re.IGNORECASE)
_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{1,40})["']""", re.I)
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
# The same in UTF-16: whatever the byte order, the zeros fall between the letters.
_WIDE_DECLARATION = re.compile(
    b"<\0?!\0?" + b"(?:" + b"\0?".join(b"[%c%c]" % (c, c + 32) for c in b"DOCTYPE") + b"|"
    b"E\0?N\0?T\0?I\0?T\0?Y)"
)  # fmt: skip


def check_archive(data: bytes, limits: Limits) -> Kind:
    """Return which office format a zip holds; raises `DocumentError` for anything suspicious."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_sizes(entries, len(data), limits)
            for entry in entries:
                _check_entry(entry)
            kind = _kind(archive)
            for entry in entries:
                _check_content(archive, entry)
            return kind
    except (BadZipFile, NotImplementedError, EOFError, OSError, ValueError, DeflateError) as error:
        raise DocumentError(BROKEN, f"zip: {error!r}") from error


def _check_sizes(entries: list[ZipInfo], size: int, limits: Limits) -> None:
    """Judge by what the directory says; `zipfile` never unpacks more of a member than that."""
    if len(entries) > limits.entries:
        raise DocumentError(BOMB, f"zip: {len(entries)} entries")
    if sum(entry.file_size for entry in entries) > limits.unpacked:
        raise DocumentError(BOMB, "zip: too much in all")
    if sum(entry.compress_size for entry in entries) > size:
        raise DocumentError(BOMB, "zip: members overlap")
    if len({entry.filename for entry in entries}) < len(entries):
        raise DocumentError(BROKEN, "zip: two members of one name")
    for entry in entries:
        if entry.file_size > max(RATIO_FROM, entry.compress_size * limits.ratio):
            raise DocumentError(BOMB, f"zip: ratio of {entry.filename!r}")


def _check_entry(entry: ZipInfo) -> None:
    name = entry.orig_filename
    if entry.flag_bits & ENCRYPTED_FLAG:
        raise DocumentError(ENCRYPTED, f"zip: {name!r} is encrypted")
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise DocumentError(BROKEN, f"zip: method {entry.compress_type} of {name!r}")
    outside = name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/")
    if outside or stat.S_ISLNK(entry.external_attr >> 16):
        raise DocumentError(UNSAFE, f"zip: path {name!r}")
    if "vbaproject" in name.lower():
        raise DocumentError(MACROS, f"zip: {name!r}")
    if "/externallinks/" in name.lower():
        raise DocumentError(LINKS, f"zip: {name!r}")


def _kind(archive: ZipFile) -> Kind:
    if TYPES not in archive.namelist():
        raise DocumentError(ARCHIVE, "zip without content types")
    types = archive.read(TYPES)
    if b"macroEnabled" in types or b"vbaProject" in types:
        raise DocumentError(MACROS, "content types: macros")
    found = {kind for part, kind in MAIN_PARTS.items() if part in types}
    if len(found) != 1:
        raise DocumentError(ARCHIVE, f"content types: {len(found)} main parts")
    return found.pop()


def _check_content(archive: ZipFile, entry: ZipInfo) -> None:
    name = entry.filename.lower()
    if _CARRIER.search(name):
        raise DocumentError(INSIDE, f"zip: {entry.filename!r}")
    with archive.open(entry) as member:
        head = member.read(8)
        if name.endswith((".xml", ".rels", ".vml")):
            _check_xml(member, head)
        elif head.startswith(ARCHIVE_MAGIC + PROGRAM_MAGIC) or _is_nested_zip(name, head):
            raise DocumentError(INSIDE, f"zip: content of {entry.filename!r}")
    if name.endswith(".rels"):
        _check_links(archive.read(entry))


def _is_nested_zip(name: str, head: bytes) -> bool:
    """Charts carry their numbers as an embedded workbook, which is never opened here."""
    return head.startswith(b"PK\x03\x04") and not name.endswith((".xlsx", ".docx", ".pptx"))


def _check_xml(member: IO[bytes], head: bytes) -> None:
    """Refuse a document type or entity anywhere in a part, in eight or sixteen bits.

    Office formats know no other encodings, and in UTF-7 a declaration could hide.
    """
    head += member.read(HEAD)
    named = _ENCODING.search(head)
    if named and named[1].lower() not in (b"utf-8", b"utf-16", b"us-ascii"):
        raise DocumentError(ENTITIES, f"xml: encoding {named[1]!r}")
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"))
    declaration = _WIDE_DECLARATION if wide else _DECLARATION
    tail, chunk = b"", head
    while chunk:
        if declaration.search(tail + chunk):
            raise DocumentError(ENTITIES, "xml: document type declaration")
        tail, chunk = chunk[-32:], member.read(CHUNK)


def _check_links(relations: bytes) -> None:
    try:
        root = fromstring(relations, forbid_dtd=True)
    except DefusedXmlException as error:
        raise DocumentError(ENTITIES, f"xml: {error!r}") from error
    except ParseError as error:
        raise DocumentError(BROKEN, f"xml: {error}") from error
    for relation in root:
        target, type_ = relation.get("Target", ""), relation.get("Type", "")
        if relation.get("TargetMode") == "External" and not _is_harmless(type_, target):
            raise DocumentError(LINKS, f"external {type_.rpartition('/')[2]}")


def _is_harmless(type_: str, target: str) -> bool:
    """Tell links that are only shown, and the name of the template on the writer's own disk."""
    if type_.endswith("/hyperlink"):
        return True
    return type_.endswith("/attachedTemplate") and not _REMOTE.match(target)
