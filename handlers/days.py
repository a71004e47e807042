"""Days as people type them."""

from __future__ import annotations

from datetime import date

from db.days import parse_day
from db.numbers import BadValue
from handlers.reply import UserError


def read_day(text: str) -> date:
    """Read a day; one that cannot be read is told to whoever typed it (`UserError`)."""
    try:
        return parse_day(text)
    except BadValue as error:
        raise UserError(f"{error}。") from error
