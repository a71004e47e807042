"""Snapshots of the library: whole or not at all, and served without a database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from knowledge import answering
from knowledge.cards import LINES, Card
from knowledge.shelf import POINTER, SPARED_S, Shelf

TODAY = date(2026, 11, 23)
CARDS = [
    Card(1, "支部委员会会议一般每月召开一次。", question="支委会多久开一次？", regulation="《甲》"),
    Card(
        2, "党委书记每年至少讲一次党课。", question="党委书记一年讲几次党课？", regulation="《乙》"
    ),
]


def shelf(revision: int = 1, *more: Card) -> Shelf:
    return Shelf.build([*CARDS, *more], revision)


def opened(folder: Path) -> Shelf:
    found = Shelf.open(folder)
    assert found is not None
    return found


def snapshot(folder: Path) -> Path:
    return folder / (folder / POINTER).read_text()


def test_a_snapshot_answers_as_the_shelf_did(tmp_path: Path) -> None:
    made = shelf()
    made.save(tmp_path)
    for question in ("支委会多久开一次", "书记讲几次党课", "无关的话"):
        before = answering.answer(made, question, as_of=TODAY, internal=False)
        after = answering.answer(opened(tmp_path), question, as_of=TODAY, internal=False)
        assert before == after


def test_a_snapshot_keeps_its_revision(tmp_path: Path) -> None:
    shelf(42).save(tmp_path)
    assert opened(tmp_path).revision == 42


def test_without_a_snapshot_there_is_none(tmp_path: Path) -> None:
    assert Shelf.open(tmp_path) is None
    assert Shelf.open(tmp_path / "missing") is None


def test_what_was_put_is_found_and_what_was_removed_is_not(tmp_path: Path) -> None:
    shelf().save(tmp_path)
    changed = opened(tmp_path)
    changed.put([Card(3, "每月相对固定一天。", question="主题党日是哪一天？")])
    changed.remove([1, 99])
    found = changed.find("主题党日是哪一天", limit=3, as_of=TODAY, internal=False)
    gone = changed.find("支委会多久开一次", limit=3, as_of=TODAY, internal=False)
    assert found.hits[0][0] == 3
    assert 1 not in {passage_id for passage_id, _ in gone.hits}
    assert changed.card(1) is None


def test_an_unfinished_snapshot_leaves_the_one_before(tmp_path: Path) -> None:
    """As when the process is killed before the pointer is replaced."""
    shelf(1).save(tmp_path)
    (tmp_path / "2-half").mkdir()
    (tmp_path / "2-half" / LINES).write_text("cut of")
    assert opened(tmp_path).revision == 1


@pytest.mark.parametrize("name", [LINES, "cards.offsets", "search.index"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str) -> None:
    """The caller then builds the library from the store."""
    shelf().save(tmp_path)
    path = snapshot(tmp_path) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert Shelf.open(tmp_path) is None


@pytest.mark.parametrize("name", [LINES, "cards.offsets", "search.index"])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    shelf().save(tmp_path)
    (snapshot(tmp_path) / name).unlink()
    assert Shelf.open(tmp_path) is None


@pytest.mark.parametrize("pointer", ["", "../elsewhere", "\0", "missing", "长" * 300])
def test_a_senseless_pointer_is_refused(tmp_path: Path, pointer: str) -> None:
    shelf().save(tmp_path)
    (tmp_path / POINTER).write_text(pointer)
    assert Shelf.open(tmp_path) is None


def test_old_snapshots_go_and_fresh_ones_are_spared(tmp_path: Path) -> None:
    """Another process may just be making a fresh one."""
    shelf(1).save(tmp_path)
    old = snapshot(tmp_path)
    fresh = tmp_path / "1-fresh"
    fresh.mkdir()
    (tmp_path / ".left-over.pointer").touch()
    for path in (old, tmp_path / ".left-over.pointer"):
        long_ago = path.stat().st_mtime - 2 * SPARED_S
        os.utime(path, (long_ago, long_ago))
    shelf(2).save(tmp_path)
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith("words-")}
    assert left == {POINTER, fresh.name, snapshot(tmp_path).name}


def test_the_words_of_another_lexicon_go_and_its_own_stay(tmp_path: Path) -> None:
    shelf(1).save(tmp_path)
    [own] = tmp_path.glob("words-*")
    other = tmp_path / "words-00000000"
    other.touch()
    for path in (own, other):
        long_ago = path.stat().st_mtime - 2 * SPARED_S
        os.utime(path, (long_ago, long_ago))
    shelf(2).save(tmp_path)
    assert list(tmp_path.glob("words-*")) == [own]


def test_a_mapped_snapshot_outlives_its_deletion(tmp_path: Path) -> None:
    """An old snapshot may be pruned while a process still answers from it."""
    shelf(1).save(tmp_path)
    kept = opened(tmp_path)
    for path in snapshot(tmp_path).iterdir():
        path.unlink()
    found = answering.answer(kept, "支委会多久开一次", as_of=TODAY, internal=False)
    assert found.passage_id == 1


def test_saving_from_two_sides_at_once_leaves_a_whole_snapshot(tmp_path: Path) -> None:
    threads = [
        threading.Thread(target=shelf(number).save, args=(tmp_path,)) for number in range(1, 5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened(tmp_path).revision in range(1, 5)


SAVING = """
import sys
from pathlib import Path
from knowledge.cards import Card
from knowledge.shelf import Shelf
shelf = Shelf.build([Card(n, f"内容{n}", question=f"问题{n}") for n in range(1, 200)], 1)
folder = Path(sys.argv[1])
print("ready", flush=True)
while True:
    shelf.save(folder)
    shelf.revision += 1
    print("saved", flush=True)
"""


def test_killed_while_saving_the_snapshot_is_whole(tmp_path: Path) -> None:
    """Kill -9 falls on a different point of the loop each time."""
    for round_ in range(1, 4):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVING, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(1 + round_):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert len(opened(tmp_path).cards) == 199


ANSWERING = """
import json, sys
from datetime import date
from pathlib import Path
from knowledge import answering
from knowledge.shelf import Shelf
shelf = Shelf.open(Path(sys.argv[1]))
answer = answering.answer(shelf, "支委会多久开一次", as_of=date(2026, 11, 23), internal=False)
print(json.dumps([answer.passage_id, sorted({m.partition(".")[0] for m in sys.modules})]))
"""
# What a fresh process need not load for its first answer.
HEAVY = {"sqlalchemy", "jieba", "pypinyin", "alembic", "openpyxl", "docx", "lxml", "aiosqlite"}


def test_answering_from_a_snapshot_loads_nothing_heavy(tmp_path: Path) -> None:
    shelf().save(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", ANSWERING, str(tmp_path)], capture_output=True, check=True
    )
    passage_id, modules = json.loads(done.stdout)
    assert passage_id == 1
    assert HEAVY.isdisjoint(modules)
