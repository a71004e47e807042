"""Small calls beside the conversation: typing hints, button notices, command lists.

They are best effort: made in the background, never waited for, dropped when too many wait.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from telegram import BotCommand, BotCommandScopeChat
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.channels.telegram import limits
from bot.channels.telegram.layout import clean
from bot.channels.telegram.limiter import Turn
from bot.channels.telegram.speaker import Speaker
from bot.channels.telegram.split import split
from scheduler.channels import Lane

log = logging.getLogger(__name__)

COMMANDS_AFTER = 10.0
"""Seconds until the command list of the same chat is looked at again."""
MOST_WAITING = 200
_KNOWN_CHATS = 5000
_COMMAND = re.compile(rf"[a-z0-9_]{{1,{limits.COMMAND_NAME}}}")

CommandsOf = Callable[[str, str], Awaitable[list[tuple[str, str]]]]


class Courtesy:
    """Makes the small calls; `commands(channel, account)` lists what an account may use."""

    def __init__(
        self,
        speaker: Speaker,
        commands: CommandsOf,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._speaker = speaker
        self._commands = commands
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._shown: OrderedDict[int, tuple[float, tuple[BotCommand, ...]]] = OrderedDict()

    def typing(self, chat: int, thread: int | None) -> None:
        """Show that an answer is being made."""
        self._start(
            self._speaker.call(
                lambda: self._speaker.bot.send_chat_action(
                    chat, ChatAction.TYPING, thread, rate_limit_args=Turn(hint=True)
                )
            )
        )

    def acknowledge(self, press: str, notice: str) -> None:
        """End the waiting mark on a pressed button, with a notice of at most 200 units."""
        shown = notice_text(notice)
        self._start(
            self._speaker.call(
                lambda: self._speaker.bot.answer_callback_query(
                    press, shown or None, rate_limit_args=Turn(Lane.REPLY)
                )
            )
        )

    def refresh_commands(self, chat: int, account: str) -> None:
        """Show the account's commands in its private chat, if they have changed."""
        known = self._shown.get(chat)
        if known is None or known[0] + COMMANDS_AFTER <= self._clock():
            self._start(self._show_commands(chat, account))

    def show_default_commands(self) -> None:
        """Set the list that an unknown account sees, and that groups see."""
        self._start(self._show_default_commands())

    async def _show_default_commands(self) -> None:
        listed = menu(await self._commands("telegram", ""))
        await self._speaker.call(
            lambda: self._speaker.bot.set_my_commands(listed, rate_limit_args=Turn(Lane.BROADCAST))
        )

    async def finish(self, seconds: float) -> None:
        """Wait for what is on its way, so many seconds at most."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
            for task in late:
                task.cancel()

    async def _show_commands(self, chat: int, account: str) -> None:
        listed = tuple(menu(await self._commands("telegram", account)))
        known = self._shown.pop(chat, None)
        if known is None or known[1] != listed:
            await self._speaker.call(
                lambda: self._speaker.bot.set_my_commands(
                    listed, BotCommandScopeChat(chat), rate_limit_args=Turn(Lane.BROADCAST)
                )
            )
        self._shown[chat] = (self._clock(), listed)
        while len(self._shown) > _KNOWN_CHATS:
            self._shown.popitem(last=False)

    def _start(self, call: Coroutine[Any, Any, object]) -> None:
        if len(self._tasks) >= MOST_WAITING:
            call.close()
            return
        task = asyncio.create_task(_quietly(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _quietly(call: Awaitable[object]) -> None:
    """Await `call`; a failure is noted and has no other effect."""
    try:
        await call
    except TelegramError as error:
        log.info("a small Telegram call failed: %s", error.message)
    except Exception as error:  # the store behind `commands` may be away; nobody waits for this
        log.warning("a small Telegram call failed: %s", type(error).__name__)


def notice_text(notice: str) -> str:
    """Shorten `notice` to what a button may answer, on a safe border."""
    text = clean(notice)
    ranges = split(text, limits.CALLBACK_NOTICE)
    if len(ranges) < 2:
        return text
    return text[: split(text, limits.CALLBACK_NOTICE - 1)[0][1]] + "…"


def menu(commands: list[tuple[str, str]]) -> list[BotCommand]:
    """Keep the commands that Telegram can list: lower-case names, a help of 1 to 256."""
    fitting = [
        BotCommand(name, clean(text)[: limits.COMMAND_HELP].strip())
        for name, text in commands
        if _COMMAND.fullmatch(name) and text.strip()
    ]
    return fitting[: limits.COMMANDS]
