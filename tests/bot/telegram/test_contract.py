"""What one Telegram library makes, the other parses: a check of both that costs nothing.

aiogram listens and python-telegram-bot speaks; a difference in how they read the Bot API
would show here first.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import telegram
from aiogram import methods, types
from aiogram.methods.base import TelegramMethod
from telegram import constants

from bot.channels.telegram import limits
from scheduler.channels import Address, Delivery, Posted
from scheduler.messages import Attachment, Button, Message, Poll, Quote
from tests.bot.telegram.conftest import Desk

USER = {"id": 42, "is_bot": False, "first_name": "李"}
BOT = {"id": 12345, "is_bot": True, "first_name": "Zhibu", "username": "ZhibuBot"}
GROUP = {"id": -1001234567890123, "type": "supergroup", "title": "第一支部"}
TEXT: dict[str, Any] = {
    "message_id": 9,
    "date": 1_700_000_000,
    "chat": GROUP,
    "from": USER,
    "text": "😀 @ZhibuBot 党费",
    "entities": [{"type": "mention", "offset": 3, "length": 9}],
}
MESSAGES: dict[str, dict[str, Any]] = {
    "text": TEXT,
    "topic": TEXT | {"message_thread_id": 5, "is_topic_message": True},
    "edited": TEXT | {"edit_date": 1_700_000_060},
    "reply": TEXT | {"reply_to_message": TEXT | {"message_id": 8, "from": BOT}},
    "document": TEXT
    | {"document": {"file_id": "F", "file_unique_id": "u", "file_name": "a.docx", "file_size": 5}},
    "photo": TEXT | {"photo": [{"file_id": "P", "file_unique_id": "u", "width": 90, "height": 60}]},
    "contact": TEXT
    | {"contact": {"phone_number": "+8613800000000", "first_name": "李", "user_id": 42}},
    "keyboard": TEXT
    | {"reply_markup": {"inline_keyboard": [[{"text": "好", "callback_data": "t"}]]}},
    "migration": TEXT | {"migrate_to_chat_id": -1007},
}
POLL: dict[str, Any] = {
    "id": "5",
    "question": "每日答题 3 · 1/5",
    "options": [
        {"text": "甲", "voter_count": 1, "persistent_id": "p0"},
        {"text": "乙", "voter_count": 0, "persistent_id": "p1"},
    ],
    "total_voter_count": 1,
    "is_closed": True,
    "is_anonymous": False,
    "type": "quiz",
    "allows_multiple_answers": True,
    "allows_revoting": False,
    "members_only": False,
    "correct_option_ids": [0, 1],
    "explanation": "见第三条",
    "open_period": 600,
}
VOTE: dict[str, Any] = {"poll_id": "5", "option_ids": [0], "option_persistent_ids": ["p0"]}
MESSAGES |= {
    "poll": {k: v for k, v in TEXT.items() if k not in ("text", "entities")} | {"poll": POLL},
    "reply to a poll": TEXT | {"reply_to_message": TEXT | {"poll": POLL, "from": BOT}},
}
UPDATES: dict[str, dict[str, Any]] = {
    "state of a poll": {"poll": POLL},
    "vote": {"poll_answer": VOTE | {"user": USER}},
    "vote of a chat": {"poll_answer": VOTE | {"voter_chat": GROUP}},
    "vote taken back": {
        "poll_answer": {"poll_id": "5", "option_ids": [], "option_persistent_ids": []}
        | {"user": USER}
    },
    "press": {"callback_query": {"id": "q", "from": USER, "chat_instance": "c", "data": "token"}},
    "press under a message": {
        "callback_query": {"id": "q", "from": USER, "chat_instance": "c", "data": "t"}
        | {"message": TEXT}
    },
    "press under an old message": {
        "callback_query": {"id": "q", "from": USER, "chat_instance": "c", "data": "t"}
        | {"message": {"chat": GROUP, "message_id": 3, "date": 0}}
    },
    "blocked": {
        "my_chat_member": {
            "chat": {"id": 42, "type": "private"},
            "from": USER,
            "date": 1_700_000_000,
            "old_chat_member": {"user": BOT, "status": "member"},
            "new_chat_member": {"user": BOT, "status": "kicked", "until_date": 0},
        }
    },
}
UPDATES |= {kind: {"message": message} for kind, message in MESSAGES.items()}


def by_aiogram(update: dict[str, Any]) -> dict[str, Any]:
    """Return what aiogram makes of `update`, as JSON again."""
    parsed = types.Update.model_validate(update)
    dumped: dict[str, Any] = json.loads(parsed.model_dump_json(exclude_none=True, by_alias=True))
    return dumped


def by_ptb(update: dict[str, Any]) -> dict[str, Any]:
    """Return what python-telegram-bot makes of `update`, as JSON again."""
    return telegram.Update.de_json(update, None).to_dict()


@pytest.mark.parametrize("kind", UPDATES)
def test_what_aiogram_writes_python_telegram_bot_reads_alike(kind: str) -> None:
    update = {"update_id": 7} | UPDATES[kind]
    straight = by_ptb(json.loads(json.dumps(update)))
    assert by_ptb(_with_seconds(by_aiogram(update))) == straight


# python-telegram-bot leaves an empty list out when it writes one, which it never does for us.
@pytest.mark.parametrize("kind", [kind for kind in UPDATES if kind != "vote taken back"])
def test_what_python_telegram_bot_writes_aiogram_reads_alike(kind: str) -> None:
    update = {"update_id": 7} | UPDATES[kind]
    through_ptb = by_aiogram(by_ptb(json.loads(json.dumps(update))))
    assert _without_false(through_ptb) == _without_false(by_aiogram(update))


def _with_seconds(value: Any) -> Any:
    """Turn aiogram's dates, which its JSON spells out, into the Bot API's seconds."""
    if isinstance(value, list):
        return [_with_seconds(item) for item in value]
    if not isinstance(value, dict):
        return value
    dates = {"date", "edit_date", "until_date"}
    return {
        key: _seconds(item) if key in dates and isinstance(item, str) else _with_seconds(item)
        for key, item in value.items()
    }


def _without_false(value: Any) -> Any:
    """Drop what is False or empty, which python-telegram-bot writes out and nobody sends."""
    if isinstance(value, list):
        return [_without_false(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_false(item)
        for key, item in value.items()
        if not (item is False or item == [])
    }


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


METHODS: dict[str, type[TelegramMethod[Any]]] = {
    "sendMessage": methods.SendMessage,
    "sendPhoto": methods.SendPhoto,
    "sendDocument": methods.SendDocument,
    "sendPoll": methods.SendPoll,
    "stopPoll": methods.StopPoll,
    "editMessageText": methods.EditMessageText,
    "editMessageReplyMarkup": methods.EditMessageReplyMarkup,
}


async def test_every_call_that_the_channel_makes_is_a_method_as_aiogram_knows_it(
    desk: Desk,
) -> None:
    """The parameters on the wire validate, and none is unknown."""
    chat = desk.api.private()
    desk.files[7] = b"content"
    keys = ((Button("好", "/ok", token="t1"),),)
    rich = Message("答案😀", quote=Quote("《甲条例》", "第三条", "2026"), buttons=keys)
    address = Address("telegram", str(chat.id), "7")
    first = str(await desk.channel.send(Delivery(1, address, rich, answers="5")))
    poll = Poll("谁？", ("甲", "乙"), (0, 1), multiple=True, explanation="都对", seconds=60)
    posted = await desk.channel.send(Delivery(9, address, Message("", poll=poll)))
    assert isinstance(posted, Posted)
    over = Message("", poll=replace(poll, closed=True))
    for number, (message, edits) in enumerate(
        [
            (Message("新", buttons=keys), first),
            (Message("", buttons=((Button("办", "/x", token="t2"),),)), first),
            (over, posted.message),
            (Message("号码", contact=True), None),
            (Message("图", attachment=Attachment(7, "a.png", "image/png")), None),
            (Message("文", attachment=Attachment(7, "a.pdf", "application/pdf")), None),
        ]
    ):
        await desk.channel.send(Delivery(2 + number, address, message, edits=edits))
    assert {call.method for call in desk.api.calls} == set(METHODS)
    for call in desk.api.calls:
        method = METHODS[call.method]
        assert set(call.parameters) <= set(method.model_fields)
        content = {k: v for k, v in call.parameters.items() if k not in ("photo", "document")}
        files = {k: "attach://f" for k in call.parameters if k in ("photo", "document")}
        made = method.model_validate(content | files)
        assert made.model_dump(exclude_none=True, exclude_defaults=True).keys() >= content.keys()


def test_the_limits_are_those_that_the_library_knows() -> None:
    known = {
        limits.TEXT: constants.MessageLimit.MAX_TEXT_LENGTH,
        limits.CAPTION: constants.MessageLimit.CAPTION_LENGTH,
        limits.CALLBACK_DATA: constants.InlineKeyboardButtonLimit.MAX_CALLBACK_DATA,
        limits.CALLBACK_NOTICE: constants.CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH,
        limits.BUTTONS: constants.InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER,
        limits.BUTTONS_IN_ROW: constants.InlineKeyboardMarkupLimit.BUTTONS_PER_ROW,
        limits.POLL_QUESTION: constants.PollLimit.MAX_QUESTION_LENGTH,
        limits.POLL_OPTION: constants.PollLimit.MAX_OPTION_LENGTH,
        limits.POLL_OPTIONS: constants.PollLimit.MAX_OPTION_NUMBER,
        limits.POLL_EXPLANATION: constants.PollLimit.MAX_EXPLANATION_LENGTH,
        limits.POLL_SECONDS[0]: constants.PollLimit.MIN_OPEN_PERIOD,
        limits.POLL_SECONDS[1]: constants.PollLimit.MAX_OPEN_PERIOD,
        limits.COMMANDS: constants.BotCommandLimit.MAX_COMMAND_NUMBER,
        limits.COMMAND_NAME: constants.BotCommandLimit.MAX_COMMAND,
        limits.COMMAND_HELP: constants.BotCommandLimit.MAX_DESCRIPTION,
        limits.WEBHOOK_SECRET: constants.WebhookLimit.MAX_SECRET_TOKEN_LENGTH,
        limits.PER_SECOND: constants.FloodLimit.MESSAGES_PER_SECOND,
        limits.GROUP_PER_MINUTE: constants.FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP,
        limits.DOWNLOAD_BYTES: constants.FileSizeLimit.FILESIZE_DOWNLOAD,
        limits.PHOTO_BYTES: constants.FileSizeLimit.PHOTOSIZE_UPLOAD,
    }
    assert {ours: int(theirs) for ours, theirs in known.items()} == {n: n for n in known}
