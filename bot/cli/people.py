"""`zhibu people`: an organisation's first steps, rosters, invites and sign-in links."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import func, or_, select

from bot import logs
from bot.app import open_store, utc_now
from bot.cli.refusal import Refusal
from bot.settings import Settings
from db import audit, invites, organisation, roster, signin
from db.access import OPERATOR
from db.engine import Database, Session
from db.secrets import Secrets
from db.tables import Person, Post, Stage, Title, Unit, UnitKind
from handlers import roster_file
from handlers.reply import UserError
from handlers.roster import carry_out, preview
from knowledge.documents import DocumentError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    commands = parser.add_subparsers(dest="what", required=True)
    setup = commands.add_parser("setup", help="make the first unit and its administrator")
    setup.add_argument("--unit", required=True, help="name of the topmost unit, e.g. 某某公司党委")
    setup.add_argument("--admin", required=True, help="name of the administrator")
    setup.add_argument("--number", required=True, help="the administrator's employee number")
    invite = commands.add_parser("invite", help="make a one-time code that binds an account")
    invite.add_argument("person", help="name or number")
    link = commands.add_parser("link", help="make a one-time sign-in link to the pages")
    link.add_argument("person", help="name or number")
    roster = commands.add_parser("import", help="import a roster from xlsx or csv")
    roster.add_argument("file", type=Path)
    roster.add_argument("--yes", action="store_true", help="store it; without, only a preview")


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Carry out one subcommand."""
    logs.set_up(settings)
    return asyncio.run(_run(settings, options))


async def _run(settings: Settings, options: argparse.Namespace) -> int:
    commands: dict[str, Callable[[Office, argparse.Namespace], Awaitable[int]]] = {
        "setup": _setup,
        "invite": _invite,
        "link": _link,
        "import": _import,
    }
    async with open_store(settings) as (database, secrets, _):
        return await commands[options.what](Office(settings, database, secrets), options)


class Office:
    """What every subcommand needs."""

    def __init__(self, settings: Settings, database: Database, secrets: Secrets) -> None:
        self.settings = settings
        self.database = database
        self.secrets = secrets
        self.now: datetime = utc_now()

    @property
    def today(self) -> date:
        return self.now.astimezone(self.settings.zone).date()

    async def record(self, session: Session, action: str, object: str) -> None:
        """Note what the operator did: the command line has no person."""
        await audit.record(
            session, self.secrets, actor_id=None, action=action, object=object, now=self.now
        )


async def _setup(office: Office, options: argparse.Namespace) -> int:
    async with office.database.write() as session:
        if await session.scalar(select(func.count()).select_from(Unit)):
            raise Refusal(
                "the store already holds an organisation; for an empty one set ZHIBU_DEMO=off "
                "and another ZHIBU_DATA or ZHIBU_DATABASE"
            )
        unit = await organisation.add_unit(
            session, name=options.unit, kind=UnitKind.COMMITTEE, parent=None
        )
        person = Person(
            unit_id=unit.id, number=options.number, name=options.admin, stage=Stage.MEMBER.value
        )
        session.add(person)
        await session.flush()
        title = Title.ADMINISTRATOR.value
        session.add(Post(person_id=person.id, unit_id=unit.id, title=title, since=office.today))
        await office.record(session, "setup", f"person:{person.id}")
        code = await _code(office, session, person)
    print(f"{options.unit}: {options.admin} is the administrator. Invite code: {code}")
    print(f"Send the assistant: 绑定 {code}    or make a link: zhibu people link {options.number}")
    return 0


async def _invite(office: Office, options: argparse.Namespace) -> int:
    async with office.database.write() as session:
        person = await _person(session, options.person)
        code = await _code(office, session, person)
        await office.record(session, "invite.create", f"person:{person.id}")
    print(f"{code}    (one use, {invites.LIFE.days} days: 绑定 {code})")
    return 0


async def _link(office: Office, options: argparse.Namespace) -> int:
    settings = office.settings
    async with office.database.write() as session:
        person = await _person(session, options.person)
        token = await signin.issue(session, person_id=person.id, now=office.now)
        await office.record(session, "signin.link", f"person:{person.id}")
    print(f"{settings.url or f'http://{settings.host}:{settings.port}'}/in/{token}")
    return 0


async def _import(office: Office, options: argparse.Namespace) -> int:
    """Show what a roster would change; with --yes store it, all or nothing."""
    try:
        file = roster_file.read(options.file.name, options.file.read_bytes())
    except (UserError, DocumentError, OSError) as error:
        raise Refusal(str(error)) from error
    async with office.database.write() as session:
        await roster.take_turn(session)
        plan = await roster.plan(
            session, office.secrets, OPERATOR, file.rows, faults=file.faults, today=office.today
        )
        print(preview(plan, file.ignored))
        if plan.faults:
            return 1
        if options.yes and not plan.empty:
            await carry_out(
                session,
                office.secrets,
                plan,
                actor_id=None,
                now=office.now,
                today=office.today,
            )
    if plan.empty:
        print("nothing to change")
    else:
        print("stored" if options.yes else "nothing is stored yet: run it again with --yes")
    return 0


async def _code(office: Office, session: Session, person: Person) -> str:
    issued = await invites.issue(
        session, office.secrets, person_id=person.id, by=None, now=office.now
    )
    return issued.code


async def _person(session: Session, wanted: str) -> Person:
    found = list(
        await session.scalars(
            select(Person).where(or_(Person.name == wanted, Person.number == wanted))
        )
    )
    if len(found) != 1:
        raise Refusal(f"{len(found)} people are called {wanted}: give the number")
    return found[0]
