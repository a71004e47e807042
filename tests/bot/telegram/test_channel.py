"""Delivering a message through a real HTTP server, and what each refusal means."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import Any

import pytest

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.server import BotServer
from bot.channels.telegram.speaker import Speaker
from bot.channels.telegram.transport import AiohttpRequest
from scheduler.channels import Address, ChannelError, Delivery
from scheduler.messages import Attachment, Button, Figure, Message, Quote, Series, Table
from tests.bot.telegram import bot_api
from tests.bot.telegram.conftest import Clock, Desk, number

PNG = Attachment(7, "图.png", "image/png")


def to(chat: int, message: Message | str, **more: Any) -> Delivery:
    said = Message(message) if isinstance(message, str) else message
    thread = more.pop("thread", None)
    return Delivery(more.pop("id", 1), Address("telegram", str(chat), thread), message=said, **more)


def press(label: str = "好", token: str = "t1") -> tuple[tuple[Button, ...], ...]:
    return ((Button(label, "/ok", token=token),),)


async def failed(desk: Desk, delivery: Delivery) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await desk.channel.send(delivery)
    return caught.value


async def test_it_sends_a_text_and_returns_the_id_of_the_message(desk: Desk) -> None:
    chat = desk.api.private()
    sent = await desk.channel.send(to(chat.id, "支委会一般每月召开一次。"))
    assert chat.messages[number(sent)]["text"] == "支委会一般每月召开一次。"


async def test_it_sends_nothing_that_has_its_default_value(desk: Desk) -> None:
    """Some self-hosted Bot API servers refuse parameters that they do not know."""
    desk.api.private()
    await desk.channel.send(to(42, "好"))
    assert desk.api.calls[0].parameters == {"chat_id": 42, "text": "好"}


@pytest.mark.parametrize("name", ["<b>", "</a>", "_*[", "&lt;", "\u202e甲", "👩‍👩‍👧", "`x`"])
async def test_it_shows_markup_in_names_literally(desk: Desk, name: str) -> None:
    chat = desk.api.private()
    sent = await desk.channel.send(to(42, Message(f"{name}：已提交", quote=Quote(name))))
    message = chat.messages[number(sent)]
    assert message["text"] == f"{name}：已提交\n\n{name}"
    assert "parse_mode" not in desk.api.calls[0].parameters


async def test_it_shows_the_source_as_a_quotation(desk: Desk) -> None:
    chat = desk.api.private()
    quote = Quote("《甲条例》", "第三条", "2026")
    sent = await desk.channel.send(to(42, Message("🚩要点", quote=quote)))
    message = chat.messages[number(sent)]
    # The flag is two UTF-16 units, so the quotation begins at 2 + 2 + 2.
    assert message["entities"] == [{"type": "blockquote", "offset": 6, "length": len(quote.line())}]


async def test_it_puts_buttons_under_the_message_that_send_only_their_token(desk: Desk) -> None:
    chat = desk.api.private()
    sent = await desk.channel.send(to(42, Message("完成了吗？", buttons=press())))
    keyboard = chat.messages[number(sent)]["reply_markup"]["inline_keyboard"]
    assert keyboard == [[{"text": "好", "callback_data": "t1"}]]


@pytest.mark.parametrize("token", ["", "x" * 65, "令" * 22])
async def test_it_refuses_a_token_that_is_no_callback_data(desk: Desk, token: str) -> None:
    desk.api.private()
    error = await failed(desk, to(42, Message("好", buttons=press(token=token))))
    assert error.permanent
    assert desk.api.calls == []


async def test_it_cuts_a_long_text_and_puts_the_buttons_under_the_last_part(desk: Desk) -> None:
    chat = desk.api.private()
    text = "第一段。\n\n" + "这是一句很长的话。" * 900
    sent = await desk.channel.send(to(42, Message(text, buttons=press()), answers="5"))
    messages = list(chat.messages.values())
    assert "".join(m["text"] for m in messages).replace("\n", "") == text.replace("\n", "")
    assert [("reply_markup" in m) for m in messages] == [False] * (len(messages) - 1) + [True]
    assert ["reply_parameters" in c.parameters for c in desk.api.calls][:2] == [True, False]
    assert number(sent) == messages[-1]["message_id"]


async def test_it_goes_on_behind_the_parts_that_went_out(desk: Desk) -> None:
    """The second attempt of the outbox must not repeat the first part."""
    chat = desk.api.private()
    delivery = to(42, "甲" * 4096 + "乙" * 100)
    desk.api.fail("sendMessage", None, bot_api.refusal(502, "Bad Gateway"))
    assert not (await failed(desk, delivery)).permanent
    await desk.channel.send(delivery)
    assert [m["text"] for m in chat.messages.values()] == ["甲" * 4096, "乙" * 100]


async def test_it_answers_in_the_topic_and_to_the_message(desk: Desk) -> None:
    desk.api.group()
    await desk.channel.send(to(-10042, "好", thread="7", answers="900"))
    call = desk.api.calls[0]
    assert call["message_thread_id"] == 7
    assert call["reply_parameters"] == {"message_id": 900, "allow_sending_without_reply": True}


async def test_it_sends_a_picture_with_its_caption(desk: Desk) -> None:
    chat = desk.api.private()
    desk.files[7] = b"picture"
    sent = await desk.channel.send(to(42, Message("本月", attachment=PNG, buttons=press())))
    message = chat.messages[number(sent)]
    assert (message["caption"], "photo" in message) == ("本月", True)
    assert desk.api.calls[0]["photo"] == ("图.png", b"picture")


async def test_it_sends_a_figure_as_a_photo_that_it_draws(desk: Desk) -> None:
    chat = desk.api.private()
    figure = Figure("累计学时", ("1月", "2月"), (Series("累计学时", (1, 2)),), unit="学时")
    sent = await desk.channel.send(to(42, Message("我的学习", figure=figure, buttons=press())))
    message = chat.messages[number(sent)]
    assert (message["caption"], "photo" in message) == ("我的学习", True)
    name, content = desk.api.calls[0]["photo"]
    assert name == "图.png"
    assert content.startswith(b"\x89PNG")


async def test_it_sends_a_long_text_behind_its_picture(desk: Desk) -> None:
    chat = desk.api.private()
    desk.files[7] = b"picture"
    await desk.channel.send(to(42, Message("字" * 1025, attachment=PNG, buttons=press())))
    picture, text = chat.messages.values()
    assert (picture["caption"], text["text"]) == ("", "字" * 1025)
    assert ("reply_markup" in picture, "reply_markup" in text) == (False, True)


async def test_it_sends_a_picture_that_is_no_photo_for_telegram_as_a_file(desk: Desk) -> None:
    chat = desk.api.private()
    desk.files[7] = b"picture"
    desk.api.fail("sendPhoto", bot_api.refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"))
    sent = await desk.channel.send(to(42, Message("本月", attachment=PNG)))
    assert "document" in chat.messages[number(sent)]


async def test_it_sends_other_files_under_a_safe_name(desk: Desk) -> None:
    desk.api.private()
    desk.files[8] = b"text"
    await desk.channel.send(
        to(42, Message("", attachment=Attachment(8, '../"a\r\nb.txt', "text/plain")))
    )
    assert desk.api.calls[0]["document"] == ("__ab.txt", b"text")


async def test_it_gives_up_on_a_file_that_is_gone(desk: Desk) -> None:
    desk.api.private()
    assert (await failed(desk, to(42, Message("本月", attachment=PNG)))).permanent


async def test_it_shows_a_small_table_as_aligned_text(desk: Desk) -> None:
    chat = desk.api.private()
    table = Table((("支部", "完成率"), ("第一支部", "9%"), ("二", "100%")))
    sent = await desk.channel.send(to(42, Message("本月：", table=table)))
    message = chat.messages[number(sent)]
    assert message["text"] == "本月：\n\n支部      完成率\n第一支部  9%\n二        100%"
    assert message["entities"][0]["type"] == "pre"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("台账-第三党支部-2026", "台账-第三党支部-2026.xlsx"),
        ("台账-../a:b\n-2026", "台账-.._a_b-2026.xlsx"),
        ("", "表格.xlsx"),
    ],
)
async def test_it_sends_a_large_table_as_a_spreadsheet(desk: Desk, title: str, name: str) -> None:
    desk.api.private()
    table = Table(tuple((f"支部{n}", "=1+1") for n in range(40)), title)
    await desk.channel.send(to(42, Message("本月", table=table)))
    shown, content = desk.api.calls[0]["document"]
    assert (shown, content[:2]) == (name, b"PK")


async def test_it_asks_for_the_phone_number_in_a_private_chat_only(desk: Desk) -> None:
    desk.api.private()
    desk.api.group()
    await desk.channel.send(to(42, Message("请核实身份", contact=True)))
    await desk.channel.send(to(-10042, Message("请核实身份", contact=True), id=2))
    private, group = desk.api.calls
    assert private["reply_markup"]["keyboard"][0][0]["request_contact"] is True
    assert "reply_markup" not in group.parameters


async def test_it_asks_for_the_number_in_a_message_of_its_own_beside_buttons(desk: Desk) -> None:
    desk.api.private()
    await desk.channel.send(to(42, Message("请核实身份", contact=True, buttons=press())))
    first, second = desk.api.calls
    assert "inline_keyboard" in first["reply_markup"]
    assert "keyboard" in second["reply_markup"]


# Edits


async def test_it_edits_in_place_and_takes_the_buttons_away(desk: Desk) -> None:
    chat = desk.api.private()
    first = await desk.channel.send(to(42, Message("完成了吗？", buttons=press())))
    again = await desk.channel.send(to(42, "已完成。", edits=first, id=2))
    assert again == first
    assert chat.messages[number(first)]["text"] == "已完成。"
    assert "reply_markup" not in chat.messages[number(first)]


async def test_it_changes_the_buttons_alone(desk: Desk) -> None:
    chat = desk.api.private()
    first = await desk.channel.send(to(42, Message("完成了吗？", buttons=press())))
    new = Message("", buttons=press("已办", "t2"))
    assert await desk.channel.send(to(42, new, edits=first, id=2)) == first
    message = chat.messages[number(first)]
    assert message["text"] == "完成了吗？"
    assert message["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "t2"


async def test_it_takes_an_edit_without_a_change_for_done(desk: Desk) -> None:
    """Fault 30."""
    desk.api.private()
    first = await desk.channel.send(to(42, "好"))
    assert await desk.channel.send(to(42, "好", edits=first, id=2)) == first


async def test_it_sends_anew_what_cannot_be_edited(desk: Desk) -> None:
    """Fault 30."""
    chat = desk.api.private()
    theirs = desk.api.message("他人的话")["message_id"]
    gone = await desk.channel.send(to(42, "新的", edits="77"))
    not_ours = await desk.channel.send(to(42, "新的", edits=str(theirs), id=2))
    assert [chat.messages[number(m)]["text"] for m in (gone, not_ours)] == ["新的", "新的"]


# Refusals


@pytest.mark.parametrize(
    "description",
    [
        "Forbidden: bot was blocked by the user",
        "Forbidden: user is deactivated",
        "Forbidden: bot was kicked from the supergroup chat",
        "Forbidden: bot can't initiate conversation with a user",
    ],
)
async def test_it_reports_a_chat_that_is_gone(desk: Desk, description: str) -> None:
    """Fault 28."""
    desk.api.private()
    desk.api.fail("sendMessage", bot_api.refusal(403, description))
    error = await failed(desk, to(42, "好"))
    assert error.gone
    assert error.permanent


async def test_it_reports_a_chat_that_never_was(desk: Desk) -> None:
    assert (await failed(desk, to(4711, "好"))).gone


async def test_it_reports_where_a_group_has_moved(desk: Desk) -> None:
    """Fault 29."""
    desk.api.group(-5)
    moved = bot_api.refusal(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        migrate_to_chat_id=-1001234567890123,
    )
    desk.api.fail("sendMessage", moved)
    error = await failed(desk, to(-5, "好"))
    assert (error.moved_to, error.permanent) == ("-1001234567890123", False)


async def test_it_passes_on_how_long_to_wait_and_leaves_only_that_chat_alone(desk: Desk) -> None:
    """Fault 26."""
    for chat in (42, 43):
        desk.api.private(chat)
    desk.api.fail("sendMessage", bot_api.too_many(30))
    assert (await failed(desk, to(42, "好"))).retry_after == 30
    assert await desk.channel.send(to(43, "好", id=2))
    again = await failed(desk, to(42, "好", id=3))
    assert 25 < again.retry_after <= 30
    assert len(desk.api.made("sendMessage")) == 2


async def test_it_gives_up_on_any_other_bad_request(desk: Desk) -> None:
    desk.api.private()
    desk.api.fail("sendMessage", bot_api.refusal(400, "Bad Request: can't parse entities"))
    error = await failed(desk, to(42, "好"))
    assert (error.permanent, error.gone) == (True, False)


@pytest.mark.parametrize(
    "fault",
    [
        bot_api.refusal(500, "Internal Server Error"),
        bot_api.refusal(502, "Bad Gateway"),
        bot_api.refusal(500, "Internal Server Error", status=200),
        bot_api.raw(200, b"<html>sign in to the network</html>"),
        bot_api.raw(403, b"<html>blocked by the firewall</html>"),
        bot_api.raw(401, b"<html>proxy authentication</html>"),
        bot_api.raw(302, b""),
        bot_api.raw(200, b'{"ok": true}', "application/json"),
        bot_api.raw(200, b"[1, 2]", "application/json"),
        bot_api.raw(200, b"[" * 100_000, "application/json"),
        bot_api.raw(200, b'{"ok": true, "result": "' + b"x" * 9_000_000, "application/json"),
        bot_api.reset(),
        bot_api.half(),
    ],
    ids=lambda fault: fault.__qualname__.split(".")[0],
)
async def test_it_leaves_a_doubtful_answer_to_the_outbox(desk: Desk, fault: bot_api.Fault) -> None:
    """Fault 27. The message may have gone out: it is not repeated here, and not given up either."""
    desk.api.private()
    desk.api.fail("sendMessage", fault)
    error = await failed(desk, to(42, "好"))
    assert (error.permanent, error.retry_after, error.doubtful) == (False, 0, True)
    assert len(desk.api.made("sendMessage")) == 1
    assert desk.alarms == []


async def test_it_hangs_up_on_an_answer_without_end(desk: Desk) -> None:
    """Fault 27."""
    desk.api.private()
    written: list[int] = []
    desk.api.fail("sendMessage", bot_api.endless(written))
    assert not (await failed(desk, to(42, "好"))).permanent
    assert written[0] < 100_000_000


async def test_it_does_not_repeat_a_message_whose_answer_it_cannot_read(desk: Desk) -> None:
    """`ok: true` means that the message is out, whatever the rest looks like."""
    desk.api.private()
    desk.api.fail("sendMessage", bot_api.raw(200, b'{"ok": true, "result": {"x": 1}}'))
    assert await desk.channel.send(to(42, "好")) is None


async def test_it_gives_up_waiting_for_a_server_that_never_answers(api: bot_api.BotApi) -> None:
    """Fault 5."""
    api.private()
    released = asyncio.Event()
    api.fail("sendMessage", bot_api.hang(released))
    speaker = Speaker(
        BotServer(bot_api.TOKEN, api.base),
        on_alarm=print,
        request=AiohttpRequest(seconds=0.2),
    )
    await speaker.open()
    with pytest.raises(ChannelError) as caught:
        await TelegramChannel(speaker, _no_file).send(to(42, "好"))
    released.set()
    await speaker.close()
    assert not caught.value.permanent


async def test_a_connection_without_valid_encryption_carries_nothing(api: bot_api.BotApi) -> None:
    """Fault 27: the server speaks no TLS; the message did not leave and may go again."""
    clock = Clock()
    speaker = Speaker(
        BotServer(bot_api.TOKEN, api.base.replace("http:", "https:")),
        on_alarm=print,
        request=AiohttpRequest(seconds=2),
        clock=clock,
        sleep=clock.sleep,
    )
    await speaker.open()
    with pytest.raises(ChannelError) as caught:
        await TelegramChannel(speaker, _no_file).send(to(42, "好"))
    await speaker.close()
    assert (caught.value.permanent, caught.value.doubtful) == (False, False)
    assert api.made("sendMessage") == []


async def _no_file(number: int) -> bytes:
    raise LookupError(number)


async def test_it_tries_again_at_once_only_when_the_server_was_not_reached(desk: Desk) -> None:
    desk.api.private()
    await desk.api.close()
    error = await failed(desk, to(42, "好"))
    assert not error.permanent
    tries_apart = [seconds for seconds in desk.clock.slept if seconds >= 0.2]
    assert len(tries_apart) == 2


async def test_it_pauses_and_raises_one_alarm_when_the_token_is_revoked(desk: Desk) -> None:
    desk.api.private()
    desk.api.fail("sendMessage", *[bot_api.refusal(401, "Unauthorized")] * 2)
    first = await failed(desk, to(42, "好"))
    second = await failed(desk, to(42, "好"))
    assert (first.permanent, first.retry_after, second.retry_after) == (False, 60, 60)
    assert len(desk.api.calls) == 1

    desk.clock.now += 61
    assert (await failed(desk, to(42, "好"))).retry_after == 120
    assert len(desk.alarms) == 1

    desk.clock.now += 121
    assert await desk.channel.send(to(42, "好"))


async def test_it_names_the_token_in_no_error_and_no_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    desk.api.private()
    faults = [bot_api.refusal(401, "Unauthorized"), bot_api.raw(200, b"x"), bot_api.reset()]
    seen = []
    for fault in faults:
        desk.api.fail("sendMessage", fault)
        seen += traceback.format_exception(await failed(desk, to(42, "好")))
        desk.clock.now += 1000
    await desk.api.close()
    seen += traceback.format_exception(await failed(desk, to(42, "好")))
    secret = bot_api.TOKEN.split(":")[1]
    assert secret not in "".join([*seen, caplog.text, *desk.alarms])


async def test_it_refuses_an_empty_message_and_an_address_that_is_no_chat(desk: Desk) -> None:
    desk.api.private()
    assert (await failed(desk, to(42, " \n "))).permanent
    strange = Delivery(1, Address("telegram", "nobody"), Message("好"))
    assert (await failed(desk, strange)).permanent


async def test_it_replaces_what_telegram_cannot_carry(desk: Desk) -> None:
    chat = desk.api.private()
    sent = await desk.channel.send(to(42, "甲\ud800乙\x00丙"))
    assert chat.messages[number(sent)]["text"] == "甲\ufffd乙\ufffd丙"
