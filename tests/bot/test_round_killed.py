"""Fault 63: the process is killed when a question is in the group and nobody has noted it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.server import BotServer
from bot.channels.telegram.speaker import Speaker
from bot.delivery import Delivery
from db.engine import Database
from db.tables import Outbox, OutboxState, QuizGroup, RoundKind
from scheduler import rounds, votes
from scheduler.claiming import LEASE
from scheduler.votes import Ballot, Cast
from tests.bot.drainer import drain
from tests.bot.telegram.bot_api import TOKEN, BotApi
from tests.processes import Running
from tests.scheduler.quiz_world import answers, furnish, said
from tests.scheduler.world import ZONE

CHAT, WITHIN_S = -10042, 60

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals are POSIX")


class DeadlyApi(BotApi):
    """Kills whoever posts a poll as soon as the poll is there, before saying so."""

    victim: Running | None = None

    async def _sendPoll(self, chat_id: int, question: str, options: Any, **more: Any) -> Any:
        kept = await super()._sendPoll(chat_id, question, options, **more)
        if self.victim is not None:
            self.victim.kill()
            await self.victim.wait()
        return kept

    def posted(self) -> list[dict[str, Any]]:
        """Return the polls in the group."""
        return [m["poll"] for m in self.group(CHAT).messages.values() if "poll" in m]


@pytest.fixture
async def api() -> AsyncIterator[DeadlyApi]:
    api = DeadlyApi()
    await api.open()
    yield api
    await api.close()


async def test_a_question_that_was_posted_and_not_noted_is_never_posted_again(
    database: Database, store_url: str, api: DeadlyApi
) -> None:
    """Its answers count all the same as soon as its messenger tells of it."""
    round_id = await _opened(database, api)
    api.victim = Running(drain, store_url, api.base, timedelta())
    async with asyncio.timeout(WITHIN_S):
        assert await api.victim.wait() == -9
    api.victim = None
    assert await _states(database) == [OutboxState.LEASED, OutboxState.PENDING]
    await _drain(database, api)
    assert await _states(database) == [OutboxState.PARKED, OutboxState.SENT]
    assert [poll["question"].split("\n")[0][-3:] for poll in api.posted()] == ["1/2", "2/2"]
    lost = api.posted()[0]
    [right] = lost["correct_option_ids"]
    assert await _vote(database, lost, right, "5") is Cast.STRAY
    async with database.write() as session:
        texts = [option["text"] for option in lost["options"]]
        told = {"poll": lost["id"], "question": lost["question"], "options": texts}
        assert await votes.recognise(session, channel="telegram", **told, now=_now())
    assert await _vote(database, lost, right, "5") is Cast.ALREADY
    assert await _vote(database, lost, right, "6") is Cast.COUNTED
    async with database.write() as session:
        await rounds.hurry(session, round_id, now=_now())
    await rounds.tick(database, now=_now(), zone=ZONE)
    assert len(await answers(database)) == 2
    [result] = await said(database, "post", str(CHAT))
    assert "2 人参加（含未绑定成员 2 人），正确率 100%" in result
    assert len(api.posted()) == 2


def _now() -> datetime:
    return datetime.now(UTC)


async def _opened(database: Database, api: DeadlyApi) -> int:
    """Begin a round of two questions in the group; return its id."""
    api.group(CHAT)
    [group_id] = await furnish(database, next_at=None)
    async with database.write() as session:
        group = await session.get_one(QuizGroup, group_id, with_for_update=True)
        group.channel, group.chat = "telegram", str(CHAT)
        held = await rounds.start(
            session,
            group,
            kind=RoundKind.EXTRA,
            count=2,
            topic="",
            by_id=group.set_by or 0,
            now=_now(),
            zone=ZONE,
        )
        return held.id


async def _drain(database: Database, api: DeadlyApi) -> None:
    """Deliver what the next process finds once the lease of the killed one is over."""
    speaker = Speaker(BotServer(TOKEN, api.base), on_alarm=pytest.fail)
    delivery = Delivery(database, zone=UTC, clock=lambda: _now() + LEASE + timedelta(seconds=1))
    delivery.add(TelegramChannel(speaker, _no_file))
    await speaker.open()
    await delivery.tend()
    delivering = asyncio.create_task(delivery.run())
    async with asyncio.timeout(WITHIN_S):
        while OutboxState.PENDING in await _states(database):  # noqa: ASYNC110 - real time
            await asyncio.sleep(0.02)
    await delivery.stop()
    await delivering
    await speaker.close()


async def _no_file(number: int) -> bytes:
    raise LookupError(number)


async def _states(database: Database) -> list[str]:
    async with database.read() as session:
        polls = select(Outbox.state).where(Outbox.kind == "poll").order_by(Outbox.id)
        return list(await session.scalars(polls))


async def _vote(database: Database, poll: dict[str, Any], place: int, account: str) -> Cast:
    ballot = Ballot("telegram", poll["id"], account, account, (place,))
    async with database.write() as session:
        answered = await votes.cast_in_poll(session, ballot, today=_now().date(), now=_now())
    return answered.cast
