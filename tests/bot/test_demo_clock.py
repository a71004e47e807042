"""The demo's calendar runs faster and never jumps."""

from datetime import UTC, datetime, timedelta

from bot.demo_clock import DemoClock

START = datetime(2026, 11, 23, 2, tzinfo=UTC)


def test_it_begins_with_the_present() -> None:
    assert DemoClock(START, 1440)(START) == START


def test_a_minute_is_a_day_at_1440_times() -> None:
    assert DemoClock(START, 1440)(START + timedelta(minutes=1)) == START + timedelta(days=1)


def test_at_speed_one_it_is_the_time() -> None:
    moment = START + timedelta(hours=7, microseconds=3)
    assert DemoClock(START, 1)(moment) == moment
