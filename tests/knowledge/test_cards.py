"""Cards in memory and in the file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.cards import LINES, OFFSETS, Card, Cards

FULL = Card(
    id=7,
    text="支部委员会会议一般每月召开一次。",
    question="支委会多久开一次？",
    aliases=("支委会几个月开一次",),
    title="组织生活",
    regulation="《中国共产党支部工作条例（试行）》",
    article="第十二条",
    version="2018",
    certainty="甲 条号待核",
    valid_from=date(2018, 10, 28),
    valid_to=date(2030, 1, 1),
    related=(3, 9),
    internal=True,
    stamp=99,
)


def saved(folder: Path, *cards: Card) -> Cards:
    """Write cards and open them again."""
    written = Cards()
    written.put(cards)
    written.save(folder)
    return Cards.open(folder)


def test_a_card_comes_back_as_it_was(tmp_path: Path) -> None:
    assert saved(tmp_path, FULL).get(7) == FULL


def test_an_unknown_card_is_none(tmp_path: Path) -> None:
    cards = saved(tmp_path, FULL)
    assert [cards.get(number) for number in (-1, 0, 6, 8, 2**62)] == [None] * 5


def test_a_change_goes_before_the_file(tmp_path: Path) -> None:
    cards = saved(tmp_path, FULL, Card(8, "乙"))
    cards.put([Card(7, "新")])
    cards.remove([8])
    assert [card.text for card in cards] == ["新"]
    assert cards.stamps() == {7: 0}


def test_changes_are_in_the_next_file(tmp_path: Path) -> None:
    cards = saved(tmp_path, FULL, Card(8, "乙"))
    cards.put([Card(3, "丙", stamp=5)])
    cards.remove([8])
    (tmp_path / "next").mkdir()
    cards.save(tmp_path / "next")
    assert list(Cards.open(tmp_path / "next")) == [Card(3, "丙", stamp=5), FULL]


def test_no_cards_are_a_file_too(tmp_path: Path) -> None:
    assert len(saved(tmp_path)) == 0


@pytest.mark.parametrize("name", [LINES, OFFSETS])
def test_a_flipped_byte_is_noticed(tmp_path: Path, name: str) -> None:
    saved(tmp_path, FULL)
    content = bytearray((tmp_path / name).read_bytes())
    content[20] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        Cards.open(tmp_path)


@pytest.mark.parametrize("name", [LINES, OFFSETS])
def test_a_file_cut_off_is_refused(tmp_path: Path, name: str) -> None:
    saved(tmp_path, FULL, Card(8, "乙"))
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-8])
    with pytest.raises(ValueError, match="damaged"):
        Cards.open(tmp_path)


@pytest.mark.parametrize(
    ("certainty", "remark"), [("甲", ""), ("待核", "待核"), ("乙 条号待核", "条号待核"), ("", "")]
)
def test_the_remark_says_what_is_to_be_checked(certainty: str, remark: str) -> None:
    assert Card(1, "", certainty=certainty).remark == remark


def test_the_last_day_is_not_in_force_any_more() -> None:
    assert FULL.valid_on(date(2018, 10, 28))
    assert FULL.valid_on(date(2029, 12, 31))
    assert not FULL.valid_on(date(2018, 10, 27))
    assert not FULL.valid_on(date(2030, 1, 1))


@given(texts=st.lists(st.text(st.characters(codec="utf-8")), max_size=5))
def test_every_text_survives(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    wanted = [Card(number, text, question=text) for number, text in enumerate(texts)]
    assert list(saved(tmp_path_factory.mktemp("cards"), *wanted)) == wanted
