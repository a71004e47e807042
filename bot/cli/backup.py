"""`zhibu backup`: a checked copy of the store, while the assistant runs or not."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from bot.app import utc_now
from bot.cli.refusal import Refusal
from bot.safekeeping import BACKUPS, store_file
from bot.settings import Settings
from db import backup
from db.secrets import Secrets


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "file", type=Path, nargs="?", help="where to; else a dated file in the data folder"
    )


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Make the copy and say what is in it."""
    store = store_file(settings)
    if store is None:
        raise Refusal("the store is on PostgreSQL: use pg_dump (docs/operations.md)")
    if not store.exists():
        raise Refusal("there is no store yet: nothing to copy")
    folder = settings.data / BACKUPS
    target = options.file or folder / backup.name_at(utc_now())
    if target.exists():
        raise Refusal(f"{target} is there already: name another file")
    try:
        copy = asyncio.run(backup.make(store, target, Secrets(settings.key)))
    except backup.BackupError as error:
        raise Refusal(f"{error}. Put a backup back: zhibu restore FILE") from error
    rows = sum(copy.rows.values())
    print(f"{copy.path}: {copy.size // 1024} KB, {rows} rows in {len(copy.rows)} tables, checked")
    if options.file is None:
        backup.prune(folder)
