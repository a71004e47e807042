"""One limit for all processes: never more than it allows, in any second."""

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from db.engine import Database
from scheduler import rates
from scheduler.rates import Pace

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PACE = Pace(per_second=25, burst=3)


async def spend(database: Database, wanted: int, now: datetime, pace: Pace = PACE) -> int:
    async with database.write() as session:
        allowance = await rates.available(session, "test", pace, now=now)
        granted = min(wanted, allowance.count)
        await rates.take(session, allowance, granted)
    return granted


async def test_a_rested_limit_lets_a_burst_through_and_then_keeps_its_pace(
    database: Database,
) -> None:
    granted = [await spend(database, 10, NOON + n * PACE.interval) for n in range(4)]
    assert granted == [3, 1, 1, 1]


async def test_what_was_not_taken_is_not_used_up(database: Database) -> None:
    assert await spend(database, 1, NOON) == 1
    assert await spend(database, 10, NOON) == 2


async def test_processes_share_one_limit(database: Database) -> None:
    granted = await asyncio.gather(*(spend(database, 10, NOON) for _ in range(6)))
    assert sum(granted) == PACE.burst


async def test_scopes_do_not_share_a_limit(database: Database) -> None:
    assert await spend(database, 10, NOON) == 3
    async with database.write() as session:
        assert (await rates.available(session, "other", PACE, now=NOON)).count == 3


async def test_the_wait_is_until_the_next_one_conforms(database: Database) -> None:
    async with database.write() as session:
        fresh = await rates.available(session, "test", PACE, now=NOON)
        left = await rates.take(session, fresh, fresh.count)
    assert (fresh.wait, left.count) == (timedelta(0), 0)
    assert await spend(database, 10, NOON + left.wait - timedelta(milliseconds=1)) == 0
    assert await spend(database, 10, NOON + left.wait) == 1


async def test_nothing_goes_before_a_rest_is_over(database: Database) -> None:
    until = NOON + timedelta(seconds=30)
    async with database.write() as session:
        await rates.rest(session, "test", PACE, until=until)
    assert await spend(database, 10, until - timedelta(milliseconds=1)) == 0
    assert await spend(database, 10, until) == 1


async def test_a_longer_rest_is_not_cut_short(database: Database) -> None:
    async with database.write() as session:
        await rates.rest(session, "test", PACE, until=NOON + timedelta(seconds=60))
        await rates.rest(session, "test", PACE, until=NOON + timedelta(seconds=5))
    assert await spend(database, 10, NOON + timedelta(seconds=59)) == 0


async def test_a_clock_that_jumps_back_costs_time_and_no_message(database: Database) -> None:
    """Fault 16: ten minutes back, then forward again."""
    assert await spend(database, 10, NOON) == 3
    assert await spend(database, 10, NOON - timedelta(minutes=10)) == 0
    assert await spend(database, 10, NOON + timedelta(seconds=1)) == 3


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 10)), min_size=1, max_size=60),
    st.sampled_from([Pace(25, 3), Pace(3, 1), Pace(7, 5)]),
)
def test_no_second_has_more_than_the_rate_and_the_burst(
    asked: list[tuple[int, int]], pace: Pace
) -> None:
    sent: list[datetime] = []
    now = tat = NOON
    for pause_ms, wanted in asked:
        now += timedelta(milliseconds=pause_ms)
        count = min(wanted, rates.granted(tat, pace, now=now))
        tat = rates.after(tat, pace, count, now=now)
        sent += [now] * count
    for start in sent:
        window = [at for at in sent if start <= at < start + timedelta(seconds=1)]
        assert len(window) <= pace.per_second + pace.burst
