"""What may come in: names, sizes, and the type of a file by its content."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from knowledge.documents.archives import ARCHIVE, ARCHIVE_MAGIC, ENCRYPTED, check_archive
from knowledge.documents.encoding import NOT_TEXT, decode
from knowledge.documents.errors import DocumentError
from knowledge.documents.limits import DEFAULT, MEBI, Limits
from knowledge.documents.model import Kind
from knowledge.documents.streams import check_streams

SUFFIXES = {
    Kind.DOCX: ("docx",),
    Kind.XLSX: ("xlsx",),
    Kind.PPTX: ("pptx",),
    Kind.PDF: ("pdf",),
    Kind.HTML: ("html", "htm", "xhtml"),
    Kind.MARKDOWN: ("md", "markdown"),
    Kind.CSV: ("csv", "tsv"),
    Kind.TEXT: ("txt", "text"),
}
LONGEST_NAME, SHOWN_NAME = 200, 60
NAMELESS = "未命名"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")

EMPTY = "文件是空的。"
TOO_LARGE = "文件超过 {limit} MB，无法接收。"
BAD_NAME = "文件名不正常，请改名后再发。"
UNLIKE = "文件名的后缀是 .{suffix}，内容却是 {kind}，请改名或重新导出后再发。"
UNKNOWN = "不接收 .{suffix} 文件，请发送 docx、xlsx、pptx、pdf、html、md、csv 或 txt 文件。"
OLD_OFFICE = "这是旧版 Office 或 WPS 格式，请另存为 docx、xlsx 或 pptx 后再发。"

_BY_SUFFIX = {suffix: kind for kind, suffixes in SUFFIXES.items() for suffix in suffixes}
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.I | re.S)
_EXECUTABLE = re.compile(
    r"exe|dll|scr|com|bat|cmd|ps1|vbs|js|jse|wsf|hta|msi|lnk|jar|sh|py|php|apk|zip|rar|7z"
    r"|doc|xls|ppt|docm|xlsm|pptm|dotm|xlam"
)
_SUFFIX = re.compile(r"(?=.*[a-z])[a-z0-9]{1,8}")
# The prolog is matched without backtracking: a file of many comments would take for ever.
_HTML = re.compile(
    r"(?>\s+|<\?xml[^>]*>|<!--.*?-->)*+<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)


def check_upload(name: str, data: bytes | Path, limits: Limits = DEFAULT) -> Kind:
    """Return the type of a file, by its content, with which its name must agree.

    Raises `DocumentError` for whatever shall not be read. A PDF's password and broken insides
    are found by reading only.
    """
    _check_name(name)
    return _check_suffixes(name, _find_kind(name, load(data, limits), limits))


def load(data: bytes | Path, limits: Limits = DEFAULT) -> bytes:
    """Return the bytes of a file, never more than the limit; raises `DocumentError`."""
    if isinstance(data, Path):
        with data.open("rb") as file:
            data = file.read(limits.size + 1)
    if not data:
        raise DocumentError(EMPTY, "0 bytes")
    if len(data) > limits.size:
        raise DocumentError(
            TOO_LARGE.format(limit=limits.size // MEBI), f"more than {limits.size} bytes"
        )
    return data


def safe_name(name: str) -> str:
    """Return a name to show: its last part, without what is invisible, short, its suffix kept."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(c for c in last if not _is_invisible(c)).strip(" .")
    if _RESERVED.fullmatch(shown):
        shown = f"_{shown}"
    if len(shown) > SHOWN_NAME:
        stem, dot, suffix = shown.rpartition(".")
        tail = dot + suffix if stem and len(suffix) <= 8 else ""
        shown = f"{shown[: SHOWN_NAME - len(tail) - 1]}…{tail}"
    return shown or NAMELESS


def _check_name(name: str) -> None:
    strange = any(_is_invisible(c) or c in "/\\" for c in name)
    if strange or not name.strip(" .") or len(name) > LONGEST_NAME or _RESERVED.fullmatch(name):
        raise DocumentError(BAD_NAME, f"name {name[:LONGEST_NAME]!r}")


def _is_invisible(character: str) -> bool:
    """Tell control characters, lone surrogates and marks that turn the reading direction."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _find_kind(name: str, data: bytes, limits: Limits) -> Kind:
    if data.startswith(COMPOUND):
        encrypted = ENCRYPTED_PACKAGE in data
        raise DocumentError(ENCRYPTED if encrypted else OLD_OFFICE, "compound file")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return check_archive(data, limits)
    if data.startswith(ARCHIVE_MAGIC):
        raise DocumentError(ARCHIVE, "an archive")
    if data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n\0").startswith(b"%PDF-"):
        check_streams(data, limits)
        return Kind.PDF
    return _text_kind(name, decode(data))


def _text_kind(name: str, text: str) -> Kind:
    if _HTML.match(text[:10_000]):
        return Kind.HTML
    if not text.strip():
        raise DocumentError(EMPTY, "only blanks")
    named = _BY_SUFFIX.get(_suffixes(name)[-1]) if _suffixes(name) else Kind.TEXT
    if named is None:
        raise DocumentError(UNKNOWN.format(suffix=_suffixes(name)[-1]), "unknown suffix of a text")
    if named in (Kind.HTML, Kind.MARKDOWN, Kind.CSV, Kind.TEXT):
        return named
    if _looks_binary(text):
        raise DocumentError(NOT_TEXT, "neither text nor a known format")
    return Kind.TEXT


def _looks_binary(text: str) -> bool:
    printable = sum(1 for c in text[:2000] if c.isprintable() or c.isspace())
    return printable * 10 < min(len(text), 2000) * 9


def _check_suffixes(name: str, kind: Kind) -> Kind:
    """Refuse 通知.pdf.exe, 通知.exe.pdf and a .docx that is a PDF; 2026.5.docx is fine."""
    for suffix in _suffixes(name):
        known = _BY_SUFFIX.get(suffix)
        if (known is not None and known is not kind) or _EXECUTABLE.fullmatch(suffix):
            raise DocumentError(
                UNLIKE.format(suffix=suffix, kind=kind), f"suffix {suffix!r}, content {kind}"
            )
    if _suffixes(name) and _suffixes(name)[-1] not in _BY_SUFFIX:
        raise DocumentError(
            UNKNOWN.format(suffix=_suffixes(name)[-1]), f"suffix {_suffixes(name)[-1]!r}"
        )
    return kind


def _suffixes(name: str) -> list[str]:
    """Return what looks like a suffix, in small letters; "2026.5" has none."""
    return [part for part in name.lower().split(".")[1:] if _SUFFIX.fullmatch(part)]
