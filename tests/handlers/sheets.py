"""Rosters made in code, for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook

HEAD = ("工号", "姓名", "单位", "身份", "职务", "手机", "身份证号", "入党日期")


def book(*rows: Sequence[Any], head: Sequence[str] = HEAD, merge: str = "") -> bytes:
    """Return a workbook with a head and rows."""
    made = Workbook()
    sheet = made.active
    for row in (head, *rows) if head else rows:
        sheet.append(list(row))
    if merge:
        sheet.merge_cells(merge)
    return saved(made)


def saved(made: Workbook) -> bytes:
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def csv(*rows: Sequence[str], head: Sequence[str] = HEAD) -> str:
    """Return the text of a csv file."""
    return "\r\n".join(",".join(row) for row in (head, *rows)) + "\r\n"
