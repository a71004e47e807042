"""Telegram's updates in neutral words: who, where, what, and was it for us."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, User

from bot.channels.telegram.convert import Converter
from handlers.incoming import ChatChange, Incoming

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ME = User(id=12345, is_bot=True, first_name="Zhibu", username="ZhibuBot")
LI = {"id": 42, "is_bot": False, "first_name": "李", "last_name": "明"}
PRIVATE = {"id": 42, "type": "private", "first_name": "李"}
GROUP = {"id": -10042, "type": "supergroup", "title": "第一支部"}
fetched: list[tuple[str, int]] = []


async def download(file_id: str, limit: int) -> bytes:
    fetched.append((file_id, limit))
    return b"content"


CONVERTER = Converter(ME, download, lambda: NOW)


def message(text: str | None = None, **more: Any) -> Message:
    data: dict[str, Any] = {"message_id": 9, "date": 1_700_000_000, "chat": PRIVATE, "from": LI}
    if text is not None:
        data["text"] = text
    return Message.model_validate(data | more)


def heard(text: str | None = None, **more: Any) -> Incoming:
    incoming = CONVERTER.message(7, message(text, **more))
    assert incoming is not None
    return incoming


def entity(kind: str, text: str, word: str, **more: Any) -> dict[str, Any]:
    start = text.index(word)
    offset = len(text[:start].encode("utf-16-le")) // 2
    return {"type": kind, "offset": offset, "length": len(word.encode("utf-16-le")) // 2, **more}


def test_it_takes_a_private_text() -> None:
    incoming = heard("支委会多久开一次")
    assert incoming == Incoming(
        channel="telegram",
        update="7",
        account="42",
        account_name="李 明",
        chat="42",
        at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        text="支委会多久开一次",
        message="9",
    )


def test_it_passes_a_deep_link_on_as_text() -> None:
    assert heard("/start INVITE-1").text == "/start INVITE-1"


@pytest.mark.parametrize(
    ("text", "kind", "word", "expected"),
    [
        ("@ZhibuBot 党费怎么交", "mention", "@ZhibuBot", "党费怎么交"),
        ("😀 @zhibubot 党费怎么交", "mention", "@zhibubot", "😀 党费怎么交"),
        ("党费怎么交 @ZhibuBot", "mention", "@ZhibuBot", "党费怎么交"),
        ("/help@ZhibuBot 党费", "bot_command", "/help@ZhibuBot", "/help 党费"),
        ("/help 党费", "bot_command", "/help", "/help 党费"),
    ],
)
def test_in_a_group_it_is_addressed_by_name_and_by_command(
    text: str, kind: str, word: str, expected: str
) -> None:
    incoming = heard(text, chat=GROUP, entities=[entity(kind, text, word)])
    assert (incoming.addressed, incoming.text) == (True, expected)
    assert (incoming.group, incoming.chat_title) == (True, "第一支部")


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("/help@OtherBot 党费", "bot_command", "/help@OtherBot"),
        ("@ZhibuBotX 党费", "mention", "@ZhibuBotX"),
        ("写信给 a@ZhibuBot", "email", "a@ZhibuBot"),
        ("看看 /help 吧", "bot_command", "/help"),
        ("大家好 @ZhibuBot", "bold", "大家好"),
    ],
)
def test_in_a_group_it_is_not_addressed_by_what_looks_like_it(
    text: str, kind: str, word: str
) -> None:
    incoming = heard(text, chat=GROUP, entities=[entity(kind, text, word)])
    assert (incoming.addressed, incoming.text) == (False, text)


def test_it_is_addressed_by_a_mention_without_a_username() -> None:
    named = entity("text_mention", "Zhibu 你好", "Zhibu", user=ME.model_dump())
    assert heard("Zhibu 你好", chat=GROUP, entities=[named]).text == "你好"
    other = entity("text_mention", "李 你好", "李", user=LI)
    assert not heard("李 你好", chat=GROUP, entities=[other]).addressed


def test_it_is_addressed_by_a_reply_to_its_own_message_only() -> None:
    ours = {"message_id": 5, "date": 1, "chat": GROUP, "from": ME.model_dump(), "text": "问题"}
    theirs = ours | {"from": LI}
    assert heard("好", chat=GROUP, reply_to_message=ours).addressed
    assert not heard("好", chat=GROUP, reply_to_message=theirs).addressed


def test_every_message_of_a_topic_that_it_opened_is_not_a_reply_to_it() -> None:
    """In a topic Telegram says of each message that it replies to the topic's beginning."""
    start = {"message_id": 5, "date": 1, "chat": GROUP, "from": ME.model_dump()}
    start |= {"forum_topic_created": {"name": "学习", "icon_color": 1}}
    topic = {"message_thread_id": 5, "is_topic_message": True, "reply_to_message": start}
    incoming = heard("大家好", chat=GROUP, **topic)
    assert (incoming.addressed, incoming.thread) == (False, "5")


def test_a_chain_of_replies_is_no_topic() -> None:
    assert heard("好", chat=GROUP, message_thread_id=5).thread is None


def test_it_marks_an_edited_message_and_takes_the_time_of_the_edit() -> None:
    edited = CONVERTER.message(7, message("改了", edit_date=1_700_000_060), edited=True)
    assert edited is not None
    assert (edited.edited, edited.at.timestamp()) == (True, 1_700_000_060)


@pytest.mark.parametrize(("user", "own"), [(42, True), (43, False), (None, False)])
def test_a_shared_number_is_own_only_with_the_own_user_id(user: int | None, own: bool) -> None:
    contact = {"phone_number": "+8613800000000", "first_name": "李", "user_id": user}
    incoming = heard(contact={k: v for k, v in contact.items() if v is not None})
    assert incoming.contact is not None
    assert (incoming.contact.phone, incoming.contact.own) == ("+8613800000000", own)


async def test_it_offers_a_document_without_fetching_it() -> None:
    fetched.clear()
    document = {"file_id": "F", "file_unique_id": "u", "file_name": "../x.docx", "file_size": 5}
    incoming = heard(document=document, caption="导入")
    assert incoming.upload is not None
    assert (incoming.text, incoming.upload.name, incoming.upload.size) == ("导入", "../x.docx", 5)
    assert fetched == []
    assert await incoming.upload.fetch(100) == b"content"
    assert fetched == [("F", 100)]


async def test_it_offers_the_largest_size_of_a_photo() -> None:
    fetched.clear()
    sizes = [
        {"file_id": name, "file_unique_id": name, "width": side, "height": side}
        for name, side in (("S", 90), ("L", 1280), ("M", 320))
    ]
    upload = heard(photo=sizes).upload
    assert upload is not None
    await upload.fetch(100)
    assert fetched == [("L", 100)]


@pytest.mark.parametrize(
    "more",
    [
        {"sender_chat": GROUP, "chat": GROUP},  # an anonymous administrator
        {"sender_chat": {"id": -1, "type": "channel", "title": "频道"}, "chat": GROUP},
        {"from": LI | {"is_bot": True}, "chat": GROUP},
        {"from": None, "chat": GROUP},
        {"chat": {"id": -1, "type": "channel", "title": "频道"}},
    ],
)
def test_it_ignores_senders_without_a_personal_identity(more: dict[str, Any]) -> None:
    assert CONVERTER.message(7, message("好", **more)) is None


@pytest.mark.parametrize(
    "more",
    [
        {"new_chat_title": "新名"},
        {"new_chat_members": [LI]},
        {"delete_chat_photo": True},
        {"group_chat_created": True},
    ],
)
def test_it_ignores_service_messages(more: dict[str, Any]) -> None:
    assert CONVERTER.message(7, message(chat=GROUP, **more)) is None


def test_a_voice_message_is_heard_in_private_only() -> None:
    voice = {"file_id": "v", "file_unique_id": "v", "duration": 1}
    assert heard(voice=voice).text == ""
    assert CONVERTER.message(7, message(voice=voice, chat=GROUP)) is None


def test_it_replaces_what_no_store_takes() -> None:
    incoming = heard("甲\ud800乙\x00", **{"from": LI | {"first_name": "\udc00李"}})
    assert (incoming.text, incoming.account_name) == ("甲\ufffd乙\ufffd", "\ufffd李 明")


def test_an_entity_beyond_the_text_breaks_nothing() -> None:
    wild = {"type": "mention", "offset": 50, "length": 9}
    assert heard("短", chat=GROUP, entities=[wild]).text == "短"


def query(**more: Any) -> CallbackQuery:
    data: dict[str, Any] = {"id": "q", "from": LI, "chat_instance": "c", "data": "token"}
    data["message"] = message("旧", chat=GROUP).model_dump(mode="json", exclude_none=True)
    return CallbackQuery.model_validate(data | more)


def test_it_takes_a_pressed_button() -> None:
    incoming = CONVERTER.press(7, query())
    assert incoming is not None
    assert (incoming.press, incoming.message, incoming.chat) == ("token", "9", "-10042")
    assert (incoming.at, incoming.addressed, incoming.account) == (NOW, True, "42")


def test_it_takes_a_button_under_a_message_too_old_to_be_shown() -> None:
    old = {"chat": GROUP, "message_id": 3, "date": 0}
    incoming = CONVERTER.press(7, query(message=old))
    assert incoming is not None
    assert (incoming.message, incoming.thread) == ("3", None)


@pytest.mark.parametrize(
    "more", [{"data": None}, {"message": None}, {"from": LI | {"is_bot": True}}]
)
def test_it_ignores_a_press_that_is_none_of_ours(more: dict[str, Any]) -> None:
    assert CONVERTER.press(7, query(**more)) is None


def member(status: str, **more: Any) -> dict[str, Any]:
    rights = {"user": ME.model_dump(), "status": status, **more}
    if status == "kicked":
        rights["until_date"] = 0
    return rights


_RIGHTS = """
    send_messages send_audios send_documents send_photos send_videos send_video_notes
    send_voice_notes send_polls send_other_messages add_web_page_previews react_to_messages
    edit_tag change_info invite_users pin_messages manage_topics
"""
RESTRICTIONS: dict[str, Any] = {f"can_{right}": False for right in _RIGHTS.split()}
RESTRICTIONS |= {"is_member": True, "until_date": 0}


@pytest.mark.parametrize(
    ("new", "change"),
    [
        (member("kicked"), ChatChange.GONE),
        (member("left"), ChatChange.GONE),
        (member("restricted", **RESTRICTIONS), ChatChange.GONE),
        (member("member"), ChatChange.REACHABLE),
        (
            member("restricted", **RESTRICTIONS | {"can_send_messages": True}),
            ChatChange.REACHABLE,
        ),
    ],
)
def test_it_reports_whether_a_chat_can_be_reached(new: dict[str, Any], change: ChatChange) -> None:
    data = {"chat": GROUP, "from": LI, "date": 1_700_000_000, "old_chat_member": member("left")}
    event = CONVERTER.membership(
        7, ChatMemberUpdated.model_validate(data | {"new_chat_member": new})
    )
    assert event is not None
    assert (event.change, event.chat, event.update) == (change, "-10042", "7")


@pytest.mark.parametrize(
    ("chat", "more"),
    [(-5, {"migrate_to_chat_id": -1007}), (-1007, {"migrate_from_chat_id": -5})],
)
def test_it_reports_a_group_that_moved_whichever_chat_says_so(
    chat: int, more: dict[str, Any]
) -> None:
    event = CONVERTER.moved(7, message(chat=GROUP | {"id": chat}, **more))
    assert event is not None
    assert (event.chat, event.moved_to) == ("-5", "-1007")
    assert CONVERTER.moved(8, message("好")) is None
