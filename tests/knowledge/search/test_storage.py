"""The stored index is whole, or it is not used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.search.index import FILE, Index
from knowledge.search.lexicon import Lexicon
from knowledge.search.storage import UnusableIndex
from tests.knowledge.search.conftest import LIBRARY, TODAY

# Dies without cleaning up while the second index is written: the file is there in part, unnamed.
CRASH = """
import os, sys
from pathlib import Path
from knowledge.search.index import Index
from knowledge.search.lexicon import Lexicon
from knowledge.search.passages import Passage

index = Index.build([Passage(1, "全新的内容", "全新的内容")], Lexicon.load())
os.fsync = lambda handle: os._exit(9)
index.save(Path(sys.argv[1]), revision=2)
"""


def test_a_crash_while_saving_leaves_the_old_index(
    index: Index, lexicon: Lexicon, tmp_path: Path
) -> None:
    index.save(tmp_path, revision=1)

    done = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path)], check=False)

    assert done.returncode == 9
    opened = Index.open(tmp_path, lexicon)
    assert (opened.revision, len(opened)) == (1, len(LIBRARY))


def test_a_failed_save_leaves_no_rubbish(index: Index, tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    (tmp_path / FILE / "in the way").touch()

    with pytest.raises(OSError):  # noqa: PT011  # Which one depends on the system.
        index.save(tmp_path, revision=1)

    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("place", [0, 9, 60, 5_000, -1])
def test_a_changed_byte_is_detected(
    index: Index, lexicon: Lexicon, tmp_path: Path, place: int
) -> None:
    index.save(tmp_path, revision=1)
    path = tmp_path / FILE
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(data)

    with pytest.raises(UnusableIndex):
        Index.open(tmp_path, lexicon)


@pytest.mark.parametrize("size", [0, 4, 30, 4_000])
def test_a_torn_file_is_detected(index: Index, lexicon: Lexicon, tmp_path: Path, size: int) -> None:
    index.save(tmp_path, revision=1)
    os.truncate(tmp_path / FILE, size)

    with pytest.raises(UnusableIndex):
        Index.open(tmp_path, lexicon)


def test_a_missing_file_is_said(lexicon: Lexicon, tmp_path: Path) -> None:
    with pytest.raises(UnusableIndex):
        Index.open(tmp_path, lexicon)


def test_an_index_of_another_dictionary_is_refused(
    index: Index, plain: Lexicon, tmp_path: Path
) -> None:
    """Its words were cut otherwise, so questions would not meet them."""
    index.save(tmp_path, revision=1)

    with pytest.raises(UnusableIndex):
        Index.open(tmp_path, plain)


def test_an_empty_library_can_be_saved(lexicon: Lexicon, tmp_path: Path) -> None:
    Index.build((), lexicon).save(tmp_path, revision=0)

    assert Index.open(tmp_path, lexicon).search("党费", as_of=TODAY).hits == ()
