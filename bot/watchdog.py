"""Ends the process when one of its loops hangs, so that a supervisor starts it again.

It looks at the beats of this process and not at whether the scheduler says that it runs: that
stays true after a loop has died. It is a thread, because a blocked event loop would never come
to look at itself.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Callable

from scheduler.heartbeat import Pulse

log = logging.getLogger(__name__)

# EX_TEMPFAIL of sysexits.h: try again.
EXIT_CODE = 75
LOOK_EVERY_S = 5.0


def end_process() -> None:
    """Leave at once, with every thread's stack in the log; orderly ways out may hang as well."""
    faulthandler.dump_traceback(file=sys.stderr)
    logging.shutdown()
    os._exit(EXIT_CODE)


class Watchdog:
    """Watches the loops of a process from a thread of its own."""

    def __init__(self, pulse: Pulse, *, end: Callable[[], None] = end_process) -> None:
        self._pulse = pulse
        self._end = end
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching, before the loops end in order."""
        self._stop.set()

    def look(self) -> bool:
        """End the process if a loop has been silent for too long; True if all are well."""
        silent = self._pulse.silent()
        for loop, seconds in sorted(silent.items()):
            log.critical("loop %s has been silent for %.0f s; ending the process", loop, seconds)
        if silent:
            self._end()
        return not silent

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S) and self.look():
            pass
