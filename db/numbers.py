"""Phone and identity numbers as people type them: read, checked, masked.

The check digit is that of GB 11643-1999 (ISO 7064 MOD 11-2).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
OLD_LENGTH = 15
_BETWEEN = re.compile(r"[\s\-‐‑‒–—()·.]+")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_COUNTRY = re.compile(r"(?:\+|00)?86(?=1[0-9]{10}\Z)")
_IDENTITY = re.compile(r"[1-9][0-9]{16}[0-9X]")


class BadValue(ValueError):
    """What was typed cannot be taken; the text says why, and never repeats the number."""


def normalise_phone(text: str) -> str:
    """Return the 11 digits of a mainland mobile number; raises `BadValue`.

    Full width, spaces, hyphens and the country code (86, +86, 0086) are read.
    """
    plain = _COUNTRY.sub("", _BETWEEN.sub("", unicodedata.normalize("NFKC", text)))
    if not _MOBILE.fullmatch(plain):
        raise BadValue("手机号应为 11 位，以 13 至 19 开头")
    return plain


def normalise_identity(text: str) -> str:
    """Return the 18 characters of a resident identity number; raises `BadValue`.

    Full width, spaces and a small x are read; a number whose check digit or day of birth is
    wrong is refused, and so is one of the 15 digits that were in use until 2012.
    """
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper()
    if len(plain) == OLD_LENGTH and plain.isascii() and plain.isdecimal():
        raise BadValue("15 位的旧身份证号已停用，请填 18 位")
    if not _IDENTITY.fullmatch(plain):
        raise BadValue("身份证号应为 18 位数字，末位可以是 X")
    if not _is_day(plain[6:14]):
        raise BadValue("身份证号里的出生日期不存在")
    if check_digit(plain[:17]) != plain[17]:
        raise BadValue("身份证号的校验位不对，请核对")
    return plain


def check_digit(digits: str) -> str:
    """Return the last character that belongs to the first 17 digits."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return CHECK_DIGITS[total % 11]


def mask_phone(phone: str) -> str:
    """Return a phone number as it may be shown: 138****1234."""
    return f"{phone[:3]}****{phone[-4:]}"


def _is_day(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= 1900
    except ValueError:
        return False
