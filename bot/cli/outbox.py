"""`zhibu outbox`: what waits to be sent, and whether it still should be."""

from __future__ import annotations

import argparse
import asyncio

from bot.app import utc_now
from bot.cli.refusal import Refusal
from bot.settings import Settings
from db import audit, holds
from db.engine import Database, Session
from db.secrets import Secrets
from scheduler import backlog
from scheduler.messages import Message

SHOWN_CHARACTERS = 60


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("show", help="what waits, what is put aside, and why nothing is sent")
    release = commands.add_parser("release", help="send what is held, or messages put aside")
    discard = commands.add_parser("discard", help="cancel what is held, or messages put aside")
    for command in (release, discard):
        command.add_argument("id", type=int, nargs="*", help="numbers of messages put aside")


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Carry out one subcommand."""
    asyncio.run(_run(settings, options))


async def _run(settings: Settings, options: argparse.Namespace) -> None:
    database = Database(settings.database)
    if database.is_missing:
        raise Refusal("there is no store yet: nothing waits")
    try:
        if options.what == "show":
            async with database.read() as session:
                await _show(session)
            return
        async with database.write() as session:
            print(await _decide(session, options.what, options.id))
            await audit.record(
                session,
                Secrets(settings.key),
                actor_id=None,
                action=f"outbox.{options.what}",
                object=",".join(map(str, options.id)) or "all",
                now=utc_now(),
            )
    finally:
        await database.close()


async def _show(session: Session) -> None:
    for hold in await holds.find(session):
        print(f"HELD since {hold.since:%Y-%m-%d %H:%M} UTC: {hold.reason}")
    summary = await backlog.summary(session)
    for waiting in summary:
        since = f"{waiting.oldest:%Y-%m-%d %H:%M} UTC"
        print(f"{waiting.count:6} {waiting.state:8} {waiting.kind:16} oldest {since}")
    for row in await backlog.parked(session):
        text = Message.from_json(row.content).text.replace("\n", " ")[:SHOWN_CHARACTERS]
        print(f"parked {row.id}: {row.kind} for {row.channel}: {text}")
    if not summary:
        print("nothing waits")


async def _decide(session: Session, what: str, ids: list[int]) -> str:
    """Carry out a decision and say what came of it; raises `Refusal` where nothing did."""
    if ids:
        decide = backlog.send_after_all if what == "release" else backlog.give_up
        done = await decide(session, ids)
        if done != len(ids):
            raise Refusal("not all of these messages are put aside; nothing was changed")
        return f"{done} messages " + ("will be sent" if what == "release" else "are cancelled")
    if not await holds.find(session):
        raise Refusal("nothing is held: name the messages that are put aside")
    if what == "discard":
        return f"{await backlog.discard(session)} messages are cancelled; sending goes on"
    await backlog.release(session)
    return "what waits is sent now"
