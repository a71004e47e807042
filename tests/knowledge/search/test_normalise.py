"""Every text has one form, and it is its own form."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge.search.lexicon import Lexicon
from knowledge.search.numerals import parse, to_digits

# Characters that the rules are about, so that hypothesis meets them together.
TRICKY = (
    "〇零一二两三十百千万亿分之第年月个条元年,.%0123456789乾坤隆於後０１％，。 \0\ud800\u200bＡｂ"
)


@given(st.text() | st.text(alphabet=TRICKY, max_size=12))
@example("乾坤乾淨")
@example("百分之一百分之二")
@example("1,000,0万")
def test_a_second_pass_changes_nothing(lexicon: Lexicon, text: str) -> None:
    once = lexicon.normalise(text)

    assert lexicon.normalise(once) == once


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("三个月", "3个月"),
        ("第十三条", "第13条"),
        ("第一百三十三条第二款", "第133条第2款"),
        ("二〇二六年", "2026年"),
        ("二零二六年", "2026年"),
        ("百分之二十", "20%"),
        ("百分之百", "100%"),
        ("五千元", "5000元"),
        ("5,000元", "5000元"),
        ("3万元", "30000元"),
        ("一百五", "150"),
        ("两年", "2年"),
        ("十八周岁", "18周岁"),
        ("支部書記", "支部书记"),
        ("ＡＢＣ１２３", "abc123"),
        ("A4纸（正反面）", "a4纸 正反面"),
        ("党\u200b费\u00ad", "党费"),
    ],
)
def test_what_means_the_same_is_written_the_same(lexicon: Lexicon, typed: str, meant: str) -> None:
    assert lexicon.normalise(typed) == meant


@pytest.mark.parametrize(
    "text", ["三会一课", "两学一做", "统一个人", "千万不要", "十分重要", "第一书记"]
)
def test_a_numeral_inside_a_name_or_word_stays(lexicon: Lexicon, text: str) -> None:
    assert lexicon.normalise(text) == text


def test_a_phrase_goes_before_its_characters(lexicon: Lexicon) -> None:
    """乾 alone is 干, but 乾隆 keeps it; 乾 in 乾淨 is 干 again."""
    assert lexicon.normalise("乾隆的乾淨") == "乾隆的干净"


@given(st.integers(10, 99_999_999))
def test_a_written_number_is_read_back(value: int) -> None:
    assert parse(written(value)) == value


def written(value: int) -> str:
    """Write a number below 100,000,000 in Chinese, the long way."""
    high, low = divmod(value, 10_000)
    if high:
        gap = "零" if 0 < low < 1_000 else ""
        return f"{section(high)}万{gap}{section(low) if low else ''}"
    return section(low)


def section(value: int) -> str:
    """Write a number below 10,000."""
    text, pending = "", False
    for unit, name in ((1_000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            text += ("零" if pending else "") + "零一二三四五六七八九"[digit] + name
            pending = False
        else:
            pending = bool(text) and value > 0
    return text


@pytest.mark.parametrize("text", ["一二", "三五十", "十百", "万", ""])
def test_what_is_no_number_is_not_read_as_one(text: str) -> None:
    assert parse(text) is None


def test_digits_are_left_alone() -> None:
    assert to_digits("第13条 3.5% 2026年") == "第13条 3.5% 2026年"
