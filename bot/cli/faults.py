"""What a fault of the store means, for whoever started a command."""

from __future__ import annotations

from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from db.anchor import FILE, StoreGone
from db.migrate import SchemaTooNew
from db.secrets import SecretsError

DAMAGED = "the store is damaged: bring back a backup (docs/operations.md)"
NO_KEY = (
    "the application key is missing, or not the store's: bring back the file key, or set ZHIBU_KEY"
)
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
    if isinstance(error, SchemaTooNew):
        return str(error)
    if isinstance(error, StoreGone):
        return f"{error}: put a copy back (docs/operations.md), or take {FILE} away to begin anew"
    if isinstance(error, SecretsError):
        return NO_KEY
    if isinstance(error, PermissionError):
        return f"{error.filename} cannot be read or written: mend its rights"
    # SQLite's complaint may quote a damaged name, which Python then cannot read.
    if isinstance(error, UnicodeDecodeError):
        return DAMAGED
    if isinstance(error, DBAPIError | OSError):
        said = str(getattr(error, "orig", error))
        known = next((advice for words, advice in ADVICE if words in said), None)
        return known or f"the store cannot be used ({type(error).__name__})"
    return None
