"""The loop sends what is due, once, and survives what a channel throws."""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from bot.delivery import SLOTS, Delivery
from db import accounts, demo
from db.engine import Database
from db.secrets import Secrets
from db.tables import Outbox, OutboxState, Person
from scheduler import channels, outbox
from scheduler.channels import Address, ChannelError, Lane
from scheduler.messages import Message

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


class Scripted:
    """A far end that does what the script says, then succeeds."""

    name = "test"

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


class House:
    """A store, a channel and a clock that the test moves."""

    def __init__(self, database: Database, *script: Exception) -> None:
        self.now = NOON
        self.database = database
        self.channel = Scripted(*script)
        self.delivery = Delivery(database, clock=lambda: self.now, zone=ZONE)
        self.delivery.add(self.channel)

    async def put(self, *texts: str, chat: str = "") -> None:
        async with self.database.write() as session:
            for text in texts:
                await outbox.enqueue(
                    session,
                    Message(text),
                    key=text,
                    address=Address("test", chat or text),
                    kind="reply",
                    lane=Lane.REPLY,
                    now=self.now,
                )

    async def states(self) -> list[str]:
        async with self.database.read() as session:
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
    house.now += outbox.BACKOFF[0]
    await house.delivery.settled()
    assert house.channel.sent == ["a"]


async def test_a_kill_after_sending_costs_one_repeat_and_no_loss(database: Database) -> None:
    """A worker that dies between send and settle is played by one that never settles."""
    house = House(database)
    await house.put("a")
    async with database.write() as session:
        await outbox.claim(session, channel="test", worker="dead", now=house.now, limit=1)
    await house.delivery.settled()
    assert house.channel.sent == []
    house.now += outbox.LEASE
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
    assert "江晚舟" in told


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


async def test_what_cannot_be_settled_is_sent_again_after_its_lease(
    sqlite_database: Database,
) -> None:
    """The store fails between sending and settling: logged, not lost, and the loop goes on."""
    house = House(sqlite_database)
    await house.put("a")
    async with sqlite_database.write() as session:
        await session.execute(text("ALTER TABLE attempt RENAME TO away"))
    await house.delivery.settled()
    async with sqlite_database.write() as session:
        await session.execute(text("ALTER TABLE away RENAME TO attempt"))
    house.now += outbox.LEASE
    await house.delivery.settled()
    assert (house.channel.sent, await house.states()) == (["a", "a"], [OutboxState.SENT])
