"""`zhibu calendar`: the days off of a year, shown and imported."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import select

from bot.cli.refusal import Refusal
from bot.settings import Settings
from db import audit, migrate
from db.engine import Database
from db.numbers import BadValue
from db.secrets import Secrets
from db.tables import CalendarDay
from scheduler import decree, workdays


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = parser.add_subparsers(dest="what", required=True)
    show = what.add_parser("show", help="list the days off and make-up workdays of a year")
    show.add_argument("year", type=int)
    take = what.add_parser("import", help="take in a year's notice; without --yes only show it")
    take.add_argument("file", help="a text file with the notice or a list; - reads what is typed")
    take.add_argument("--yes", action="store_true", help="store what was understood")


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Run one subcommand."""
    if options.what == "show":
        return asyncio.run(_show(settings, options.year))
    try:
        text = (
            sys.stdin.read() if options.file == "-" else Path(options.file).read_text("utf-8-sig")
        )
        days = decree.read(text)
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{options.file} cannot be read ({type(error).__name__})") from error
    except BadValue as error:
        raise Refusal(str(error)) from error
    for day, (works, name) in sorted(days.items()):
        print(f"{day} {'班' if works else '休'} {name}".rstrip())
    if not options.yes:
        print("nothing is stored yet: run it again with --yes")
        return 0
    first, last = asyncio.run(_import(settings, days))
    print(f"stored; open duties from {first} to {last} are planned anew within ten minutes")
    return 0


async def _show(settings: Settings, year: int) -> int:
    if not workdays.FIRST_YEAR <= year <= 2099:
        raise Refusal(f"the year must be from {workdays.FIRST_YEAR} to 2099")
    database = Database(settings.database)
    try:
        await migrate.upgrade(database)
        async with database.write() as session:
            await workdays.seed(session, today=datetime.now(settings.zone).date())
            rows = list(
                await session.scalars(
                    select(CalendarDay)
                    .where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
                    .order_by(CalendarDay.day)
                )
            )
    finally:
        await database.close()
    if not rows:
        print(f"{year}: no days in the store; weekends and statutory days are computed")
        return 0
    sources = ", ".join(sorted({row.source for row in rows}))
    provisional = "  (provisional: not decreed yet)" if rows[0].provisional else ""
    print(f"{year}: {sources}{provisional}")
    for row in rows:
        if row.workday != (row.day.weekday() < 5):
            print(f"{row.day} {'班' if row.workday else '休'} {row.name}".rstrip())
    return 0


async def _import(settings: Settings, days: decree.Days) -> tuple[date, date]:
    database = Database(settings.database)
    try:
        await migrate.upgrade(database)
        async with database.write() as session:
            span = await workdays.save_decree(session, days)
            await audit.record(
                session,
                Secrets(settings.key),
                actor_id=None,
                action="calendar.import",
                object=f"calendar:{span[0].year}",
                now=datetime.now(UTC),
                data={"days": len(days)},
            )
    finally:
        await database.close()
    return span
