"""`zhibu restore`: put a backup in the store's place, with the sending held."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from bot.app import utc_now
from bot.cli.refusal import Refusal
from bot.safekeeping import store_file
from bot.settings import Settings
from db import backup
from db.migrate import SchemaTooNew
from db.secrets import Secrets


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="the copy that zhibu backup made")


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Put the copy back; the store that was there is kept under another name."""
    store = store_file(settings)
    if store is None:
        raise Refusal("the store is on PostgreSQL: use pg_restore (docs/operations.md)")
    if not options.file.is_file():
        raise Refusal(f"there is no file {options.file}")
    secrets = Secrets(settings.key)
    try:
        aside = asyncio.run(backup.restore(options.file, store, secrets, now=utc_now()))
    except (backup.BackupError, SchemaTooNew) as error:
        raise Refusal(str(error)) from error
    print(f"{options.file} is the store now.")
    if aside is not None:
        print(f"The one that was there is {aside}.")
    print(
        "Nothing but answers to new questions is sent until you have looked: start the assistant,\n"
        "then zhibu outbox show, and zhibu outbox release or zhibu outbox discard."
    )
