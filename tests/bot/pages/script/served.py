"""The pages on a conversation that follows a script, in a process of its own.

`python -m tests.bot.pages.script.served DATABASE_URL [demo]` prints its address and serves until
its input is closed. The script: a text is repeated with two buttons under it; `失败` cannot be
taken the first time; `太快` is refused; `慢` is answered late; a button is told by its token, and
`没用` replaces its message; a file is weighed.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import sys
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.pages.channel import BrowserChannel
from bot.pages.house import House
from bot.pages.hub import Hub
from bot.pages.server import serving
from db.engine import Database
from handlers.dispatch import Handled
from handlers.incoming import Incoming, UploadTooLarge
from scheduler.channels import Address, Delivery
from scheduler.messages import Button, Message

UPLOAD_LIMIT = 1024 * 1024
SMALLER_LIMIT = 900_000
COMMANDS = [
    ("help", "帮助：查看可以做什么"),
    ("documents", "知识库：看有哪些资料"),
    ("login", "登录："),
]


class Script:
    """Answers like the assistant would, at once and without a store of its own."""

    def __init__(self, channel: BrowserChannel) -> None:
        self._channel = channel
        self._numbers = itertools.count(1)
        self._handled: set[str] = set()
        self._failed: set[str] = set()

    async def handle(self, incoming: Incoming) -> Handled:
        if incoming.update in self._handled or not incoming.addressed:
            return Handled()
        if "失败" in incoming.text and incoming.update not in self._failed:
            self._failed.add(incoming.update)
            raise ConnectionError("the store is away")
        if "太快" in incoming.text:
            return Handled("消息太快了，请稍等片刻再发。")
        self._handled.add(incoming.update)
        await self._reply(incoming, await self._answer(incoming))
        return Handled()

    async def commands(self, channel: str, account: str) -> list[tuple[str, str]]:
        return COMMANDS

    async def _answer(self, incoming: Incoming) -> Message:
        if incoming.press is not None:
            return Message(f"按下了 {incoming.press}")
        if incoming.contact is not None:
            return Message(f"手机号 {incoming.contact.phone}，own={incoming.contact.own}")
        if incoming.upload is not None:
            try:
                data = await incoming.upload.fetch(SMALLER_LIMIT)
            except UploadTooLarge:
                return Message("文件太大")
            return Message(f"收到 {incoming.upload.name}，{len(data)} 字节，说明“{incoming.text}”")
        if "慢" in incoming.text:
            await asyncio.sleep(1)
        mark = next(self._numbers)
        rows = (
            (Button("有用", "/useful", token=f"a{mark}"), Button("没用", "/no", token=f"b{mark}")),
        )
        return Message(f"答：{incoming.text}", buttons=rows, contact="手机" in incoming.text)

    async def _reply(self, incoming: Incoming, message: Message) -> None:
        address = Address("browser", incoming.chat)
        delivery = Delivery(next(self._numbers), address, message)
        if incoming.press is not None and incoming.press.startswith("b"):
            delivery = replace(delivery, edits=incoming.message)
        if incoming.group:
            delivery = replace(delivery, answers=incoming.message)
        await self._channel.send(delivery)


async def serve(url: str, demo: bool) -> None:
    """Serve until the input ends."""
    database, hub = Database(url), Hub()
    door = socket.create_server(("127.0.0.1", 0))
    house = House(
        database=database,
        conversation=Script(BrowserChannel(database, hub, _now)),
        hub=hub,
        clock=_now,
        zone=ZoneInfo("Asia/Shanghai"),
        demo=demo,
        upload_limit=UPLOAD_LIMIT,
        poll_s=0.3,
    )
    async with serving(house, door, frozenset({"127.0.0.1"})):
        sys.stdout.write(f"http://127.0.0.1:{door.getsockname()[1]}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
    await database.close()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], "demo" in sys.argv[2:]))
