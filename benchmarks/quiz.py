"""Speed of the quiz in groups: `python -m benchmarks.quiz [--questions 5]`.

Answers a second from the raw update of Telegram to the committed row, through the whole stack,
beside a bare aiogram handler that commits the same row to the same database; the two take turns,
so that what else the machine does meets both. Then a thousand groups whose rounds are due in
the same minute: when the last question is out beside what the sending limit alone would take,
and how long the event loop is held up meanwhile. Wall time.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from aiogram import Bot, Dispatcher
from aiogram.types import PollAnswer, Update, User
from sqlalchemy import insert, select

from benchmarks import quiz_store
from benchmarks.deadline_store import ZONE, postgres
from benchmarks.deadlines import ENGINES, Figure, _show, _store
from bot.channels.telegram.courtesy import Courtesy
from bot.channels.telegram.intake import AT_ONCE, Intake
from bot.delivery import Delivery
from db.engine import Database
from db.secrets import Secrets
from db.tables import Account, Outbox, QuizAnswer, QuizPost
from handlers import dispatch
from handlers.context import Context, Services
from handlers.reply import Reply
from handlers.router import Router
from knowledge.library import Library
from scheduler import channels, rounds
from scheduler.rates import Pace

if TYPE_CHECKING:
    from tests.postgres import Server

MEMBERS, TURNS = 200, 6
WARM_UP = 1
GROUPS = 1_000
LIMIT = Pace(per_second=25, burst=3)
# What a messenger takes for one message.
LATENCY_S = 0.05
PROBE_S = 0.005
_NUMBERS = itertools.count(1)
Take = Callable[[dict[str, Any]], Awaitable[Any]]


class Messenger:
    """Takes messages as fast as the limit lets them through, and notes when."""

    name = quiz_store.CHANNEL
    pace = LIMIT

    def __init__(self) -> None:
        self.sent: list[float] = []

    async def send(self, delivery: channels.Delivery) -> channels.Posted:
        """Take one."""
        await asyncio.sleep(LATENCY_S)
        self.sent.append(time.perf_counter())
        return channels.Posted(f"m{delivery.id}", f"p{delivery.id}")


async def answering(database: Database, engine: str) -> AsyncIterator[Figure]:
    """Measure answers a second, ours and a bare handler's, alone and as many as come at once."""
    for at_once in (1, AT_ONCE):
        polls = await quiz_store.ask(database, 2 * (TURNS + WARM_UP), now=_now())
        takers: dict[str, Take] = {"ours": _ours(database), "bare": await _bare(database)}
        rates: dict[str, list[float]] = {name: [] for name in takers}
        for turn in range(TURNS + WARM_UP):
            for name, take in takers.items():
                poll = polls.pop()
                updates = [_update(poll, member) for member in range(MEMBERS)]
                rate = await _rate(take, updates, at_once)
                if turn >= WARM_UP:
                    rates[name].append(rate)
        yield Figure(f"answers, {at_once} at a time", engine, _middle(rates["ours"]), "/s")
        yield Figure("  bare aiogram handler", engine, _middle(rates["bare"]), "/s")
        ratio = _middle(rates["bare"]) / _middle(rates["ours"])
        yield Figure("  bare / ours", engine, ratio, "x", "<2")


async def a_full_minute(database: Database, engine: str, questions: int) -> AsyncIterator[Figure]:
    """Measure a thousand rounds that are due at once."""
    due = datetime.now(UTC) + timedelta(seconds=2)
    await quiz_store.set_up(database, groups=GROUPS, count=questions, due=due)
    messenger, delivery = Messenger(), Delivery(database, zone=ZONE)
    delivery.add(messenger)
    lags: list[float] = []
    wanted = GROUPS * questions
    running = [
        asyncio.create_task(delivery.run()),
        asyncio.create_task(_tick(database, delivery)),
        asyncio.create_task(_probe(lags)),
    ]
    begun = time.perf_counter() + (due - datetime.now(UTC)).total_seconds()
    own = (wanted - LIMIT.burst) / LIMIT.per_second
    async with asyncio.timeout(10 * own + 60):
        while len(messenger.sent) < wanted:  # noqa: ASYNC110 - nothing is to wake in between
            await asyncio.sleep(0.1)
    await delivery.stop()
    for task in running[1:]:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    spent = messenger.sent[wanted - 1] - begun
    yield Figure(f"{GROUPS:,} rounds of {questions}, the last is out", engine, spent, "s")
    yield Figure("  the sending limit alone", engine, own, "s")
    yield Figure("  above the limit alone", engine, 100 * (spent / own - 1), "%", "<5")
    yield Figure("  loop held up, p50", engine, 1e3 * _share(lags, 0.5), "ms")
    yield Figure("  loop held up, p99", engine, 1e3 * _share(lags, 0.99), "ms", "<50")
    yield Figure("  loop held up, worst", engine, 1e3 * max(lags), "ms")


async def _tick(database: Database, delivery: Delivery) -> None:
    while True:
        await rounds.tick(database, now=datetime.now(UTC), zone=ZONE, after_batch=delivery.wake)
        await asyncio.sleep(1)


async def _probe(lags: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(PROBE_S)
        lags.append(max(0.0, time.perf_counter() - begun - PROBE_S))


async def _rate(take: Take, updates: Sequence[dict[str, Any]], at_once: int) -> float:
    """Hand in updates, so many under way at once; return how many a second were taken."""
    waiting = iter(updates)

    async def worker() -> None:
        for update in waiting:
            await take(update)

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return len(updates) / (time.perf_counter() - begun)


def _ours(database: Database) -> Take:
    """Return the way of an update through the whole stack."""
    unused = Services(library=cast(Library, None), secrets=Secrets(b"x" * 32), zone=ZONE)
    dispatcher = dispatch.Dispatcher(
        database,
        Router(),
        unused,
        question=_no_question,
        clock=_now,
        wake=lambda: None,
    )
    me = User(id=1, is_bot=True, first_name="支部", username="ZhibuBot")
    intake = Intake(_bot(), me, dispatcher, cast(Courtesy, None), _no_file, _now)

    async def take(raw: dict[str, Any]) -> None:
        if not await intake.take(raw):
            raise RuntimeError("an answer was not taken")

    return take


async def _bare(database: Database) -> Take:
    """Return a handler that knows everything by heart and only commits the row."""
    async with database.read() as session:
        accounts = dict((await session.execute(select(Account.external, Account.id))).all())
        carried = select(Outbox.poll, QuizPost.id).join(QuizPost, QuizPost.outbox_id == Outbox.id)
        posts = dict((await session.execute(carried)).all())
    dispatcher, bot = Dispatcher(disable_fsm=True), _bot()

    async def answered(answer: PollAnswer) -> None:
        assert answer.user is not None
        row = {
            "post_id": posts[answer.poll_id],
            "account_id": accounts[str(answer.user.id)],
            "chosen": answer.option_ids,
            "correct": answer.option_ids == [0],
            "at": _now(),
        }
        async with database.write() as session:
            await session.execute(insert(QuizAnswer), row)

    dispatcher.poll_answer.register(answered)

    async def take(raw: dict[str, Any]) -> None:
        update = Update.model_validate(raw, context={"bot": bot})
        await dispatcher.feed_update(bot, update)

    return take


def _update(poll: str, member: int) -> dict[str, Any]:
    user = {"id": member + 1, "is_bot": False, "first_name": f"甲{member}"}
    ids = {"option_ids": [0], "option_persistent_ids": ["p0"]}
    return {
        "update_id": next(_NUMBERS),
        "poll_answer": {"poll_id": poll, "user": user, **ids},
    }


def _bot() -> Bot:
    """Return a bot that calls nobody: an answer needs no call."""
    return Bot("1:x" + "x" * 34)


def _now() -> datetime:
    return datetime.now(UTC)


async def _no_file(file: str, limit: int) -> bytes:
    raise LookupError(file)


async def _no_question(context: Context) -> Reply:
    raise NotImplementedError


def _middle(values: list[float]) -> float:
    return statistics.median(values)


def _share(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


async def figures(
    server: Server, engines: list[str], questions: int, only: str | None
) -> AsyncIterator[Figure]:
    """Measure everything, in one run."""
    for engine in engines:
        if only != "minute":
            async with _store(engine, server) as database:
                await quiz_store.fill(database, members=MEMBERS, groups=1, due=_now())
                async for figure in answering(database, engine):
                    yield figure
        if only != "answers":
            async with _store(engine, server) as database:
                await quiz_store.fill(database, members=1, groups=GROUPS, due=_now())
                async for figure in a_full_minute(database, engine, questions):
                    yield figure


async def _measure(server: Server, arguments: argparse.Namespace) -> list[Figure]:
    found = []
    engines = arguments.engines.split(",")
    async for figure in figures(server, engines, arguments.questions, arguments.only):
        found.append(figure)
        if not arguments.json:
            _show(figure)
    return found


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.quiz", description=__doc__)
    parser.add_argument("--questions", type=int, default=1, help="of each round (default: 1)")
    parser.add_argument("--engines", default=",".join(ENGINES), help="sqlite,postgresql")
    parser.add_argument("--only", choices=("answers", "minute"), help="one of both")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    arguments = parser.parse_args()
    with postgres() as server:
        found = asyncio.run(_measure(server, arguments))
    if arguments.json:
        rows = [{**asdict(figure), "met": figure.met} for figure in found]
        print(json.dumps(rows, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
