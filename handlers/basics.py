"""Greeting, help and signing in to the browser."""

from __future__ import annotations

from db import signin
from db.access import ASK, SEE_SELF
from handlers.context import Context
from handlers.reply import Reply
from handlers.router import Router

UNBOUND = "\n\n你还没有绑定身份，现在可以查公开知识；发送“绑定”了解办法。"


def register(router: Router) -> None:
    """Add the commands that need to know all the others."""

    @router.command("help", "帮助", "指令", "菜单", help="查看可以做什么", needs=ASK)
    async def help_(context: Context) -> Reply:
        """List what this person may do."""
        lines = [
            f"{route.words[0]}{' ' + route.usage if route.usage else ''} — {route.help}"
            for route in router.listed(context.actor)
            if route.words
        ]
        bound = (
            ""
            if context.actor.bound
            else "\n\n你还没有绑定身份，现在可以查公开知识；发送“绑定”了解办法。"
        )
        return Reply(
            "直接发文字提问，例如：支委会多久开一次？\n\n也可以发送：\n" + "\n".join(lines) + bound
        )

    @router.command("login", "登录", help="取得网页登录链接", needs=SEE_SELF, private=True)
    async def login(context: Context) -> Reply:
        """Send a one-time link into the browser."""
        token = await signin.issue(context.session, person_id=context.person_id, now=context.now)
        return Reply(
            f"点开链接登录网页版（10 分钟内有效，只能用一次，请勿转发）：\n"
            f"{context.services.web}/in/{token}"
        )
