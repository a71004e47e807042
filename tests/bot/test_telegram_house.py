"""The whole house on Telegram: a real HTTP peer, the real store, the real knowledge base."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.app import App, open_app, utc_now
from bot.channels.telegram.service import TelegramService
from bot.channels.telegram.settings import TelegramSettings
from bot.jobs import Jobs
from bot.settings import load
from db import accounts
from db.tables import Outbox, OutboxState, Person, QuizQuestion
from tests.bot.telegram import bot_api
from tests.bot.telegram.bot_api import TOKEN, BotApi, serving
from tests.bot.telegram.test_service import until
from tests.conftest import SECRET
from tests.knowledge.quiz import make
from tests.knowledge.quiz.make import store

OFFICER, MEMBER = 71, 42


class House:
    """The assistant at work on Telegram, seen from the other side."""

    def __init__(self, api: BotApi, app: App, service: TelegramService) -> None:
        self.api = api
        self.app = app
        self.service = service

    async def bind(self, number: int, name: str) -> None:
        """Let an account be a person's, as if an invite had been used."""
        now = self.app.dispatcher._clock()
        async with self.app.database.write() as session:
            person = (await session.scalars(select(Person).where(Person.name == name))).one()
            account = await accounts.seen(
                session,
                channel="telegram",
                external=str(number),
                name=name,
                chat=str(number),
                now=now,
            )
            account.person_id = person.id

    def texts(self, number: int = MEMBER) -> list[str]:
        """What the assistant has said in a private chat."""
        return [m["text"] for m in self.said(number)]

    def said(self, number: int = MEMBER) -> list[dict[str, Any]]:
        """The assistant's messages in a private chat."""
        messages = self.api.private(number).messages.values()
        return [m for m in messages if m["from"]["is_bot"]]

    async def ask(self, text: str, number: int = MEMBER) -> dict[str, Any]:
        """Write to the assistant and return its next message."""
        before = len(self.said(number))
        chat = self.api.private(number)
        user = self.api.user(number)
        self.api.push(message=self.api.message(text, chat=chat, **{"from": user}))
        await until(lambda: len(self.said(number)) > before)
        return self.said(number)[-1]

    def press(self, message: dict[str, Any], label: str, number: int = MEMBER) -> None:
        """Press a button under a message."""
        rows = message["reply_markup"]["inline_keyboard"]
        [data] = [b["callback_data"] for row in rows for b in row if b["text"] == label]
        self.api.presses.add("q")
        query = {"id": "q", "from": self.api.user(number), "chat_instance": "c"}
        self.api.push(callback_query={**query, "message": message, "data": data})


@pytest.fixture
async def house(furnished: Path, tmp_path: Path) -> AsyncIterator[House]:
    """The assistant, polling a Bot API server on loopback."""
    data = tmp_path / "data"
    shutil.copytree(furnished, data)
    (data / "key").write_bytes(SECRET)
    (data / "key").chmod(0o600)
    settings = load({"ZHIBU_DATA": str(data)})
    async with serving() as api, open_app(settings) as app:
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
        yield House(api, app, service)
        await app.delivery.stop()
        await delivering
        await service.stop()


async def test_a_question_gets_its_cited_answer(house: House) -> None:
    answer = await house.ask("支委会多久开一次")
    assert "每月" in answer["text"]
    quotes = [e for e in answer["entities"] if e["type"].endswith("blockquote")]
    assert len(quotes) == 1
    assert "支部工作条例" in answer["text"]


async def test_a_question_goes_to_the_officer_and_comes_back(house: House) -> None:
    await house.bind(MEMBER, "江晚舟")
    await house.bind(OFFICER, "周叙白")
    answer = await house.ask("单位班车几点发车")
    house.press(answer, "转给组织委员")
    await until(lambda: house.texts(OFFICER))
    house.press(house.said(OFFICER)[0], "答复", OFFICER)
    await until(lambda: len(house.texts(OFFICER)) > 1)
    preview = await house.ask("每天七点半。", OFFICER)
    house.press(preview, "发送答复", OFFICER)
    await until(lambda: "每天七点半。" in house.texts()[-1])


async def test_a_busy_server_costs_time_and_no_answer(house: House) -> None:
    house.api.fail("sendMessage", bot_api.too_many(1))
    answer = await house.ask("支委会多久开一次")
    assert "每月" in answer["text"]
    assert len(house.said()) == 1


async def test_a_group_is_answered_when_the_assistant_is_addressed(house: House) -> None:
    group = house.api.group()
    house.api.push(message=house.api.message("支委会多久开一次", chat=group))
    mention = "@ZhibuBot 支委会多久开一次"
    entity = {"type": "mention", "offset": 0, "length": 9}
    house.api.push(message=house.api.message(mention, chat=group, entities=[entity]))

    def said() -> list[Any]:
        return [m for m in group.messages.values() if m["from"]["is_bot"]]

    await until(said)
    assert len(said()) == 1


async def test_who_blocked_the_assistant_is_not_written_to_again(house: House) -> None:
    await house.bind(MEMBER, "江晚舟")
    house.api.fail("sendMessage", bot_api.refusal(403, "Forbidden: bot was blocked by the user"))
    chat = house.api.private(MEMBER)
    house.api.push(message=house.api.message("支委会多久开一次", chat=chat))

    async def failed() -> bool:
        async with house.app.database.read() as session:
            return OutboxState.FAILED in set(await session.scalars(select(Outbox.state)))

    async with asyncio.timeout(10):
        while not await failed():  # noqa: ASYNC110 - another task settles it, through the store
            await asyncio.sleep(0.02)
    async with house.app.database.read() as session:
        person = (await session.scalars(select(Person).where(Person.name == "江晚舟"))).one()
        left = await accounts.addresses(session, person.id)
    assert [account.channel for account in left] == ["browser"]


async def test_practice_is_ticked_in_place_and_told_where_the_question_was(house: House) -> None:
    await house.bind(MEMBER, "江晚舟")
    async with house.app.database.write() as session:
        await session.execute(update(QuizQuestion).values(retired_at=utc_now()))
        await store(session, make.MULTIPLE)
    put = await house.ask("答题 1题")
    assert "多选 · 组织生活" in put["text"]
    there = {line[3:]: line[0] for line in put["text"].splitlines() if line[1:3] == ". "}
    right = sorted(there[answer] for answer in make.MULTIPLE.answers)

    def ticks() -> int:
        rows = house.said()[0]["reply_markup"]["inline_keyboard"]
        return sum("✓" in key["text"] for row in rows for key in row)

    async def tick(letter: str) -> None:
        before = ticks()
        house.press(house.said()[0], letter)
        await until(lambda: ticks() == before + 1)

    for letter in right:
        await tick(letter)
    house.press(house.said()[0], "提交")
    await until(lambda: len(house.said()) == 2)
    told, summary = house.texts()
    assert "✓ 答对了" in told
    assert "第八条（2008版）" in told
    assert "答了 1 题，答对 1 题" in summary


async def test_a_reminder_arrives_once_and_is_answered_by_its_buttons(house: House) -> None:
    await house.bind(OFFICER, "程默涵")
    jobs = Jobs(house.app, utc_now)
    await jobs.plan()
    await jobs.sweep()
    await until(lambda: house.texts(OFFICER))
    alert = house.said(OFFICER)[0]
    assert "【逾期】" in alert["text"]
    assert "财务审计党支部：支部党员大会" in alert["text"]
    await jobs.sweep()
    first = next(b["text"] for row in alert["reply_markup"]["inline_keyboard"] for b in row)
    house.press(alert, first, OFFICER)
    await until(lambda: "已记下" in house.texts(OFFICER)[-1])
    assert len([text for text in house.texts(OFFICER) if "【逾期】" in text]) == 1
    number = first.removeprefix("收到").strip()
    asked = await house.ask(f"完成 {number}", OFFICER)
    assert "请提交材料" in asked["text"]
    done = await house.ask("十一月二十日召开，到会八人", OFFICER)
    assert "已办结" in done["text"]
