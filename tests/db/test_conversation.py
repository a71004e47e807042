"""What is forgotten when its time is over, and what is not."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from db import conversation
from db.engine import Database
from db.tables import Inbox, Transcript

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_a_code_shown_in_the_browser_is_blanked_when_it_has_no_use(
    database: Database,
) -> None:
    contents = ({"text": "绑定 AAAA", "secret": True}, {"text": "一般的话"})
    async with database.write() as session:
        for content in contents:
            session.add(Transcript(chat="person:1", at=NOON, content=content))
    for later in (timedelta(days=6), timedelta(days=8)):
        async with database.write() as session:
            await conversation.sweep(session, now=NOON + later)
    async with database.read() as session:
        kept = list(await session.scalars(select(Transcript.content).order_by(Transcript.id)))
    assert kept == [{"text": conversation.NOT_KEPT}, {"text": "一般的话"}]


async def test_an_update_is_remembered_for_days_and_then_forgotten(database: Database) -> None:
    async with database.write() as session:
        assert await conversation.accept(session, channel="c", update="1", now=NOON)
        assert not await conversation.accept(session, channel="c", update="1", now=NOON)
        await conversation.sweep(session, now=NOON + timedelta(days=8))
        assert (await session.scalars(select(Inbox))).all() == []
