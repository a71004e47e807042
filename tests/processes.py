"""Functions run in processes of their own, which cost no start of Python.

A process is forked from a server that has imported the program once; it is as real as any
other: it has an id, ends with an exit code, can be killed and frozen, and shares no memory,
environment or file with the test. Where there is no fork, each process starts from nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

# What the functions need that the tests run; nothing of it starts a thread or an event loop.
PROGRAM = (
    "alembic.command",
    "bot.app",
    "bot.cli.chat",
    "bot.cli.kb",
    "bot.cli.people",
    "bot.cli.quiz",
    "bot.cli.run",
    "bot.jobs",
    "bot.pages.server",
    "db.migrate",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "tests.bot.commands",
    "tests.bot.drainer",
    "tests.bot.worker",
    "tests.db.migrator",
    "tests.scheduler.planner",
    "tests.scheduler.sweeper",
)
PR_SET_PDEATHSIG = 1


def _context() -> Any:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PROGRAM))
    return context


CONTEXT = _context()


class Running:
    """A process that runs `function(*arguments)`; its output goes to the file `output`."""

    def __init__(
        self,
        function: Callable[..., object],
        *arguments: Any,
        output: Path | None = None,
        errors: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        given = {**os.environ, **(environment or {})}
        files = str(output or os.devnull), str(errors or output or os.devnull)
        self._process: BaseProcess = CONTEXT.Process(
            target=_run, args=(function, arguments, given, *files), daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return the exit code, or minus the signal that killed it, or None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if there is still somebody to get it."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def join(self, timeout: float | None = None) -> int:
        """Block until it has ended; return its exit code. Raises `TimeoutExpired`."""
        if not wait([self._process.sentinel], timeout):
            raise subprocess.TimeoutExpired(str(self._process), timeout or 0)
        code = self.returncode
        assert code is not None
        return code

    async def wait(self) -> int:
        """Wait until it has ended; return its exit code."""
        # Only watched in the thread: two readers would take the exit code from one another.
        await asyncio.to_thread(wait, [self._process.sentinel])
        return self.join()


def run(
    function: Callable[..., object],
    *arguments: Any,
    environment: Mapping[str, str] | None = None,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a function to its end; its exit code is what it exits with, or 0."""
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        process = Running(
            function, *arguments, output=output, errors=errors, environment=environment
        )
        try:
            code = process.join(timeout)
        finally:
            process.kill()
        said, complained = (file.read_text("utf-8") for file in (output, errors))
    return subprocess.CompletedProcess(arguments, code, said, complained)


def _run(
    function: Callable[..., object],
    arguments: tuple[Any, ...],
    environment: dict[str, str],
    output: str,
    errors: str,
) -> None:
    if sys.platform == "linux":
        # The server ends with the tests, and takes with it whatever they left running.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, output), (2, errors)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, number)
        os.close(file)
    function(*arguments)
