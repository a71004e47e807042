"""The loop that empties the outbox: claim what can be sent at once, send, settle.

One round is one transaction: it notes what has come of sending since the last one and claims
as much as there are free slots. A slot is free when its message is *noted*, not when it is
sent: what a hard kill leaves in doubt is never more than the slots.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from db import instants
from db.engine import Database, Session, is_store_fault
from db.tables import Outbox, OutboxState
from scheduler import claiming, rates, settling, undelivered
from scheduler.channels import Channel, ChannelError, Posted
from scheduler.claiming import Recheck

log = logging.getLogger(__name__)

# In flight at once per channel: also the most that a hard kill can leave in doubt.
SLOTS = 8
IDLE_S = 1.0
FINISH_S = 20.0
STORE_DOWN_S = 2.0
# A claim whose sending starts later than this, or takes longer than that, could outlast the
# lease: the process may have been frozen in between.
START_S, SEND_S = 20.0, 60.0


@dataclass(frozen=True, slots=True, eq=False)
class _Landed:
    """What came of sending one claimed row, by its id; without an `error` it arrived."""

    channel: Channel
    id: int
    external: str | Posted | None = None
    error: ChannelError | None = None


class Delivery:
    """Delivers through the channels that were added, until it is stopped.

    Without a `clock` the store's own time counts. `rechecks` tell, by kind, which claimed
    messages are still worth sending.
    """

    def __init__(
        self,
        database: Database,
        *,
        zone: tzinfo,
        clock: Callable[[], datetime] | None = None,
        rechecks: Mapping[str, Recheck] | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._channels: dict[str, Channel] = {}
        self._now_in = instants.by(clock) if clock else instants.of_store
        self._zone = zone
        self._rechecks = rechecks or {}
        self._beat = beat
        self._worker = uuid4().hex[:12]
        self._news = asyncio.Event()
        self._stopping = False
        self._taken: dict[str, dict[int, Outbox]] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._landed: list[_Landed] = []
        self._paced = timedelta(0)

    def add(self, channel: Channel) -> None:
        """Deliver what is addressed to this channel, too."""
        self._channels[channel.name] = channel
        self._taken[channel.name] = {}

    def wake(self) -> None:
        """Look at the outbox now rather than at the next tick."""
        self._news.set()

    async def run(self) -> None:
        """Deliver until `stop`; a store that is away is tried again."""
        while not self._stopping:
            self._beat()
            self._news.clear()
            try:
                busy = await self.round()
            except (SQLAlchemyError, OSError) as error:
                log.error("the outbox cannot be used: %s", type(error).__name__)
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
        """Note what has landed and start sending what is due and fits; False if idle.

        Raises the store's errors; what has landed is kept and noted in a later round.
        """
        noted = await self._note_failures()
        arrived = [landed for landed in self._landed if landed.error is None]
        if not arrived and not self._has_room():
            return noted
        try:
            claimed = await self._turn(arrived)
        except Exception as error:
            if is_store_fault(error) or not arrived:
                raise
            log.exception("what was sent cannot be noted together; noting it one by one")
            await self._note_apart(arrived)
            return True
        self._forget(arrived)
        for channel, row in claimed:
            self._start(channel, row)
        return bool(noted or arrived or claimed)

    async def settled(self) -> None:
        """Wait until nothing is in flight and nothing more is due (for tests and the terminal)."""
        while await self.round() or self._sending or self._landed:
            if self._sending:
                await asyncio.wait(self._sending)

    async def tend(self) -> None:
        """Close what is out of date; put aside, and tell of, what must not be sent twice."""
        async with self._database.write() as session:
            now = await self._now_in(session)
            await claiming.expire(session, now=now)
            parked = await claiming.park(session, now=now)
            await undelivered.report_parked(session, parked, now=now, zone=self._zone)
        if parked:
            self.wake()

    def _has_room(self) -> bool:
        return any(len(taken) < SLOTS for taken in self._taken.values())

    async def _turn(self, arrived: Sequence[_Landed]) -> list[tuple[Channel, Outbox]]:
        """Mark what arrived and fill the slots that this frees, in one transaction."""
        claimed: list[tuple[Channel, Outbox]] = []
        self._paced = timedelta(0)
        async with self._database.write() as session:
            now = await self._now_in(session)
            await self._mark(session, arrived, now=now)
            marked = {landed.id for landed in arrived}
            # A channel may be added while this waits for the store.
            for name, channel in list(self._channels.items()):
                free = SLOTS - len(self._taken[name].keys() - marked)
                rows = await self._claim(session, channel, free, now=now)
                claimed += [(channel, row) for row in rows]
        return claimed

    async def _mark(self, session: Session, arrived: Sequence[_Landed], *, now: datetime) -> None:
        pairs = [(self._row(landed), landed.external) for landed in arrived]
        for lost in await settling.sent(session, pairs, now=now):
            log.warning("outbox row %s was sent after its lease ended", lost)

    async def _claim(
        self, session: Session, channel: Channel, free: int, *, now: datetime
    ) -> list[Outbox]:
        """Claim what fits into the free slots and the channel's pace."""
        if free <= 0:
            return []
        if channel.pace is None:
            return await self._take(session, channel, free, now=now)
        allowance = await rates.available(session, channel.name, channel.pace, now=now)
        room = min(free, allowance.count)
        rows = await self._take(session, channel, room, now=now) if room else []
        left = await rates.take(session, allowance, len(rows))
        if len(rows) == room < free:
            # There may be more: look again as soon as it conforms.
            self._paced = min(self._paced or left.wait, left.wait)
        return rows

    async def _take(
        self, session: Session, channel: Channel, limit: int, *, now: datetime
    ) -> list[Outbox]:
        return await claiming.claim(
            session,
            channel=channel.name,
            worker=self._worker,
            now=now,
            limit=limit,
            rechecks=self._rechecks,
        )

    def _start(self, channel: Channel, row: Outbox) -> None:
        """Send a claimed row; one that is being sent already only gets its new claim.

        That happens when the clock is put forward: the lease seems to be over.
        """
        taken = self._taken[channel.name]
        is_flying = row.id in taken
        taken[row.id] = row
        if not is_flying:
            claimed_at = asyncio.get_running_loop().time()
            task = asyncio.create_task(self._send(channel, row, claimed_at))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def _row(self, landed: _Landed) -> Outbox:
        return self._taken[landed.channel.name][landed.id]

    async def _send(self, channel: Channel, row: Outbox, claimed_at: float) -> None:
        if asyncio.get_running_loop().time() - claimed_at > START_S:
            log.warning("outbox row %s was claimed too long ago to be sent", row.id)
            del self._taken[channel.name][row.id]
            return
        try:
            async with asyncio.timeout(SEND_S):
                external = await channel.send(claiming.as_delivery(row))
            landed = _Landed(channel, row.id, external)
        except ChannelError as error:
            landed = _Landed(channel, row.id, error=error)
        except Exception as error:
            log.exception("channel %s failed on outbox row %s", channel.name, row.id)
            reason = ChannelError(type(error).__name__, doubtful=True)
            landed = _Landed(channel, row.id, error=reason)
        self._landed.append(landed)
        self.wake()

    async def _note_failures(self) -> bool:
        """Note each failed attempt by itself; True if there was any."""
        failures = [landed for landed in self._landed if landed.error is not None]
        await self._note_apart(failures)
        return bool(failures)

    async def _note_apart(self, landed: Sequence[_Landed]) -> None:
        """Note outcomes one by one, so that one that cannot be noted stops no other.

        That one is sent again, or parked, when its lease ends.
        """
        for one in landed:
            try:
                await self._note(one)
            except Exception as error:
                if is_store_fault(error):
                    raise
                log.exception("what came of outbox row %s cannot be noted", one.id)
            self._forget([one])

    async def _note(self, landed: _Landed) -> None:
        row, error, pace = self._row(landed), landed.error, landed.channel.pace
        async with self._database.write() as session:
            now = await self._now_in(session)
            if error is None:
                await self._mark(session, [landed], now=now)
                return
            state = await settling.failed(session, row, error, now=now, pace=pace)
            if state is OutboxState.FAILED:
                gone = error.gone
                await undelivered.reroute(session, row, gone=gone, now=now, zone=self._zone)
            elif state is OutboxState.PARKED:
                await undelivered.report_parked(session, [row], now=now, zone=self._zone)

    def _forget(self, landed: Sequence[_Landed]) -> None:
        for one in landed:
            self._landed.remove(one)
            del self._taken[one.channel.name][one.id]

    async def _rest(self) -> None:
        """Wait for news, or for the next tick: the tick finds what no event announces."""
        seconds = self._paced.total_seconds() or IDLE_S
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return

    async def _finish(self) -> None:
        """Let what is in flight end, and note it."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=FINISH_S)
        try:
            await self._note_apart(list(self._landed))
        except (SQLAlchemyError, OSError) as error:
            log.error("the last messages cannot be noted: %s", type(error).__name__)
