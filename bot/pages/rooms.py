"""The pages: choosing a person in a demo, and the frame around a chat."""

from __future__ import annotations

from pathlib import Path

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import ui

from bot.pages.chat import ChatPage
from bot.pages.doors import notice
from bot.pages.house import House, Visitor, sit_down, visitor
from db import accounts, transcripts
from db.access import HeldPost
from db.tables import Person, Unit

BACK = '<p><a href="/">返回</a></p>'
STYLE = Path(__file__).with_name("style.css")
# What was chosen by hand is kept by the browser itself.
DARK = """const kept = localStorage.getItem('zhibu-dark');
const dark = kept === null ? matchMedia('(prefers-color-scheme: dark)').matches : kept === '1';
window.Quasar ? Quasar.Dark.set(dark) : document.body.classList.add(dark ? 'body--dark' : 'x');"""
TOGGLE = """const dark = !document.body.classList.contains('body--dark');
localStorage.setItem('zhibu-dark', dark ? '1' : '0'); Quasar.Dark.set(dark);"""


def add_rooms(house: House) -> None:
    """Register the live pages."""

    @ui.page("/", title="支部助手")
    async def home(request: Request) -> Response | None:
        """Choose a person in a demo, else go to the own chat."""
        if house.demo:
            await _choose(house)
            return None
        who = await visitor(house, request)
        return RedirectResponse("/welcome" if who is None else f"/chat/{who.account}")

    @ui.page("/chat/{chat}", title="支部助手")
    async def room(request: Request, chat: str) -> Response | None:
        """Show one chat to somebody who may read it; anybody else is not told that it exists."""
        claimed = request.query_params.get("as", chat)
        who = await visitor(house, request, claimed)
        if who is None:
            return RedirectResponse("/" if house.demo else "/welcome")
        async with house.database.read() as session:
            if not await transcripts.may_read(session, chat, who.person):
                return notice("没有这个会话", "它不存在，或者你不在其中。", BACK, status=404)
        await sit_down(house, who)
        await _frame(house, who, chat)
        return None


async def _frame(house: House, who: Visitor, chat: str) -> None:
    _dress()
    with ui.element("div").classes("zb-frame"):
        _side(house, who, chat)
        with ui.element("div").classes("zb-main"):
            _head(house, who, chat)
            await ChatPage(house, who, chat).build()


def _dress() -> None:
    ui.add_css(STYLE)
    ui.run_javascript(DARK)


def _side(house: House, who: Visitor, chat: str) -> None:
    with ui.element("nav").classes("zb-side").props('aria-label="会话"'):
        with ui.element("div").classes("zb-brand"):
            ui.label("支").classes("zb-mark")
            ui.label("支部助手")
        _room(who.account, "支部助手", f"{who.person.name} · {who.unit.name}", who, chat)
        group = transcripts.group_chat(who.unit.id)
        _room(group, f"{who.unit.name}群", "群聊里先写 @支部助手", who, chat)
        ui.element("div").classes("zb-grow")
        if house.demo:
            _link("/", "换一位演示人员", "zb-room")
        else:
            with ui.element("form").props('method="post" action="/out"'):
                ui.element("button").classes("zb-room").props('type="submit"').add_slot(
                    "default", "退出登录"
                )


def _room(target: str, name: str, remark: str, who: Visitor, here: str) -> None:
    classes = "zb-room" + (" zb-here" if target == here else "")
    link = ui.element("a").classes(classes)
    link._props["href"] = f"/chat/{target}{who.query}"
    with link:
        ui.label(name)
        ui.label(remark).classes("zb-faint")


def _head(house: House, who: Visitor, chat: str) -> None:
    group = transcripts.group_chat(who.unit.id)
    in_group = chat == group
    with ui.element("header").classes("zb-head"):
        if house.demo:
            back = ui.button(icon="arrow_back", on_click=lambda: ui.navigate.to("/"))
            back.props('flat round dense aria-label="返回"').classes("zb-phone-only")
        with ui.element("div").classes("zb-grow"):
            with ui.element("h1"):
                ui.label(f"{who.unit.name}群" if in_group else "支部助手")
            ui.label(f"{who.person.name} · {who.unit.name}").classes("zb-faint")
        if house.demo:
            ui.label("演示").classes("zb-badge")
        other = who.account if in_group else group
        switch = ui.button(
            icon="chat" if in_group else "group",
            on_click=lambda: ui.navigate.to(f"/chat/{other}{who.query}"),
        )
        switch.props('flat round dense aria-label="切换私聊与群聊"').classes("zb-phone-only")
        dark = ui.button(icon="dark_mode", on_click=lambda: ui.run_javascript(TOGGLE))
        dark.props('flat round dense aria-label="切换深色"')


async def _choose(house: House) -> None:
    _dress()
    async with house.database.read() as session:
        units = await transcripts.people(session, today=house.today)
        posts = {
            person.id: await accounts.posts_today(session, person.id, today=house.today)
            for _, people in units
            for person in people
        }
    with ui.element("main").classes("zb-choose"):
        with ui.element("div").classes("zb-brand"):
            ui.label("支").classes("zb-mark")
            with ui.element("div").classes("zb-grow"):
                ui.label("支部助手")
                ui.label("选一位演示人员开始聊天；单位和人名均为虚构。").classes("zb-faint")
            ui.label("演示").classes("zb-badge")
        find = ui.input(placeholder="按姓名、职务或组织查找").props("outlined dense clearable")
        find.classes("w-full mb-4").props('aria-label="查找"')
        with ui.element("div").classes("zb-units"):
            for unit, people in units:
                _unit(unit, people, posts, find)


def _unit(
    unit: Unit, people: list[Person], posts: dict[int, tuple[HeldPost, ...]], find: ui.input
) -> None:
    with ui.element("section").classes("zb-unit") as box:
        with ui.element("h2"):
            ui.label(unit.name)
        with ui.element("div").classes("zb-people"):
            for person in people:
                titles = " ".join(post.title for post in posts[person.id])
                _person(person, titles or person.stage, bool(titles))
            if people:
                chat = transcripts.group_chat(unit.id)
                first = transcripts.private_chat(people[0].id)
                _link(f"/chat/{chat}?as={first}", "进入群聊", "zb-person")
    text = f"{unit.name} " + " ".join(
        f"{p.name} {p.stage} {' '.join(post.title for post in posts[p.id])}" for p in people
    )
    box.bind_visibility_from(find, "value", lambda typed: not typed or typed in text)


def _person(person: Person, remark: str, official: bool) -> None:
    link = ui.element("a").classes("zb-person")
    link._props["href"] = f"/chat/{transcripts.private_chat(person.id)}"
    with link:
        ui.label(person.name).classes("inline")
        note = ui.element("b") if official else ui.element("small").classes("zb-faint ml-1")
        with note:
            ui.label(remark).classes("inline")


def _link(address: str, text: str, classes: str) -> None:
    link = ui.element("a").classes(classes)
    link._props["href"] = address
    with link:
        ui.label(text).classes("inline")
