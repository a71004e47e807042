"""A process with a hanging loop ends; a supervisor starts it again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.watchdog import EXIT_CODE, Watchdog
from scheduler.heartbeat import Pulse

# The event loop is blocked for good, so nothing that runs in it could notice.
HANGS = """
import asyncio, logging, threading
from bot import watchdog
from scheduler.heartbeat import Pulse

watchdog.LOOK_EVERY_S = 0.05
logging.basicConfig()
pulse = Pulse()
pulse.watch("sweep", 0.1)
watchdog.Watchdog(pulse).start()

async def block():
    threading.Event().wait()

asyncio.run(block())
"""


def test_it_leaves_a_process_alone_whose_loops_beat() -> None:
    seconds, ended = 0.0, []
    pulse = Pulse(lambda: seconds)
    pulse.watch("sweep", 10)
    dog = Watchdog(pulse, end=lambda: ended.append(True))
    for _ in range(5):
        seconds += 29
        assert dog.look()
        pulse.beat("sweep")
    assert ended == []


def test_it_names_the_loop_and_ends_the_process(caplog: pytest.LogCaptureFixture) -> None:
    seconds, ended = 0.0, []
    pulse = Pulse(lambda: seconds)
    pulse.watch("sweep", 10)
    dog = Watchdog(pulse, end=lambda: ended.append(True))
    seconds = 31.0
    assert not dog.look()
    assert ended == [True]
    assert "loop sweep has been silent for 31 s" in caplog.text


def test_a_blocked_event_loop_ends_the_process_with_its_stack_in_the_log() -> None:
    """Fault 23."""
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60)
    assert done.returncode == EXIT_CODE
    assert "loop sweep has been silent" in done.stderr
    assert "in block" in done.stderr
