"""Long lists, a page at a time."""

from __future__ import annotations

import re

from handlers.reply import Button

PAGE = re.compile(r"(?:(.*)\s)?第?(\d{1,3})页?\Z", re.DOTALL)


def page_of(text: str) -> tuple[str, int]:
    """Tell what a list is narrowed to from the number of the page, which may follow it."""
    found = PAGE.match(text)
    if found is None:
        return text, 1
    return (found[1] or "").strip(), max(1, int(found[2]))


def turn(command: str, page: int, total: int, *, size: int) -> tuple[tuple[Button, ...], ...]:
    """Offer the page before and the one after of `total` lines, `size` a page."""
    row = []
    if page > 1:
        row.append(Button("上一页", f"{command} {page - 1}"))
    if page * size < total:
        row.append(Button("下一页", f"{command} {page + 1}"))
    return (tuple(row),) if row else ()
