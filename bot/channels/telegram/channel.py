"""Telegram as the outbox sees it: deliver one message, or say why not."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from telegram import InlineKeyboardMarkup, InputFile, ReplyParameters
from telegram import Message as Sent
from telegram.error import TelegramError

from bot.channels.telegram import limits
from bot.channels.telegram.errors import ApiRefusal, Unreadable, to_channel_error
from bot.channels.telegram.layout import (
    FIGURE_NAME,
    File,
    Part,
    buttons,
    parts,
)
from bot.channels.telegram.limiter import Turn
from bot.channels.telegram.polls import Polls
from bot.channels.telegram.speaker import Speaker
from bot.filenames import file_name
from bot.rendering.figure import draw
from bot.spreadsheets import workbook, workbook_name
from scheduler.channels import ChannelError, Delivery, Posted
from scheduler.messages import Attachment, Figure, Table
from scheduler.rates import Pace

ATTEMPT_SECONDS = 50.0
"""Longest delivery of one message, all its parts; shorter than the outbox's lease of 90 s."""
_REMEMBERED = 1000
_NOT_MODIFIED = ("message is not modified",)
_CANNOT_EDIT = (
    "message to edit not found",
    "message can't be edited",
    "no text in the message to edit",
    "message_id_invalid",
    "message identifier is not specified",
)
_NO_PICTURE = ("photo_", "image_process_failed", "photo has", "not a valid photo", "too big")

ReadFile = Callable[[int], Awaitable[bytes]]


class TelegramChannel:
    """Implements `scheduler.channels.Channel`.

    `read_file` returns the bytes of a stored file, or raises `LookupError`.
    """

    name = "telegram"
    # Of all processes together; what is left of Telegram's 30 a second is for the unforeseen.
    pace = Pace(per_second=25, burst=3)

    def __init__(self, speaker: Speaker, read_file: ReadFile) -> None:
        self._speaker = speaker
        self._read_file = read_file
        self._polls = Polls(speaker)
        self._progress: OrderedDict[tuple[int, int], list[str]] = OrderedDict()

    async def send(self, delivery: Delivery) -> str | Posted | None:
        """Deliver all parts and return the last one's id; raises `ChannelError`.

        A poll is posted as one; where it cannot be, its message is said in words.

        When a later part fails, the next attempt goes on behind the parts that went out (as
        long as this process remembers; otherwise delivery is at least once).
        """
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                return await self._deliver(delivery, _number(delivery.address.chat))
        except TimeoutError as error:
            reason = f"not delivered within {ATTEMPT_SECONDS:.0f} s"
            raise ChannelError(reason, doubtful=True) from error
        except TelegramError as error:
            raise to_channel_error(error) from error

    async def _deliver(self, delivery: Delivery, chat: int) -> str | Posted | None:
        poll, words = delivery.message.poll, _without_poll(delivery)
        if poll is None:
            return await self._say_all(words, chat)
        if delivery.edits and poll.closed:
            await self._close(words, chat, delivery.edits)
            return delivery.edits
        if not delivery.edits and not poll.closed and (delivery.id, chat) not in self._progress:
            options = _options(delivery, chat, Part(), first=True)
            posted = await self._polls.post(poll, options)
            if posted is not None:
                return posted
        return await self._say_all(words, chat)

    async def _close(self, words: Delivery, chat: int, message: str) -> None:
        """Close a poll, or what was said instead of one; if both are gone, that is enough."""
        if not await self._polls.stop(chat, _number(message), words.lane):
            await self._edit(words, chat, parts(words.message, group=chat < 0)[0])

    async def _say_all(self, delivery: Delivery, chat: int) -> str | None:
        if delivery.edits and _only_buttons(delivery) and await self._edit_buttons(delivery, chat):
            return delivery.edits
        laid = parts(delivery.message, group=chat < 0)
        sent = self._progress.pop((delivery.id, chat), [])
        for part in laid[len(sent) :]:
            try:
                sent.append(await self._say(delivery, chat, part, first=not sent))
            except BaseException:
                self._remember((delivery.id, chat), sent)
                raise
        return sent[-1] or None

    def _remember(self, key: tuple[int, int], sent: list[str]) -> None:
        if sent:
            self._progress[key] = sent
            while len(self._progress) > _REMEMBERED:
                self._progress.popitem(last=False)

    async def _say(self, delivery: Delivery, chat: int, part: Part, *, first: bool) -> str:
        """Send one part, in place of the message it edits where that is possible.

        Returns its id; "" when it went out but the server's answer does not tell.
        """
        if first and delivery.edits and await self._edit(delivery, chat, part):
            return delivery.edits
        options = _options(delivery, chat, part, first=first)
        try:
            if part.file is not None:
                message = await self._send_file(part.file, part, options)
            else:
                message = await self._send_text(part, options)
        except Unreadable:
            return ""
        return str(message.message_id)

    async def _send_text(self, part: Part, options: dict[str, Any]) -> Sent:
        return await self._speaker.call(
            lambda: self._speaker.bot.send_message(
                text=part.text, entities=part.entities or None, **options
            )
        )

    async def _edit(self, delivery: Delivery, chat: int, part: Part) -> bool:
        """Change the text in place; False when this message cannot be changed that way."""
        keyboard = part.keyboard
        if part.file or not (keyboard is None or isinstance(keyboard, InlineKeyboardMarkup)):
            return False
        return await self._edited(
            lambda: self._speaker.bot.edit_message_text(
                part.text,
                chat_id=chat,
                message_id=_number(delivery.edits or ""),
                entities=part.entities or None,
                reply_markup=keyboard,
                rate_limit_args=Turn(delivery.lane),
            )
        )

    async def _edit_buttons(self, delivery: Delivery, chat: int) -> bool:
        """Change, or take away, the buttons alone."""
        return await self._edited(
            lambda: self._speaker.bot.edit_message_reply_markup(
                chat_id=chat,
                message_id=_number(delivery.edits or ""),
                reply_markup=buttons(delivery.message),
                rate_limit_args=Turn(delivery.lane),
            )
        )

    async def _edited(self, make: Callable[[], Awaitable[Sent | bool]]) -> bool:
        try:
            await self._speaker.call(make)
        except Unreadable:
            return True
        except ApiRefusal as refusal:
            if refusal.says(*_CANNOT_EDIT):
                return False
            if not refusal.says(*_NOT_MODIFIED):
                raise
        return True

    async def _send_file(self, file: File, part: Part, options: dict[str, Any]) -> Sent:
        """Send a picture as a photo, if Telegram takes it as one, anything else as a file."""
        name, content = await self._content(file)
        options |= {"caption": part.text or None, "caption_entities": part.entities or None}
        picture = isinstance(file, Figure) or (isinstance(file, Attachment) and file.is_picture)
        if picture and len(content) <= limits.PHOTO_BYTES:
            try:
                return await self._speaker.call(
                    lambda: self._speaker.bot.send_photo(photo=_input(content, name), **options)
                )
            except ApiRefusal as refusal:
                if refusal.code != 400 or not refusal.says(*_NO_PICTURE):
                    raise
        return await self._speaker.call(
            lambda: self._speaker.bot.send_document(document=_input(content, name), **options)
        )

    async def _content(self, file: File) -> tuple[str, bytes]:
        if isinstance(file, Table):
            return workbook_name(file), await asyncio.to_thread(workbook, file)
        if isinstance(file, Figure):
            return FIGURE_NAME, await asyncio.to_thread(draw, file)
        try:
            return file_name(file.name), await self._read_file(file.file)
        except LookupError as error:
            raise ChannelError("the attached file is gone", permanent=True) from error


def _without_poll(delivery: Delivery) -> Delivery:
    return replace(delivery, message=replace(delivery.message, poll=None))


def _only_buttons(delivery: Delivery) -> bool:
    """Tell whether an edit leaves the text as it is."""
    message = delivery.message
    return not (
        message.text or message.quote or message.table or message.attachment or message.figure
    )


def _options(delivery: Delivery, chat: int, part: Part, *, first: bool) -> dict[str, Any]:
    """Return what every kind of sending takes; what has its default value is left out."""
    thread, answers = delivery.address.thread, delivery.answers if first else None
    return {
        "chat_id": chat,
        "message_thread_id": _number(thread) if thread else None,
        "reply_parameters": _reply_to(answers) if answers else None,
        "reply_markup": part.keyboard,
        "rate_limit_args": Turn(delivery.lane),
    }


def _reply_to(message: str) -> ReplyParameters:
    return ReplyParameters(_number(message), allow_sending_without_reply=True)


def _input(content: bytes, name: str) -> InputFile:
    return InputFile(content, filename=name)


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ChannelError(f"no Telegram id: {text[:40]!r}", permanent=True) from None
