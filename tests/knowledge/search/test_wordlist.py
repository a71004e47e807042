"""A stored list of words gives what a dictionary would, and no damage goes unseen."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.search import wordlist
from knowledge.search.wordlist import WordList

words = st.text(alphabet="支部党员a1費\U0001f600", min_size=1, max_size=4)


@given(
    st.dictionaries(words, st.integers(1, 10**6), min_size=1), st.text("支部党员a1費x", max_size=9)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_holds_what_was_written(tmp_path: Path, stored: dict[str, int], text: str) -> None:
    path = tmp_path / "words"
    wordlist.write(path, stored)
    read = WordList.open(path)
    assert read.total == sum(stored.values())
    assert read.inside(text) == {word: f for word, f in stored.items() if word in text}
    assert {word: read.frequency(word) for word in stored} == stored
    assert read.frequency(text) == stored.get(text, 0)


def test_a_lone_surrogate_is_no_word(tmp_path: Path) -> None:
    wordlist.write(tmp_path / "words", {"支部": 3})
    read = WordList.open(tmp_path / "words")
    assert read.frequency("\ud800") == 0
    assert read.inside("\ud800支部\udfff") == {"支部": 3}


@pytest.mark.parametrize("damage", [b"", b"\n", b"x y\n", b"1 2\n", b"12"])
def test_a_damaged_list_is_refused(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "words").write_bytes(damage)
    with pytest.raises(ValueError, match=r"damaged|empty"):
        WordList.open(tmp_path / "words")


def test_a_flipped_bit_is_seen_wherever_it_is(tmp_path: Path) -> None:
    path = tmp_path / "words"
    wordlist.write(path, {"支部": 3, "党员": 4})
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ValueError, match="damaged"):
            WordList.open(path)


def test_a_failed_write_leaves_the_list_before(tmp_path: Path) -> None:
    path = tmp_path / "words"
    wordlist.write(path, {"支部": 3})
    with pytest.raises(UnicodeEncodeError):
        wordlist.write(path, {"\ud800": 1})
    assert WordList.open(path).inside("支部") == {"支部": 3}
    assert [p.name for p in tmp_path.iterdir()] == ["words"]
