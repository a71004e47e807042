"""What a visitor says: words, pressed buttons, files and phone numbers, each handed in once.

The page makes an id for everything it sends. What was said is on record under that id before
the conversation hears of it, so that a double click, a retry and a lost answer are one message.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

from bot.filenames import file_name, last_part
from bot.pages.channel import NAME
from bot.pages.house import House, Visitor
from bot.pages.hub import view
from db import transcripts
from db.engine import is_store_fault
from db.tables import Transcript
from handlers.dispatch import Handled
from handlers.incoming import Contact, Incoming, Upload, UploadTooLarge
from scheduler.channels import ChannelError
from scheduler.messages import Message

log = logging.getLogger(__name__)

ASSISTANT = "支部助手"
MENTION = f"@{ASSISTANT}"
TEXT_LIMIT = 8_000
# What is not on record in full cannot be handed in from the record.
ONCE = frozenset({"upload", "phone"})


class NotThere(Exception):
    """There is no such chat, line or button for this visitor."""


class NotTaken(Exception):
    """The conversation could not be reached; the same message may be sent again."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A visitor in one chat that they may write to."""

    house: House
    visitor: Visitor
    chat: str

    @property
    def is_group(self) -> bool:
        """Whether others read along."""
        return self.chat != self.visitor.account

    async def say(self, made: str, text: str, answers: int | None = None) -> str:
        """Hand in a text, `answers` the line that it replies to; return what to show at once.

        Raises `NotThere` if that line is not of this chat.
        """
        content: dict[str, Any] = {"text": plain(text)[:TEXT_LIMIT]}
        if answers is not None:
            content["answers"] = await self._quote(answers)
        return await self._pass_on(await self._write(made, content))

    async def say_again(self, made: str) -> str:
        """Hand in once more what was written down under an id; raises `NotThere`."""
        async with self.house.database.read() as session:
            line = await transcripts.said(session, self.chat, self._update(made))
        if line is None or ONCE & line.content.keys():
            raise NotThere
        return await self._pass_on(line)

    async def press(self, made: str, number: int, token: str) -> str:
        """Press a button under a line; raises `NotThere` if the line has no such button."""
        async with self.house.database.read() as session:
            line = await transcripts.line(session, self.chat, number)
        if line is None or line.author_id is not None:
            raise NotThere
        message = Message.from_json(line.content)
        if token not in {button.token for row in message.buttons for button in row}:
            raise NotThere
        event = self._event(self._update(made), press=token, message=str(number))
        handled = await self._hand_in(event)
        self.house.hub.publish(view(self.chat, self.visitor.account), number)
        return handled.notice

    async def share(self, made: str, phone: str) -> str:
        """Hand in a phone number; nobody vouches for it, and it is not written down."""
        phone = plain(phone)
        content = {"text": f"[手机号] 尾号 {phone[-4:]}", "phone": True}
        contact = Contact(phone, own=False)
        return await self._pass_on(await self._write(made, content), contact=contact, text="")

    async def send_file(self, made: str, upload: Upload, caption: str) -> str:
        """Hand in a file; its bytes are fetched only if the conversation wants them."""
        upload = replace(upload, name=file_name(last_part(upload.name)))
        content = {
            "text": plain(caption)[:TEXT_LIMIT],
            "upload": {"name": upload.name, "size": upload.size},
        }
        return await self._pass_on(await self._write(made, content), upload=upload)

    async def _quote(self, number: int) -> dict[str, Any]:
        async with self.house.database.read() as session:
            line = await transcripts.line(session, self.chat, number)
            quoted = await transcripts.snippet(session, self.chat, number)
        if line is None or quoted is None:
            raise NotThere
        return {**quoted, "assistant": line.author_id is None}

    async def _write(self, made: str, content: dict[str, Any]) -> Transcript:
        try:
            async with self.house.database.write() as session:
                line = await transcripts.say(
                    session,
                    chat=self.chat,
                    author=self.visitor.person,
                    update=self._update(made),
                    content=content,
                    now=self.house.clock(),
                )
        except Exception as error:
            if not is_store_fault(error):
                raise
            log.error("what was said could not be written down: %s", type(error).__name__)
            raise NotTaken from error
        self.house.hub.publish(self.chat, line.id)
        return line

    async def _pass_on(self, line: Transcript, **what: Any) -> str:
        """Hand in a line unless that is done; what was not taken stays to be sent again."""
        if line.taken:
            return ""
        text = str(line.content["text"])
        words = {"text": text.replace(MENTION, " ").strip(), "addressed": self._addressed(line)}
        event = self._event(str(line.update), message=str(line.id), **{**words, **what})
        handled = await self._hand_in(event)
        if not handled.notice:
            async with self.house.database.write() as session:
                await transcripts.take(session, line.id)
            self.house.hub.publish(self.chat, line.id)
        return handled.notice

    def _addressed(self, line: Transcript) -> bool:
        text = str(line.content["text"])
        answered = (line.content.get("answers") or {}).get("assistant", False)
        return not self.is_group or MENTION in text or text.startswith("/") or answered

    def _event(self, update: str, **what: Any) -> Incoming:
        return Incoming(
            channel=NAME,
            update=update,
            account=self.visitor.account,
            account_name=self.visitor.person.name,
            chat=self.chat,
            chat_title=f"{self.visitor.unit.name}群" if self.is_group else "",
            group=self.is_group,
            at=self.house.clock(),
            **what,
        )

    def _update(self, made: str) -> str:
        """Nobody's ids can meet another's: the person is part of them."""
        return f"{self.visitor.account}:{made}"

    async def _hand_in(self, event: Incoming) -> Handled:
        try:
            return await self.house.conversation.handle(event)
        except Exception as error:
            log.exception("a message from the pages was not taken")
            raise NotTaken from error


def as_upload(name: str, size: int, chunks: AsyncIterator[bytes]) -> Upload:
    """Return a file that is still on its way in; it can be fetched once."""

    async def fetch(limit: int) -> bytes:
        data = bytearray()
        try:
            async for chunk in chunks:
                data += chunk
                if len(data) > limit:
                    raise UploadTooLarge(name)
        except OSError as error:
            raise ChannelError("the upload broke off") from error
        return bytes(data)

    return Upload(name=name, size=size, fetch=fetch)


def plain(text: str) -> str:
    """Drop what no database stores: NUL and lone surrogates."""
    return text.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")
