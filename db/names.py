"""Names of people as they are typed: one form for each, and nothing invisible in it."""

from __future__ import annotations

import re
import unicodedata

from db.numbers import BadValue

LONGEST = 50
# Control, format (zero width, reading direction), surrogate, private, unassigned, line ends.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_HAN = r"[\u3400-\u9fff\U00020000-\U000323af]"
# Short names are often spread out to line up with the longer ones: 张　三.
_SPREAD = re.compile(rf"(?<={_HAN})\s+(?={_HAN})")


def clean_name(text: str) -> str:
    """Return a name in NFC, trimmed; raises `BadValue` for an empty, long or hostile one."""
    name = " ".join(_SPREAD.sub("", unicodedata.normalize("NFC", text)).split())
    if not name:
        raise BadValue("姓名是空的")
    if len(name) > LONGEST:
        raise BadValue(f"姓名超过 {LONGEST} 个字")
    if any(unicodedata.category(character) in INVISIBLE for character in name):
        raise BadValue("姓名里有看不见的字符，请重新输入")
    return name


def mask_name(name: str) -> str:
    """Return the first character with stars, for texts that leave the house (张**)."""
    return f"{name[:1]}**"
