"""A daily round from the secretary's words to its result, over Telegram's own protocol."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.app import open_app
from bot.channels.telegram.service import TelegramService
from bot.channels.telegram.settings import TelegramSettings
from bot.jobs import Jobs
from bot.settings import load
from db.tables import QuizAnswer
from tests.bot.pages.conftest import Clock
from tests.bot.telegram.bot_api import TOKEN, serving
from tests.bot.telegram.test_service import until
from tests.bot.test_telegram_house import House
from tests.conftest import SECRET
from tests.scheduler.quiz_world import question

SECRETARY, MEMBER, STRANGER = 71, 42, 99
NAME = "@ZhibuBot"


class Room(House):
    """The group, with the assistant in it."""

    clock: Clock
    jobs: Jobs

    def write(self, text: str, number: int, **more: Any) -> None:
        """Say something to the assistant in the group."""
        entity = {"type": "mention", "offset": 0, "length": len(NAME)}
        said = {"from": self.api.user(number), "entities": [entity], **more}
        self.api.push(message=self.api.message(f"{NAME} {text}", chat=self.api.group(), **said))

    def shown(self, kind: str = "text") -> list[dict[str, Any]]:
        """What the assistant has put into the group."""
        messages = self.api.group().messages.values()
        return [m for m in messages if m["from"]["is_bot"] and kind in m]

    def throw_out(self) -> None:
        """Remove the assistant from the group."""
        me = {"id": 1, "is_bot": True, "first_name": "支部"}
        change = {
            "chat": {"id": self.api.group().id, "type": "supergroup", "title": "群"},
            "from": self.api.user(5),
            "date": 1_700_000_000,
            "old_chat_member": {"status": "member", "user": me},
            "new_chat_member": {"status": "kicked", "user": me, "until_date": 0},
        }
        self.api.push(my_chat_member=change)

    async def at(self, **ahead: float) -> None:
        """Let time pass and the clock look."""
        self.clock.ahead += timedelta(**ahead)
        await self.jobs.rounds()

    async def answers(self) -> int:
        async with self.app.database.read() as session:
            return await session.scalar(select(func.count()).select_from(QuizAnswer)) or 0

    async def answered(self, number: int) -> None:
        """Wait until so many answers are on record."""
        async with asyncio.timeout(10):
            while await self.answers() < number:  # noqa: ASYNC110 - the other side sets no Event
                await asyncio.sleep(0.01)


@pytest.fixture
async def room(furnished: Path, tmp_path: Path) -> AsyncIterator[Room]:
    data = tmp_path / "data"
    shutil.copytree(furnished, data)
    (data / "key").write_bytes(SECRET)
    (data / "key").chmod(0o600)
    clock = Clock()
    settings = load({"ZHIBU_DATA": str(data), "ZHIBU_DEMO": "off"})
    async with serving() as api, open_app(settings, clock=clock) as app:
        async with app.database.write() as session:
            session.add_all(question(number, topic="党章一") for number in range(4))
        service = TelegramService(
            TelegramSettings(TOKEN, api.base),
            app.dispatcher,
            read_file=app.read_file,
            on_alarm=pytest.fail,
            poll_seconds=1,
        )
        await service.start()
        app.delivery.add(service.channel)
        delivering = asyncio.create_task(app.delivery.run())
        house = Room(api, app, service)
        house.clock, house.jobs = clock, Jobs(app, clock)
        await house.bind(SECRETARY, "林知夏")
        await house.bind(MEMBER, "江晚舟")
        yield house
        await app.delivery.stop()
        await delivering
        await service.stop()


def right_of(message: dict[str, Any]) -> int:
    place: int = message["poll"]["correct_option_ids"][0]
    return place


async def test_a_daily_round_from_the_order_to_the_result(room: Room) -> None:
    topic = {"message_thread_id": 7, "is_topic_message": True}
    room.write("每日答题 10:30 2题 党章一 限时10分钟", SECRETARY, **topic)
    await until(lambda: room.shown())
    assert "每个工作日 10:30，2 题，党章一，限时 10 分钟" in room.shown()[0]["text"]
    await room.at(minutes=29)
    assert room.shown("poll") == []
    await room.at(minutes=1, seconds=1)
    await until(lambda: len(room.shown("poll")) == 2)
    assert [call["message_thread_id"] for call in room.api.made("sendPoll")] == [7, 7]
    first, second = room.shown("poll")
    assert first["poll"]["question"].startswith("每日答题 1 · 1/2")
    assert (first["poll"]["type"], first["poll"]["open_period"]) == ("quiz", 600)
    for poll in (first, second):
        room.api.vote(poll["poll"], right_of(poll), user=room.api.user(MEMBER))
    wrong = (right_of(second) + 1) % 3
    room.api.vote(second["poll"], wrong, user=room.api.user(STRANGER))
    room.api.vote(second["poll"], right_of(second), user=room.api.user(STRANGER))
    await room.answered(3)
    await room.at(minutes=10, seconds=5)
    await until(lambda: len(room.shown()) == 2)
    result = room.shown()[1]["text"]
    assert result.startswith("每日答题 1 结果：2 人参加（含未绑定成员 1 人），正确率 67%。")
    assert "第 2 题（1 人答错）" in result
    assert "江晚舟" not in result
    assert room.api.made("stopPoll") == []


async def test_a_race_ends_by_its_winner_and_nobody_without_identity_takes_part(
    room: Room,
) -> None:
    """Fault 67: an anonymous administrator, a chat that votes, and being thrown out."""
    chat = {"id": room.api.group().id, "type": "supergroup", "title": "群"}
    room.write("每日答题 10:30", 1087968824, sender_chat=chat)
    room.write("每日答题 12:30 抢答", SECRETARY)
    await until(lambda: room.shown())
    assert "没有“抢答”这个主题" in room.shown()[0]["text"]
    room.write("抢答 1题 党章一", SECRETARY)
    await until(lambda: room.shown("poll"))
    [asked] = room.shown("poll")
    room.api.vote(asked["poll"], right_of(asked), voter_chat=chat)
    room.api.vote(asked["poll"], right_of(asked), user=room.api.user(MEMBER))
    await room.answered(1)
    await room.at(seconds=1)
    await until(lambda: len(room.shown()) == 4)
    assert "有人抢到了" in room.shown()[2]["text"]
    assert asked["poll"]["is_closed"]
    assert await room.answers() == 1
    room.write("每日答题 12:30", SECRETARY)
    await until(lambda: len(room.shown()) == 5)
    room.throw_out()
    await until(lambda: room.texts(SECRETARY))
    assert "里已经没有我" in room.texts(SECRETARY)[0]
    await room.at(hours=3)
    assert len(room.shown("poll")) == 1
