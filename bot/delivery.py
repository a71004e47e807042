"""The loop that empties the outbox: claim what can be sent at once, send, settle."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, tzinfo
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from db.engine import Database
from db.tables import Outbox
from scheduler import outbox
from scheduler.channels import Channel, ChannelError
from scheduler.undelivered import reroute

log = logging.getLogger(__name__)

# In flight at once per channel: also the most that a hard kill can leave in doubt.
SLOTS = 8
IDLE_S = 1.0
FINISH_S = 20.0
STORE_DOWN_S = 2.0


class Delivery:
    """Delivers through the channels that were added, until it is stopped."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._channels: dict[str, Channel] = {}
        self._clock = clock
        self._zone = zone
        self._worker = uuid4().hex[:12]
        self._news = asyncio.Event()
        self._stopping = False
        self._flying: dict[str, set[asyncio.Task[None]]] = {}

    def add(self, channel: Channel) -> None:
        """Deliver what is addressed to this channel, too."""
        self._channels[channel.name] = channel
        self._flying[channel.name] = set()

    def wake(self) -> None:
        """Look at the outbox now rather than at the next tick."""
        self._news.set()

    async def run(self) -> None:
        """Deliver until `stop`; a store that is away is tried again."""
        while not self._stopping:
            self._news.clear()
            try:
                busy = await self.round()
            except (SQLAlchemyError, OSError) as error:
                log.error("the outbox cannot be read: %s", type(error).__name__)
                await asyncio.sleep(STORE_DOWN_S)
                continue
            if not busy:
                await self._rest()
        await self._finish()

    async def stop(self) -> None:
        """Claim nothing more; `run` returns when what is in flight has ended."""
        self._stopping = True
        self._news.set()

    async def round(self) -> bool:
        """Start sending what is due and fits; True if anything was started."""
        started = False
        for name, channel in list(self._channels.items()):
            free = SLOTS - len(self._flying[name])
            if free <= 0:
                continue
            async with self._database.write() as session:
                rows = await outbox.claim(
                    session, channel=name, worker=self._worker, now=self._clock(), limit=free
                )
            for row in rows:
                started = True
                task = asyncio.create_task(self._fly(channel, row))
                self._flying[name].add(task)
                task.add_done_callback(self._flying[name].discard)
        return started

    async def settled(self) -> None:
        """Wait until nothing is in flight and nothing more is due (for tests and the terminal)."""
        while await self.round() or any(self._flying.values()):
            flying = [task for tasks in self._flying.values() for task in tasks]
            if flying:
                await asyncio.wait(flying)

    async def _fly(self, channel: Channel, row: Outbox) -> None:
        """Send and settle; what cannot be settled now is sent again when its lease ends."""
        try:
            await self._send(channel, row)
        except (SQLAlchemyError, OSError) as error:
            log.error("outbox row %s cannot be settled: %s", row.id, type(error).__name__)

    async def _send(self, channel: Channel, row: Outbox) -> None:
        try:
            external = await channel.send(outbox.as_delivery(row))
        except ChannelError as error:
            await self._failed(row, error)
        except Exception as error:
            log.exception("channel %s failed on outbox row %s", channel.name, row.id)
            await self._failed(row, ChannelError(type(error).__name__))
        else:
            async with self._database.write() as session:
                kept = await outbox.settle_sent(session, row, external=external, now=self._clock())
            if not kept:
                log.warning("outbox row %s was sent after its lease ended", row.id)
        self.wake()

    async def _failed(self, row: Outbox, error: ChannelError) -> None:
        now = self._clock()
        async with self._database.write() as session:
            kept = await outbox.settle_failed(session, row, error, now=now)
            if kept and error.permanent:
                await reroute(session, row, now=now, zone=self._zone)

    async def _rest(self) -> None:
        """Wait for news, or for the next tick: the tick finds what no event announces."""
        try:
            await asyncio.wait_for(self._news.wait(), IDLE_S)
        except TimeoutError:
            return

    async def _finish(self) -> None:
        flying = [task for tasks in self._flying.values() for task in tasks]
        if flying:
            await asyncio.wait(flying, timeout=FINISH_S)
