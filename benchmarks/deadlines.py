"""Speed of the clockwork, ours beside others: `python -m benchmarks.deadlines [--million]`.

For 10,000 and 100,000 open duties (a million with `--million`) with one in a thousand due: a
tick of the sweep beside plain SQL that writes the very same rows (`deadline_raw`; the median of
a few ticks of each in turn), and beside one APScheduler job a duty; an empty tick; the memory
of a process. Then the outbox beside procrastinate, the rate that is reached against a limit,
and planning. Wall time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import insert

from benchmarks import deadline_peers
from benchmarks.deadline_raw import raw_tick, take_down
from benchmarks.deadline_store import (
    BOOK,
    DUE_EVERY,
    NOW,
    ZONE,
    fill,
    make_due,
    postgres,
    store,
)
from bot.delivery import SLOTS, Delivery
from bot.memory import keep_loaded
from db.engine import Database
from db.tables import Outbox, Person, Stage, Unit, UnitKind
from scheduler import channels, outbox, planning, sweep, workdays
from scheduler.channels import Lane
from scheduler.messages import Message
from scheduler.rates import Pace

if TYPE_CHECKING:
    from tests.postgres import Server

ENGINES = ("sqlite", "postgresql")
SIZES = (10_000, 100_000)
MILLION = 1_000_000
MESSAGES = 4_000
LIMIT = Pace(per_second=25, burst=3)
PACED = 150
EMPTY_TICKS = 200
# Ticks of each kind.
ROUNDS = 3
# Each of them owes three months in the planning's horizon.
PLANNED, MEMBERS_OF_A_BRANCH = 33_350, 50


@dataclass(frozen=True)
class Figure:
    """One measurement; `target` is what it must reach: "<" or ">" and a number."""

    what: str
    engine: str
    value: float
    unit: str
    target: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it reaches its target; None without one."""
        if not self.target:
            return None
        bound = float(self.target[1:])
        return self.value < bound if self.target[0] == "<" else self.value > bound


class Silent:
    """A channel that sends nothing and notes when it would have."""

    name = "bench"

    def __init__(self, pace: Pace | None = None) -> None:
        self.pace = pace
        self.sent: list[float] = []

    async def send(self, delivery: channels.Delivery) -> str | None:
        self.sent.append(time.perf_counter())
        return str(delivery.id)


@contextmanager
def _timed(seconds: list[float]) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - begun)


async def ticks(database: Database, engine: str, size: int) -> AsyncIterator[Figure]:
    """Measure a tick beside plain SQL that writes the same rows, and an empty one."""
    await fill(database, size)
    # The first tick of a process also loads modules and makes statements.
    await _told(database, 0)
    keep_loaded()
    spent: list[float] = []
    for _ in range(EMPTY_TICKS):
        with _timed(spent):
            await _sweep(database)
    yield Figure(f"empty tick, {size:,} duties", engine, 1e3 * statistics.median(spent), "ms", "<2")
    ours: list[float] = []
    raw: list[float] = []
    for turn in range(1, 2 * ROUNDS, 2):
        await _told(database, turn, ours)
        due = await _told(database, turn + 1)
        steps = await take_down(database, due)
        await make_due(database, turn + 1)
        raw.append(await raw_tick(database, steps))
    yield Figure(f"memory, {size:,} duties", engine, _memory(database), "MB", "<250")
    what = f"tick, {size:,} duties, {size // DUE_EVERY} due"
    yield Figure(what, engine, 1e3 * statistics.median(ours), "ms")
    yield Figure("  the same rows by plain SQL", engine, 1e3 * statistics.median(raw), "ms")
    target = "<2" if size >= MILLION else ""
    ratio = statistics.median(ours) / statistics.median(raw)
    yield Figure("  ours / plain SQL", engine, ratio, "x", target)


async def _told(database: Database, turn: int, spent: list[float] | None = None) -> list[int]:
    """Sweep the duties of a turn, with nothing waiting in the outbox; return their ids."""
    due = await make_due(database, turn)
    with _timed([] if spent is None else spent):
        told = await _sweep(database)
    if told != len(due):
        raise RuntimeError(f"the sweep told {told} of {len(due)} duties")
    return due


async def _sweep(database: Database) -> int:
    return await sweep.sweep(database, BOOK, now=NOW, sent_at=NOW, zone=ZONE)


def _memory(database: Database) -> float:
    address = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "benchmarks.deadline_memory", address]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


async def drained(database: Database, engine: str) -> Figure:
    """Measure the outbox with as many slots as the program has, each row noted by itself."""
    await _queue(database, MESSAGES)
    spent: list[float] = []
    with _timed(spent):
        await _delivery(database, Silent()).settled()
    return Figure("messages sent and noted", engine, MESSAGES / spent[0], "/s", ">500")


async def paced(database: Database, engine: str) -> AsyncIterator[Figure]:
    """Let two deliveries share a limit; count the whole and the fullest second."""
    await _queue(database, PACED)
    channel = Silent(LIMIT)
    loops = [_delivery(database, channel) for _ in range(2)]
    running = [asyncio.create_task(loop.run()) for loop in loops]
    while len(channel.sent) < PACED:  # noqa: ASYNC110 - a look a moment is enough here
        await asyncio.sleep(0.05)
    await asyncio.gather(*(loop.stop() for loop in loops), *running)
    spent = channel.sent[-1] - channel.sent[0]
    rate = (PACED - 1) / spent
    yield Figure(f"rate of two, limit {LIMIT.per_second:g}", engine, rate, "/s")
    yield Figure("  fullest second", engine, _fullest_second(channel.sent), "")


def _fullest_second(times: list[float]) -> int:
    return max(sum(at <= other < at + 1 for other in times) for at in times)


def _delivery(database: Database, channel: Silent) -> Delivery:
    delivery = Delivery(database, zone=UTC)
    delivery.add(channel)
    return delivery


async def _queue(database: Database, count: int) -> None:
    batch = uuid4().hex
    rows = [
        {
            "dedup_key": f"{batch}:{number}",
            "channel": Silent.name,
            "chat": str(number),
            "kind": "reply",
            "lane": int(Lane.REMINDER),
            "content": Message("提醒：请按时交纳党费。").to_json(),
            "created_at": datetime.now(UTC),
            "send_after": outbox.AT_ONCE,
        }
        for number in range(count)
    ]
    async with database.write() as session:
        await session.execute(insert(Outbox), rows)


async def planned(database: Database, engine: str) -> AsyncIterator[Figure]:
    """Measure the first round of planning of an organisation, and one that finds all there."""
    async with database.write() as session:
        await workdays.seed(session, today=NOW.date())
        units = [_branch(n) for n in range(1, PLANNED // MEMBERS_OF_A_BRANCH + 1)]
        await session.execute(insert(Unit), units)
        people = [_member(n) for n in range(PLANNED)]
        await session.execute(insert(Person), people)
    for what, target in (("planning for the first time", "<30"), ("planning again", "<30")):
        spent: list[float] = []
        with _timed(spent):
            made = await planning.plan(database, BOOK, now=NOW, sent_at=NOW, zone=ZONE)
        what = f"{what}, {made.created:,} made"
        yield Figure(what, engine, spent[0], "s", target)


def _branch(number: int) -> dict[str, object]:
    kind = UnitKind.BRANCH.value
    return {"id": number, "name": f"支部{number}", "kind": kind, "path": f"/{number}/"}


def _member(number: int) -> dict[str, object]:
    unit = number // MEMBERS_OF_A_BRANCH + 1
    stage = Stage.MEMBER.value
    return {"unit_id": unit, "number": str(number), "name": f"甲{number}", "stage": stage}


async def peers(server: Server, ours: float) -> AsyncIterator[Figure]:
    """Measure procrastinate's worker with as many jobs at once as we have slots."""
    try:
        name = f"bench_{uuid4().hex}"
        await asyncio.to_thread(server.execute, f"CREATE DATABASE {name}")
        spent = await deadline_peers.procrastinate_drain(server, name, MESSAGES, SLOTS)
    except ImportError:
        print("procrastinate is not installed: left out", file=sys.stderr)
        return
    rate = MESSAGES / spent
    yield Figure("jobs of procrastinate", "postgresql", rate, "/s")
    yield Figure("  ours / procrastinate", "postgresql", ours / rate, "x", ">1.5")


async def figures(sizes: list[int], server: Server) -> AsyncIterator[Figure]:
    """Measure everything, in one run."""
    for size in sizes:
        for engine in ENGINES:
            async with _store(engine, server) as database:
                async for figure in ticks(database, engine, size):
                    yield figure
        due, spent = deadline_peers.apscheduler_tick(size)
        yield Figure(f"tick of APScheduler, {size:,} jobs, {due} due", "memory", 1e3 * spent, "ms")
    for engine in ENGINES:
        async with _store(engine, server) as database:
            ours = await drained(database, engine)
            yield ours
            async for figure in paced(database, engine):
                yield figure
            async for figure in planned(database, engine):
                yield figure
    async for figure in peers(server, ours.value):
        yield figure


@asynccontextmanager
async def _store(engine: str, server: Server) -> AsyncIterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        async with store(engine, Path(folder), server) as database:
            yield database


async def _measure(sizes: list[int], server: Server, as_json: bool) -> list[Figure]:
    found = []
    async for figure in figures(sizes, server):
        found.append(figure)
        if not as_json:
            _show(figure)
    return found


def _show(figure: Figure) -> None:
    verdict = {None: "", True: "reached", False: "MISSED"}[figure.met]
    line = f"{figure.what:46}{figure.engine:12}{figure.value:11.2f} {figure.unit:4}"
    print(f"{line}{figure.target:>6} {verdict}".rstrip(), flush=True)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.deadlines", description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="10000,100000")
    parser.add_argument("--million", action="store_true", help="a million duties too")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",") if size]
    sizes += [MILLION] if arguments.million else []
    with postgres() as server:
        found = asyncio.run(_measure(sizes, server, arguments.json))
    if arguments.json:
        rows = [{**asdict(figure), "met": figure.met} for figure in found]
        print(json.dumps(rows, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
