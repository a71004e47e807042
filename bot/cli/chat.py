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
from bot.settings import Settings
from db import accounts
from db.tables import Person
from handlers.incoming import Incoming

LEAVE = ("退出", "exit", "quit")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--as", dest="person", help="name or number of a person (demo: 江晚舟)")


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Talk until the end of the input."""
    logs.set_up(settings)
    asyncio.run(_talk(settings, options.person))


async def _talk(settings: Settings, person: str | None) -> None:
    channel = TerminalChannel(print)
    async with open_app(settings) as app:
        app.delivery.add(channel)
        account = await _sit_down(app, person)
        print("直接输入问题；输入按钮编号（如 1）即按下按钮；输入“退出”结束。")
        while (line := await asyncio.to_thread(_read)) not in (None, *LEAVE):
            await app.dispatcher.handle(_incoming(channel, account, str(line)))
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


def _incoming(channel: TerminalChannel, account: str, line: str) -> Incoming:
    number = int(line) if line.isascii() and line.isdecimal() else 0
    press = channel.buttons[number - 1].token if 0 < number <= len(channel.buttons) else None
    return Incoming(
        channel=NAME,
        update=uuid4().hex,
        account=account,
        chat=account,
        at=utc_now(),
        account_name=account,
        text="" if press else line,
        press=press,
    )


def _read() -> str | None:
    try:
        return input("> ").strip()
    except EOFError:
        return None
