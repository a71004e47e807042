"""aiogram's updates in neutral words: who said what, where, and was it for us.

Nobody's identity is guessed: anonymous administrators, channel posts and other bots are
ignored.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from aiogram.enums import ChatMemberStatus, ChatType, MessageEntityType, PollType
from aiogram.types import (
    CallbackQuery,
    Chat,
    ChatMemberRestricted,
    ChatMemberUpdated,
    Message,
    MessageEntity,
    Poll,
    PollAnswer,
    User,
)

from bot.channels.telegram.layout import clean
from handlers.incoming import ChatChange, ChatEvent, Contact, Incoming, PollNews, Upload, Vote

Download = Callable[[str, int], Awaitable[bytes]]
CHANNEL = "telegram"
_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)
_OUT = (ChatMemberStatus.KICKED, ChatMemberStatus.LEFT)


class Converter:
    """Knows who the bot is, `me`, and how to fetch a file, `download(file_id, limit)`."""

    def __init__(self, me: User, download: Download, now: Callable[[], datetime]) -> None:
        self._me = me
        self._download = download
        self._now = now
        self._mention = f"@{me.username or ''}".casefold()

    def message(self, update: int, message: Message, *, edited: bool = False) -> Incoming | None:
        """Return what a person said; None for service messages and senders without identity."""
        sender = _person(message)
        upload, contact = self._upload(message), _contact(message)
        raw = message.text or message.caption or ""
        group = message.chat.type in _GROUPS
        if sender is None or not (raw or upload or contact or (_spoken(message) and not group)):
            return None
        text, called = self._without_mention(raw, message.entities or message.caption_entities)
        return Incoming(
            channel=CHANNEL,
            update=str(update),
            account=str(sender.id),
            account_name=clean(sender.full_name),
            chat=str(message.chat.id),
            chat_title=_title(message.chat),
            group=group,
            thread=_thread(message),
            addressed=not group or called or self._answered(message),
            at=_moment(message, edited),
            text=clean(text),
            message=str(message.message_id),
            upload=upload,
            contact=contact,
            edited=edited,
        )

    def press(self, update: int, query: CallbackQuery) -> Incoming | None:
        """Return a pressed button; its message may be too old for Telegram to show (no date)."""
        message = query.message
        if query.data is None or message is None or query.from_user.is_bot:
            return None
        return Incoming(
            channel=CHANNEL,
            update=str(update),
            account=str(query.from_user.id),
            account_name=clean(query.from_user.full_name),
            chat=str(message.chat.id),
            chat_title=_title(message.chat),
            group=message.chat.type in _GROUPS,
            thread=_thread(message) if isinstance(message, Message) else None,
            at=self._now(),
            press=clean(query.data),
            message=str(message.message_id),
        )

    def vote(self, update: int, answer: PollAnswer) -> Vote | None:
        """Return what a person chose; None for a chat that votes: it is nobody."""
        voter = answer.user
        if voter is None or voter.is_bot or answer.voter_chat is not None:
            return None
        return Vote(
            channel=CHANNEL,
            update=str(update),
            account=str(voter.id),
            account_name=clean(voter.full_name),
            poll=answer.poll_id,
            places=tuple(answer.option_ids),
            at=self._now(),
        )

    def poll_news(self, update: int, poll: Poll) -> PollNews | None:
        """Return the words of a poll as we send them, not anonymous; None of any other."""
        if poll.type != PollType.QUIZ or poll.is_anonymous:
            return None
        options = tuple(option.text for option in poll.options)
        return PollNews(CHANNEL, str(update), poll.id, poll.question, options, self._now())

    def moved(self, update: int, message: Message) -> ChatEvent | None:
        """Return that a group became a supergroup, which both of the chats report."""
        old, new = message.chat.id, message.migrate_to_chat_id
        if message.migrate_from_chat_id is not None:
            old, new = message.migrate_from_chat_id, message.chat.id
        if new is None:
            return None
        return ChatEvent(
            CHANNEL, str(update), str(old), ChatChange.MOVED, message.date, moved_to=str(new)
        )

    def membership(self, update: int, change: ChatMemberUpdated) -> ChatEvent | None:
        """Return whether the bot can now be heard in a chat (blocked, kicked, added)."""
        if change.chat.type == ChatType.CHANNEL:
            return None
        member = change.new_chat_member
        heard = member.status not in _OUT
        if isinstance(member, ChatMemberRestricted):
            heard = member.is_member and member.can_send_messages
        reached = ChatChange.REACHABLE if heard else ChatChange.GONE
        return ChatEvent(CHANNEL, str(update), str(change.chat.id), reached, change.date)

    def _without_mention(self, text: str, entities: list[MessageEntity] | None) -> tuple[str, bool]:
        """Return `text` without our name, and whether it calls us, by name or by a command."""
        called, encoded = False, text.encode("utf-16-le", "surrogatepass")
        for entity in sorted(entities or (), key=lambda found: -found.offset):
            start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
            word = encoded[start:end].decode("utf-16-le", "replace")
            left = self._own_part(entity, word)
            if left is not None:
                called = True
                encoded = encoded[:start] + left.encode("utf-16-le") + encoded[end:]
        plain = encoded.decode("utf-16-le", "surrogatepass")
        return (re.sub(" {2,}", " ", plain).strip() if called else plain), called

    def _own_part(self, entity: MessageEntity, word: str) -> str | None:
        """Return what stays of an entity that calls us ("" of a name); None if it does not."""
        if entity.type == MessageEntityType.MENTION and word.casefold() == self._mention:
            return ""
        if entity.type == MessageEntityType.TEXT_MENTION and entity.user is not None:
            return "" if entity.user.id == self._me.id else None
        if entity.type == MessageEntityType.BOT_COMMAND and entity.offset == 0:
            command, at, name = word.partition("@")
            return command if not at or f"@{name}".casefold() == self._mention else None
        return None

    def _answered(self, message: Message) -> bool:
        """Tell whether `message` replies to one of ours; in a topic all "reply" to its start."""
        replied = message.reply_to_message
        if replied is None or replied.forum_topic_created is not None:
            return False
        return replied.from_user is not None and replied.from_user.id == self._me.id

    def _upload(self, message: Message) -> Upload | None:
        if message.document is not None:
            document = message.document
            name = clean(document.file_name or "file")
            return Upload(name, document.file_size, partial(self._download, document.file_id))
        if message.photo:
            photo = max(message.photo, key=lambda size: size.width * size.height)
            name = f"photo_{message.message_id}.jpg"
            return Upload(name, photo.file_size, partial(self._download, photo.file_id))
        return None


def _person(message: Message) -> User | None:
    """Return the human who wrote; None for a chat that speaks, a bot, a channel."""
    sender = message.from_user
    in_person = message.chat.type in (ChatType.PRIVATE, *_GROUPS) and message.sender_chat is None
    return sender if in_person and sender is not None and not sender.is_bot else None


def _contact(message: Message) -> Contact | None:
    """Return a shared number; only one's own carries one's own user id."""
    contact, sender = message.contact, message.from_user
    if contact is None or sender is None:
        return None
    return Contact(clean(contact.phone_number), own=contact.user_id == sender.id)


def _spoken(message: Message) -> bool:
    """Tell whether a message without words is still something that a person said."""
    said = (message.voice, message.audio, message.video, message.video_note, message.sticker)
    return any((*said, message.animation, message.location, message.poll))


def _thread(message: Message) -> str | None:
    """Return the topic; outside of topics the id only numbers a chain of replies."""
    topic = message.is_topic_message and message.message_thread_id is not None
    return str(message.message_thread_id) if topic else None


def _title(chat: Chat) -> str:
    return clean(chat.title or "")


def _moment(message: Message, edited: bool) -> datetime:
    if edited and message.edit_date:
        return datetime.fromtimestamp(message.edit_date, UTC)
    return message.date
