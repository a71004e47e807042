"""`zhibu audit`: is the record of acts whole?"""

from __future__ import annotations

import argparse
import asyncio

from bot.cli.refusal import Refusal
from bot.settings import Settings
from db import audit
from db.engine import Database
from db.secrets import Secrets


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("what", choices=["verify"])


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Check every line; raises `Refusal` with the first that does not hold."""
    wrong = asyncio.run(_verify(settings))
    if wrong is not None:
        raise Refusal(f"the record does not hold from line {wrong} on: it was changed or cut")
    print("the record is whole")


async def _verify(settings: Settings) -> int | None:
    database = Database(settings.database)
    if database.is_missing:
        raise Refusal("there is no store yet: nothing to check")
    try:
        async with database.read() as session:
            return await audit.verify(session, Secrets(settings.key))
    finally:
        await database.close()
