"""Cutting long texts: nothing lost, nothing too long, nothing torn."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.split import Span, split, units

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇨🇳"
ACCENTED = "e\u0301"
THUMB = "👍🏽"
PIECES = [
    "甲",
    "a",
    "。",
    "\n",
    "\n\n",
    " ",
    "，",
    "😀",
    FAMILY,
    FLAG,
    ACCENTED,
    THUMB,
    "<b>",
    "\r\n",
]
texts = st.lists(st.sampled_from(PIECES), max_size=120).map("".join)


def parts(text: str, limit: int, *spans: Span) -> list[str]:
    return [text[start:end] for start, end in split(text, limit, spans)]


@given(text=st.one_of(texts, st.text(max_size=200)), limit=st.integers(2, 60))
def test_the_parts_together_are_the_text_and_none_is_too_long(text: str, limit: int) -> None:
    cut = parts(text, limit)
    assert "".join(cut) == text
    assert all(0 < units(part) <= limit for part in cut)


@given(text=texts)
def test_no_part_begins_or_ends_within_a_cluster(text: str) -> None:
    """A limit above the longest cluster (11 units) leaves no excuse."""
    for start, end in split(text, 16):
        part = text[start:end]
        assert part[0] != "\u200d"
        assert not unicodedata.category(part[0]).startswith("M")
        assert not "\U0001f3fb" <= part[0] <= "\U0001f3ff"
        assert not part.endswith("\u200d")
        regional = sum("\U0001f1e6" <= char <= "\U0001f1ff" for char in part)
        assert regional % 2 == 0
        assert not (part[0] == "\n" and text[:start].endswith("\r"))


@given(before=texts, inside=st.text("乙丙，。\n 😀", min_size=1, max_size=8), after=texts)
def test_a_span_that_fits_stays_in_one_part(before: str, inside: str, after: str) -> None:
    text = before + "始" + inside + "终" + after
    span = Span(len(before), len(before) + len(inside) + 2, "blockquote")
    borders = [end for _, end in split(text, 20, (span,))]
    assert not any(span.start < border < span.end for border in borders)


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("一段。\n\n二段。三", 8, ["一段。\n\n", "二段。三"]),
        ("一行\n二行二行", 6, ["一行\n", "二行二行"]),
        ("一句话。二句话话", 6, ["一句话。", "二句话话"]),
        ("他说“好。”然后走", 7, ["他说“好。”", "然后走"]),
        ("一二三，四五六", 6, ["一二三，", "四五六"]),
        ("about words", 8, ["about ", "words"]),
        ("版本 3.14 号", 7, ["版本 ", "3.14 号"]),
        ("甲" * 10, 4, ["甲" * 4, "甲" * 4, "甲" * 2]),
        ("😀" * 3, 4, ["😀😀", "😀"]),
        (FLAG * 3, 6, [FLAG] * 3),
        ("", 5, []),
    ],
)
def test_it_cuts_where_a_reader_would(text: str, limit: int, expected: list[str]) -> None:
    assert parts(text, limit) == expected


def test_it_cuts_before_a_quotation_rather_than_in_it() -> None:
    text = "甲" * 10 + "\n\n" + "乙。" * 4
    assert parts(text, 16, Span(12, 20, "blockquote")) == ["甲" * 10 + "\n\n", "乙。" * 4]


def test_it_cuts_a_span_longer_than_a_message_at_the_end_of_a_line() -> None:
    text = "一行\n" * 6
    assert parts(text, 8, Span(0, len(text), "pre")) == ["一行\n一行\n"] * 3


def test_it_cuts_a_cluster_that_alone_is_too_long() -> None:
    text = "e" + "\u0301" * 50
    assert all(units(part) <= 10 for part in parts(text, 10))


def test_it_counts_as_telegram_does() -> None:
    assert [units(text) for text in ("甲", "😀", FAMILY, ACCENTED)] == [1, 2, 11, 2]
