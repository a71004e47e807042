"""Greeting, help and signing in to the browser."""

from __future__ import annotations

from db import accounts, organisation, signin
from db.access import ADMINISTER, ASK, SEE_SELF, decide_person
from db.tables import Unit
from handlers.context import Context
from handlers.reply import Message, Reply, UserError
from handlers.router import Router
from scheduler import outbox

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
        bound = "" if context.actor.bound else UNBOUND
        return Reply(
            "直接发文字提问，例如：支委会多久开一次？\n\n也可以发送：\n" + "\n".join(lines) + bound
        )

    @router.command("login", "登录", help="取得网页登录链接", needs=SEE_SELF, private=True)
    async def login(context: Context) -> Reply:
        """Send a one-time link into the browser."""
        token = await signin.issue(context.session, person_id=context.person_id, now=context.now)
        return Reply(
            f"点开链接登录网页版（10 分钟内有效，只能用一次，请勿转发）：\n"
            f"{context.services.web}/in/{token}",
            secret=True,
        )

    @router.command(
        "login_for",
        "登录链接",
        help="为管辖范围内的人生成网页登录链接",
        needs=ADMINISTER,
        usage="工号",
        private=True,
    )
    async def login_for(context: Context) -> Reply:
        """Make a one-time link for somebody who has no messenger; they are told."""
        found = await organisation.find_people(
            context.session, context.text, context.scope(ADMINISTER), today=context.today
        )
        person = next((p for p in found if context.text in (p.number, p.name)), None)
        if person is None or len([p for p in found if p.name == context.text]) > 1:
            raise UserError("没有找到这个人，或者重名；请写工号，例如：登录链接 QH0015")
        unit = await context.session.get_one(Unit, person.unit_id)
        held = await accounts.posts_today(context.session, person.id, today=context.today)
        verdict = decide_person(context.actor, ADMINISTER, unit_path=unit.path, posts=held)
        if not verdict.allowed:
            raise UserError(verdict.reason)
        token = await signin.issue(context.session, person_id=person.id, now=context.now)
        line = await context.record("signin.link", f"person:{person.id}")
        await outbox.notify(
            context.session,
            person.id,
            Message(
                f"管理员{context.actor.name}为你生成了网页登录链接；如果不是你要的，请联系支部。"
            ),
            key=f"signin:{line}",
            kind="identity",
            now=context.now,
        )
        return Reply(
            f"请把链接只交给{person.name}本人（10 分钟内有效，只能用一次）：\n"
            f"{context.services.web}/in/{token}",
            secret=True,
        )
