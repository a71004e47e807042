"""The live pages: choosing a person in a demo, and the frame around a chat."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import Client, ui
from nicegui.element import Element

from bot.pages.chat import ChatPage
from bot.pages.chooser import draw_chooser
from bot.pages.house import House, Visitor, sit_down, visitor
from bot.pages.notice import not_found
from bot.pages.speaking import ASSISTANT, MENTION
from bot.pages.tags import icon, icon_button, tag, words

HERE = Path(__file__).parent
STYLE = HERE / "style.css"
SCRIPTS = {path.name: path.read_bytes() for path in sorted(HERE.glob("*.js"))}
# A browser keeps the scripts as long as they stay the same.
SCRIPT_FOLDER = f"/page-{sha256(b''.join(SCRIPTS.values())).hexdigest()[:12]}"


def add_rooms(house: House) -> None:
    """Register the live pages."""

    @ui.page("/", title=ASSISTANT)
    async def home(request: Request) -> Response | None:
        """Choose a person in a demo, else go to the own chat."""
        if house.demo:
            _dress()
            await draw_chooser(house)
            return None
        who = await visitor(house, request)
        return RedirectResponse("/welcome" if who is None else f"/chat/{who.account}")

    @ui.page("/chat/{chat}", title=ASSISTANT)
    async def room(request: Request, client: Client, chat: str) -> Response | None:
        """Show one chat to somebody who may read it; anybody else is not told that it exists."""
        who = await visitor(house, request, chat)
        if who is None:
            return RedirectResponse("/" if house.demo else "/welcome")
        if not who.may_read(chat):
            return not_found()
        await sit_down(house, who)
        _dress()
        await _frame(house, who, chat, client)
        return None


async def _frame(house: House, who: Visitor, chat: str, client: Client) -> None:
    frame = tag(
        "div",
        "zb-frame",
        data_chat=chat,
        data_query=who.query,
        data_group="1" if chat == who.group else "",
        data_mention=MENTION,
        data_limit=house.upload_limit,
    )
    with frame:
        other = _side(house, who, chat)
        with tag("main", "zb-main"):
            _head(house, who, chat)
            await ChatPage(house, who, chat, client).build()
    _mark_news(house, who.account if chat == who.group else who.group, other, client)


def _dress() -> None:
    ui.add_css(STYLE)
    ui.add_body_html(f'<script type="module" src="{SCRIPT_FOLDER}/page.js"></script>')


def _side(house: House, who: Visitor, chat: str) -> Element:
    """Draw the list of rooms; returns the one that is not open."""
    with tag("nav", "zb-side", aria_label="会话"):
        with tag("div", "zb-brand"):
            words("支", "zb-mark", aria_hidden="true")
            words(ASSISTANT)
        own = _room(who.account, ASSISTANT, f"{who.person.name} · 私聊", who, chat)
        group = _room(who.group, f"{who.unit.name}群", "群聊", who, chat)
        tag("div", "zb-grow")
        _way_out(house)
    return own if chat == who.group else group


def _room(target: str, name: str, remark: str, who: Visitor, here: str) -> Element:
    link = tag("a", "zb-room", href=f"/chat/{target}{who.query}")
    if target == here:
        link.props["aria-current"] = "page"
    with link:
        words(name, "zb-text")
        words(remark, "zb-faint")
    return link


def _way_out(house: House) -> None:
    if house.demo:
        with tag("a", "zb-room zb-out", href="/"):
            icon("back")
            words("换一位演示人员")
        return
    with (
        tag("form", method="post", action="/out"),
        tag("button", "zb-room zb-out", type="submit"),
    ):
        icon("leave")
        words("退出登录")


def _head(house: House, who: Visitor, chat: str) -> None:
    in_group = chat == who.group
    with tag("header", "zb-head"):
        with tag("div", "zb-grow"):
            words(f"{who.unit.name}群" if in_group else ASSISTANT, "zb-text", "h1")
            words(f"{who.person.name} · {who.unit.name}", "zb-faint zb-text", "p")
        if house.demo:
            words("演示", "zb-badge")
        other, label = (who.account, "去私聊") if in_group else (who.group, "去群聊")
        look, place = "zb-tool zb-phone-only", f"/chat/{other}{who.query}"
        with tag("a", look, href=place, aria_label=label, title=label):
            icon("chat" if in_group else "group")
        icon_button("dark", "切换深色", data_do="dark")
        _phone_way_out(house)


def _phone_way_out(house: House) -> None:
    if house.demo:
        with tag("a", "zb-tool zb-phone-only", href="/", aria_label="换一位演示人员"):
            icon("leave")
        return
    with tag("form", "zb-phone-only", method="post", action="/out"):
        icon_button("leave", "退出登录").props["type"] = "submit"


def _mark_news(house: House, chat: str, room: Element, client: Client) -> None:
    """Put a mark at the other room when something is said in it."""

    def told(_line: int) -> None:
        room.classes("zb-news")

    house.hub.listen(chat, told)
    client.on_delete(lambda: house.hub.leave(chat, told))
