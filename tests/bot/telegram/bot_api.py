"""A Bot API server for tests: real HTTP on loopback, as strict as the real one or stricter.

It refuses methods and parameters that it does not know (some self-hosted servers do), checks
limits the way Telegram documents them, keeps the messages it was given, and can be told to
fail. What it was asked is in `calls`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, FormData, web

TOKEN = "12345:TestTokenForLoopbackOnly_000000000"
BOT = {"id": 12345, "is_bot": True, "first_name": "Zhibu", "username": "ZhibuBot"}
BOT |= {"can_join_groups": True, "can_read_all_group_messages": False}

_SEND = {"chat_id", "message_thread_id", "reply_parameters", "reply_markup"}
PARAMETERS: dict[str, set[str]] = {
    "getMe": set(),
    "getUpdates": {"offset", "limit", "timeout", "allowed_updates"},
    "setWebhook": {"url", "secret_token", "allowed_updates"},
    "deleteWebhook": set(),
    "getFile": {"file_id"},
    "sendMessage": _SEND | {"text", "entities"},
    "sendPhoto": _SEND | {"photo", "caption", "caption_entities"},
    "sendDocument": _SEND | {"document", "caption", "caption_entities"},
    "sendPoll": (_SEND - {"reply_markup"})
    | {"question", "options", "type", "is_anonymous", "allows_multiple_answers"}
    | {"correct_option_ids", "correct_option_id", "explanation", "open_period"},
    "stopPoll": {"chat_id", "message_id"},
    "editMessageText": {"chat_id", "message_id", "text", "entities", "reply_markup"},
    "editMessageReplyMarkup": {"chat_id", "message_id", "reply_markup"},
    "answerCallbackQuery": {"callback_query_id", "text"},
    "sendChatAction": {"chat_id", "message_thread_id", "action"},
    "setMyCommands": {"commands", "scope"},
}
_JSON = {"entities", "caption_entities", "reply_markup", "reply_parameters"}
_JSON |= {"allowed_updates", "commands", "scope"}
_JSON |= {"options", "correct_option_ids", "is_anonymous", "allows_multiple_answers"}
_NUMBERS = {"chat_id", "message_id", "message_thread_id", "offset", "limit", "timeout"}
_NUMBERS |= {"correct_option_id", "open_period"}
# What Bot API 9.6 added to polls; a server before it does not say it.
_NEW_IN_POLLS = {"allows_revoting", "members_only", "correct_option_ids", "persistent_id"}


@dataclass(frozen=True)
class Call:
    """One request: `parameters` are parsed, a file is (name, bytes); `at` in seconds."""

    method: str
    parameters: dict[str, Any]
    at: float

    def __getitem__(self, name: str) -> Any:
        return self.parameters[name]


@dataclass
class Chat:
    """A chat and what stands in it."""

    id: int
    kind: str
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)


class Refuse(Exception):
    """The call is answered with an error."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
        if parameters:
            self.body["parameters"] = parameters


Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


def refusal(code: int, description: str, *, status: int | None = None, **parameters: int) -> Fault:
    """Answer as Telegram does when it refuses; `status` makes the HTTP status another one."""

    async def answer(request: web.Request) -> web.StreamResponse:
        body = Refuse(code, description, **parameters).body
        return web.json_response(body, status=status or code)

    return answer


def too_many(retry_after: int) -> Fault:
    text = f"Too Many Requests: retry after {retry_after}"
    return refusal(429, text, retry_after=retry_after)


def raw(status: int, body: bytes, content_type: str = "text/html") -> Fault:
    """Answer with any bytes, as a proxy or a broken server would."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type=content_type)

    return answer


def hang(released: asyncio.Event) -> Fault:
    """Take the request and never answer it, until the test lets go."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.Response(status=504)

    return answer


def reset() -> Fault:
    """Break the connection instead of answering."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return answer


def half() -> Fault:
    """Promise more bytes than are sent."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"ok": true, "res')
        assert request.transport is not None
        request.transport.abort()
        return response

    return answer


def endless(written: list[int]) -> Fault:
    """Begin an answer that never ends; `written` counts the bytes until the client hangs up."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        written.append(0)
        with suppress(ConnectionError):
            while written[0] < 500_000_000:
                await response.write(b'"' + b"x" * 999_999)
                written[0] += 1_000_000
        return response

    return answer


class BotApi:
    """The server. `base` is its address, with a path in front as behind a proxy."""

    def __init__(self, prefix: str = "/tg/v1") -> None:
        self.prefix = prefix
        self.base = ""
        self.calls: list[Call] = []
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.presses: set[str] = set()
        self.webhook: dict[str, Any] = {}
        self.unknown_methods: set[str] = set()
        self.unknown_parameters: set[str] = set()
        self.old_polls = False
        self.confirmed = 0
        self.polls = 0
        self._updates: list[dict[str, Any]] = []
        self._new_update = asyncio.Event()
        self._faults: dict[str, deque[Fault | None]] = {}
        self._ids = 1000
        self._update_ids = 500
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        app = web.Application(client_max_size=60_000_000)
        app.router.add_route("*", self.prefix + "/bot{token}/{method}", self._serve)
        app.router.add_get(self.prefix + "/file/bot{token}/{path:.*}", self._serve_file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base = f"http://127.0.0.1:{port}{self.prefix}"

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    # What a test arranges and looks at

    def private(self, number: int = 42) -> Chat:
        return self.chats.setdefault(number, Chat(number, "private"))

    def group(self, number: int = -10042) -> Chat:
        return self.chats.setdefault(number, Chat(number, "supergroup"))

    def fail(self, method: str, *faults: Fault | None) -> None:
        """Let the next calls of `method` fail, one after the other; None lets one pass."""
        self._faults.setdefault(method, deque()).extend(faults)

    def made(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def push(self, **event: Any) -> int:
        """Let an update happen; return its id."""
        self._update_ids += 1
        self._updates.append({"update_id": self._update_ids, **event})
        self._new_update.set()
        return self._update_ids

    def push_raw(self, update: dict[str, Any]) -> None:
        self._updates.append(update)
        self._new_update.set()

    def user(self, number: int = 42, **more: Any) -> dict[str, Any]:
        return {"id": number, "is_bot": False, "first_name": "小明", **more}

    def message(self, text: str | None = None, *, chat: Chat | None = None, **more: Any) -> Any:
        """Make the JSON of a message that a user wrote."""
        chat = chat or self.private()
        number = self._next_id()
        made: dict[str, Any] = {
            "message_id": number,
            "date": 1_700_000_000,
            "chat": _chat_json(chat),
            "from": self.user(),
        }
        if text is not None:
            made["text"] = text
        made |= more
        chat.messages[number] = made
        return made

    async def deliver(self, port: int, update: dict[str, Any]) -> int:
        """Bring an update to the webhook that was set; return the HTTP status."""
        path = "/" + self.webhook["url"].split("/", 3)[3]
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"]}
        async with (
            ClientSession() as session,
            session.post(f"http://127.0.0.1:{port}{path}", json=update, headers=headers) as answer,
        ):
            return answer.status

    # How it answers

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            if request.match_info["token"] != TOKEN:
                raise Refuse(401, "Unauthorized")
            if method not in PARAMETERS or method in self.unknown_methods:
                raise Refuse(404, "Not Found: method not found")
            parameters = await self._parameters(request, method)
            self.calls.append(Call(method, parameters, time.monotonic()))
            queue = self._faults.get(method)
            fault = queue.popleft() if queue else None
            if fault is not None:
                return await fault(request)
            result = await getattr(self, f"_{method}")(**parameters)
        except Refuse as refuse:
            return web.json_response(refuse.body, status=refuse.code)
        return web.json_response({"ok": True, "result": result})

    async def _serve_file(self, request: web.Request) -> web.StreamResponse:
        if self._faults.get("file"):
            fault = self._faults["file"].popleft()
            return await fault(request) if fault else web.Response()
        found = self.files.get(request.match_info["path"])
        if request.match_info["token"] != TOKEN or found is None:
            return web.Response(status=404)
        return web.Response(body=found[1])

    async def _parameters(self, request: web.Request, method: str) -> dict[str, Any]:
        parsed: dict[str, Any] = {}
        for name, given in (await request.post()).items():
            if name not in PARAMETERS[method] or name in self.unknown_parameters:
                raise Refuse(400, f"Bad Request: unknown parameter {name}")
            if isinstance(given, web.FileField):
                parsed[name] = (given.filename, given.file.read())
            elif name in _NUMBERS:
                parsed[name] = int(str(given))
            else:
                parsed[name] = json.loads(str(given)) if name in _JSON else given
        return parsed

    async def _getMe(self) -> dict[str, Any]:
        return BOT

    async def _getUpdates(
        self, offset: int = 0, limit: int = 100, allowed_updates: Any = None, **waiting: int
    ) -> list[dict[str, Any]]:
        seconds = waiting.get("timeout", 0)
        if self.webhook:
            raise Refuse(409, "Conflict: can't use getUpdates method while webhook is active")
        if self.polls:
            raise Refuse(409, "Conflict: terminated by other getUpdates request")
        self.polls += 1
        try:
            self.confirmed = max(self.confirmed, offset)
            self._updates = [u for u in self._updates if u["update_id"] >= offset]
            if not self._updates and seconds:
                self._new_update.clear()
                try:
                    await asyncio.wait_for(self._new_update.wait(), seconds)
                except TimeoutError:
                    return []
            return self._updates[:limit]
        finally:
            self.polls -= 1

    async def _setWebhook(self, url: str, secret_token: str, allowed_updates: list[str]) -> bool:
        self.webhook = {"url": url, "secret_token": secret_token, "allowed": allowed_updates}
        return True

    async def _deleteWebhook(self) -> bool:
        self.webhook = {}
        return True

    async def _getFile(self, file_id: str) -> dict[str, Any]:
        for path, (known, content) in self.files.items():
            if known == file_id:
                sizes = {"file_size": len(content), "file_path": path}
                return {"file_id": file_id, "file_unique_id": "u", **sizes}
        raise Refuse(400, "Bad Request: invalid file_id")

    async def _sendMessage(self, chat_id: int, text: str, **more: Any) -> dict[str, Any]:
        _check_text(text, more.get("entities", []), 4096)
        if not text.strip():
            raise Refuse(400, "Bad Request: message text is empty")
        return self._keep(chat_id, {"text": text, "entities": more.pop("entities", [])}, more)

    async def _sendPhoto(self, chat_id: int, photo: Any, **more: Any) -> dict[str, Any]:
        if len(photo[1]) > 10_000_000:
            raise Refuse(400, "Bad Request: photo is too big")
        sizes = [{"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}]
        return self._keep(chat_id, {"photo": sizes, **_caption(more)}, more)

    async def _sendDocument(self, chat_id: int, document: Any, **more: Any) -> dict[str, Any]:
        kept = {"file_id": "d", "file_unique_id": "d", "file_name": document[0]}
        return self._keep(chat_id, {"document": kept, **_caption(more)}, more)

    async def _sendPoll(self, chat_id: int, question: str, options: Any, **more: Any) -> Any:
        texts = [option["text"] for option in options]
        right = more.pop("correct_option_ids", None) or [more.pop("correct_option_id", -1)]
        _check_poll(question, texts, right, more)
        number = str(self._next_id())
        several = more.pop("allows_multiple_answers", False)
        poll: dict[str, Any] = {"id": number, "question": question, "type": more.pop("type")}
        poll["options"] = [
            {"text": text, "voter_count": 0, "persistent_id": f"p{place}"}
            for place, text in enumerate(texts)
        ]
        poll |= {"total_voter_count": 0, "is_closed": False, "allows_multiple_answers": several}
        poll |= {"is_anonymous": more.pop("is_anonymous", True), "correct_option_ids": right}
        poll |= {"allows_revoting": False, "members_only": False}
        poll |= {k: more.pop(k) for k in ("explanation", "open_period") if k in more}
        return self._told(self._keep(chat_id, {"poll": poll}, more))

    async def _stopPoll(self, chat_id: int, message_id: int) -> dict[str, Any]:
        message = self._chat(chat_id).messages.get(message_id)
        if message is None:
            raise Refuse(400, "Bad Request: message with poll to stop not found")
        if "poll" not in message:
            raise Refuse(400, "Bad Request: message is not a poll")
        if message["poll"]["is_closed"]:
            raise Refuse(400, "Bad Request: poll has already been closed")
        message["poll"]["is_closed"] = True
        stopped: dict[str, Any] = self._told(message["poll"])
        return stopped

    def vote(self, poll: dict[str, Any], *places: int, **who: Any) -> int:
        """Let somebody choose in a poll; return the update's id."""
        ids = [poll["options"][place]["persistent_id"] for place in places]
        answer = {"poll_id": poll["id"], "option_ids": list(places), "option_persistent_ids": ids}
        return self.push(poll_answer=answer | (who or {"user": self.user()}))

    def _told(self, value: Any) -> Any:
        """Return an answer as this server words it."""
        if not self.old_polls:
            return value
        if isinstance(value, list):
            return [self._told(item) for item in value]
        if isinstance(value, dict):
            known = value.items()
            return {k: self._told(v) for k, v in known if k not in _NEW_IN_POLLS}
        return value

    async def _editMessageText(
        self, chat_id: int, message_id: int, text: str, **more: Any
    ) -> dict[str, Any]:
        _check_text(text, more.get("entities", []), 4096)
        message = self._find(chat_id, message_id)
        if "text" not in message:
            raise Refuse(400, "Bad Request: there is no text in the message to edit")
        changed = {"text": text, "entities": more.get("entities", [])}
        return self._change(message, changed, more.get("reply_markup"))

    async def _editMessageReplyMarkup(
        self, chat_id: int, message_id: int, reply_markup: Any = None
    ) -> dict[str, Any]:
        return self._change(self._find(chat_id, message_id), {}, reply_markup)

    async def _answerCallbackQuery(self, callback_query_id: str, text: str = "") -> bool:
        if len(text.encode("utf-16-le")) // 2 > 200:
            raise Refuse(400, "Bad Request: MESSAGE_TOO_LONG")
        if callback_query_id not in self.presses:
            raise Refuse(400, "Bad Request: query is too old and response timeout expired")
        return True

    async def _sendChatAction(self, chat_id: int, action: str, message_thread_id: int = 0) -> bool:
        self._chat(chat_id)
        return action == "typing"

    async def _setMyCommands(self, commands: list[dict[str, str]], scope: Any = None) -> bool:
        for command in commands:
            if (
                not 1 <= len(command["command"]) <= 32
                or not 1 <= len(command["description"]) <= 256
            ):
                raise Refuse(400, "Bad Request: BOT_COMMAND_INVALID")
        return True

    def _keep(self, chat_id: int, content: dict[str, Any], options: Any) -> dict[str, Any]:
        chat = self._chat(chat_id)
        _check_keyboard(options.get("reply_markup"), chat)
        answered = options.get("reply_parameters")
        unknown = answered and answered["message_id"] not in chat.messages
        if unknown and not answered.get("allow_sending_without_reply"):
            raise Refuse(400, "Bad Request: message to be replied not found")
        number = self._next_id()
        message = {"message_id": number, "date": 1_700_000_001, "chat": _chat_json(chat)}
        message |= {"from": BOT, **content}
        _set_keyboard(message, options.get("reply_markup"))
        chat.messages[number] = message
        return message

    def _change(self, message: dict[str, Any], content: Any, markup: Any) -> dict[str, Any]:
        before = {**message}
        message |= content
        _set_keyboard(message, markup)
        if before == message:
            raise Refuse(400, "Bad Request: message is not modified")
        return message

    def _find(self, chat_id: int, message_id: int) -> dict[str, Any]:
        message = self._chat(chat_id).messages.get(message_id)
        if message is None:
            raise Refuse(400, "Bad Request: message to edit not found")
        if message["from"]["id"] != BOT["id"]:
            raise Refuse(400, "Bad Request: message can't be edited")
        return message

    def _chat(self, chat_id: int) -> Chat:
        if chat_id not in self.chats:
            raise Refuse(400, "Bad Request: chat not found")
        return self.chats[chat_id]

    def _next_id(self) -> int:
        self._ids += 1
        return self._ids


def _chat_json(chat: Chat) -> dict[str, Any]:
    named = {"first_name": "小明"} if chat.kind == "private" else {"title": "第一支部"}
    return {"id": chat.id, "type": chat.kind, **named}


def _caption(options: dict[str, Any]) -> dict[str, Any]:
    caption = options.pop("caption", "")
    entities = options.pop("caption_entities", [])
    _check_text(caption, entities, 1024)
    return {"caption": caption, "caption_entities": entities}


def _check_text(text: str, entities: list[dict[str, Any]], limit: int) -> None:
    encoded = text.encode("utf-16-le")
    if len(encoded) // 2 > limit:
        raise Refuse(400, "Bad Request: message is too long")
    for entity in entities:
        end = entity["offset"] + entity["length"]
        piece = encoded[2 * entity["offset"] : 2 * end]
        if entity["length"] < 1 or 2 * end > len(encoded):
            raise Refuse(400, "Bad Request: entity beyond the text")
        piece.decode("utf-16-le")  # raises inside a surrogate pair, which fails the test


def _check_poll(question: str, options: list[str], right: list[int], more: dict[str, Any]) -> None:
    def size(text: str) -> int:
        return len(text.encode("utf-16-le")) // 2

    explanation = more.get("explanation", "")
    if not 1 <= size(question) <= 300 or question != question.strip():
        raise Refuse(400, "Bad Request: poll question length must not exceed 300")
    if not 1 <= len(options) <= 12 or not all(1 <= size(option) <= 100 for option in options):
        raise Refuse(400, "Bad Request: poll options length must not exceed 100")
    if right != sorted(set(right)) or not all(0 <= place < len(options) for place in right):
        raise Refuse(400, "Bad Request: wrong correct option ID specified")
    if len(right) > 1 and not more.get("allows_multiple_answers"):
        raise Refuse(400, "Bad Request: quiz can't have multiple answers")
    if size(explanation) > 200 or explanation.count("\n") > 2:
        raise Refuse(400, "Bad Request: quiz explanation is too long")
    if not 5 <= more.get("open_period", 5) <= 2_628_000 or more["type"] != "quiz":
        raise Refuse(400, "Bad Request: invalid poll specified")


def _check_keyboard(markup: dict[str, Any] | None, chat: Chat) -> None:
    if markup is None:
        return
    rows = markup.get("inline_keyboard", [])
    if sum(map(len, rows)) > 100 or any(len(row) > 8 for row in rows):
        raise Refuse(400, "Bad Request: too many buttons")
    for key in (key for row in rows for key in row):
        if not key["text"] or not 1 <= len(key["callback_data"].encode()) <= 64:
            raise Refuse(400, "Bad Request: BUTTON_DATA_INVALID")
    asks = [key for row in markup.get("keyboard", []) for key in row if key.get("request_contact")]
    if asks and chat.kind != "private":
        raise Refuse(400, "Bad Request: phone number can be requested in private chats only")


def _set_keyboard(message: dict[str, Any], markup: dict[str, Any] | None) -> None:
    message.pop("reply_markup", None)
    if markup and "inline_keyboard" in markup:
        message["reply_markup"] = markup


@asynccontextmanager
async def serving(prefix: str = "/tg/v1") -> AsyncIterator[BotApi]:
    """Run a Bot API server for the length of a test."""
    api = BotApi(prefix)
    await api.open()
    try:
        yield api
    finally:
        await api.close()


async def post_form(url: str, **fields: str) -> int:
    """Post a form as any other client would; return the HTTP status."""
    async with ClientSession() as session, session.post(url, data=FormData(fields)) as answer:
        return answer.status
