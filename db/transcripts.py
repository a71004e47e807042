"""What was said in a browser chat, so that a reload shows it again.

A person's private chat is "person:<id>", the group chat of a unit "unit:<id>".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Text, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.accounts import in_force, present
from db.tables import Person, Post, StoredFile, Transcript, Unit
from db.types import insert_new

PAGE = 50
SNIPPET = 60


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody on the roster with the titles held today (for the demo's chooser)."""

    person: Person
    titles: tuple[str, ...]


def private_chat(person_id: int) -> str:
    """Return the id of a person's own chat."""
    return f"person:{person_id}"


def group_chat(unit_id: int) -> str:
    """Return the id of a unit's group chat."""
    return f"unit:{unit_id}"


def chats(person: Person) -> tuple[str, str]:
    """Return the chats that a person may read and write: the own one and the unit's group."""
    return private_chat(person.id), group_chat(person.unit_id)


async def say(
    session: AsyncSession,
    *,
    chat: str,
    author: Person,
    update: str,
    content: Mapping[str, Any],
    now: datetime,
) -> Transcript:
    """Write down what a person says, once per `update`; returns the line, new or not."""
    values = {
        "chat": chat,
        "author_id": author.id,
        "author": author.name,
        "at": now,
        "content": dict(content),
        "update": update,
        "taken": False,
    }
    await insert_new(session, Transcript, values)
    return (await session.scalars(select(Transcript).where(Transcript.update == update))).one()


async def said(session: AsyncSession, chat: str, update: str) -> Transcript | None:
    """Return what was written down for an event, if it was."""
    statement = select(Transcript).where(Transcript.update == update, Transcript.chat == chat)
    return (await session.scalars(statement)).one_or_none()


async def take(session: AsyncSession, number: int) -> None:
    """Note that the conversation has committed what a line says."""
    await session.execute(update(Transcript).where(Transcript.id == number).values(taken=True))


async def deliver(
    session: AsyncSession,
    *,
    chat: str,
    content: Mapping[str, Any],
    delivery: int,
    edits: str | None,
    now: datetime,
) -> str:
    """Write down what the assistant says, once per delivery; returns the line's id.

    With `edits` an earlier line of the same chat is replaced, if it is still there.
    """
    if edits is not None and edits.isdecimal():
        replaced = await session.scalar(
            update(Transcript)
            .where(
                Transcript.id == int(edits),
                Transcript.chat == chat,
                Transcript.author_id.is_(None),
            )
            .values(content=dict(content))
            .returning(Transcript.id)
        )
        if replaced is not None:
            return str(replaced)
    values = {
        "chat": chat,
        "author": "",
        "at": now,
        "content": dict(content),
        "delivery": delivery,
        "taken": True,
    }
    await insert_new(session, Transcript, values)
    line = await session.scalar(select(Transcript.id).where(Transcript.delivery == delivery))
    return str(line)


async def lines(
    session: AsyncSession, chat: str, *, before: int | None = None, after: int | None = None
) -> list[Transcript]:
    """Return a page of a chat in its order: the last, what was before a line, or after one."""
    statement = select(Transcript).where(Transcript.chat == chat)
    if after is not None:
        newer = statement.where(Transcript.id > after).order_by(Transcript.id).limit(PAGE)
        return list(await session.scalars(newer))
    if before is not None:
        statement = statement.where(Transcript.id < before)
    rows = await session.scalars(statement.order_by(Transcript.id.desc()).limit(PAGE))
    return list(rows)[::-1]


async def line(session: AsyncSession, chat: str, number: int) -> Transcript | None:
    """Return one line of a chat."""
    statement = select(Transcript).where(Transcript.id == number, Transcript.chat == chat)
    return (await session.scalars(statement)).one_or_none()


async def some(session: AsyncSession, chat: str, numbers: Collection[int]) -> list[Transcript]:
    """Return certain lines of a chat in their order."""
    wanted = (Transcript.chat == chat, Transcript.id.in_(numbers))
    return list(await session.scalars(select(Transcript).where(*wanted).order_by(Transcript.id)))


async def snippet(session: AsyncSession, chat: str, number: int) -> dict[str, Any] | None:
    """Return how an answer to a line quotes it: who spoke, and how it begins."""
    quoted = await line(session, chat, number)
    if quoted is None:
        return None
    text = str(quoted.content.get("text", ""))
    return {"author": quoted.author, "text": text[:SNIPPET] + ("…" if len(text) > SNIPPET else "")}


async def newest(session: AsyncSession, chat: str) -> int:
    """Return the id of the last line of a chat, 0 if nothing was said."""
    return await session.scalar(select(func.max(Transcript.id)).where(Transcript.chat == chat)) or 0


async def file(session: AsyncSession, key: str, person: Person) -> StoredFile | None:
    """Return a stored file if it was shown in a chat that the person may read, or is their own."""
    stored = (await session.scalars(select(StoredFile).where(StoredFile.key == key))).one_or_none()
    if stored is None or stored.owner_id == person.id:
        return stored
    shown = select(Transcript.id).where(
        Transcript.chat.in_(chats(person)),
        cast(Transcript.content["attachment"]["file"], Text) == str(stored.id),
    )
    return stored if await session.scalar(shown.limit(1)) is not None else None


async def readable(session: AsyncSession, number: int, person: Person) -> Transcript | None:
    """Return a line of a chat that the person may read."""
    statement = select(Transcript).where(
        Transcript.id == number, Transcript.chat.in_(chats(person))
    )
    return (await session.scalars(statement)).one_or_none()


async def file_key(session: AsyncSession, number: int) -> str | None:
    """Return the key under which a stored file is fetched."""
    return await session.scalar(select(StoredFile.key).where(StoredFile.id == number))


async def residents(session: AsyncSession, *, today: date) -> list[tuple[Unit, list[Resident]]]:
    """Return everybody by unit, in the order of the tree (for the demo's chooser)."""
    units = sorted(await session.scalars(select(Unit)), key=_place)
    held: dict[int, list[str]] = {}
    posts = select(Post.person_id, Post.title).where(*in_force(today)).order_by(Post.id)
    for person_id, title in await session.execute(posts):
        held.setdefault(person_id, []).append(title)
    by_unit: dict[int, list[Resident]] = {unit.id: [] for unit in units}
    for person in await session.scalars(select(Person).where(present(today)).order_by(Person.id)):
        by_unit[person.unit_id].append(Resident(person, tuple(held.get(person.id, ()))))
    return [(unit, by_unit[unit.id]) for unit in units]


def _place(unit: Unit) -> tuple[int, ...]:
    return tuple(int(part) for part in unit.path.split("/") if part)
