"""What stands before every page: headers, whose pages may talk to us, and how much at once."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The page library compiles its templates in the browser and styles inline; nothing may come
# from or go to another host.
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; "
    "base-uri 'self'"
)
HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
)
# Everything that is not a file: words, and the live connection where it falls back to posts.
BODY_LIMIT = 1024 * 1024
UPLOAD = "/upload"


class Guard:
    """Refuses other hosts' names (DNS rebinding), other sites' pages, and bodies too large.

    `hosts` are the names by which these pages may be called, empty any; `upload_limit` is in
    bytes. A body must say its length before it comes.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], upload_limit: int) -> None:
        self._app = app
        self._hosts = hosts
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        status = self._verdict(scope, headers)
        if status:
            await _refuse(scope, send, status)
        else:
            await self._app(scope, receive, _with_headers(send))

    def _verdict(self, scope: Scope, headers: dict[bytes, str]) -> int:
        """Return the status to refuse with, or 0."""
        host = headers.get(b"host", "")
        if self._hosts and _name(host) not in self._hosts:
            return 403
        origin = headers.get(b"origin")
        if origin is not None and _origin(origin) != host:
            return 403
        if b"transfer-encoding" in headers:
            return 411
        limit = self._upload_limit if scope["path"].endswith(UPLOAD) else BODY_LIMIT
        length = headers.get(b"content-length", "0")
        return 413 if not length.isdecimal() or int(length) > limit else 0


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _origin(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *HEADERS]
        await send(message)

    return sending


async def _refuse(scope: Scope, send: Send, status: int) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [*HEADERS, (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"refused"})
