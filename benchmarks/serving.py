"""The measured processes of `benchmarks.search_speed`, one engine and one task each.

`build` makes an index from a file of passages; `serve` opens it as a fresh process and answers;
`add` puts one more passage and asks until it is found. Each prints one JSON object. Times are
CPU seconds of the whole process unless they say otherwise, memory is resident MB at the end.
"""

from __future__ import annotations

import sys
import time

START = time.process_time()  # Of the interpreter; nothing else was imported yet.

import json  # noqa: E402
from pathlib import Path  # noqa: E402

MARK = "奎木狼"
PATIENCE_S = 30.0


def build(name: str, folder: Path) -> dict[str, float]:
    """Build from raw text; reading the file of passages is not counted."""
    from benchmarks import corpora
    from benchmarks.engines import ENGINES

    # A million passages are not kept in memory beside the index that is made of them.
    passages = list(corpora.read(folder / "passages"))
    (folder / name).mkdir()
    began = time.process_time()
    ENGINES[name].build(passages, folder / name)
    return {"build_s": time.process_time() - began}


def serve(name: str, folder: Path) -> dict[str, object]:
    """Open and answer: the first answer of the process, then many, each timed alone."""
    from benchmarks.engines import ENGINES

    questions = json.loads((folder / "questions").read_text(encoding="utf-8"))
    engine = ENGINES[name].open(folder / name)
    engine.search(questions[0], 10)
    first = time.process_time()
    taken: list[float] = []
    for question in questions:
        began = time.process_time()
        engine.search(question, 10)
        taken.append(time.process_time() - began)
        if sum(taken) > PATIENCE_S:
            break
    return {"first_s": first, "start_s": START, "taken_s": taken, "rss_mb": _resident()}


def add(name: str, folder: Path) -> dict[str, float | None]:
    """Add passages to a warm engine, one after the other, and find each by its own word."""
    from benchmarks.engines import ENGINES
    from knowledge.search.passages import Passage

    engine = ENGINES[name].open(folder / name)
    engine.search("开会", 10)
    taken = []
    for number in range(20):
        id_ = 1_000_000_000 + number
        began = time.process_time()
        if not engine.add(
            Passage(id_, f"{MARK}{number}号会议怎么开", f"{MARK}{number}号会议由支部召开。")
        ):
            return {"add_s": None}
        while id_ not in engine.search(f"{MARK}{number}号会议", 50):
            pass
        taken.append(time.process_time() - began)
    return {"add_s": sorted(taken)[len(taken) // 2]}


def _resident() -> float:
    """Return the memory that the process holds now, in MB; its peak where that is not told."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmRSS"].split()[0]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    task, engine_name, where = sys.argv[1:]
    tasks = {"build": build, "serve": serve, "add": add}
    print(json.dumps(tasks[task](engine_name, Path(where))))
