"""A small organisation for the tests of the store."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db import accounts
from db.organisation import add_unit
from db.secrets import Secrets
from db.tables import Person, Post, Stage, Title, Unit, UnitKind

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
TODAY = date(2026, 11, 23)
SECRETS = Secrets(b"a secret that only the tests know!")


async def plant(session: AsyncSession) -> None:
    """Make a committee with two branches; each has a secretary and a member."""
    top = await add_unit(session, name="某党委", kind=UnitKind.COMMITTEE, parent=None)
    await add_person(session, top, "上级", "C1", Title.SECRETARY)
    for name, letter in (("第一支部", "A"), ("第二支部", "B")):
        branch = await add_unit(session, name=name, kind=UnitKind.BRANCH, parent=top)
        await add_person(session, branch, f"书记{letter}", f"{letter}1", Title.SECRETARY)
        await add_person(session, branch, f"党员{letter}", f"{letter}2")


async def add_person(
    session: AsyncSession, unit: Unit, name: str, number: str, title: Title | None = None
) -> Person:
    """Put somebody on the roster, with a post if one is given."""
    person = Person(unit_id=unit.id, number=number, name=name, stage=Stage.MEMBER.value)
    session.add(person)
    await session.flush()
    if title:
        since = date(2024, 1, 1)
        session.add(Post(person_id=person.id, unit_id=unit.id, title=title.value, since=since))
        await session.flush()
    return person


async def add_account(session: AsyncSession, name: str) -> int:
    """Make an account that nobody has bound."""
    account = await accounts.seen(
        session, channel="test", external=name, name=name, chat=name, now=NOW
    )
    return account.id
