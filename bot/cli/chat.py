"""`zhibu chat`: the conversation in this terminal."""

from __future__ import annotations

import argparse
import asyncio
from uuid import uuid4

from sqlalchemy import or_, select

from bot import logs
from bot.app import App, open_app, utc_now
from bot.channels.terminal import NAME, TerminalChannel
from bot.cli.refusal import Refusal
from bot.jobs import Jobs
from bot.settings import Settings
from db import accounts
from db.tables import Person
from handlers.incoming import Incoming
from scheduler import rounds

LEAVE = ("退出", "exit", "quit")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--as", dest="person", help="name or number of a person (demo: 江晚舟)")
    parser.add_argument("--group", help="talk in a group of this name instead of in private")


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Talk until the end of the input."""
    logs.set_up(settings)
    asyncio.run(_talk(settings, options.person, options.group))


async def _talk(settings: Settings, person: str | None, group: str | None) -> None:
    channel = TerminalChannel(print)
    # Links lead to the pages, which `zhibu run` serves there.
    async with open_app(settings, web=f"http://{settings.host}:{settings.port}") as app:
        app.delivery.add(channel)
        if app.settings.demo:
            # Perhaps nothing else runs here, and what is owed is to be there when asked for.
            await Jobs(app, app.clock).plan()
        account = await _sit_down(app, person)
        print("直接输入问题；输入按钮编号（如 1）即按下按钮；输入“退出”结束。")
        while (line := await asyncio.to_thread(_read)) not in (None, *LEAVE):
            await take(app, channel, account, str(line), group=group)


async def take(
    app: App, channel: TerminalChannel, account: str, line: str, *, group: str | None = None
) -> None:
    """Hand in a line and print what comes of it, and of rounds whose time has come meanwhile.

    An empty line says nothing and only looks. In a `group` every line is for the assistant.
    """
    channel.turn()
    if line:
        event = _incoming(app, channel, account, line, group)
        handled = await app.dispatcher.handle(event)
        if handled.notice:
            channel.note(handled.notice)
    await rounds.tick(app.database, now=app.clock(), zone=app.settings.zone)
    await app.delivery.settled()


async def _sit_down(app: App, wanted: str | None) -> str:
    """Return the account to talk as: a person's, or an outsider's."""
    if wanted is None:
        return "guest"
    async with app.database.write() as session:
        found = list(
            await session.scalars(
                select(Person).where(or_(Person.name == wanted, Person.number == wanted))
            )
        )
        if len(found) != 1:
            raise Refusal(f"{len(found)} people are called {wanted}: give the number")
        external = f"person:{found[0].id}"
        account = await accounts.seen(
            session, channel=NAME, external=external, name=wanted, chat=external, now=utc_now()
        )
        account.person_id, account.bound_at = found[0].id, utc_now()
    return external


def _incoming(
    app: App, channel: TerminalChannel, account: str, line: str, group: str | None
) -> Incoming:
    """Return a line as an event; a number presses the button of that number."""
    number = int(line) if line.isascii() and line.isdecimal() else 0
    press = channel.buttons[number - 1].token if 0 < number <= len(channel.buttons) else None
    return Incoming(
        channel=NAME,
        update=uuid4().hex,
        account=account,
        chat=f"group:{group}" if group else account,
        at=app.clock(),
        account_name=account,
        group=bool(group),
        chat_title=group or "",
        text="" if press else line,
        press=press,
    )


def _read() -> str | None:
    try:
        return input("> ").strip()
    except EOFError:
        return None
