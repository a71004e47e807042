"""The addresses behind the page, spoken to without one: what an outsider would try."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from httpx import AsyncClient, Response
from sqlalchemy import func, select

from db import signin, transcripts
from db.tables import Person, Transcript
from scheduler.messages import Message
from tests.bot.pages.script.conftest import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Visitor:
    """Somebody who is signed in and writes requests by hand."""

    def __init__(self, served: Served, person: Person, session: str) -> None:
        self.served = served
        self.person = person
        self.own = transcripts.private_chat(person.id)
        self.client = AsyncClient(base_url=served.address, cookies={"zhibu_session": session})

    async def post(self, chat: str, what: str, **body: Any) -> Response:
        """Post to an address under a chat, with an id of its own unless one is given."""
        return await self.client.post(f"/chat/{chat}/{what}", json={"id": uuid4().hex, **body})

    async def lines(self, chat: str) -> list[Transcript]:
        """Return what is on record of a chat."""
        async with self.served.database.read() as session:
            rows = select(Transcript).where(Transcript.chat == chat).order_by(Transcript.id)
            return list(await session.scalars(rows))


async def sign_in(served: Served, person: Person) -> Visitor:
    now = datetime.now(UTC)
    async with served.database.write() as session:
        token = await signin.issue(session, person_id=person.id, now=now)
        opened = await signin.redeem(session, token, now=now, today=now.date())
    assert opened
    return Visitor(served, person, opened)


@pytest_asyncio.fixture(loop_scope="session")
async def me(pages: Served) -> AsyncIterator[Visitor]:
    visitor = await sign_in(pages, await pages.someone())
    yield visitor
    await visitor.client.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(pages: Served) -> AsyncIterator[Visitor]:
    """Somebody of another unit."""
    visitor = await sign_in(pages, await pages.someone())
    yield visitor
    await visitor.client.aclose()


async def test_the_same_id_twice_is_one_message(me: Visitor) -> None:
    made = uuid4().hex
    for _ in range(2):
        assert (await me.post(me.own, "say", id=made, text="一次")).status_code == 200
    texts = [line.content["text"] for line in await me.lines(me.own)]
    assert texts == ["一次", "答：一次"]


async def test_an_id_of_one_person_does_not_hold_up_another(me: Visitor, stranger: Visitor) -> None:
    made = uuid4().hex
    for visitor in (me, stranger):
        await visitor.post(visitor.own, "say", id=made, text="各说各的")
        assert len(await visitor.lines(visitor.own)) == 2


async def test_a_message_that_was_not_taken_is_answered_so(me: Visitor) -> None:
    made = uuid4().hex
    assert (await me.post(me.own, "say", id=made, text="失败")).status_code == 503
    assert [line.taken for line in await me.lines(me.own)] == [False]
    assert (await me.post(me.own, "say", id=made)).status_code == 200
    assert [line.taken for line in await me.lines(me.own)] == [True, True]


async def test_claiming_to_be_somebody_counts_in_a_demo_only(
    me: Visitor, stranger: Visitor
) -> None:
    claim = f"?as={me.own}"
    assert (await stranger.client.get(f"/chat/{me.own}{claim}")).status_code == 404
    answer = await stranger.client.post(
        f"/chat/{me.own}/say{claim}", json={"id": uuid4().hex, "text": "冒名"}
    )
    assert answer.status_code == 404


async def test_a_line_of_another_chat_cannot_be_quoted(me: Visitor, stranger: Visitor) -> None:
    secret = await me.served.deliver(stranger.own, Message("机密"))
    answer = await me.post(me.own, "say", text="引用", answers=int(str(secret)))
    assert answer.status_code == 404
    assert await me.lines(me.own) == []


@pytest.mark.parametrize(
    "body",
    [
        {"id": "short", "text": "x"},
        {"id": "x" * 65, "text": "x"},
        {"id": "<script>!", "text": "x"},
        {"id": "a" * 16, "text": " \n "},
        {"id": "a" * 16, "text": "x" * 8001},
        {"id": "a" * 16, "text": "x", "answers": -1},
        {"id": "a" * 16, "text": "x", "answers": 2**63},
        {"id": "a" * 16, "text": {"a": 1}},
    ],
)
async def test_what_no_page_would_send_is_refused(me: Visitor, body: dict[str, Any]) -> None:
    answer = await me.client.post(f"/chat/{me.own}/say", json=body)
    assert answer.status_code == 422
    assert await me.lines(me.own) == []


async def test_texts_that_no_store_takes_are_cleaned(me: Visitor) -> None:
    await me.post(me.own, "say", text="零\x00字节 100% _ \\ ' \u200b\u202e")
    texts = [line.content["text"] for line in await me.lines(me.own)]
    assert texts[0] == "零字节 100% _ \\ ' \u200b\u202e"
    lone = b'{"id": "aaaaaaaaaaaaaaaa", "text": "\\ud800"}'
    path = f"/chat/{me.own}/say"
    answer = await me.client.post(path, content=lone, headers={"content-type": "application/json"})
    assert answer.status_code == 422


async def test_an_unknown_address_is_told_in_chinese_and_without_detail(me: Visitor) -> None:
    answer = await me.client.get("/nowhere")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text


async def test_commands_that_are_for_strangers_are_not_offered(me: Visitor) -> None:
    offered = (await me.client.get(f"/chat/{me.own}/commands")).json()
    assert [name for name, _ in offered] == ["help", "documents"]


async def test_nothing_is_written_for_who_only_looks(me: Visitor) -> None:
    await me.client.get(f"/chat/{me.own}")
    async with me.served.database.read() as session:
        mine = select(func.count()).where(Transcript.chat == me.own)
        assert await session.scalar(mine) == 0
