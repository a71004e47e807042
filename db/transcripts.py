"""What was said in a browser chat, so that a reload shows it again.

A person's private chat is "person:<id>", the group chat of a unit "unit:<id>".
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Text, cast, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.accounts import present
from db.tables import Person, StoredFile, Transcript, Unit
from db.types import insert_new

PAGE = 50


def private_chat(person_id: int) -> str:
    """Return the id of a person's own chat."""
    return f"person:{person_id}"


def group_chat(unit_id: int) -> str:
    """Return the id of a unit's group chat."""
    return f"unit:{unit_id}"


async def may_read(session: AsyncSession, chat: str, person: Person) -> bool:
    """Tell whether a chat is the person's own, or the group of the unit that they belong to."""
    return chat in (private_chat(person.id), group_chat(person.unit_id))


async def say(
    session: AsyncSession,
    *,
    chat: str,
    author_id: int,
    author: str,
    content: dict[str, Any],
    now: datetime,
) -> Transcript:
    """Write down what a person said."""
    row = Transcript(chat=chat, author_id=author_id, author=author, at=now, content=content)
    session.add(row)
    await session.flush()
    return row


async def deliver(
    session: AsyncSession,
    *,
    chat: str,
    content: dict[str, Any],
    delivery: int,
    edits: str | None,
    now: datetime,
) -> str:
    """Write down what the assistant says, once per delivery; returns the line's id.

    With `edits` an earlier line of the same chat is replaced, if it is still there.
    """
    if edits is not None and edits.isdecimal():
        replaced = await session.execute(
            update(Transcript)
            .where(
                Transcript.id == int(edits),
                Transcript.chat == chat,
                Transcript.author_id.is_(None),
            )
            .values(content=content)
            .returning(Transcript.id)
        )
        if row := replaced.first():
            return str(row[0])
    values = {"chat": chat, "author": "", "at": now, "content": content, "delivery": delivery}
    await insert_new(session, Transcript, values)
    line = await session.scalar(select(Transcript.id).where(Transcript.delivery == delivery))
    return str(line)


async def lines(
    session: AsyncSession, chat: str, *, before: int | None = None, after: int | None = None
) -> list[Transcript]:
    """Return a page of a chat in its order: the last, what was before a line, or after one."""
    statement = select(Transcript).where(Transcript.chat == chat)
    if after is not None:
        newer = statement.where(Transcript.id > after).order_by(Transcript.id)
        return list(await session.scalars(newer))
    if before is not None:
        statement = statement.where(Transcript.id < before)
    rows = await session.scalars(statement.order_by(Transcript.id.desc()).limit(PAGE))
    return list(rows)[::-1]


async def line(session: AsyncSession, chat: str, number: int) -> Transcript | None:
    """Return one line of a chat."""
    statement = select(Transcript).where(Transcript.id == number, Transcript.chat == chat)
    return (await session.scalars(statement)).one_or_none()


async def file(session: AsyncSession, key: str, person: Person) -> StoredFile | None:
    """Return a stored file if it was shown in a chat that the person may read, or is their own."""
    stored = (await session.scalars(select(StoredFile).where(StoredFile.key == key))).one_or_none()
    if stored is None or stored.owner_id == person.id:
        return stored
    shown = select(Transcript.id).where(
        Transcript.chat.in_((private_chat(person.id), group_chat(person.unit_id))),
        cast(Transcript.content["attachment"]["file"], Text) == str(stored.id),
    )
    return stored if await session.scalar(shown.limit(1)) is not None else None


async def file_key(session: AsyncSession, number: int) -> str | None:
    """Return the key under which a stored file is fetched."""
    return await session.scalar(select(StoredFile.key).where(StoredFile.id == number))


async def people(session: AsyncSession, *, today: date) -> list[tuple[Unit, list[Person]]]:
    """Return everybody by unit, in the order of the tree (for the demo's chooser)."""
    units = list(await session.scalars(select(Unit).order_by(Unit.path)))
    by_unit: dict[int, list[Person]] = {unit.id: [] for unit in units}
    for person in await session.scalars(select(Person).where(present(today)).order_by(Person.id)):
        by_unit[person.unit_id].append(person)
    return [(unit, by_unit[unit.id]) for unit in units]
