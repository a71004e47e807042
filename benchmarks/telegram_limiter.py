"""How our rate limiter behaves beside python-telegram-bot's own, in virtual time.

    python -m benchmarks.telegram_limiter [--json]

Both limiters run on an event loop whose clock jumps over every wait, before a server that
answers at once, so that minutes of pacing take a moment and the figures do not depend on the
machine. The peer needs the package aiolimiter and is left out where that is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import selectors
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

# The peer's RetryAfter warns of a deprecation unless this is set before the library is loaded.
os.environ.setdefault("PTB_TIMEDELTA", "1")

from telegram.error import RetryAfter, TelegramError
from telegram.ext import AIORateLimiter, BaseRateLimiter

from bot.channels.telegram.errors import ApiRefusal
from bot.channels.telegram.limiter import LaneLimiter, Turn
from scheduler.channels import Lane

WAIT = 5


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: it moves the loop's clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        # Even a turn without a wait takes a moment, or rounding would make a limiter spin.
        self.now += max(timeout or 0, 1e-6)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which sleeping takes no time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


@dataclass(frozen=True)
class Result:
    """What the server saw of one case; times in seconds, `cpu_us` per call."""

    case: str
    limiter: str
    sent: int
    spent: float
    worst_second: int
    worst_minute: int
    slowest_reply: float | None
    longest_gap: float
    cpu_us: float


class Bench:
    """One limiter before a server that notes the calls, and refuses `refused` once."""

    def __init__(self, name: str, refused: int | None = None) -> None:
        self.ours = name == "ours"
        self.limiter: BaseRateLimiter[Any] = _make(name)
        self.refused = refused
        self.seen: list[float] = []
        self.replies: list[float] = []

    async def call(self, chat: int, *, reply_after: float | None = None) -> None:
        """Make one call; with `reply_after` it is a reply that somebody waits for."""
        loop = asyncio.get_running_loop()
        if reply_after is not None:
            await asyncio.sleep(reply_after)
        asked = loop.time()

        async def arrive() -> bool:
            self.seen.append(loop.time())
            if reply_after is not None:
                self.replies.append(loop.time() - asked)
            if chat == self.refused:
                self.refused = None
                raise ApiRefusal(429, "", retry_after=WAIT) if self.ours else RetryAfter(WAIT)
            return True

        turn = Turn(Lane.BROADCAST if reply_after is None else Lane.REPLY) if self.ours else None
        try:
            await self.limiter.process_request(
                arrive, (), {}, "sendMessage", {"chat_id": chat}, turn
            )
        except TelegramError:
            # What the outbox does: leave the chat alone for as long as was asked, and go on.
            await asyncio.sleep(WAIT)
            await self.call(chat)


def _make(name: str) -> BaseRateLimiter[Any]:
    if name == "ours":
        return LaneLimiter(clock=asyncio.get_running_loop().time, patience=3600)
    return AIORateLimiter(max_retries=1 if name.endswith("1") else 0)


async def many_and_replies(bench: Bench) -> None:
    """Replies come at odd moments, as people do, never in step with a limiter's own beat."""
    notices = [bench.call(n) for n in range(1, 601)]
    replies = [bench.call(9000 + n, reply_after=0.317 + 3.713 * n) for n in range(4)]
    await asyncio.gather(*notices, *replies)


async def one_private_chat(bench: Bench) -> None:
    await asyncio.gather(*(bench.call(42) for _ in range(30)))


async def one_group(bench: Bench) -> None:
    await asyncio.gather(*(bench.call(-42) for _ in range(45)))


async def one_refused(bench: Bench) -> None:
    """160 chats, one after the other as an outbox hands them over; the fortieth is refused."""
    bench.refused = 40
    waiting: set[asyncio.Task[None]] = set()
    for chat in range(1, 161):
        waiting.add(asyncio.create_task(bench.call(chat)))
        if len(waiting) >= 3:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait(waiting)


CASES: dict[str, Callable[[Bench], Awaitable[None]]] = {
    "600 notices and 4 replies": many_and_replies,
    "30 to one private chat": one_private_chat,
    "45 to one group": one_group,
    f"160 chats, one 429 of {WAIT} s": one_refused,
}


def worst(times: list[float], window: float) -> int:
    """Count the calls in the fullest window of so many seconds."""
    first, most = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - window:
            first += 1
        most = max(most, last - first + 1)
    return most


async def _measure(case: str, limiter: str) -> Result:
    bench = Bench(limiter)
    await bench.limiter.initialize()
    started = time.process_time()
    await CASES[case](bench)
    cpu = time.process_time() - started
    await bench.limiter.shutdown()
    times = sorted(bench.seen)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return Result(
        case=case,
        limiter=limiter,
        sent=len(times),
        spent=round(times[-1] - times[0], 2),
        worst_second=worst(times, 1.0),
        worst_minute=worst(times, 60.0),
        slowest_reply=round(max(bench.replies), 3) if bench.replies else None,
        longest_gap=round(max(gaps), 2),
        cpu_us=round(1e6 * cpu / len(times), 1),
    )


def measure(case: str, limiter: str) -> Result:
    """Run one case with one limiter on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_measure(case, limiter))


def peers() -> list[str]:
    """Name the peers that can be made here."""
    try:
        AIORateLimiter()
    except RuntimeError:
        return []
    return ["AIORateLimiter", "AIORateLimiter, max_retries=1"]


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    logging.getLogger("telegram").setLevel(logging.CRITICAL)  # the peer logs each refusal
    results = [measure(case, name) for case in CASES for name in ["ours", *peers()]]
    if as_json:
        print(json.dumps([asdict(result) for result in results], ensure_ascii=False, indent=1))
        return
    names = list(asdict(results[0]))
    print("| " + " | ".join(name.replace("_", " ") for name in names) + " |")
    print("|" + " --- |" * len(names))
    for result in results:
        print(
            "| " + " | ".join("" if v is None else str(v) for v in asdict(result).values()) + " |"
        )
    if not peers():
        print("\naiolimiter is not installed: the peer was left out.")


if __name__ == "__main__":
    main()
