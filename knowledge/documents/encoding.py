"""Which characters the bytes of a text file stand for.

UTF-8 is proved by being valid. Of what is left, Chinese offices send GB18030 and, now and then,
UTF-16 or Big5: these are tried and judged by how many of the commonest Chinese characters come
out, because general detectors take short Chinese texts for Japanese or Korean.
"""

from __future__ import annotations

import codecs
import re

from knowledge.documents.errors import DocumentError

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # UTF-32 first: its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CANDIDATES = ("gb18030", "big5", "utf-16-le", "utf-16-be")
# Some of the commonest characters of Chinese offices, simplified and traditional.
COMMON = frozenset(
    "的一是在不了有和人这这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动"
    "党员委支部组织书记条第章应当规定制度学习工作会议全党员基层群众"
    "這為個國時來們動學黨員組織書記條應當規會議產業務問題開長與"
    "，。、；：（）《》“” \n"
)
SAMPLE = 20_000
# Below this share of common characters the text is not taken for Chinese.
PLAUSIBLE = 0.08
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_\-]{2,20})""", re.I)
_CONTROLS = re.compile("[\0-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")
NOT_TEXT = "看不出这是哪一种文档，请发送 docx、xlsx、pptx、pdf、html、md、csv 或 txt 文件。"


def decode(data: bytes) -> str:
    """Return the text of a file, line ends as "\\n"; raises `DocumentError` if it is none."""
    text = _decode(data)
    strange = len(_CONTROLS.findall(text[:SAMPLE]))
    if strange * 100 > min(len(text), SAMPLE):
        raise DocumentError(NOT_TEXT, "control characters: not a text")
    return _LINE_ENDS.sub("\n", _CONTROLS.sub("", text))


def decode_html(data: bytes) -> str:
    """Return the text of a page, by its own `meta charset` if the bytes agree with it."""
    declared = _META.search(data[:4096])
    if declared and not _bom(data):
        text = _try(data, _chinese_name(declared[1].decode("ascii")))
        if text is not None:
            return text
    return decode(data)


def _decode(data: bytes) -> str:
    marked = _bom(data)
    if marked:
        mark, name = marked
        return data[len(mark) :].decode(name, errors="replace")
    valid = _try(data, "utf-8")
    if valid is not None and "\0" not in valid:
        return valid
    return _best(data) or _guess(data)


def _bom(data: bytes) -> tuple[bytes, str] | None:
    return next(((mark, name) for mark, name in BOMS if data.startswith(mark)), None)


def _best(data: bytes) -> str | None:
    """Return the most Chinese of the candidate readings, None if none is Chinese at all."""
    readings = (text for name in CANDIDATES if (text := _try(data, name)) is not None)
    best = max(readings, key=_likeness, default=None)
    return best if best is not None and _likeness(best) >= PLAUSIBLE else None


def _guess(data: bytes) -> str:
    # Imported here: it takes as long to load as the rest of the package, and is hardly needed.
    from charset_normalizer import from_bytes

    found = from_bytes(data[:SAMPLE]).best()
    text = _try(data, found.encoding) if found else None
    if text is not None:
        return text
    # A Chinese text with a few broken bytes is better than none.
    text = data.decode("gb18030", errors="replace")
    if text.count("\ufffd") * 50 > len(text) or _likeness(text) < PLAUSIBLE:
        raise DocumentError(NOT_TEXT, "no known encoding")
    return text


def _likeness(text: str) -> float:
    """Return the share of common characters, with what no Chinese text holds counted against."""
    sample = text[:SAMPLE]
    ascii_ = sum(1 for c in sample if " " < c < "\x7f")
    good = sum(1 for c in sample if c in COMMON)
    return (good + ascii_ * 0.5) / max(1, len(sample)) - 3 * _foreign(sample)


def _foreign(sample: str) -> float:
    strange = sum(
        1 for c in sample if c < "\t" or "\x7f" <= c <= "\x9f" or "\ue000" <= c <= "\uf8ff"
    )
    return strange / max(1, len(sample))


def _try(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeDecodeError, LookupError):
        return None


def _chinese_name(name: str) -> str:
    """GB18030 holds all of what pages call gb2312 or gbk, and more than they admit."""
    return "gb18030" if name.lower() in ("gb2312", "gbk", "gb_2312-80", "x-gbk") else name
