"""The browser as a channel: a delivery is a line of the transcript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.pages.hub import Hub
from db import transcripts
from db.engine import Database
from scheduler.channels import Delivery

NAME = "browser"


class BrowserChannel:
    """Writes what is delivered where the pages read it: exactly once, by the delivery's id."""

    name = NAME
    pace = None

    def __init__(self, database: Database, hub: Hub, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._hub = hub
        self._clock = clock

    async def send(self, delivery: Delivery) -> str | None:
        """Write one line and wake the open pages; returns the line's id."""
        chat, content = delivery.address.chat, delivery.message.to_json()
        async with self._database.write() as session:
            if delivery.answers and delivery.answers.isdecimal():
                answered = await transcripts.snippet(session, chat, int(delivery.answers))
                content["answers"] = answered
            line = await transcripts.deliver(
                session,
                chat=chat,
                content=content,
                delivery=delivery.id,
                edits=delivery.edits,
                now=self._clock(),
            )
        self._hub.publish(chat, int(line))
        return line
