"""From the command to the first answer, each in a fresh process: seconds and memory.

`python -m benchmarks.cold_start [--json] [--runs N]`. The first row makes the store; the
others start on it. CPU time and peak memory are the operating system's account of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

QUESTION = "支委会多久开一次"
WAIT_S = 120


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of several runs: seconds of CPU and of the clock, and peak MB."""

    name: str
    cpu_s: float
    wall_s: float
    peak_mb: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = [
            _median("ask, no store yet", 1, lambda: _ask(folder)),
            _median("ask", options.runs, lambda: _ask(folder)),
            _median("run, to the first page", min(3, options.runs), lambda: _run(folder)),
        ]
    if options.json:
        print(json.dumps([asdict(figure) for figure in figures], ensure_ascii=False))
        return
    print(f"{'':24}{'CPU s':>8}{'clock s':>9}{'peak MB':>9}")
    for f in figures:
        print(f"{f.name:24}{f.cpu_s:8.2f}{f.wall_s:9.2f}{f.peak_mb:9.0f}")


def _median(name: str, runs: int, run: Callable[[], tuple[float, float, float]]) -> Figure:
    taken = [run() for _ in range(runs)]
    columns = [statistics.median(column) for column in zip(*taken, strict=True)]
    return Figure(name, *columns)


def _ask(folder: str) -> tuple[float, float, float]:
    """Answer one question in a process of its own."""
    return _account(_start(["ask", QUESTION], folder))


def _run(folder: str) -> tuple[float, float, float]:
    """Start the assistant, fetch its first page, stop it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = _start(["run"], folder, ZHIBU_PORT=str(port))
    start = time.perf_counter()
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as page:
                page.read()
            break
        except OSError:
            if time.perf_counter() - start > WAIT_S or process.poll() is not None:
                raise
            time.sleep(0.05)
    ready = time.perf_counter() - start
    process.terminate()
    cpu, _, peak = _account(process)
    return cpu, ready, peak


def _start(arguments: list[str], folder: str, **more: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "ZHIBU_DATA": str(Path(folder) / "data"), **more}
    program = "from bot.cli import main; raise SystemExit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], env=environment, stdout=subprocess.DEVNULL
    )


def _account(process: subprocess.Popen[bytes]) -> tuple[float, float, float]:
    start = time.perf_counter()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the command failed with {process.returncode}")
    wall = time.perf_counter() - start
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
