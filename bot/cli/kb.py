"""`zhibu kb`: import, list, show, retire, restore and compare knowledge."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bot import logs
from bot.app import open_store, utc_now
from bot.cli.refusal import Refusal
from bot.settings import Settings
from db.engine import Database, Session
from knowledge import catalogue, intake, seeding
from knowledge.drafts import Draft
from knowledge.library import Library

console = Console(highlight=False)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    commands = parser.add_subparsers(dest="what", required=True)
    importing = commands.add_parser("import", help="read files into the library")
    importing.add_argument("files", nargs="+", type=Path, metavar="FILE")
    importing.add_argument("--title", help="title of the document (one file only)")
    importing.add_argument("--version", dest="label", help="name of the version, e.g. 2026")
    importing.add_argument("--from", dest="starts", type=_day, help="first day in force")
    importing.add_argument("--internal", action="store_true", help="for bound persons only")
    commands.add_parser("seed", help="bring the shipped entries up to date")
    listing = commands.add_parser("list", help="list the documents")
    listing.add_argument("--page", type=_number, default=1)
    show = commands.add_parser("show", help="show the passages of a version")
    show.add_argument("version", type=_number)
    show.add_argument("--page", type=_number, default=1)
    for name, help in (("retire", "take out of use"), ("restore", "bring back into use")):
        switch = commands.add_parser(name, help=f"{help}: document, version or passage")
        switch.add_argument("kind", choices=["document", "version", "passage"])
        switch.add_argument("number", type=_number)
    diff = commands.add_parser("diff", help="compare two versions, article by article")
    diff.add_argument("old", type=_number)
    diff.add_argument("new", type=_number)


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Carry out one subcommand; 1 when a file was refused."""
    logs.set_up(settings)
    options.today = utc_now().astimezone(settings.zone).date()
    return asyncio.run(_run(settings, options))


async def _run(settings: Settings, options: argparse.Namespace) -> int:
    commands: dict[str, Callable[[Database, argparse.Namespace], Awaitable[int]]] = {
        "import": _import,
        "seed": _seed,
        "list": _list,
        "show": _show,
        "retire": _switch,
        "restore": _switch,
        "diff": _diff,
    }
    async with open_store(settings) as (database, _, library):
        code = await commands[options.what](database, options)
        await _save(database, library)
    return code


async def _save(database: Database, library: Library) -> None:
    """Leave a snapshot of what was changed, so that the next start and `ask` find it."""
    async with database.read() as session:
        await library.refresh(session)
    library.save()


async def _import(database: Database, options: argparse.Namespace) -> int:
    if options.title and len(options.files) > 1:
        raise Refusal("--title goes with a single file")

    def change(draft: Draft) -> Draft:
        return replace(
            draft,
            title=options.title or draft.title,
            label=options.label or draft.label,
            # A date that was only found in the text is nobody's decision.
            starts=options.starts,
            internal=options.internal,
        )

    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("reading", total=len(options.files))
        outcomes = await intake.import_files(
            database,
            options.files,
            now=utc_now(),
            progress=lambda done, _, name: bar.update(task, completed=done, description=name),
            change=change,
        )
    for outcome in outcomes:
        console.print(f"{outcome.name}: {outcome.refusal or outcome.counts}", markup=False)
    return int(any(outcome.refusal for outcome in outcomes))


async def _seed(database: Database, options: argparse.Namespace) -> int:
    async with database.write() as session:
        counts = await seeding.seed(session, now=utc_now())
    console.print(str(counts), markup=False)
    return 0


async def _list(database: Database, options: argparse.Namespace) -> int:
    async with database.read() as session:
        total = await catalogue.count_documents(session)
        for line in await catalogue.documents(session, page=options.page):
            retired = "  [retired]" if line.retired else ""
            console.print(f"{line.id:5}  {line.title}{retired}", markup=False)
            for version in line.versions:
                since = version.valid_from or ""
                state = f"{version.state(options.today)}  {version.count} passages  {since}"
                console.print(f"         version {version.id}: {version.label}  {state}")
    console.print(f"page {options.page} of {-(-total // catalogue.PAGE)}")
    return 0


async def _show(database: Database, options: argparse.Namespace) -> int:
    async with database.read() as session:
        for line in await catalogue.passages(session, options.version, page=options.page):
            retired = " [retired]" if line.retired else ""
            console.print(f"{line.id}  {line.heading}{retired}\n{line.text}\n", markup=False)
    return 0


async def _switch(database: Database, options: argparse.Namespace) -> int:
    retire, restore = {
        "document": (catalogue.retire_document, catalogue.restore_document),
        "version": (catalogue.retire_version, catalogue.restore_version),
        "passage": (catalogue.retire_passage, catalogue.restore_passage),
    }[options.kind]

    async def switch(session: Session) -> int:
        if options.what == "retire":
            return int(await retire(session, options.number, now=utc_now()))
        return int(await restore(session, options.number))

    async with database.write() as session:
        if not await switch(session):
            raise Refusal(f"there is nothing to {options.what}: {options.kind} {options.number}")
    console.print("done")
    return 0


async def _diff(database: Database, options: argparse.Namespace) -> int:
    async with database.read() as session:
        found = await catalogue.difference(session, options.old, options.new)
    for mark, changes in (("+", found.added), ("-", found.removed), ("~", found.changed)):
        for change in changes:
            console.print(f"{mark} {change.heading}", markup=False)
            for sign, text in (("-", change.old), ("+", change.new)):
                if text:
                    console.print(f"    {sign} {text}", markup=False)
    console.print(f"{found.same} the same")
    return 0


def _number(text: str) -> int:
    """Read a number that a store can hold."""
    if not (text.isdecimal() and len(text) < 10 and int(text)):
        raise argparse.ArgumentTypeError(f"{text} is not a number like 3")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a date like 2026-05-18") from error
