"""The live part of a chat page: what was said, what comes in, and where to write."""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left
from contextlib import suppress

from nicegui import Client, ui
from nicegui.element import Element

from bot.pages.bubbles import LOST, Drawing, draw_line
from bot.pages.channel import NAME
from bot.pages.house import House, Visitor, look_again
from bot.pages.hub import view
from bot.pages.speaking import ASSISTANT, MENTION, TEXT_LIMIT
from bot.pages.tags import icon, icon_button, tag, words
from db import transcripts
from db.tables import Transcript
from scheduler import own_answers
from scheduler.own_answers import OwnAnswer

log = logging.getLogger(__name__)

# Several processes may commit out of the order of their ids: the last few are looked at again.
OVERLAP = 20
# So many of the last open questions are looked at with them.
CARDS = 20
HELLO = "党务上的问题直接问我，答案附规定出处；没有把握的可以转给组织委员。"
GROUP_HELLO = f"群里的话大家都能看到。写上 {MENTION} 就是问我。"
EXAMPLES = ("支委会多久开一次？", "预备期从哪一天算起？", "三会一课指什么？", "帮助")


class ChatPage:
    """One open page of one chat."""

    def __init__(self, house: House, visitor: Visitor, chat: str, client: Client) -> None:
        self.house = house
        self.visitor = visitor
        self.chat = chat
        self.is_group = chat != visitor.account
        self._client = client
        self._lines: dict[int, Transcript] = {}
        self._drawn: dict[int, Element] = {}
        self._answered: dict[int, OwnAnswer] = {}
        self._changed: set[int] = set()
        self._lost: set[int] = set()
        self._news = asyncio.Event()

    async def build(self) -> None:
        """Draw the page and begin to listen."""
        with tag("div", "zb-scroll"), tag("div", "zb-column"):
            self._earlier = ui.element("button").classes("zb-earlier").props("type=button")
            with self._earlier.on("click", self.show_earlier):
                words("查看更早的消息")
            self._welcome = tag("section", "zb-welcome")
            self._log = tag(
                "div", "zb-lines", role="log", aria_live="polite", aria_label="聊天记录"
            )
            tag("div", "zb-unsent", aria_live="polite")
            self._typing()
        with tag("footer", "zb-foot"):
            self._compose()
        heard = (self.chat, view(self.chat, self.visitor.account))
        for place in heard:
            self.house.hub.listen(place, self._told)
        await self._first_page()
        following = asyncio.create_task(self._follow())

        def leave() -> None:
            for place in heard:
                self.house.hub.leave(place, self._told)
            following.cancel()

        self._client.on_delete(leave)

    async def show_earlier(self) -> None:
        """Show the page of lines before the first one on show."""
        async with self.house.database.read() as session:
            rows = await transcripts.lines(session, self.chat, before=min(self._lines, default=0))
        self._earlier.set_visibility(len(rows) == transcripts.PAGE)
        below = min(self._lines, default=0)
        await self._show(rows)
        await self._redraw([below])

    async def catch_up(self) -> bool:
        """Show what is new or changed; False once the visitor may not be here any more."""
        who = await look_again(self.house, self.visitor)
        if who is None or not who.may_read(self.chat):
            return False
        told, lost = self._changed & self._lines.keys() | self._open_cards(), self._newly_lost()
        self._changed.clear()
        after = max(self._lines, default=0) - OVERLAP
        first = min(self._lines, default=0)
        while True:
            async with self.house.database.read() as session:
                rows = await transcripts.lines(session, self.chat, after=max(after, first - 1))
            told |= {row.id for row in rows if self._is_other(row)}
            await self._show([row for row in rows if row.id not in self._lines])
            if len(rows) < transcripts.PAGE:
                break
            after = rows[-1].id
        await self._redraw(sorted(told), unless_same=True)
        await self._redraw(sorted(lost))
        return True

    def _is_other(self, row: Transcript) -> bool:
        """Tell whether a line on show has become another one."""
        shown = self._lines.get(row.id)
        return shown is not None and (shown.content, shown.taken) != (row.content, row.taken)

    def _open_cards(self) -> set[int]:
        """Return the questions on show that may be answered or closed by way of another process."""
        asked = [
            number
            for number, row in self._lines.items()
            if "poll" in row.content and not row.content["poll"].get("closed")
        ]
        return set(sorted(asked)[-CARDS:])

    def _newly_lost(self) -> set[int]:
        """Return the lines on show that should have been taken by now; a file may take longer."""
        since = self.house.clock() - LOST
        waiting = {
            number for number, row in self._lines.items() if not row.taken and row.at < since
        }
        lost = {number for number in waiting if "upload" not in self._lines[number].content}
        newly = lost - self._lost
        self._lost |= newly
        return newly

    def _told(self, line: int) -> None:
        self._changed.add(line)
        self._news.set()

    async def _follow(self) -> None:
        """Show news as they come; another process's are found by looking from time to time."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self.house.poll_s)
            self._news.clear()
            try:
                welcome = await self.catch_up()
            except Exception:
                # A store that is away comes back; the page stays and looks again.
                log.exception("a chat page could not look for news")
                await asyncio.sleep(self.house.poll_s)
                continue
            if not welcome:
                self._turn_away()
                return

    def _turn_away(self) -> None:
        """The person has left or was signed out: nothing of the chat stays on the screen."""
        self._log.clear()
        self._client.run_javascript("location.replace('/')")

    async def _first_page(self) -> None:
        async with self.house.database.read() as session:
            rows = await transcripts.lines(session, self.chat)
        self._earlier.set_visibility(len(rows) == transcripts.PAGE)
        if not rows:
            self._greet()
        await self._show(rows)

    async def _show(self, rows: list[Transcript]) -> None:
        """Draw lines at their places by id."""
        links = await self._links(rows)
        self._answered |= await self._answers(rows)
        if rows:
            self._welcome.clear()
        for row in rows:
            known = sorted(self._lines)
            place = bisect_left(known, row.id)
            self._lines[row.id] = row
            with self._log:
                holder = self._drawn[row.id] = ui.element("div").classes("zb-held")
            if place < len(known):
                holder.move(self._log, place)
            self._draw(row, links)

    async def _redraw(self, numbers: list[int], *, unless_same: bool = False) -> None:
        """Draw lines anew; one that is the `same` keeps what is being typed or pressed in it."""
        if not numbers:
            return
        async with self.house.database.read() as session:
            rows = await transcripts.some(session, self.chat, numbers)
        links, answers = await self._links(rows), await self._answers(rows)
        for row in rows:
            before, answered = self._lines[row.id], self._answered.get(row.id)
            self._lines[row.id] = row
            if row.id in answers:
                self._answered[row.id] = answers[row.id]
            same = (before.content, before.taken, answered) == (
                row.content,
                row.taken,
                self._answered.get(row.id),
            )
            if not (same and unless_same):
                self._drawn[row.id].clear()
                self._draw(row, links)

    def _draw(self, row: Transcript, links: dict[int, str]) -> None:
        known = sorted(self._lines)
        place = bisect_left(known, row.id)
        above = self._lines[known[place - 1]] if place else None
        with self._drawn[row.id]:
            draw_line(row, self._drawing(row, links, above))

    async def _answers(self, rows: list[Transcript]) -> dict[int, OwnAnswer]:
        """Return what the reader has answered of the questions in some lines, by the lines."""
        asked = {row.delivery: row.id for row in rows if row.delivery and "poll" in row.content}
        if not asked:
            return {}
        async with self.house.database.read() as session:
            found = await own_answers.by_message(
                session, channel=NAME, account=self.visitor.account, outbox_ids=list(asked)
            )
        return {asked[number]: answer for number, answer in found.items()}

    async def _links(self, rows: list[Transcript]) -> dict[int, str]:
        """Return the addresses of the files in some lines, by the files' row ids."""
        files = [row.content["attachment"]["file"] for row in rows if "attachment" in row.content]
        async with self.house.database.read() as session:
            keys = {number: await transcripts.file_key(session, number) for number in files}
        return {number: f"/files/{key}{self.visitor.query}" for number, key in keys.items()}

    def _drawing(self, row: Transcript, links: dict[int, str], above: Transcript | None) -> Drawing:
        return Drawing(
            reader=self.visitor.person.id,
            zone=self.house.zone,
            now=self.house.clock(),
            group=self.is_group,
            links=links,
            before=above,
            answered=self._answered.get(row.id),
            query=self.visitor.query,
        )

    def _greet(self) -> None:
        """Say what can be done here, while nothing has been said."""
        with self._welcome:
            words("支", "zb-face zb-bot", "div", aria_hidden="true")
            hello = (
                f"{self.visitor.unit.name}群"
                if self.is_group
                else f"你好，{self.visitor.person.name}"
            )
            words(hello, "zb-hello", "h2")
            words(
                f"群里的话大家都能看到。写上 {MENTION} 就是问我。"
                if self.is_group
                else "党务上的问题直接问我，答案附规定出处；没有把握的可以转给组织委员。",
                "zb-faint",
                "p",
            )
            with tag("div", "zb-examples"):
                for example in EXAMPLES:
                    text = f"{MENTION} {example}" if self.is_group else example
                    words(example, "zb-press zb-example", "button", type="button", data_text=text)

    def _typing(self) -> None:
        with tag("div", "zb-typing", role="status", hidden=True):
            words("支", "zb-face zb-bot", "div", aria_hidden="true")
            with tag("div", "zb-bubble"):
                with tag("span", "zb-dots", aria_hidden="true"):
                    for _ in range(3):
                        tag("i")
                words(f"{ASSISTANT}正在输入…")

    def _compose(self) -> None:
        """Draw the place to write in; what it does is in writing.js."""
        tag("ul", "zb-palette", role="listbox", id="zb-palette", aria_label="指令", hidden=True)
        tag("div", "zb-replying", hidden=True)
        with tag("div", "zb-compose"):
            icon_button("attach", "发送文件", data_do="attach")
            tag("input", "zb-pick", type="file", multiple=True, aria_label="选择文件", hidden=True)
            tag(
                "textarea",
                "zb-input",
                rows=1,
                maxlength=TEXT_LIMIT,
                placeholder=f"写上 {MENTION} 提问" if self.is_group else "输入问题，或用“/”选指令",
                aria_label="消息",
                aria_controls="zb-palette",
                enterkeyhint="send",
            )
            icon_button("slash", "指令", data_do="palette")
            with tag("button", "zb-send", type="button", aria_label="发送", data_do="send"):
                icon("send")
        with tag("button", "zb-new", type="button", hidden=True, data_do="down"):
            icon("down")
            words("新消息")
