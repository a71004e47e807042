"""What was said is on record once, in its order, and only for those in the chat."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from db import transcripts
from db.engine import Database
from db.organisation import add_unit
from db.tables import Person, Post, StoredFile, Title, Transcript, Unit, UnitKind
from db.transcripts import PAGE, SNIPPET
from tests.db.cast import NOW, TODAY, plant


@dataclass(frozen=True)
class Cast:
    """A member, the secretary of the same branch, and a member of the sibling branch."""

    member: Person
    secretary: Person
    stranger: Person

    @property
    def own(self) -> str:
        return transcripts.private_chat(self.member.id)

    @property
    def group(self) -> str:
        return transcripts.group_chat(self.member.unit_id)


@pytest.fixture
async def cast(database: Database) -> Cast:
    async with database.write() as session:
        await plant(session)
        found = {person.name: person for person in await session.scalars(select(Person))}
    return Cast(found["党员A"], found["书记A"], found["党员B"])


async def say(database: Database, cast: Cast, chat: str, update: str, text: str = "话") -> int:
    async with database.write() as session:
        line = await transcripts.say(
            session, chat=chat, author=cast.member, update=update, content={"text": text}, now=NOW
        )
    return line.id


async def deliver(
    database: Database, chat: str, delivery: int, text: str = "答", edits: str | None = None
) -> int:
    async with database.write() as session:
        line = await transcripts.deliver(
            session, chat=chat, content={"text": text}, delivery=delivery, edits=edits, now=NOW
        )
    return int(line)


async def texts(database: Database, chat: str, **where: int) -> list[str]:
    async with database.read() as session:
        return [row.content["text"] for row in await transcripts.lines(session, chat, **where)]


async def test_a_person_reads_the_own_chat_and_the_group_of_the_unit_and_no_other(
    cast: Cast,
) -> None:
    assert transcripts.chats(cast.member) == (cast.own, cast.group)
    assert transcripts.chats(cast.secretary)[1] == cast.group
    assert not set(transcripts.chats(cast.stranger)) & {cast.own, cast.group}


async def test_what_is_said_twice_under_one_id_is_one_line_with_the_first_words(
    database: Database, cast: Cast
) -> None:
    first = await say(database, cast, cast.own, "u1", "一")
    assert await say(database, cast, cast.own, "u1", "二") == first
    assert await texts(database, cast.own) == ["一"]


async def test_what_is_said_at_once_under_one_id_is_one_line(
    database: Database, cast: Cast
) -> None:
    lines = await asyncio.gather(*(say(database, cast, cast.own, "u1") for _ in range(5)))
    assert len(set(lines)) == 1


async def test_a_line_waits_until_the_conversation_has_taken_it(
    database: Database, cast: Cast
) -> None:
    number = await say(database, cast, cast.own, "u1")
    async with database.write() as session:
        waiting = await transcripts.said(session, cast.own, "u1")
        assert waiting is not None
        assert not waiting.taken
        await transcripts.take(session, number)
    async with database.read() as session:
        taken = await transcripts.said(session, cast.own, "u1")
        assert taken is not None
        assert taken.taken
        assert await transcripts.said(session, cast.group, "u1") is None


async def test_a_delivery_is_shown_once_however_often_it_comes(
    database: Database, cast: Cast
) -> None:
    lines = await asyncio.gather(*(deliver(database, cast.own, 7) for _ in range(5)))
    assert len(set(lines)) == 1
    assert await texts(database, cast.own) == ["答"]


async def test_an_edit_replaces_the_line_and_adds_none(database: Database, cast: Cast) -> None:
    line = await deliver(database, cast.own, 1, "旧")
    assert await deliver(database, cast.own, 2, "新", edits=str(line)) == line
    assert await texts(database, cast.own) == ["新"]


async def test_an_edit_reaches_no_line_of_a_person_and_none_of_another_chat(
    database: Database, cast: Cast
) -> None:
    spoken = await say(database, cast, cast.own, "u1", "我的话")
    elsewhere = await deliver(database, cast.group, 1, "群里的话")
    await deliver(database, cast.own, 2, "甲", edits=str(spoken))
    await deliver(database, cast.own, 3, "乙", edits=str(elsewhere))
    assert await texts(database, cast.own) == ["我的话", "甲", "乙"]
    assert await texts(database, cast.group) == ["群里的话"]


@pytest.mark.parametrize("edits", ["", "x", "-1", "0", "999999", "²"])
async def test_an_edit_of_what_is_not_there_is_a_line_of_its_own(
    database: Database, cast: Cast, edits: str
) -> None:
    await deliver(database, cast.own, 1, "新", edits=edits)
    assert await texts(database, cast.own) == ["新"]


async def test_a_chat_is_read_in_pages_from_its_end(database: Database, cast: Cast) -> None:
    count = 2 * PAGE + 3
    numbers = [await deliver(database, cast.own, n, str(n)) for n in range(1, count + 1)]
    await deliver(database, cast.group, count + 1, "群里的话")
    everything = [str(n) for n in range(1, count + 1)]
    assert await texts(database, cast.own) == everything[-PAGE:]
    assert await texts(database, cast.own, before=numbers[-PAGE]) == everything[-2 * PAGE : -PAGE]
    assert await texts(database, cast.own, before=numbers[3]) == everything[:3]
    assert await texts(database, cast.own, before=numbers[0]) == []
    assert await texts(database, cast.own, after=numbers[0]) == everything[1 : PAGE + 1]
    assert await texts(database, cast.own, after=numbers[-1]) == []


async def test_a_line_is_found_in_its_own_chat_only(database: Database, cast: Cast) -> None:
    number = await deliver(database, cast.own, 1)
    async with database.read() as session:
        found = await transcripts.line(session, cast.own, number)
        assert found is not None
        assert found.id == number
        assert await transcripts.line(session, cast.group, number) is None
        assert await transcripts.snippet(session, cast.group, number) is None


async def test_a_long_line_is_quoted_by_its_beginning(database: Database, cast: Cast) -> None:
    short = await say(database, cast, cast.group, "u1", "短")
    long = await say(database, cast, cast.group, "u2", "长" * (SNIPPET + 1))
    async with database.read() as session:
        quoted = [await transcripts.snippet(session, cast.group, n) for n in (short, long)]
    assert quoted == [
        {"author": "党员A", "text": "短"},
        {"author": "党员A", "text": "长" * SNIPPET + "…"},
    ]


async def keep(
    database: Database, key: str, *shown: str, owner: int | None = None, id: int | None = None
) -> str:
    """Store a file and show it in some chats; return its key."""
    async with database.write() as session:
        file = StoredFile(
            id=id,
            key=key,
            name="表.xlsx",
            media_type="application/octet-stream",
            digest="d",
            data=b"x",
            owner_id=owner,
            created_at=NOW,
        )
        session.add(file)
        await session.flush()
        card: dict[str, Any] = {"file": file.id, "name": file.name, "media_type": "x/y"}
        for chat in shown:
            content = {"text": "", "attachment": card}
            session.add(Transcript(chat=chat, at=NOW, content=content))
        return file.key


async def readers(database: Database, cast: Cast, key: str) -> set[str]:
    """Return who may fetch a file."""
    people = (cast.member, cast.secretary, cast.stranger)
    async with database.read() as session:
        return {p.name for p in people if await transcripts.file(session, key, p) is not None}


async def test_a_file_is_for_those_in_a_chat_that_shows_it_and_for_its_owner(
    database: Database, cast: Cast
) -> None:
    private = await keep(database, "private", cast.own)
    assert await readers(database, cast, private) == {"党员A"}
    group = await keep(database, "group", cast.group, owner=cast.stranger.id)
    assert await readers(database, cast, group) == {"党员A", "书记A", "党员B"}
    unshown = await keep(database, "unshown", owner=cast.secretary.id)
    assert await readers(database, cast, unshown) == {"书记A"}
    assert await readers(database, cast, "no such key") == set()


async def test_a_file_is_not_taken_for_one_whose_number_begins_alike(
    database: Database, cast: Cast
) -> None:
    shown = await keep(database, "shown", cast.own, id=112)
    longer, shorter = [await keep(database, f"n{n}", id=n) for n in (1120, 11)]
    assert await readers(database, cast, shown) == {"党员A"}
    assert await readers(database, cast, longer) == set()
    assert await readers(database, cast, shorter) == set()


async def test_the_chooser_lists_the_tree_with_titles_of_today_and_nobody_who_left(
    database: Database, cast: Cast
) -> None:
    async with database.write() as session:
        stranger = await session.get_one(Person, cast.stranger.id)
        stranger.left_on = TODAY
        for title, until in ((Title.GROUP_LEADER, None), (Title.PUBLICITY, TODAY)):
            session.add(
                Post(
                    person_id=cast.member.id,
                    unit_id=cast.member.unit_id,
                    title=title.value,
                    since=TODAY - timedelta(days=9),
                    until=until,
                )
            )
    async with database.read() as session:
        listed = await transcripts.residents(session, today=TODAY)
    assert [
        (unit.name, [(r.person.name, r.titles) for r in people]) for unit, people in listed
    ] == [
        ("某党委", [("上级", ("书记",))]),
        ("第一支部", [("书记A", ("书记",)), ("党员A", ("党小组长",))]),
        ("第二支部", [("书记B", ("书记",))]),
    ]


async def test_units_stand_in_the_order_of_the_tree_and_not_of_its_letters(
    database: Database, cast: Cast
) -> None:
    """Ten branches: "1/10/" must not come before "1/2/"."""
    async with database.write() as session:
        top = (await session.scalars(select(Unit).where(Unit.name == "某党委"))).one()
        for number in range(10):
            await add_unit(session, name=f"支部{number}", kind=UnitKind.BRANCH, parent=top)
    async with database.read() as session:
        names = [unit.name for unit, _ in await transcripts.residents(session, today=TODAY)]
    assert names == ["某党委", "第一支部", "第二支部", *(f"支部{n}" for n in range(10))]
