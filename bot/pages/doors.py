"""Plain pages: signing in by a one-time link, signing out, and fetching a file."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.pages.house import COOKIE, House, visitor
from db import signin, transcripts

PICTURES = ("image/png", "image/jpeg", "image/webp")
HOW = "在聊天软件里给支部助手发送“登录”，或请管理员生成登录链接。链接 10 分钟内有效，只能用一次。"


def add_doors(app: FastAPI, house: House) -> None:
    """Add the routes that need no live page."""

    @app.get("/in/{token}")
    async def offer(token: str) -> HTMLResponse:
        """Ask before the link is used: a messenger's preview must not use it up."""
        form = (
            f'<form method="post" action="/in/{quote(token, safe="")}">'
            "<button autofocus>登录</button></form>"
        )
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
            secure=request.url.scheme == "https",
        )
        return answer

    @app.post("/out")
    async def leave(request: Request) -> Response:
        """End the session."""
        async with house.database.write() as session:
            await signin.sign_out(session, request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    @app.get("/welcome")
    async def welcome() -> HTMLResponse:
        """Say how to get in."""
        return notice("支部助手", f"请先登录。{HOW}")

    @app.get("/files/{key}")
    async def fetch(key: str, request: Request) -> Response:
        """Send a file to somebody who may read the chat that it is in."""
        claimed = request.query_params.get("as", "")
        who = await visitor(house, request, claimed)
        if who is None:
            return Response(status_code=404)
        async with house.database.read() as session:
            file = await transcripts.file(session, key, who.person)
        if file is None:
            return Response(status_code=404)
        shown = "inline" if file.media_type in PICTURES else "attachment"
        disposition = f"{shown}; filename*=UTF-8''{quote(file.name, safe='')}"
        return Response(
            file.data,
            media_type=file.media_type if shown == "inline" else "application/octet-stream",
            headers={"content-disposition": disposition, "cache-control": "private, no-store"},
        )


def notice(title: str, text: str, more: str = "", *, status: int = 200) -> HTMLResponse:
    """Return a page that only says something; title and text are escaped, `more` is not."""
    return HTMLResponse(
        f"""<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>
<style>
body{{font:16px/1.7 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
margin:0;min-height:100vh;display:grid;place-items:center;background:#f5f3f1;color:#2b2624}}
main{{background:#fff;padding:2.5rem;border-radius:16px;max-width:22rem;margin:1rem;
box-shadow:0 8px 30px #0001;text-align:center}}
h1{{font-size:1.25rem;margin:0 0 .5rem;color:#b3261e}}
button{{font:inherit;color:#fff;background:#b3261e;border:0;border-radius:10px;
padding:.7rem 2.5rem;margin-top:1rem;cursor:pointer}}
@media(prefers-color-scheme:dark){{body{{background:#171413;color:#e9e3df}}
main{{background:#221e1c}}h1{{color:#f0887f}}}}
</style><main><h1>{escape(title)}</h1><p>{escape(text)}</p>{more}</main></html>""",
        status_code=status,
        headers={"cache-control": "no-store"},
    )
