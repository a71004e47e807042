"""What a fault of the store means, for whoever started a command."""

from __future__ import annotations

from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

DAMAGED = "the store is damaged: bring back a backup (docs/operations.md)"
# What SQLite says, and what to do. The words are its own (sqlite3.c, sqlite3ErrStr).
ADVICE = (
    ("readonly", "the store cannot be written: mend the rights of the folder ZHIBU_DATA"),
    ("unable to open", "the store cannot be opened: mend ZHIBU_DATA or its rights"),
    ("malformed", DAMAGED),
    ("not a database", "the store is no database, or damaged: bring back a backup"),
    ("disk is full", "the disk is full: free some space"),
    ("database is locked", "the store is busy with something else: try again"),
    ("disk I/O error", "the store cannot be read or written: look at the disk"),
)


def explain(error: BaseException) -> str | None:
    """Return what a fault of the store means and what to do; None for any other error."""
    if isinstance(error, ArgumentError | NoSuchModuleError):
        return "ZHIBU_DATABASE is no address of a database that this program knows"
    # SQLite's complaint may quote a damaged name, which Python then cannot read.
    if isinstance(error, UnicodeDecodeError):
        return DAMAGED
    if isinstance(error, DBAPIError | OSError):
        said = str(getattr(error, "orig", error))
        known = next((advice for words, advice in ADVICE if words in said), None)
        return known or f"the store cannot be used ({type(error).__name__})"
    return None
