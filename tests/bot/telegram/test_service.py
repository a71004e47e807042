"""Listening and speaking together, over HTTP: polling, webhook, faults of either side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.channels.telegram import intake
from bot.channels.telegram.service import TelegramService
from bot.channels.telegram.settings import TelegramSettings
from handlers.incoming import ChatChange, Incoming, UploadTooLarge
from scheduler.channels import Address, ChannelError, Delivery
from scheduler.messages import Message
from tests.bot.telegram import bot_api
from tests.bot.telegram.bot_api import TOKEN, BotApi
from tests.bot.telegram.conftest import Conversation, number

SECRET = "S3cret-of-the-webhook"
DEADLINE = 10.0
ON_DISK = bot_api.raw(
    200, b'{"ok": true, "result": {"file_id": "F", "file_unique_id": "u", "file_path": "/etc/x"}}'
)


class Running:
    """A service at work, and what it said to the administrator."""

    def __init__(self, service: TelegramService, alarms: list[str], slept: list[float]) -> None:
        self.service = service
        self.alarms = alarms
        self.slept = slept


@asynccontextmanager
async def running(
    api: BotApi, conversation: Conversation, *, token: str = TOKEN, webhook: bool = False
) -> AsyncIterator[Running]:
    """Run a service whose waiting between tries takes no time."""
    alarms, slept = list[str](), list[float]()

    async def no_file(number: int) -> bytes:
        raise LookupError(number)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0.005)

    public = "http://127.0.0.1/hook" if webhook else ""
    service = TelegramService(
        TelegramSettings(token, api.base, webhook=public, port=0, secret=SECRET),
        conversation,
        read_file=no_file,
        on_alarm=alarms.append,
        sleep=sleep,
        poll_seconds=1,
    )
    await service.start()
    try:
        yield Running(service, alarms, slept)
    finally:
        await service.stop()


async def until(condition: Callable[[], Any]) -> None:
    """Wait for what the other side does, in real time since it is real HTTP."""
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110 - the other side of a socket sets no Event
            await asyncio.sleep(0.005)


async def ready(api: BotApi) -> None:
    await until(lambda: api.webhook or api.made("getUpdates"))


def press(api: BotApi, number: str = "q1", **more: Any) -> dict[str, Any]:
    api.presses.add(number)
    query = {"id": number, "from": api.user(), "chat_instance": "c", "data": "token"}
    return query | {"message": api.message("旧")} | more


# Polling


async def test_it_hears_what_is_said_and_answers(api: BotApi) -> None:
    conversation = Conversation()
    async with running(api, conversation) as run:
        api.push(message=api.message("支委会多久开一次"))
        await until(lambda: conversation.heard)
        incoming = conversation.heard[0]
        address = Address("telegram", incoming.chat, incoming.thread)
        sent = await run.service.channel.send(Delivery(1, address, Message("每月一次。")))
    assert api.private().messages[number(sent)]["text"] == "每月一次。"


async def test_it_confirms_an_update_only_after_it_was_handled(api: BotApi) -> None:
    """A crash in between must bring the update again."""
    go_on, started = asyncio.Event(), asyncio.Event()

    async def slow(incoming: Incoming) -> str:
        started.set()
        await go_on.wait()
        return ""

    conversation = Conversation(react=slow)
    async with running(api, conversation):
        number = api.push(message=api.message("慢"))
        await asyncio.wait_for(started.wait(), DEADLINE)
        assert api.confirmed <= number
        go_on.set()
        await until(lambda: api.confirmed == number + 1)
    assert len(conversation.heard) == 1


async def test_it_is_given_again_what_was_not_taken(api: BotApi) -> None:
    tries: list[str] = []

    async def failing_twice(incoming: Incoming) -> str:
        tries.append(incoming.text)
        if len(tries) < 3:
            raise OSError("the store is away")
        return ""

    conversation = Conversation(react=failing_twice)
    async with running(api, conversation):
        number = api.push(message=api.message("甲"))
        await until(lambda: api.confirmed == number + 1)
    assert tries == ["甲"] * 3
    assert [i.update for i in conversation.heard] == [str(number)]


async def test_one_poisonous_update_blocks_neither_others_nor_itself_for_good(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    async def poisoned(incoming: Incoming) -> str:
        if incoming.text == "毒":
            raise RuntimeError("毒 in the text of an exception")
        return ""

    conversation = Conversation(react=poisoned)
    async with running(api, conversation):
        await ready(api)
        api.push(message=api.message("毒"))
        last = api.push(message=api.message("好", chat=api.private(43)))
        await until(lambda: api.confirmed == last + 1)
    assert [i.text for i in conversation.heard] == ["好"]
    assert "passed over after 5" in caplog.text
    assert "毒" not in caplog.text


async def test_it_keeps_trying_while_nothing_at_all_succeeds(api: BotApi) -> None:
    """With the store away every update fails; none of them is to blame."""
    tries = 0

    async def away(incoming: Incoming) -> str:
        nonlocal tries
        tries += 1
        if tries <= 3 * intake.OWN_FAULT_TRIES:
            raise OSError
        return ""

    conversation = Conversation(react=away)
    async with running(api, conversation):
        for _ in range(3):
            api.push(message=api.message("甲"))
        await until(lambda: len(conversation.heard) == 3)
    assert len({i.update for i in conversation.heard}) == 3


async def test_it_passes_over_an_update_that_no_type_fits(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    """aiogram parses a batch as a whole: one strange update would hold up all for good."""
    conversation = Conversation()
    async with running(api, conversation):
        api.push(message={"message_id": "strange"})
        api.push(a_kind_of_tomorrow={"x": 1})
        api.push(message=api.message("甲\ud800"))
        await until(lambda: conversation.heard)
    assert conversation.heard[0].text == "甲\ufffd"
    assert "does not fit" in caplog.text
    assert "strange" not in caplog.text


async def test_it_keeps_the_order_within_a_chat_and_mixes_chats(api: BotApi) -> None:
    first_waits = asyncio.Event()

    async def slow_first(incoming: Incoming) -> str:
        if incoming.text == "a1":
            await first_waits.wait()
        if incoming.text == "b2":
            first_waits.set()
        return ""

    conversation = Conversation(react=slow_first)
    async with running(api, conversation):
        for text, chat in (("a1", 1), ("a2", 1), ("b1", 2), ("b2", 2)):
            api.push(message=api.message(text, chat=api.private(chat)))
        await until(lambda: len(conversation.heard) == 4)
    assert [i.text for i in conversation.heard] == ["b1", "b2", "a1", "a2"]


async def test_it_survives_whatever_the_server_answers(api: BotApi) -> None:
    conversation, written = Conversation(), list[int]()
    async with running(api, conversation) as run:
        api.fail(
            "getUpdates",
            bot_api.refusal(502, "Bad Gateway"),
            bot_api.raw(200, b"<html>"),
            bot_api.raw(200, b'{"ok": true, "result": "none"}'),
            bot_api.endless(written),
            bot_api.half(),
            bot_api.reset(),
            bot_api.too_many(7),
        )
        api.push(message=api.message("甲"))
        await until(lambda: conversation.heard)
    assert 7.0 in run.slept
    assert run.alarms == []
    assert written[0] < 200_000_000


async def test_it_tells_once_of_a_second_poller_and_goes_on(api: BotApi) -> None:
    conflict = bot_api.refusal(409, "Conflict: terminated by other getUpdates request")
    conversation = Conversation()
    async with running(api, conversation) as run:
        api.fail("getUpdates", conflict, conflict, conflict)
        await until(lambda: len(run.slept) >= 3)
        api.push(message=api.message("不是新闻"))
        await until(lambda: conversation.heard)
        api.fail("getUpdates", conflict)
        conversation.heard.clear()
        api.push(message=api.message("甲"))
        await until(lambda: conversation.heard)
        assert len(run.alarms) == 1
    assert "409" in run.alarms[0]
    assert run.slept[0] < run.slept[2]


async def test_it_stops_listening_and_says_so_when_the_token_is_refused(api: BotApi) -> None:
    async with running(api, Conversation(), token="99999:Wrong_token") as run:
        await until(lambda: run.alarms)
    assert "token" in run.alarms[0]
    assert "Wrong_token" not in "".join(run.alarms)


async def test_it_stops_listening_when_the_token_is_revoked_while_polling(api: BotApi) -> None:
    async with running(api, Conversation()) as run:
        await ready(api)
        api.fail("getUpdates", bot_api.refusal(401, "Unauthorized"))
        await until(lambda: run.alarms)
        polls = len(api.made("getUpdates"))
        await asyncio.sleep(0.05)
        assert len(api.made("getUpdates")) == polls


async def test_it_waits_for_a_server_that_is_not_there_yet(api: BotApi) -> None:
    api.fail("getMe", bot_api.refusal(502, "Bad Gateway"), bot_api.reset())
    conversation = Conversation()
    async with running(api, conversation):
        api.push(message=api.message("甲"))
        await until(lambda: conversation.heard)


async def test_it_takes_down_a_webhook_before_it_polls(api: BotApi) -> None:
    api.webhook = {"url": "https://old.example.org"}
    async with running(api, Conversation()):
        await until(lambda: api.made("getUpdates"))
    assert api.webhook == {}


async def test_it_polls_at_a_server_that_knows_no_webhooks(api: BotApi) -> None:
    api.unknown_methods |= {"deleteWebhook", "setMyCommands", "sendChatAction"}
    conversation = Conversation()
    async with running(api, conversation) as run:
        api.push(message=api.message("甲"))
        await until(lambda: conversation.heard)
    assert run.alarms == []


async def test_it_finishes_and_confirms_what_it_handles_when_it_stops(api: BotApi) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(incoming: Incoming) -> str:
        started.set()
        await go_on.wait()
        return ""

    conversation = Conversation(react=slow)
    async with running(api, conversation) as run:
        number = api.push(message=api.message("慢"))
        await asyncio.wait_for(started.wait(), DEADLINE)
        stopping = asyncio.create_task(run.service.stop())
        await asyncio.sleep(0.02)
        go_on.set()
        await stopping
    assert len(conversation.heard) == 1
    assert api.confirmed == number + 1


async def test_it_asks_only_for_the_kinds_of_updates_that_it_handles(api: BotApi) -> None:
    async with running(api, Conversation()):
        await ready(api)
    asked = api.made("getUpdates")[0]["allowed_updates"]
    kinds = ["message", "edited_message", "callback_query", "my_chat_member", "poll", "poll_answer"]
    assert sorted(asked) == sorted(kinds)


# What belongs to a conversation


async def test_it_shows_typing_while_an_answer_is_made_for_who_asked(api: BotApi) -> None:
    group = api.group()
    conversation = Conversation()
    async with running(api, conversation):
        api.push(message=api.message("大家好", chat=group))
        api.push(message=api.message("问题"))
        await until(lambda: len(conversation.heard) == 2 and api.made("sendChatAction"))
    assert [c["chat_id"] for c in api.made("sendChatAction")] == [42]


async def test_a_typing_hint_that_fails_or_hangs_holds_nothing_up(api: BotApi) -> None:
    released = asyncio.Event()
    api.fail("sendChatAction", bot_api.hang(released))
    conversation = Conversation()
    async with running(api, conversation):
        api.push(message=api.message("问题"))
        await until(lambda: conversation.heard)
        released.set()


async def test_it_acknowledges_a_press_with_the_notice(api: BotApi) -> None:
    async def react(incoming: Incoming) -> str:
        return "已" * 300

    conversation = Conversation(react=react)
    async with running(api, conversation):
        api.push(callback_query=press(api))
        await until(lambda: api.made("answerCallbackQuery"))
    call = api.made("answerCallbackQuery")[0]
    assert call.parameters == {"callback_query_id": "q1", "text": "已" * 199 + "…"}


async def test_a_press_that_is_too_old_to_acknowledge_is_still_taken(api: BotApi) -> None:
    conversation = Conversation()
    async with running(api, conversation):
        old = {"chat": {"id": 42, "type": "private"}, "message_id": 3, "date": 0}
        number = api.push(callback_query=press(api, message=old))
        api.presses.clear()
        await until(lambda: api.confirmed == number + 1 and api.made("answerCallbackQuery"))
    assert conversation.heard[0].press == "token"


async def test_it_reports_blocking_and_moving(api: BotApi) -> None:
    kicked = {"user": bot_api.BOT, "status": "kicked", "until_date": 0}
    member = {"user": bot_api.BOT, "status": "member"}
    blocked = {"chat": {"id": 42, "type": "private"}, "from": api.user(), "date": 1}
    conversation = Conversation()
    async with running(api, conversation):
        api.push(my_chat_member=blocked | {"old_chat_member": member, "new_chat_member": kicked})
        api.push(message=api.message(chat=api.group(-5), migrate_to_chat_id=-1007))
        await until(lambda: len(conversation.events) == 2)
    gone, moved = sorted(conversation.events, key=lambda event: event.update)
    assert (gone.change, gone.chat) == (ChatChange.GONE, "42")
    assert (moved.change, moved.chat, moved.moved_to) == (ChatChange.MOVED, "-5", "-1007")
    assert conversation.heard == []


async def test_it_lists_the_commands_of_the_role_and_again_only_when_they_change(
    api: BotApi,
) -> None:
    conversation = Conversation(listed={"": [("help", "帮助")], "42": [("duty", "任务")]})
    async with running(api, conversation):
        api.push(message=api.message("甲"))
        await until(lambda: len(api.made("setMyCommands")) == 2)
        api.push(message=api.message("乙"))
        await until(lambda: len(conversation.heard) == 2)
    everybody, own = sorted(api.made("setMyCommands"), key=lambda call: "scope" in call.parameters)
    assert everybody["commands"] == [{"command": "help", "description": "帮助"}]
    assert own["commands"] == [{"command": "duty", "description": "任务"}]
    assert own["scope"] == {"type": "chat", "chat_id": 42}


async def test_it_fetches_an_upload_only_when_asked_and_only_up_to_the_limit(api: BotApi) -> None:
    api.files["documents/第 1 号.docx"] = ("F", b"x" * 1000)
    document = {"file_id": "F", "file_unique_id": "u", "file_name": "a.docx", "file_size": 1000}
    conversation = Conversation()
    async with running(api, conversation):
        api.push(message=api.message(document=document))
        await until(lambda: conversation.heard)
        assert api.made("getFile") == []
        upload = conversation.heard[0].upload
        assert upload is not None
        assert await upload.fetch(1000) == b"x" * 1000
        with pytest.raises(UploadTooLarge):
            await upload.fetch(999)


@pytest.mark.parametrize(
    ("method", "fault", "kind", "words"),
    [
        (
            "getFile",
            bot_api.refusal(400, "Bad Request: file is too big"),
            UploadTooLarge,
            "20000000",
        ),
        ("getFile", bot_api.refusal(400, "Bad Request: invalid file_id"), ChannelError, "file_id"),
        ("getFile", bot_api.refusal(502, "Bad Gateway"), ChannelError, "502"),
        ("getFile", ON_DISK, ChannelError, "no address"),
        ("file", bot_api.raw(404, b"", "text/plain"), ChannelError, "404"),
        ("file", bot_api.half(), ChannelError, "no answer"),
    ],
)
async def test_it_says_why_a_file_cannot_be_had(
    api: BotApi, method: str, fault: bot_api.Fault, kind: type[Exception], words: str
) -> None:
    """A path on the server's own disk is not opened, since the server is not trusted with ours."""
    api.fail(method, fault)
    api.files["a"] = ("F", b"x")
    document = {"file_id": "F", "file_unique_id": "u"}
    conversation = Conversation()
    async with running(api, conversation):
        api.push(message=api.message(document=document))
        await until(lambda: conversation.heard)
        upload = conversation.heard[0].upload
        assert upload is not None
        with pytest.raises(kind, match=words) as caught:
            await upload.fetch(1000)
    assert TOKEN.split(":")[1] not in str(caught.value)


# Webhook


async def post(run: Running, body: bytes | str, **headers: str) -> int:
    address = f"http://127.0.0.1:{run.service.webhook_port}/hook"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"Content-Type": "application/json"} | named
    async with (
        ClientSession() as session,
        session.post(address, data=body, headers=given) as answer,
    ):
        return answer.status


async def test_it_subscribes_and_takes_updates_by_webhook(api: BotApi) -> None:
    conversation = Conversation()
    async with running(api, conversation, webhook=True) as run:
        await ready(api)
        update = {"update_id": 1, "message": api.message("甲")}
        assert await api.deliver(run.service.webhook_port, update) == 200
    assert [i.text for i in conversation.heard] == ["甲"]
    assert api.webhook["url"] == "http://127.0.0.1/hook"
    assert sorted(api.webhook["allowed"])[0] == "callback_query"
    assert api.made("getUpdates") == []


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", "密" * 7])
async def test_it_reads_nothing_without_the_right_secret(api: BotApi, secret: str | None) -> None:
    conversation = Conversation()
    headers = {} if secret is None else {"X_Telegram_Bot_Api_Secret_Token": secret}
    async with running(api, conversation, webhook=True) as run:
        await ready(api)
        assert await post(run, b"[" * 100_000, **headers) == 401
    assert conversation.heard == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 400),
        (b"no json", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"update_id": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "application/json", 400),
        (b'{"update_id": true}', "application/json", 400),
        (b'{"update_id": 1e3}', "application/json", 400),
        (b'{"update_id": 1}', "text/plain", 400),
        (b'{"update_id": 1}', "application/json", 200),
        (b'"' + b"x" * 1_000_001 + b'"', "application/json", 413),
    ],
)
async def test_it_refuses_what_is_no_update(
    api: BotApi, body: bytes, kind: str, status: int
) -> None:
    async with running(api, Conversation(), webhook=True) as run:
        await ready(api)
        answered = await post(run, body, Content_Type=kind, X_Telegram_Bot_Api_Secret_Token=SECRET)
    assert answered == status


async def test_it_answers_500_for_what_was_not_taken_so_that_it_comes_again(api: BotApi) -> None:
    failures = [OSError("away")]

    async def failing_once(incoming: Incoming) -> str:
        if failures:
            raise failures.pop()
        return ""

    conversation = Conversation(react=failing_once)
    async with running(api, conversation, webhook=True) as run:
        await ready(api)
        update = {"update_id": 1, "message": api.message("甲")}
        statuses = [await api.deliver(run.service.webhook_port, update) for _ in range(2)]
    assert statuses == [500, 200]


async def test_updates_of_one_chat_that_come_together_are_handled_in_turn(api: BotApi) -> None:
    at_work: list[str] = []
    together = 0

    async def react(incoming: Incoming) -> str:
        nonlocal together
        at_work.append(incoming.text)
        together = max(together, len(at_work))
        await asyncio.sleep(0.01)
        at_work.remove(incoming.text)
        return ""

    conversation = Conversation(react=react)
    async with running(api, conversation, webhook=True) as run:
        await ready(api)
        port = run.service.webhook_port
        updates = [{"update_id": n, "message": api.message(str(n))} for n in range(5)]
        await asyncio.gather(*(api.deliver(port, update) for update in updates))
    assert (together, len(conversation.heard)) == (1, 5)


async def test_it_says_so_when_telegram_does_not_take_the_address(api: BotApi) -> None:
    api.fail("setWebhook", bot_api.refusal(400, "Bad Request: bad webhook: HTTPS url needed"))
    async with running(api, Conversation(), webhook=True) as run:
        await until(lambda: run.alarms)
    assert "TELEGRAM_WEBHOOK" in run.alarms[0]


async def test_it_runs_until_the_token_is_refused(api: BotApi) -> None:
    async def no_file(number: int) -> bytes:
        raise LookupError(number)

    alarms: list[str] = []
    service = TelegramService(
        TelegramSettings("99999:Wrong_token", api.base),
        Conversation(),
        read_file=no_file,
        on_alarm=alarms.append,
    )
    await asyncio.wait_for(service.run(), DEADLINE)
    assert len(alarms) >= 1
