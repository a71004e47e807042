"""The gate, in virtual time: what Telegram's server would count."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from bot.channels.telegram.errors import ApiRefusal, PacedOut
from bot.channels.telegram.limiter import LaneLimiter, Turn
from scheduler.channels import Lane
from tests.bot.telegram.virtual import VirtualTime

LONG = 10_000.0


@dataclass(frozen=True)
class Seen:
    """A call that reached the server."""

    at: float
    chat: str
    lane: Lane


class Gate:
    """A limiter before a server that notes when each call arrives."""

    def __init__(self, patience: float = LONG) -> None:
        self.time = VirtualTime()
        self.limiter = LaneLimiter(clock=self.time, sleep=self.time.sleep, patience=patience)
        self.seen: list[Seen] = []
        self.waits: dict[str, float] = {}
        self.refuse: dict[str, list[float]] = {}

    async def call(
        self,
        chat: int | str | None,
        lane: Lane = Lane.BROADCAST,
        *,
        after: float = 0,
        endpoint: str = "sendMessage",
        hint: bool = False,
    ) -> Any:
        """Make a call `after` so many seconds; note in `waits` how long it took to go out."""
        if after:
            await self.time.sleep(after)
        asked = self.time.now
        data = {} if chat is None else {"chat_id": chat}

        async def arrive() -> bool:
            self.seen.append(Seen(self.time.now, str(chat), lane))
            self.waits[f"{chat}/{lane.name}"] = self.time.now - asked
            if self.refuse.get(str(chat)):
                raise ApiRefusal(429, "Too Many Requests", retry_after=self.refuse[str(chat)].pop())
            return True

        return await self.limiter.process_request(arrive, (), {}, endpoint, data, Turn(lane, hint))

    def times(self, chat: int | None = None) -> list[float]:
        return [s.at for s in self.seen if chat is None or s.chat == str(chat)]


def worst(times: list[float], window: float) -> int:
    """Count the calls in the fullest window of so many seconds."""
    times = sorted(times)
    return max(sum(start <= t < start + window for t in times) for start in times)


async def test_it_keeps_600_notices_below_the_limit_and_lets_replies_through() -> None:
    gate = Gate()
    notices = [gate.call(n) for n in range(1, 601)]
    replies = [gate.call(9000 + n, Lane.REPLY, after=5.0 * n) for n in (1, 2, 3)]
    await gate.time.run(*notices, *replies)
    spent = gate.times()[-1] - gate.times()[0]
    assert len(gate.seen) == 603
    assert worst(gate.times(), 1.0) <= 30
    assert 22.0 < spent < 24.0
    assert max(gate.waits[f"{9000 + n}/REPLY"] for n in (1, 2, 3)) < 0.05


async def test_it_lets_no_burst_out() -> None:
    """Calls that leave together queue on the way and arrive in the next second as well."""
    gate = Gate()
    await gate.time.run(*[gate.call(n, Lane.REPLY) for n in range(1, 101)])
    gaps = [b - a for a, b in pairwise(gate.times())]
    assert min(gaps) > 1 / 30


async def test_it_sends_reminders_before_news() -> None:
    gate = Gate()
    news = [gate.call(n, Lane.BROADCAST) for n in range(1, 51)]
    reminders = [gate.call(100 + n, Lane.REMINDER) for n in range(5)]
    await gate.time.run(*news, *reminders)
    assert [s.lane for s in gate.seen[:5]] == [Lane.REMINDER] * 5


async def test_it_writes_to_a_private_chat_once_a_second() -> None:
    gate = Gate()
    await gate.time.run(*[gate.call(42, Lane.REPLY) for _ in range(10)])
    assert worst(gate.times(), 3.0) == 3
    assert gate.times()[-1] - gate.times()[0] == pytest.approx(9.0, abs=0.2)


async def test_it_writes_to_a_group_twenty_times_a_minute() -> None:
    gate = Gate()
    await gate.time.run(*[gate.call(-42, Lane.REPLY) for _ in range(22)])
    start = gate.times()[0]
    assert worst(gate.times(), 60.0) == 20
    assert gate.times()[19] - start < 1.0
    assert [round(t - start, 1) for t in gate.times()[20:]] == [60.0, 60.0]


@pytest.mark.parametrize("group", [-42, "@branch"])
async def test_it_counts_the_edits_of_a_group(group: int | str) -> None:
    gate = Gate()
    methods = ("sendMessage", "editMessageText", "sendPhoto")
    await gate.time.run(*[gate.call(group, endpoint=methods[n % 3]) for n in range(21)])
    assert worst(gate.times(), 60.0) == 20


async def test_it_holds_up_only_the_chat_that_was_refused() -> None:
    """One chat of 160 is told to wait 5 s: the others notice nothing."""
    gate = Gate()
    gate.refuse["80"] = [5.0]
    results = await gate.time.run(*[gate.call(n) for n in range(1, 161)])
    refused_at = gate.times(80)[0]
    others = [s.at for s in gate.seen if s.chat != "80"]
    gaps = [b - a for a, b in pairwise(others)]
    assert sum(isinstance(r, ApiRefusal) for r in results) == 1
    assert len(others) == 159
    assert max(gaps) < 0.1

    await gate.time.run(gate.call(80, Lane.REPLY))
    assert gate.times(80)[1] - refused_at >= 5.0


async def test_it_stops_everything_when_several_chats_are_refused_at_once() -> None:
    gate = Gate()
    gate.refuse = {str(n): [7.0] for n in (1, 2, 3)}
    await gate.time.run(*[gate.call(n) for n in range(1, 11)])
    third, fourth = sorted(gate.times())[2:4]
    assert fourth - third == pytest.approx(7.0, abs=0.1)


async def test_it_does_not_stop_everything_for_refusals_that_are_far_apart() -> None:
    gate = Gate()
    gate.refuse = {str(n): [60.0] for n in (1, 2, 3)}
    calls = [gate.call(n, after=3.0 * n) for n in (1, 2, 3)]
    await gate.time.run(*calls, gate.call(4, after=9.5))
    assert gate.waits["4/BROADCAST"] < 0.1


async def test_it_sends_a_call_away_that_would_wait_past_its_lease() -> None:
    gate = Gate(patience=20.0)
    results = await gate.time.run(*[gate.call(-42, Lane.REPLY) for _ in range(21)])
    (away,) = [r for r in results if isinstance(r, PacedOut)]
    assert away.wait == pytest.approx(59.3, abs=0.2)
    assert len(gate.seen) == 20


async def test_it_sends_the_waiting_away_when_their_chat_is_refused_for_long() -> None:
    gate = Gate(patience=20.0)
    gate.refuse["42"] = [300.0]
    first, *others = await gate.time.run(*[gate.call(42, Lane.REPLY) for _ in range(5)])
    assert isinstance(first, ApiRefusal)
    assert all(isinstance(r, PacedOut) for r in others[2:])
    later = await gate.time.run(gate.call(42, Lane.REPLY))
    assert isinstance(later[0], PacedOut)
    assert 250 < later[0].wait <= 300


async def test_it_lets_the_chats_of_a_lane_take_turns() -> None:
    gate = Gate()
    many = [gate.call(-1, Lane.REMINDER) for _ in range(5)]
    await gate.time.run(*many, gate.call(-2, Lane.REMINDER), gate.call(-3, Lane.REMINDER))
    assert [s.chat for s in gate.seen[:4]] == ["-1", "-2", "-3", "-1"]


@pytest.mark.parametrize(("lane", "goes"), [(Lane.BROADCAST, True), (Lane.REPLY, False)])
async def test_a_hint_goes_soon_or_not_at_all_and_never_before_a_reply(
    lane: Lane, goes: bool
) -> None:
    gate = Gate()
    busy = [gate.call(n, lane) for n in range(1, 31)]
    results = await gate.time.run(*busy, gate.call(42, Lane.REPLY, hint=True))
    assert results[-1] is goes
    if goes:
        assert gate.waits["42/REPLY"] <= 0.5


async def test_hints_do_not_use_up_what_a_chat_may_be_sent() -> None:
    gate = Gate()
    for _ in range(5):
        await gate.time.run(gate.call(42, Lane.REPLY, hint=True), gate.time.sleep(0.1))
    await gate.time.run(*[gate.call(42, Lane.REPLY) for _ in range(3)])
    assert gate.times(42)[-1] - gate.times(42)[5] < 0.2


async def test_a_call_without_a_chat_keeps_to_the_pace_only() -> None:
    gate = Gate()
    await gate.time.run(*[gate.call(None, Lane.REPLY) for _ in range(60)])
    assert gate.times()[-1] - gate.times()[0] < 2.2
    assert gate.limiter.known_chats == 0


async def test_it_forgets_chats_that_nothing_holds_back() -> None:
    gate = Gate()
    await gate.time.run(*[gate.call(n) for n in range(1, 5001)])
    assert gate.limiter.known_chats < 1500


async def test_it_serves_who_waits_behind_a_call_that_was_refused() -> None:
    gate = Gate()
    gate.refuse["1"] = [1.0]
    await gate.time.run(*[gate.call(1) for _ in range(3)])
    assert len(gate.times(1)) == 3


async def test_it_loses_nothing_in_a_storm_of_refusals() -> None:
    """Half of all first calls are refused for 1 to 60 s; whoever is refused comes again."""
    gate = Gate(patience=20.0)
    gate.refuse = {str(n): [float(1 + n % 60)] for n in range(1, 201, 2)}

    async def deliver(chat: int) -> None:
        while True:
            try:
                await gate.call(chat)
            except ApiRefusal as refusal:
                await gate.time.sleep(refusal.retry_after)
            except PacedOut as away:
                await gate.time.sleep(away.wait)
            else:
                return

    await gate.time.run(*[deliver(n) for n in range(1, 201)])
    assert len(gate.seen) == 300
    assert worst(gate.times(), 1.0) <= 30
    refused = {n: gate.times(n) for n in range(1, 201, 2)}
    assert all(second - first >= 1 + n % 60 for n, (first, second) in refused.items())


async def test_it_sends_everybody_away_when_it_closes() -> None:
    gate = Gate()

    async def close() -> None:
        await gate.time.sleep(1.0)
        await gate.limiter.shutdown()

    results = await gate.time.run(*[gate.call(-1) for _ in range(30)], close())
    assert sum(isinstance(r, PacedOut) for r in results) == 10
