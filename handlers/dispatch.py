"""The way of a message: find the person, check the action, run the handler, keep the replies.

Everything that a message causes is one transaction: the note that its update was handled, the
effect, and the replies in the outbox. A crash before the commit leaves nothing, and the
platform delivers the update again; a crash after it loses nothing, because the replies are
on record and go out later.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from db import access, accounts, conversation
from db.access import Actor
from db.engine import Database, Session, is_store_fault
from handlers.context import Context, Services
from handlers.flood import Flood
from handlers.incoming import (
    ChatChange,
    ChatEvent,
    Incoming,
    PollNews,
    ReceivedFile,
    Upload,
    UploadTooLarge,
    Vote,
)
from handlers.meaning import is_explicit, is_question
from handlers.reply import TOAST_LENGTH, Button, Reply, UserError
from handlers.router import FileRoute, Handler, Replies, Route, Router, Step
from knowledge.documents import DocumentError
from knowledge.documents.safety import OLD_OFFICE
from scheduler import outbox, quiz_groups, votes
from scheduler.channels import Address, ChannelError, Lane
from scheduler.kinds import REPLY

log = logging.getLogger(__name__)

TEXT_LIMIT = 8_000
# A longer text is a question, however much it looks like a command.
SLIP_LENGTH = 12
OLD_SUFFIXES = (".doc", ".xls", ".ppt", ".wps", ".et", ".dps")
CANCEL = "取消"
NOT_FETCHED = "文件没有取到，请重新发送一次。"
STALE_DIALOG = "刚才的操作已结束，文件没有保存。请重新发送指令后再发文件。"
NO_OWN_CHAT = "请先私聊我一次，我再把结果发给你本人。"
STALE_BUTTON = "这个按钮已失效，请重新发送指令。"


@dataclass(frozen=True, slots=True)
class Handled:
    """What the channel may show at once to the one who pressed a button; mostly nothing."""

    notice: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was made of an uploaded file before the transaction: a value, or why not.

    `file` is there when the file goes to the step of an open dialog.
    """

    route: FileRoute | None = None
    value: Any = None
    file: ReceivedFile | None = None
    refusal: Reply | None = None


class Dispatcher:
    """Takes every event of every channel. `wake` is called when something waits to be sent."""

    def __init__(
        self,
        database: Database,
        router: Router,
        services: Services,
        *,
        question: Handler,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._router = router
        self._services = services
        self._question = question
        self._clock = clock
        self._wake = wake
        self._flood = Flood()

    async def handle(self, incoming: Incoming) -> Handled:
        """Handle one event; raises only when the store cannot be used (deliver it again then)."""
        if not incoming.addressed or (incoming.edited and incoming.group):
            return Handled()
        now = self._clock()
        if not self._flood.admit(f"{incoming.channel}:{incoming.account}", now):
            return Handled("消息太快了，请稍等片刻再发。")
        incoming = _clean(incoming)
        try:
            prepared = await self._prepare(incoming, now)
            async with self._database.write() as session:
                handled = await self._run(session, incoming, prepared, now)
        except Exception as error:
            if is_store_fault(error):
                raise
            handled = await self._apologise(incoming, error, now)
        self._wake()
        return handled

    async def chat_event(self, event: ChatEvent) -> None:
        """Note what a platform reports of a chat."""
        now = self._clock()
        async with self._database.write() as session:
            if not await conversation.accept(
                session, channel=event.channel, update=event.update, now=now
            ):
                return
            if event.change is ChatChange.GONE:
                where = {"channel": event.channel, "chat": event.chat}
                await accounts.close_chat(session, **where, now=now)
                await quiz_groups.lost(session, **where, now=now, zone=self._services.zone)
            elif event.change is ChatChange.REACHABLE:
                await accounts.reopen_chat(session, channel=event.channel, chat=event.chat)
            elif event.moved_to is not None:
                await outbox.move_chat(
                    session, channel=event.channel, old=event.chat, new=event.moved_to
                )
        self._wake()

    async def vote(self, vote: Vote) -> None:
        """Count what somebody chose in a native poll.

        A person's first vote counts, so one that is delivered twice needs no note in the inbox.
        """
        if not vote.places:
            return
        now = self._clock()
        ballot = votes.Ballot(
            vote.channel, vote.poll, vote.account, _plain(vote.account_name)[:100], vote.places
        )
        async with self._database.write() as session:
            try:
                await votes.cast_in_poll(session, ballot, today=self._today(now), now=now)
            except ValueError as error:
                log.warning("a vote was refused: %s", error)

    async def poll_news(self, news: PollNews) -> None:
        """Note that a poll is there of which that was not known."""
        async with self._database.read() as session:
            if not await votes.is_doubtful(session, news.channel):
                return
        async with self._database.write() as session:
            await votes.recognise(
                session,
                channel=news.channel,
                poll=news.poll,
                question=news.question,
                options=news.options,
                now=self._clock(),
            )

    async def commands(self, channel: str, account: str) -> list[tuple[str, str]]:
        """Return the slash commands of an account's role, with their help."""
        now = self._clock()
        async with self._database.read() as session:
            actor = await self._actor(session, channel, account, now)
        return [(r.name, f"{r.words[0]}：{r.help}") for r in self._router.listed(actor) if r.words]

    async def _run(
        self, session: Session, incoming: Incoming, prepared: Prepared, now: datetime
    ) -> Handled:
        if not await conversation.accept(
            session, channel=incoming.channel, update=incoming.update, now=now
        ):
            return Handled()
        account = await accounts.seen(
            session,
            channel=incoming.channel,
            external=incoming.account,
            name=incoming.account_name,
            chat=None if incoming.group else incoming.chat,
            now=now,
        )
        actor = await accounts.actor(session, account, today=self._today(now))
        context = Context(incoming, session, actor, now, self._services)
        if incoming.press is not None:
            command = await self._pressed(context, incoming.press)
            if command is None:
                return Handled(STALE_BUTTON)
            context.text = command
        else:
            context.text = incoming.text.strip()
        replies = await self._guarded(context, prepared)
        toasts = [reply for reply in replies if _is_toast(reply, incoming)]
        await self._keep(context, [reply for reply in replies if reply not in toasts])
        return Handled("\n".join(reply.text for reply in toasts))

    async def _guarded(self, context: Context, prepared: Prepared) -> Sequence[Reply]:
        """Run the handler in a savepoint: a mistake of the user's undoes it and is told."""
        try:
            async with context.session.begin_nested():
                return _as_list(await self._route(context, prepared))
        except UserError as error:
            return [Reply(str(error), private=context.aside is not None, toast=True)]

    async def _route(self, context: Context, prepared: Prepared) -> Replies:
        if prepared.refusal is not None:
            return prepared.refusal
        if prepared.route is not None:
            context.require(prepared.route.needs)
            context.prepared = prepared.value
            return await prepared.route.handler(context)
        if context.incoming.contact is not None:
            return await self._call(self._router.routes["contact"], context, "")
        if context.text == CANCEL:
            return await self._cancel(context)
        step = await self._step(context)
        if prepared.file is not None:
            return await self._receive(context, step, prepared.file)
        found = self._command(context)
        if step is not None and _takes(step, context.text, found):
            context.require(step.needs)
            return await step.handler(context)
        if found is not None:
            return await self._call(found[0], context, found[1])
        if context.text.startswith("/"):
            return self._unknown(context)
        context.slip = self._slip(context)
        return await self._question(context)

    async def _cancel(self, context: Context) -> Reply:
        """Leave the dialog, whatever it is about."""
        dialog = await conversation.find_dialog(
            context.session,
            account_id=context.actor.account_id,
            chat=context.chat,
            now=context.now,
        )
        step = self._router.steps.get(dialog.step) if dialog is not None else None
        if dialog is not None and step is not None and step.cancelled is not None:
            context.data = dialog.data
            await step.cancelled(context)
        return Reply("已取消。" if await context.leave() else "没有正在进行的操作。")

    def _command(self, context: Context) -> tuple[Route, str] | None:
        """Return the command that a text gives, unless it is a question after all."""
        found = self._router.find(context.text)
        if found is None or context.incoming.press is not None:
            return found
        allowed = access.decide(context.actor, found[0].needs).allowed
        return None if is_question(context.text, *found, allowed=allowed) else found

    async def _receive(self, context: Context, step: Step | None, file: ReceivedFile) -> Replies:
        """Hand a file to the step that takes it, if the dialog still stands there."""
        if step is None or not step.takes_files:
            return Reply(STALE_DIALOG)
        context.require(step.needs)
        context.received = file
        return await step.handler(context)

    async def _call(self, route: Route, context: Context, rest: str) -> Replies:
        context.require(route.needs)
        context.text = rest
        if route.private and context.incoming.group:
            context.aside = await self._own_chat(context)
            if context.aside is None:
                raise UserError(NO_OWN_CHAT)
        replies = await route.handler(context)
        if not route.private:
            return replies
        return [replace(reply, private=True) for reply in _as_list(replies)]

    def _unknown(self, context: Context) -> Reply:
        near = self._slip(context)
        hint = f"你是不是想用“{near.label}”？" if near else ""
        buttons = ((near,),) if near else ()
        return Reply(f"没有这个指令。{hint}发送“帮助”查看全部指令。", buttons=buttons)

    def _slip(self, context: Context) -> Button | None:
        """Return the command that a very short text probably meant."""
        if len(context.text) > SLIP_LENGTH:
            return None
        near = self._router.near(context.text, context.actor)
        return Button(near.words[0], f"/{near.name}") if near and near.words else None

    async def _step(self, context: Context) -> Step | None:
        """Return the dialog step that a typed text belongs to.

        A pressed button is a command; a message that was edited later may be of any age.
        """
        if context.incoming.press is not None or context.incoming.edited:
            return None
        dialog = await conversation.find_dialog(
            context.session,
            account_id=context.actor.account_id,
            chat=context.incoming.chat,
            now=context.now,
        )
        if dialog is None:
            return None
        context.data = dialog.data
        return self._router.steps.get(dialog.step)

    async def _pressed(self, context: Context, token: str) -> str | None:
        command = await conversation.redeem_press(
            context.session,
            channel=context.incoming.channel,
            chat=context.incoming.chat,
            account_id=context.actor.account_id,
            token=token,
            now=context.now,
        )
        if command is None:
            log.info("a press was refused: channel=%s", context.incoming.channel)
        return command

    async def _keep(self, context: Context, replies: Sequence[Reply]) -> None:
        incoming = context.incoming
        own = await self._own_chat(context)
        for number, reply in enumerate(replies):
            elsewhere = reply.private and incoming.group
            if elsewhere and own is None:
                reply, elsewhere = Reply(NO_OWN_CHAT), False
            address = (
                Address(incoming.channel, str(own))
                if elsewhere
                else Address(incoming.channel, incoming.chat, incoming.thread)
            )
            await outbox.enqueue(
                context.session,
                reply,
                key=f"reply:{incoming.channel}:{incoming.update}:{number}",
                address=address,
                kind=REPLY,
                lane=Lane.REPLY,
                now=context.now,
                person_id=context.actor.person_id,
                presser=context.actor.account_id,
                edits=incoming.message
                if reply.replaces and not elsewhere and incoming.press
                else None,
                answers=incoming.message if incoming.group and not elsewhere else None,
            )

    async def _own_chat(self, context: Context) -> str | None:
        account = await accounts.find(
            context.session, channel=context.incoming.channel, external=context.incoming.account
        )
        return account.chat if account else None

    async def _prepare(self, incoming: Incoming, now: datetime) -> Prepared:
        """Fetch and read an uploaded file before the transaction, if its sender has the right."""
        if incoming.upload is None:
            return Prepared()
        async with self._database.read() as session:
            actor = await self._actor(session, incoming.channel, incoming.account, now)
            step = None
            if not incoming.edited:
                step = await self._open_step(session, actor, incoming.chat, now)
        upload = incoming.upload
        if step is not None and step.takes_files and access.decide(actor, step.needs).allowed:
            return await self._fetch(upload)
        routes = self._router.find_file(actor, upload.name, incoming.text, step)
        if not routes:
            return Prepared(refusal=Reply(_no_file(actor, upload.name)))
        if len(routes) > 1:
            words = "、".join(f"“{route.words[0]}”（{route.help}）" for route in routes)
            return Prepared(refusal=Reply(f"这个文件要做什么？请连同说明重新发送：{words}。"))
        return await self._read(routes[0], upload)

    async def _open_step(
        self, session: Session, actor: Actor, chat: str, now: datetime
    ) -> Step | None:
        dialog = await conversation.find_dialog(
            session, account_id=actor.account_id, chat=chat, now=now
        )
        return self._router.steps.get(dialog.step) if dialog else None

    async def _fetch(self, upload: Upload) -> Prepared:
        try:
            data = await upload.fetch(self._services.upload_limit)
        except UploadTooLarge:
            return Prepared(refusal=self._too_large())
        except ChannelError:
            return Prepared(refusal=Reply(NOT_FETCHED))
        return Prepared(file=ReceivedFile(_plain(upload.name)[:200], data))

    def _too_large(self) -> Reply:
        return Reply(f"文件超过 {self._services.upload_limit // (1024 * 1024)} MB，无法接收。")

    async def _read(self, route: FileRoute, upload: Upload) -> Prepared:
        try:
            data = await upload.fetch(self._services.upload_limit)
            value = await asyncio.to_thread(route.prepare, upload.name, data)
        except UploadTooLarge:
            return Prepared(refusal=self._too_large())
        except ChannelError:
            return Prepared(refusal=Reply(NOT_FETCHED))
        except (DocumentError, UserError) as error:
            return Prepared(refusal=Reply(str(error)))
        except OSError as error:
            # Of the file, not of the store: to hand it in again would change nothing.
            raise RuntimeError("a file could not be read") from error
        return Prepared(route=route, value=value)

    async def _actor(self, session: Session, channel: str, account: str, now: datetime) -> Actor:
        found = await accounts.find(session, channel=channel, external=account)
        return await accounts.actor(session, found, today=self._today(now))

    def _today(self, now: datetime) -> date:
        return now.astimezone(self._services.zone).date()

    async def _apologise(self, incoming: Incoming, error: Exception, now: datetime) -> Handled:
        """Close an update whose handler failed: the same text would only fail again."""
        reference = secrets.token_hex(3).upper()
        log.error("handler failed, reference=%s", reference, exc_info=error)
        text = f"处理时出了错，内容没有保存。请稍后再试；如仍不行，把编号 {reference} 告诉管理员。"
        async with self._database.write() as session:
            if await conversation.accept(
                session, channel=incoming.channel, update=incoming.update, now=now
            ):
                await outbox.enqueue(
                    session,
                    Reply(text),
                    key=f"reply:{incoming.channel}:{incoming.update}:error",
                    address=Address(incoming.channel, incoming.chat, incoming.thread),
                    kind=REPLY,
                    lane=Lane.REPLY,
                    now=now,
                )
        return Handled()


def _takes(step: Step, text: str, found: tuple[Route, str] | None) -> bool:
    """Tell whether a text belongs to the step of a dialog and not to the command it gives."""
    if found is None or text in step.words:
        return True
    return not step.brief and not is_explicit(text, *found)


def _as_list(replies: Replies) -> list[Reply]:
    return [replies] if isinstance(replies, Reply) else list(replies)


def _is_toast(reply: Reply, incoming: Incoming) -> bool:
    pressed = incoming.group and incoming.press is not None
    return reply.toast and pressed and len(reply.text) <= TOAST_LENGTH


def _no_file(actor: Actor, name: str) -> str:
    if not actor.bound:
        return access.decide(actor, access.EDIT_LIBRARY).reason
    if name.lower().endswith(OLD_SUFFIXES):
        return OLD_OFFICE
    return "我现在不能处理这类文件，或者你没有导入的权限。需要留存的材料请交给所在支部。"


def _clean(incoming: Incoming) -> Incoming:
    """Drop what no database stores (NUL, lone surrogates) and what nobody types by hand."""
    return replace(
        incoming,
        text=_plain(incoming.text)[:TEXT_LIMIT],
        account_name=_plain(incoming.account_name)[:100],
        chat_title=_plain(incoming.chat_title)[:200],
        press=None if incoming.press is None else _plain(incoming.press)[:64],
    )


def _plain(text: str) -> str:
    return text.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")
