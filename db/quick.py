"""One look into an SQLite store with nothing but the standard library.

A fresh process that only answers a question asks here whether its snapshot of the library is
up to date, and so need not load SQLAlchemy.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

SCHEME = "sqlite+aiosqlite:///"


def library_revision(url: str) -> int | None:
    """Return the library's counter of the store at an address; None when it cannot be told.

    That is so for other databases than SQLite, and when there is no readable, migrated store.
    """
    if not url.startswith(SCHEME):
        return None
    path = Path(url.removeprefix(SCHEME)).absolute()
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as store:
            row = store.execute("SELECT number FROM library_revision").fetchone()
    except sqlite3.Error:
        return None
    return int(row[0]) if row else 0
