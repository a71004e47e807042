"""One update at a time: parse it, hand it over, and know whether it may be forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from aiogram import Bot, Dispatcher, Router
from aiogram.types import (
    CallbackQuery,
    ChatMemberUpdated,
    Message,
    Poll,
    PollAnswer,
    Update,
    User,
)
from pydantic import ValidationError

from bot.channels.telegram import older
from bot.channels.telegram.conversation import Conversation
from bot.channels.telegram.convert import Converter, Download
from bot.channels.telegram.courtesy import Courtesy
from handlers.incoming import Incoming

log = logging.getLogger(__name__)

AT_ONCE = 16
"""Chats handled at the same time."""
HANDLE_SECONDS = 60.0
OWN_FAULT_TRIES = 5
"""Tries of an update while others succeed: the fault is its own."""
OUTAGE_TRIES = 100
"""Tries of an update while nothing succeeds: more likely the store is away."""
_REMEMBERED = 1000


@dataclass(slots=True)
class _Failure:
    tries: int
    successes_before: int


class Intake:
    """Takes raw updates of the bot `me`; those of one chat one after the other.

    aiogram's dispatcher tells the kinds of updates apart; which kinds are wanted from the
    server (`allowed`) follows from what is registered with it.
    """

    def __init__(
        self,
        bot: Bot,
        me: User,
        conversation: Conversation,
        courtesy: Courtesy,
        download: Download,
        now: Callable[[], datetime],
    ) -> None:
        self._bot = bot
        self._conversation = conversation
        self._courtesy = courtesy
        self._convert = Converter(me, download, now)
        self._dispatcher = Dispatcher(disable_fsm=True)
        self._dispatcher.include_router(self._router())
        self.allowed: list[str] = self._dispatcher.resolve_used_update_types()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._chats: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._failures: OrderedDict[int, _Failure] = OrderedDict()
        self._successes = 0

    async def take(self, raw: dict[str, Any]) -> bool:
        """Handle one update; False means: not taken, deliver it again.

        An update that fails again and again is passed over, so that it cannot block the rest.
        """
        number = int(raw["update_id"])
        lock = self._chats.setdefault(chat_of(raw), asyncio.Lock())
        async with lock, self._slots:
            try:
                async with asyncio.timeout(HANDLE_SECONDS):
                    await self._feed(raw)
            except Exception as error:  # whatever it is, the update must not be lost by it
                return self._failed(number, error)
        self._successes += 1
        self._failures.pop(number, None)
        return True

    async def _feed(self, raw: dict[str, Any]) -> None:
        if not raw.keys() & set(self.allowed):
            return  # a kind that we did not ask for, or that is newer than aiogram
        older.complete(raw)
        try:
            update = Update.model_validate(raw, context={"bot": self._bot})
        except ValidationError as error:
            log.error(
                "update %s does not fit aiogram's types (%d errors) and is passed over",
                raw["update_id"],
                error.error_count(),
            )
            return
        await self._dispatcher.feed_update(self._bot, update)

    def _failed(self, number: int, error: Exception) -> bool:
        """Count a failure; True when the update is given up. Its content is never logged."""
        failure = self._failures.setdefault(number, _Failure(0, self._successes))
        failure.tries += 1
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)
        alone = self._successes > failure.successes_before
        if failure.tries < (OWN_FAULT_TRIES if alone else OUTAGE_TRIES):
            log.warning("update %s: %s, will be tried again", number, _origin(error))
            return False
        log.error("update %s: %s, passed over after %d", number, _origin(error), failure.tries)
        del self._failures[number]
        return True

    def _router(self) -> Router:
        router = Router()
        router.message.register(self._message)
        router.edited_message.register(self._edited_message)
        router.callback_query.register(self._callback_query)
        router.my_chat_member.register(self._my_chat_member)
        router.poll_answer.register(self._poll_answer)
        router.poll.register(self._poll)
        return router

    async def _message(self, message: Message, event_update: Update) -> None:
        event = self._convert.moved(event_update.update_id, message)
        if event is not None:
            await self._conversation.chat_event(event)
            return
        await self._say(self._convert.message(event_update.update_id, message))

    async def _edited_message(self, message: Message, event_update: Update) -> None:
        await self._say(self._convert.message(event_update.update_id, message, edited=True))

    async def _callback_query(self, query: CallbackQuery, event_update: Update) -> None:
        incoming = self._convert.press(event_update.update_id, query)
        notice = await self._say(incoming)
        self._courtesy.acknowledge(query.id, notice)

    async def _my_chat_member(self, change: ChatMemberUpdated, event_update: Update) -> None:
        event = self._convert.membership(event_update.update_id, change)
        if event is not None:
            await self._conversation.chat_event(event)

    async def _poll_answer(self, answer: PollAnswer, event_update: Update) -> None:
        vote = self._convert.vote(event_update.update_id, answer)
        if vote is not None:
            await self._conversation.vote(vote)

    async def _poll(self, poll: Poll, event_update: Update) -> None:
        news = self._convert.poll_news(event_update.update_id, poll)
        if news is not None:
            await self._conversation.poll_news(news)

    async def _say(self, incoming: Incoming | None) -> str:
        """Hand over what a person said or pressed; return the notice for who pressed."""
        if incoming is None:
            return ""
        chat, thread = int(incoming.chat), incoming.thread
        if incoming.addressed and not incoming.edited:
            self._courtesy.typing(chat, int(thread) if thread else None)
        handled = await self._conversation.handle(incoming)
        if not incoming.group:
            self._courtesy.refresh_commands(chat, incoming.account)
        return handled.notice


def chat_of(raw: dict[str, Any]) -> str:
    """Return the key that keeps the updates of one chat in order.

    A vote does not tell its chat: those of one person stay in order. What is told of a poll
    may come in any.
    """
    for event in raw.values():
        if isinstance(event, dict):
            if "poll_id" in event:
                return str((event.get("user") or {}).get("id"))
            if older.is_poll(event):
                return f"poll {event['id']}"
            message = event.get("message", event)
            chat = message.get("chat") if isinstance(message, dict) else None
            if isinstance(chat, dict):
                return str(chat.get("id"))
    return ""


def _origin(error: Exception) -> str:
    """Name the kind of `error` and where it was raised; its text may quote the update."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" in {trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else ""
    return type(error).__name__ + place
