"""Names of files that come and go: one part, visible, and fit for every system's disk.

pathvalidate was tried: it loses the ending of a long name, keeps marks that turn the direction of
writing, and raises at a lone surrogate, which leaves of it a list of names that Windows keeps.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 240
"""Bytes in UTF-8. Disks take 255, and whoever saves a name twice adds " (1)"."""
NAMELESS = "未命名"
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,9}$")
_UNSAFE = re.compile(r'["\\/:*?<>|]')
# Control characters, marks of direction, private and unassigned ones, surrogates, line ends.
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# Files of these names are devices on Windows, whatever their ending is.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(?:\.|$))", re.IGNORECASE)


def file_name(name: str) -> str:
    """Make a name safe to show and to save, keeping its ending; never empty."""
    seen = "".join(c for c in name if unicodedata.category(c) not in _HIDDEN)
    safe = _UNSAFE.sub("_", seen).rstrip(" .")
    found = _ENDING.search(safe)
    ending = found[0] if found else ""
    stem = safe.removesuffix(ending).strip(" .")
    if device := _DEVICE.match(stem):
        stem = f"{device[0]}_{stem[device.end() :]}"
    kept = stem.encode()[: LONGEST - len(ending)].decode(errors="ignore").rstrip(" .")
    return f"{kept or NAMELESS}{ending}"


def last_part(path: str) -> str:
    """Return what follows the last slash of either kind, as some senders name a whole path."""
    return re.split(r"[/\\]", path)[-1]
