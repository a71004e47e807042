"""Plain pages: signing in by a one-time link, signing out, and fetching a file."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.pages.house import COOKIE, House, visitor
from bot.pages.notice import not_found, notice
from bot.spreadsheets import workbook, workbook_name
from db import signin, transcripts
from db.tables import StoredFile
from scheduler.messages import Message

PICTURES = ("image/png", "image/jpeg", "image/webp")
HOW = "在聊天软件里给支部助手发送“登录”，或请管理员生成登录链接。链接 10 分钟内有效，只能用一次。"


def add_doors(app: FastAPI, house: House) -> None:
    """Add the routes that need no live page."""
    _add_sign_in(app, house)

    @app.get("/files/{key}")
    async def fetch(key: str, request: Request) -> Response:
        """Send a file to somebody who may read the chat that it is in."""
        who = await visitor(house, request)
        if who is None:
            return not_found()
        async with house.database.read() as session:
            file = await transcripts.file(session, key, who.person)
        return not_found() if file is None else _send(file)

    @app.get("/tables/{line}")
    async def spreadsheet(line: str, request: Request) -> Response:
        """Send a table of a chat as a spreadsheet to somebody who may read it there."""
        who = await visitor(house, request)
        if who is None:
            return not_found()
        async with house.database.read() as session:
            number = int(line) if line.isdecimal() and len(line) < 15 else 0
            found = await transcripts.readable(session, number, who.person)
        table = Message.from_json(found.content).table if found is not None else None
        if table is None:
            return not_found()
        return _save(await asyncio.to_thread(workbook, table), workbook_name(table))


def _add_sign_in(app: FastAPI, house: House) -> None:
    @app.get("/in/{token}")
    async def offer(token: str) -> HTMLResponse:
        """Ask before the link is used: a messenger's preview must not use it up."""
        action = quote(token, safe="")
        form = f'<form method="post" action="/in/{action}"><button autofocus>登录</button></form>'
        return notice("登录支部助手", "点一下按钮完成登录，之后 7 天内不用再登录。", form)

    @app.post("/in/{token}")
    async def enter(token: str, request: Request) -> Response:
        """Use the link up and open a session."""
        async with house.database.write() as session:
            opened = await signin.redeem(session, token, now=house.clock(), today=house.today)
        if opened is None:
            return notice("链接已失效", f"这个链接用过了，或者过期了。{HOW}", status=410)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(
            COOKIE,
            opened,
            max_age=int(signin.SESSION_LIFE.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=house.secure or request.url.scheme == "https",
        )
        return answer

    @app.post("/out")
    async def leave(request: Request) -> Response:
        """End the session."""
        async with house.database.write() as session:
            await signin.sign_out(session, request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/welcome", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    @app.get("/welcome")
    async def welcome() -> HTMLResponse:
        """Say how to get in."""
        return notice("支部助手", f"请先登录。{HOW}")


def _save(data: bytes, name: str) -> Response:
    """Return what is saved under a name and never shown in place."""
    return Response(data, media_type="application/octet-stream", headers=_headers(name))


def _send(file: StoredFile) -> Response:
    """Return a file; only a picture is ever shown in place, anything else is saved."""
    shown = file.media_type in PICTURES
    if not shown:
        return _save(file.data, file.name)
    return Response(file.data, media_type=file.media_type, headers=_headers(file.name, "inline"))


def _headers(name: str, kind: str = "attachment") -> dict[str, str]:
    return {
        "content-disposition": f"{kind}; filename*=UTF-8''{quote(name, safe='')}",
        "cache-control": "private, no-store",
    }
