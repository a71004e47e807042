"""What a handler is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from db import access, audit, conversation
from db.access import Action, Actor, Scope
from db.engine import Session
from db.secrets import Secrets
from handlers.incoming import Incoming, ReceivedFile
from handlers.reply import Button, UserError
from knowledge.library import Library


@dataclass(frozen=True, slots=True)
class Services:
    """What handlers need beside the transaction; made once at start.

    `links` holds, by channel, a pattern with `{}` that opens the assistant with a start
    parameter (a deep link); `web` is the address of the browser pages. `calendar` turns the
    time into the calendar's, which only a demo runs faster.
    """

    library: Library
    secrets: Secrets
    zone: ZoneInfo
    web: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    upload_limit: int = 20 * 1024 * 1024
    calendar: Callable[[datetime], datetime] = lambda now: now


@dataclass(slots=True)
class Context:
    """One message under way: who, what, when, and the open transaction.

    `text` is what follows the command word, or the whole text in a dialog or a question;
    `data` is what the dialog has gathered; `prepared` is what the route's `prepare` made of
    the uploaded file, outside the transaction; `received` is a file sent to a dialog step that
    takes files. `slip` is the command that a short text that is
    no command may have meant. `aside` is the private chat in which a private command that was
    given in a group is answered.
    """

    incoming: Incoming
    session: Session
    actor: Actor
    now: datetime
    services: Services
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    prepared: Any = None
    received: ReceivedFile | None = None
    slip: Button | None = None
    aside: str | None = None

    @property
    def chat(self) -> str:
        """The chat where the talk goes on: a dialog stands where its prompt is shown."""
        return self.aside or self.incoming.chat

    @property
    def overheard(self) -> bool:
        """Whether a plain reply goes to a group, where outsiders may read it."""
        return self.incoming.group and self.aside is None

    @property
    def today(self) -> date:
        """The local date of the event."""
        return self.now.astimezone(self.services.zone).date()

    @property
    def calendar_now(self) -> datetime:
        """The time by which duties are judged."""
        return self.services.calendar(self.now)

    @property
    def calendar_today(self) -> date:
        """The local date by which duties are judged."""
        return self.calendar_now.astimezone(self.services.zone).date()

    @property
    def person_id(self) -> int:
        """The bound person; a route whose action is not public may rely on it."""
        if self.actor.person_id is None:
            raise UserError("请先绑定身份，发送“绑定”查看办法。")
        return self.actor.person_id

    def scope(self, action: Action) -> Scope:
        """Return whose data the asking person may touch for an action."""
        return access.scope(self.actor, action)

    def require(
        self, action: Action, *, unit_path: str | None = None, person_id: int | None = None
    ) -> None:
        """Raise `UserError` with the reason unless the act is allowed."""
        verdict = access.decide(self.actor, action, unit_path=unit_path, person_id=person_id)
        if not verdict.allowed:
            raise UserError(verdict.reason)

    async def record(self, action: str, object: str, **data: Any) -> int:
        """Write an audit line in this transaction and return its number."""
        return await audit.record(
            self.session,
            self.services.secrets,
            actor_id=self.actor.person_id,
            action=action,
            object=object,
            now=self.now,
            data=data,
        )

    async def go_to(self, step: str, **data: Any) -> None:
        """Open a dialog: the next text of this person in this chat belongs to `step`."""
        await conversation.open_dialog(
            self.session,
            account_id=self.actor.account_id,
            chat=self.chat,
            step=step,
            data=data,
            now=self.now,
        )

    async def dialog(self, step: str) -> dict[str, Any] | None:
        """Return what the dialog has gathered if it stands at `step`."""
        found = await conversation.find_dialog(
            self.session, account_id=self.actor.account_id, chat=self.chat, now=self.now
        )
        return found.data if found is not None and found.step == step else None

    async def leave(self) -> bool:
        """Close the dialog; False if there was none."""
        return await conversation.close_dialog(
            self.session, account_id=self.actor.account_id, chat=self.chat
        )
