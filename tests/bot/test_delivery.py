"""The loop sends what is due, once, and survives what a channel throws."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from bot.delivery import SLOTS, Delivery
from db import accounts, demo
from db.engine import Database, Session
from db.secrets import Secrets
from db.tables import Outbox, OutboxState, Person, Post, Title, Unit
from scheduler import channels, claiming, outbox, rates, settling
from scheduler.channels import Address, ChannelError, Lane
from scheduler.claiming import Recheck
from scheduler.messages import Message

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


class Scripted:
    """A far end that does what the script says, then succeeds."""

    name = "test"
    pace: rates.Pace | None = None

    def __init__(self, *script: Exception) -> None:
        self.script = deque(script)
        self.sent: list[str] = []
        self.arrived = asyncio.Semaphore(0)
        self.flying = 0
        self.most = 0

    async def send(self, delivery: channels.Delivery) -> str | None:
        self.flying += 1
        self.most = max(self.most, self.flying)
        await asyncio.sleep(0)
        self.flying -= 1
        if self.script:
            raise self.script.popleft()
        self.sent.append(delivery.message.text)
        self.arrived.release()
        return f"m{len(self.sent)}"


class Gated(Scripted):
    """A far end that takes messages and answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.answering = asyncio.Event()

    async def send(self, delivery: channels.Delivery) -> str | None:
        external = await super().send(delivery)
        await self.answering.wait()
        return external


class House:
    """A store, a channel and a clock that the test moves."""

    def __init__(
        self,
        database: Database,
        *script: Exception,
        rechecks: Mapping[str, Recheck] | None = None,
    ) -> None:
        self.now = NOON
        self.database = database
        self.channel = Scripted(*script)
        self.delivery = Delivery(database, clock=lambda: self.now, zone=ZONE, rechecks=rechecks)
        self.delivery.add(self.channel)

    async def put(self, *texts: str, chat: str = "", kind: str = "reply") -> None:
        await put(self.database, *texts, chat=chat, kind=kind, now=self.now)

    async def states(self) -> list[str]:
        return await states(self.database)


async def put(
    database: Database, *texts: str, chat: str = "", kind: str = "reply", now: datetime = NOON
) -> None:
    """Queue texts, each for a chat of its own unless one is named."""
    async with database.write() as session:
        for text in texts:
            await outbox.enqueue(
                session,
                Message(text),
                key=text,
                address=Address("test", chat or text),
                kind=kind,
                lane=Lane.REPLY,
                now=now,
            )


async def states(database: Database) -> list[str]:
    """Return where each message stands, the oldest first."""
    async with database.read() as session:
        return list(await session.scalars(select(Outbox.state).order_by(Outbox.id)))


async def test_it_sends_a_chat_in_order(database: Database) -> None:
    house = House(database)
    texts = [str(number) for number in range(12)]
    await house.put(*texts, chat="one")
    await house.delivery.settled()
    assert house.channel.sent == texts


async def test_it_has_no_more_in_flight_than_it_can_send_at_once(
    sqlite_database: Database,
) -> None:
    house = House(sqlite_database)
    await house.put(*(str(number) for number in range(3 * SLOTS)))
    await house.delivery.settled()
    assert (len(house.channel.sent), house.channel.most <= SLOTS) == (3 * SLOTS, True)


async def test_an_unknown_error_is_tried_again_later(database: Database) -> None:
    house = House(database, RuntimeError("bug"))
    await house.put("a")
    await house.delivery.settled()
    assert (await house.states(), house.channel.sent) == ([OutboxState.PENDING], [])
    house.now += settling.BACKOFF[0] * (1 + settling.JITTER)
    await house.delivery.settled()
    assert house.channel.sent == ["a"]


async def test_a_kill_after_sending_costs_one_repeat_and_no_loss(database: Database) -> None:
    """A worker that dies between send and settle is played by one that never settles."""
    house = House(database)
    await house.put("a")
    async with database.write() as session:
        await claiming.claim(session, channel="test", worker="dead", now=house.now, limit=1)
    await house.delivery.settled()
    assert house.channel.sent == []
    house.now += claiming.LEASE
    await house.delivery.settled()
    assert (house.channel.sent, await house.states()) == (["a"], [OutboxState.SENT])


async def test_the_loop_ends_when_it_is_stopped_and_finishes_what_flies(
    sqlite_database: Database,
) -> None:
    house = House(sqlite_database)
    await house.put("a", "b")
    loop = asyncio.create_task(house.delivery.run())
    for _ in range(2):
        await house.channel.arrived.acquire()
    await house.delivery.stop()
    await loop
    assert await house.states() == [OutboxState.SENT, OutboxState.SENT]


async def _people(database: Database, *names: str) -> dict[str, int]:
    secrets = Secrets(b"a secret that only the tests know!")
    ids = {}
    async with database.write() as session:
        await demo.plant(session, secrets)
        for name in names:
            person = (await session.scalars(select(Person).where(Person.name == name))).one()
            ids[name] = person.id
            account = await accounts.seen(
                session, channel="test", external=name, name=name, chat=name, now=NOON
            )
            account.person_id = person.id
    return ids


async def test_a_notice_to_a_blocked_chat_is_reported_to_the_secretary(
    database: Database,
) -> None:
    people = await _people(database, "江晚舟", "林知夏")
    house = House(database, ChannelError("blocked", gone=True))
    async with database.write() as session:
        await outbox.notify(
            session, people["江晚舟"], Message("提醒"), key="n", kind="notice", now=NOON
        )
    await house.delivery.settled()
    [told] = house.channel.sent
    assert "江**" in told


async def test_a_notice_follows_the_person_to_another_account(database: Database) -> None:
    people = await _people(database, "江晚舟")
    async with database.write() as session:
        second = await accounts.seen(
            session,
            channel="test",
            external="二号",
            name="二号",
            chat="二号",
            now=NOON + timedelta(minutes=1),
        )
        second.person_id = people["江晚舟"]
    house = House(database, ChannelError("blocked", gone=True))
    async with database.write() as session:
        await outbox.notify(
            session, people["江晚舟"], Message("提醒"), key="n", kind="notice", now=NOON
        )
    await house.delivery.settled()
    assert house.channel.sent == ["提醒"]


async def test_what_was_sent_while_the_store_was_away_is_noted_when_it_is_back(
    sqlite_database: Database,
) -> None:
    """The store fails between sending and noting: nothing is sent a second time."""
    house = House(sqlite_database)
    await house.put("a")
    await house.delivery.round()
    await house.channel.arrived.acquire()
    async with sqlite_database.write() as session:
        await session.execute(text("ALTER TABLE attempt RENAME TO away"))
    with pytest.raises(OperationalError):
        await house.delivery.settled()
    async with sqlite_database.write() as session:
        await session.execute(text("ALTER TABLE away RENAME TO attempt"))
    await house.delivery.settled()
    assert (house.channel.sent, await house.states()) == (["a"], [OutboxState.SENT])


async def test_one_outcome_that_cannot_be_noted_stops_no_other(
    sqlite_database: Database,
) -> None:
    house = House(sqlite_database)
    await house.put("a", "b", "c")
    async with sqlite_database.write() as session:
        await session.execute(
            text(
                "CREATE TRIGGER odd BEFORE INSERT ON attempt WHEN new.outbox_id = 2 "
                "BEGIN SELECT RAISE(ABORT, 'odd'); END"
            )
        )
    await house.delivery.settled()
    assert await house.states() == [OutboxState.SENT, OutboxState.LEASED, OutboxState.SENT]


async def test_a_frozen_process_does_not_send_what_it_claimed_long_ago(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 6: it was stopped between claim and send, and another one has the row by now."""
    house = House(sqlite_database)
    await house.put("a")
    await house.delivery.round()
    loop = asyncio.get_running_loop()
    thawed = loop.time() + claiming.LEASE.total_seconds()
    monkeypatch.setattr(loop, "time", lambda: thawed)
    await asyncio.sleep(0)
    monkeypatch.undo()
    assert house.channel.sent == []


async def test_a_poll_that_may_have_arrived_is_parked_and_an_administrator_told(
    database: Database,
) -> None:
    """Faults 2 and 63: of two copies of a poll neither gets a true result."""
    people = await _people(database, "江晚舟")
    async with database.write() as session:
        root = (await session.scalars(select(Unit).order_by(Unit.id).limit(1))).one()
        post = Post(
            person_id=people["江晚舟"],
            unit_id=root.id,
            title=Title.ADMINISTRATOR.value,
            since=NOON.date(),
        )
        session.add(post)
    house = House(database)
    await house.put("投票", kind="poll")
    async with database.write() as session:
        await claiming.claim(session, channel="test", worker="dead", now=house.now, limit=1)
    house.now += claiming.LEASE
    await house.delivery.settled()
    await house.delivery.tend()
    await house.delivery.settled()
    [told] = house.channel.sent
    assert "zhibu outbox release" in told
    assert await house.states() == [OutboxState.PARKED, OutboxState.SENT]


async def test_a_poll_whose_answer_was_lost_is_parked_at_once(database: Database) -> None:
    house = House(database, ChannelError("no answer", doubtful=True))
    await house.put("投票", kind="poll")
    await house.delivery.settled()
    assert await house.states() == [OutboxState.PARKED]


async def test_no_more_are_claimed_than_the_pace_allows(database: Database) -> None:
    house = House(database)
    house.channel.pace = rates.Pace(per_second=10, burst=3)
    await house.put(*(str(number) for number in range(8)))
    counts = []
    for _ in range(4):
        await house.delivery.settled()
        counts.append(len(house.channel.sent))
        house.now += timedelta(milliseconds=200)
    assert counts == [3, 5, 7, 8]


async def test_refusals_from_several_chats_slow_the_whole_channel(database: Database) -> None:
    """Fault 25: three chats within two seconds mean the bot, not the chats."""
    limited = [ChannelError("slow down", retry_after=30, limited=True) for _ in range(3)]
    house = House(database, *limited)
    house.channel.pace = rates.Pace(per_second=10, burst=3)
    await house.put(*(str(number) for number in range(5)))
    await house.delivery.settled()
    house.now += timedelta(seconds=29)
    await house.delivery.settled()
    assert house.channel.sent == []
    house.now += timedelta(seconds=1)
    await house.delivery.settled()
    assert len(house.channel.sent) == 1


async def test_a_message_that_is_refused_for_good_is_not_rerouted_for_ever(
    database: Database,
) -> None:
    """Fault 30: the same words to the same chat would be refused again, without end."""
    people = await _people(database, "江晚舟")
    house = House(database, *(ChannelError("bad request", permanent=True) for _ in range(9)))
    async with database.write() as session:
        await outbox.notify(
            session, people["江晚舟"], Message("提醒"), key="n", kind="duty", now=NOON
        )
    await house.delivery.settled()
    assert await house.states() == [OutboxState.FAILED]


async def test_what_was_done_between_planning_and_sending_is_not_sent(
    database: Database,
) -> None:
    """Fault 69: the claim asks again whether it is still owed."""

    async def nothing_is_owed(session: Session, rows: Sequence[int]) -> set[int]:
        return set()

    house = House(database, rechecks={"duties": nothing_is_owed})
    await house.put("提醒", kind="duties")
    await house.put("答复")
    await house.delivery.settled()
    assert house.channel.sent == ["答复"]
    assert await house.states() == [OutboxState.CANCELLED, OutboxState.SENT]


@pytest.mark.parametrize(
    "jump", [timedelta(minutes=20), timedelta(hours=2), -timedelta(minutes=10)]
)
async def test_a_clock_that_jumps_doubles_nothing(database: Database, jump: timedelta) -> None:
    """Fault 16: the lease of what is being sent seems to be over, or never to end."""
    house = House(database)
    channel = Gated()
    house.delivery.add(channel)
    await house.put("a")
    await house.delivery.round()
    await channel.arrived.acquire()
    house.now += jump
    await house.put("b")
    await house.delivery.round()
    await channel.arrived.acquire()
    channel.answering.set()
    await house.delivery.settled()
    assert channel.sent == ["a", "b"]
    assert await house.states() == [OutboxState.SENT, OutboxState.SENT]
