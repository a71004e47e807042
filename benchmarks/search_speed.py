"""Search speed, ours beside others: `python -m benchmarks.search_speed [FOLDER]`.

For 1,000, 10,000 and 100,000 passages (a million with `--million`): the CPU time of a question
of 27 characters, of building, of the first answer of a fresh process, and until an added passage
is found, and the memory of the process that serves. Passages come from the sets in FOLDER, or
from the entries that we ship, extended by recombining their sentences. Every figure comes from
a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import corpora, measures
from benchmarks.engines import ENGINES

SIZES = (1_000, 10_000, 100_000)
MILLION = 1_000_000
QUESTIONS = 1_000
# An engine that needs longer than this for one task is left out at that size.
LIMIT_S = 1_800
# Ours differs by the lexicon in what it finds, not in how fast.
COMPARED = tuple(name for name in ENGINES if name != "ours, plain lexicon")


@dataclass(frozen=True)
class Speed:
    """What one engine takes at one size: CPU milliseconds or seconds, and resident MB.

    `first_ms` is all CPU time of a fresh process up to its first answer. `add_ms` is None where
    only building again makes a new passage found.
    """

    passages: int
    engine: str
    p50_ms: float
    p99_ms: float
    build_s: float
    first_ms: float
    rss_mb: float
    add_ms: float | None


def speeds(folder: Path | None, sizes: Sequence[int], only: Sequence[str]) -> Iterator[Speed]:
    """Measure every engine at every size."""
    passages, questions = corpora.source(folder)
    for size in sizes:
        with tempfile.TemporaryDirectory() as place:
            where = Path(place)
            corpora.write(corpora.extended(passages, size), where / "passages")
            asked = json.dumps(corpora.of_length(questions, QUESTIONS), ensure_ascii=False)
            (where / "questions").write_text(asked, encoding="utf-8")
            for name in only or COMPARED:
                print(f"{size}: {name}", file=sys.stderr, flush=True)
                if speed := _speed(size, name, where):
                    yield speed


def _speed(size: int, name: str, where: Path) -> Speed | None:
    """Measure one engine at one size, or say why it cannot be."""
    try:
        built = _measured("build", name, where)
        served = _measured("serve", name, where)
        added = _measured("add", name, where)["add_s"]
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        reason = (error.stderr or b"").decode(errors="replace").strip().splitlines()[-1:]
        print(f"{name} is left out at {size}: {reason or error}", file=sys.stderr, flush=True)
        return None
    return Speed(
        size,
        name,
        1e3 * measures.percentile(served["taken_s"], 50),
        1e3 * measures.percentile(served["taken_s"], 99),
        built["build_s"],
        1e3 * served["first_s"],
        served["rss_mb"],
        None if added is None else 1e3 * added,
    )


def _measured(task: str, name: str, where: Path) -> Any:
    """Run one task in a process of its own and return what it measured."""
    command = [sys.executable, "-m", "benchmarks.serving", task, name, str(where)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=LIMIT_S)
    return json.loads(done.stdout)


def print_speeds(rows: Sequence[Speed]) -> None:
    """Print the speeds as a table, a block for every size."""
    print("CPU time of one core; questions of 27 characters")
    for size in dict.fromkeys(row.passages for row in rows):
        print(f"\n{size:,} passages")
        head = ("p50 ms", "p99 ms", "build s", "first ms", "MB", "add ms")
        print(f"  {'':12}" + "".join(f"{title:>10}" for title in head))
        for row in (row for row in rows if row.passages == size):
            added = "rebuild" if row.add_ms is None else f"{row.add_ms:.2f}"
            print(
                f"  {row.engine:12}{row.p50_ms:10.2f}{row.p99_ms:10.2f}{row.build_s:10.2f}"
                f"{row.first_ms:10.0f}{row.rss_mb:10.0f}{added:>10}"
            )


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.search_speed", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="question sets to take text from")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="1000,10000,100000")
    parser.add_argument("--million", action="store_true", help="a million passages too")
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    parser.add_argument("--only", action="append", default=[], help="measure only this engine")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",") if size]
    sizes += [MILLION] if arguments.million else []
    rows = list(speeds(arguments.folder, sizes, arguments.only))
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        print_speeds(rows)


if __name__ == "__main__":
    main()
