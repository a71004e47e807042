"""What the guard lets through."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from bot.pages.guard import BODY_LIMIT, Guard

LIMIT = 50 * 1024 * 1024
HOST = ("host", "zhibu.example:8080")


async def _inside(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def ask(
    *headers: tuple[str, str], path: str = "/", kind: str = "http", hosts: str = "zhibu.example"
) -> Any:
    """Return the status with which a request is answered, or the code that closes a socket."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope: Scope = {
        "type": kind,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    guard = Guard(_inside, frozenset(hosts.split()), LIMIT)
    await guard(scope, receive, send)
    return sent[0].get("status", sent[0].get("code"))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("zhibu.example", 200),
        ("ZHIBU.example:8080", 200),
        ("other.example", 403),
        ("zhibu.example.evil", 403),
        ("", 403),
        ("[", 403),
    ],
)
async def test_only_the_names_of_this_house_are_answered(host: str, status: int) -> None:
    assert await ask(("host", host)) == status


async def test_with_no_names_set_every_name_is_answered() -> None:
    assert await ask(("host", "anything.example"), hosts="") == 200


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("https://zhibu.example:8080", True),
        ("https://zhibu.example", False),
        ("https://evil.example", False),
        ("null", False),
    ],
)
async def test_another_origin_is_refused(kind: str, origin: str, welcome: bool) -> None:
    refusal = 403 if kind == "http" else 1008
    assert await ask(HOST, ("origin", origin), kind=kind) == (200 if welcome else refusal)


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [
        ("/chat/person:1/upload", str(LIMIT), 200),
        ("/chat/person:1/upload", str(LIMIT + 1), 413),
        ("/chat/person:1/say", str(BODY_LIMIT), 200),
        ("/chat/person:1/say", str(BODY_LIMIT + 1), 413),
        ("/chat/person:1/say", "-1", 413),
        ("/chat/person:1/say", "1e9", 413),
    ],
)
async def test_a_body_has_a_limit_by_where_it_goes(path: str, length: str, status: int) -> None:
    assert await ask(HOST, ("content-length", length), path=path) == status


async def test_a_body_must_say_how_long_it_is() -> None:
    """Its length could only be found out by reading it."""
    assert await ask(HOST, ("transfer-encoding", "chunked"), path="/chat/person:1/say") == 411
