"""The chat page: history, what comes in, and what the visitor says."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from nicegui import events, ui
from nicegui.element import Element

from bot.pages.bubbles import ASSISTANT, Drawing, draw_line
from bot.pages.channel import NAME
from bot.pages.house import House, Visitor, find_visitor
from db import transcripts
from db.tables import Transcript
from handlers.incoming import Incoming, Upload, UploadTooLarge
from scheduler.messages import Attachment, Button

log = logging.getLogger(__name__)

MENTION = f"@{ASSISTANT}"
TICK_S = 3.0
# A sign that the assistant is at work is taken back after this, answer or not.
TYPING_S = 20.0
TEXT_LIMIT = 8_000
# Commands that have no use for somebody who is signed in here already.
ELSEWHERE = frozenset({"login", "bind", "unbind", "start"})
# An id made by the page makes a repeated send harmless; Enter in an input method sends nothing.
SEND = """(e) => { if (e.shiftKey || e.isComposing || e.keyCode === 229) return;
e.preventDefault(); emit({text: e.target.value, id: %s}); }"""
NEW_ID = "Date.now().toString(36) + Math.random().toString(36).slice(2)"


@dataclass(eq=False)
class ChatPage:
    """One open page of one chat."""

    house: House
    visitor: Visitor
    chat: str
    seen: int = 0
    first: int = 0
    day: date | None = None
    sent: set[str] = field(default_factory=set)
    rows: dict[int, Element] = field(default_factory=dict)

    @property
    def is_group(self) -> bool:
        """Whether others read along."""
        return self.chat != self.visitor.account

    async def build(self) -> None:
        """Draw the page and begin to listen."""
        self.drawing = Drawing(
            reader=self.visitor.person.id,
            local=lambda at: at.astimezone(self.house.zone),
            press=self.press,
            link=self.link,
        )
        with ui.element("div").classes("zb-scroll").props('id="zb-scroll"'):
            with ui.element("div").classes("zb-lines").props('role="log" aria-live="polite"'):
                self.earlier = ui.button("查看更早的消息", on_click=self.show_earlier)
                self.earlier.props("flat dense no-caps").classes("self-center")
                self.lines = ui.element("div").classes("zb-lines w-full")
            self.typing = ui.label("").classes("zb-typing").props('role="status"')
        await self._build_foot()
        await self._first_page()
        self._listen()

    async def _build_foot(self) -> None:
        with ui.element("div").classes("zb-foot"):
            self.hints = ui.element("div").classes("zb-hints")
            with ui.element("div").classes("zb-compose"):
                self.upload = ui.upload(
                    on_upload=self.receive,
                    on_rejected=self.reject,
                    auto_upload=True,
                    max_file_size=self.house.upload_limit,
                ).classes("hidden")
                pick = ui.button(icon="attach_file", on_click=self._pick).props("flat round")
                pick.props('aria-label="发送文件"')
                hint = f"{MENTION} 提问" if self.is_group else "输入问题或指令，回车发送"
                self.input = ui.textarea(placeholder=hint)
                self.input.props(f"autogrow borderless rows=1 maxlength={TEXT_LIMIT}")
                self.input.props('aria-label="消息" input-class="zb-input"')
                self.input.on("keydown.enter", self._typed, js_handler=SEND % NEW_ID)
                self.input.on_value_change(self._suggest)
                send = ui.button("发送", color=None).classes("zb-send").props("flat no-caps")
                text = f"getElement({self.input.id}).value ?? ''"
                send.on(
                    "click", self._typed, js_handler=f"() => emit({{text: {text}, id: {NEW_ID}}})"
                )
        await self._show_hints("")

    def _pick(self) -> None:
        self.upload.run_method("pickFiles")

    def _listen(self) -> None:
        news = asyncio.Event()
        client = ui.context.client

        def told(line: int) -> None:
            if line <= self.seen:
                self.changed.add(line)
            news.set()

        self.changed: set[int] = set()
        self.house.hub.listen(self.chat, told)
        client.on_delete(lambda: self.house.hub.leave(self.chat, told))

        async def tick() -> None:
            await self.catch_up()

        async def hear() -> None:
            if news.is_set():
                news.clear()
                await self.catch_up()

        ui.timer(0.1, hear)
        ui.timer(TICK_S, tick)

    async def _first_page(self) -> None:
        async with self.house.database.read() as session:
            rows = await transcripts.lines(session, self.chat)
        for row in rows:
            await self._append(row)
        self.first = rows[0].id if rows else 0
        self.earlier.set_visibility(len(rows) == transcripts.PAGE)
        if not rows:
            await self._greet()
        self._scroll_down(always=True)

    async def _greet(self) -> None:
        with self.lines:
            ui.label(
                f"在这里可以向{ASSISTANT}提问，例如“支委会多久开一次”。"
                + (f"群里请先写 {MENTION}。" if self.is_group else "")
            ).classes("zb-day")

    async def catch_up(self) -> None:
        """Show what was written since the last look, and redraw what was changed."""
        async with self.house.database.read() as session:
            rows = await transcripts.lines(session, self.chat, after=self.seen)
            changed = [
                line
                for number in sorted(self.changed)
                if (line := await transcripts.line(session, self.chat, number))
            ]
        self.changed.clear()
        for line in changed:
            await self._redraw(line)
        for row in rows:
            await self._append(row)
        if rows or changed:
            if any(row.author_id is None for row in rows) or changed:
                self.typing.set_text("")
            self._scroll_down(always=False)

    async def show_earlier(self) -> None:
        """Show the page of lines before the first one on show."""
        async with self.house.database.read() as session:
            rows = await transcripts.lines(session, self.chat, before=self.first)
        for place, row in enumerate(rows):
            holder = await self._hold(row)
            holder.move(self.lines, place)
        self.first = rows[0].id if rows else self.first
        self.earlier.set_visibility(len(rows) == transcripts.PAGE)

    async def _append(self, line: Transcript) -> None:
        if line.id <= self.seen:
            return
        self.seen = line.id
        day = self.drawing.local(line.at).date()
        if day != self.day:
            self.day = day
            with self.lines:
                ui.label(f"{day:%Y年%m月%d日}").classes("zb-day")
        await self._hold(line)

    async def _hold(self, line: Transcript) -> Element:
        with self.lines:
            holder = ui.element("div").classes("w-full")
        self.rows[line.id] = holder
        with holder:
            await draw_line(line, self.drawing)
        return holder

    async def _redraw(self, line: Transcript) -> None:
        holder = self.rows.get(line.id)
        if holder is not None:
            holder.clear()
            with holder:
                await draw_line(line, self.drawing)

    async def _typed(self, event: events.GenericEventArguments) -> None:
        text, made = str(event.args.get("text") or "").strip(), str(event.args.get("id"))
        if not text or made in self.sent:
            return
        self.sent.add(made)
        self.input.set_value("")
        await self.say(text[:TEXT_LIMIT], made)

    async def say(self, text: str, made: str) -> None:
        """Write down what the visitor says, then hand it to the assistant."""
        if not await self._still_here():
            return
        await self._write({"text": text})
        addressed = not self.is_group or MENTION in text or text.startswith("/")
        await self._hand_in(made, text=text.replace(MENTION, "").strip(), addressed=addressed)

    async def press(self, line: int, button: Button) -> None:
        """Press a button under a line."""
        if await self._still_here():
            made = f"press:{line}:{button.token}:{self.house.clock().timestamp()}"
            await self._hand_in(made, press=button.token, message=str(line))

    async def receive(self, event: events.UploadEventArguments) -> None:
        """Hand in a file; what is done with it is for the conversation to decide."""
        if not await self._still_here():
            return
        data = await event.file.read()
        self.upload.reset()
        name = event.file.name.replace("\0", "")[-200:] or "未命名"
        caption = str(self.input.value or "").strip()
        self.input.set_value("")
        await self._write({"text": f"{caption}\n[文件] {name}".strip()})

        async def fetch(limit: int) -> bytes:
            if len(data) > limit:
                raise UploadTooLarge(name)
            return data

        made = f"file:{self.house.clock().timestamp()}"
        upload = Upload(name=name, size=len(data), fetch=fetch)
        await self._hand_in(made, text=caption, upload=upload)

    def reject(self) -> None:
        """Say why a file was not even taken."""
        limit = self.house.upload_limit // (1024 * 1024)
        ui.notify(f"文件超过 {limit} MB，无法发送。", type="warning")

    async def link(self, attachment: Attachment) -> str:
        """Return the address of a stored file for this visitor."""
        async with self.house.database.read() as session:
            key = await transcripts.file_key(session, attachment.file)
        return f"/files/{key}{self.visitor.query}"

    async def _write(self, content: dict[str, Any]) -> None:
        async with self.house.database.write() as session:
            line = await transcripts.say(
                session,
                chat=self.chat,
                author_id=self.visitor.person.id,
                author=self.visitor.person.name,
                content=content,
                now=self.house.clock(),
            )
        self.house.hub.publish(self.chat, line.id)

    async def _hand_in(self, made: str, **what: Any) -> None:
        incoming = Incoming(
            channel=NAME,
            update=f"{self.visitor.person.id}:{made}",
            account=self.visitor.account,
            account_name=self.visitor.person.name,
            chat=self.chat,
            group=self.is_group,
            at=self.house.clock(),
            **what,
        )
        if incoming.addressed:
            self.typing.set_text(f"{ASSISTANT}正在输入…")
            ui.timer(TYPING_S, lambda: self.typing.set_text(""), once=True)
        try:
            handled = await self.house.conversation.handle(incoming)
        except Exception:
            log.exception("a message from the pages was not taken")
            self.typing.set_text("")
            self._offer_again(made, what)
            return
        if handled.notice:
            self.typing.set_text("")
            ui.notify(handled.notice)

    def _offer_again(self, made: str, what: dict[str, Any]) -> None:
        """Let the visitor send the same message again, under the same id."""
        with self.lines:
            again = ui.label("发送失败，点此重试").classes("zb-failed self-end")

        async def resend() -> None:
            again.delete()
            await self._hand_in(made, **what)

        again.on("click", resend)

    async def _still_here(self) -> bool:
        """Tell whether the session still stands and may write here; it may have ended since."""
        who = self.visitor
        claimed = "" if who.session else who.account
        now = await find_visitor(self.house, who.session, claimed)
        if now is not None:
            async with self.house.database.read() as session:
                if await transcripts.may_read(session, self.chat, now.person):
                    return True
        ui.navigate.to("/")
        return False

    async def _suggest(self, event: events.ValueChangeEventArguments[str | None]) -> None:
        await self._show_hints(str(event.value or ""))

    async def _show_hints(self, typed: str) -> None:
        """Offer commands while nothing is typed, or those that begin with what is."""
        self.hints.clear()
        if typed and not typed.startswith("/"):
            return
        commands = await self.house.conversation.commands(NAME, self.visitor.account)
        offered = [c for c in commands if c[0] not in ELSEWHERE]
        fitting = [c for c in commands if typed[1:] in c[0]] if typed else offered
        with self.hints:
            for name, help_ in fitting[:6]:
                self._hint(name, help_)

    def _hint(self, name: str, help_: str) -> None:
        word, _, meaning = help_.partition("：")
        chip = ui.chip(word or name, color=None).props("clickable dense square")
        chip.tooltip(meaning)
        chip.on_click(lambda: self.input.set_value(f"{word} "))

    def _scroll_down(self, *, always: bool) -> None:
        """Go to the end, but do not tear a reader away from what was said before."""
        near = "true" if always else "b.scrollHeight - b.scrollTop - b.clientHeight < 400"
        ui.run_javascript(
            "setTimeout(() => { const b = document.getElementById('zb-scroll');"
            f"if (b && ({near})) b.scrollTop = b.scrollHeight; }}, 60)"
        )
