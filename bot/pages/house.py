"""What every page needs, and who is looking at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from fastapi import Request

from bot.pages.channel import NAME
from bot.pages.hub import Hub
from db import accounts, signin, transcripts
from db.engine import Database
from db.tables import Person, Unit
from handlers.dispatch import Handled
from handlers.incoming import Incoming

COOKIE = "zhibu_session"
# Another process's lines are looked for at this pace; this process's own are told at once.
POLL_S = 4.0


class Conversation(Protocol):
    """Takes what people say; `handlers.dispatch.Dispatcher` fits."""

    async def handle(self, incoming: Incoming) -> Handled: ...

    async def commands(self, channel: str, account: str) -> list[tuple[str, str]]: ...


@dataclass(frozen=True, slots=True)
class House:
    """The store, the conversation and the settings of the pages.

    `upload_limit` is in bytes; `secure` says that people come by https, even if a proxy ends it.
    """

    database: Database
    conversation: Conversation
    hub: Hub
    clock: Callable[[], datetime]
    zone: ZoneInfo
    demo: bool
    upload_limit: int
    secure: bool = False
    poll_s: float = POLL_S

    @property
    def today(self) -> date:
        """The organisation's local date."""
        return self.clock().astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page: a person, with the unit they belong to and their session, if any."""

    person: Person
    unit: Unit
    session: str = ""

    @property
    def account(self) -> str:
        """The visitor's account of the channel, and the id of the private chat."""
        return transcripts.private_chat(self.person.id)

    @property
    def group(self) -> str:
        """The id of the group chat of the visitor's unit."""
        return transcripts.group_chat(self.unit.id)

    @property
    def query(self) -> str:
        """What a demo page adds to links, since there the address says who is looking."""
        return "" if self.session else f"?as={self.account}"

    def may_read(self, chat: str) -> bool:
        """Tell whether a chat is the visitor's own or the group of the unit."""
        return chat in transcripts.chats(self.person)


async def visitor(house: House, request: Request, claimed: str = "") -> Visitor | None:
    """Return who makes a request; the address decides in a demo, the cookie otherwise."""
    claimed = request.query_params.get("as", claimed)
    return await find_visitor(house, request.cookies.get(COOKIE, ""), claimed)


async def find_visitor(house: House, token: str, claimed: str = "") -> Visitor | None:
    """Return whose session a token is, or in a demo the person that is claimed."""
    async with house.database.read() as session:
        person: Person | None = None
        if house.demo and claimed:
            number, token = _number(claimed), ""
            person = await accounts.person_today(session, number, today=house.today)
        elif token:
            person = await signin.who(session, token, now=house.clock(), today=house.today)
        if person is None:
            return None
        unit = await session.get_one(Unit, person.unit_id)
    return Visitor(person, unit, token)


async def look_again(house: House, who: Visitor) -> Visitor | None:
    """Return the same visitor as the store knows them now; None once they may not be here."""
    return await find_visitor(house, who.session, "" if who.session else who.account)


def _number(claimed: str) -> int:
    kind, _, number = claimed.partition(":")
    plain = number.isascii() and number.isdecimal() and len(number) < 10
    return int(number) if kind == "person" and plain else 0


async def sit_down(house: House, who: Visitor) -> None:
    """See that the visitor has an account of this channel, bound to them."""
    now = house.clock()
    async with house.database.write() as session:
        account = await accounts.seen(
            session,
            channel=NAME,
            external=who.account,
            name=who.person.name,
            chat=who.account,
            now=now,
        )
        account.person_id = who.person.id
        account.bound_at = account.bound_at or now
