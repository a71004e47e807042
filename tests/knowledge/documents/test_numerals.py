"""Numbers both ways, and in the formats of Word's lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents.numerals import CLASS, format_number, from_chinese, in_locator, to_chinese

FORMATS = [
    ("decimal", "12"),
    ("decimalZero", "12"),
    ("upperRoman", "XII"),
    ("lowerRoman", "xii"),
    ("upperLetter", "L"),
    ("chineseCounting", "十二"),
    ("chineseCountingThousand", "十二"),
    ("taiwaneseCounting", "十二"),
    ("japaneseCounting", "十二"),
    ("ideographDigital", "一二"),
    ("chineseLegalSimplified", "壹拾贰"),
    ("ideographLegalTraditional", "壹拾貳"),
    ("ideographTraditional", "12"),
    ("ideographZodiac", "亥"),
    ("ideographZodiacTraditional", "乙亥"),
    ("decimalEnclosedCircle", "⑫"),
    ("decimalEnclosedCircleChinese", "⑫"),
    ("decimalEnclosedParen", "⑿"),
    ("decimalEnclosedFullstop", "⒓"),
    ("decimalFullWidth", "１２"),
    ("numberInDash", "- 12 -"),
    ("bullet", ""),
    ("aFormatOfTheFuture", "12"),
]


@given(st.integers(1, 9999))
def test_every_number_is_read_as_it_was_written(number: int) -> None:
    assert number == from_chinese(to_chinese(number))


@given(st.integers(1, 9999), st.sampled_from(["chineseCounting", "ideographDigital"]))
def test_numbers_written_digit_by_digit_are_read_too(number: int, style: str) -> None:
    """Word writes 第一〇一条 in its 'counting' format."""
    assert number == from_chinese(format_number(number, style))


@given(st.integers(1, 9999))
def test_formal_numbers_are_read_too(number: int) -> None:
    assert number == from_chinese(format_number(number, "chineseLegalSimplified"))


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "零"), (10, "十"), (19, "十九"), (20, "二十"), (101, "一百零一"), (110, "一百一十"),
     (1001, "一千零一"), (1010, "一千零一十"), (2026, "二千零二十六"), (9999, "九千九百九十九")],
)  # fmt: skip
def test_numbers_are_written_as_articles_are_cited(number: int, words: str) -> None:
    assert words == to_chinese(number)


@pytest.mark.parametrize(
    ("numeral", "number"),
    [("廿一", 21), ("两千", 2000), ("１２", 12), ("二〇二六", 2026), ("○", 0)],
)
def test_other_ways_to_write_a_number_are_read(numeral: str, number: int) -> None:
    assert number == from_chinese(numeral)


@pytest.mark.parametrize(
    "numeral", ["", "条", "十十", "百", "一百一", "一二十", "三百千", "-1", "1.5"]
)
def test_what_is_no_number_is_refused(numeral: str) -> None:
    """一百一 is said for 110 and would be read as 101: no guess is made."""
    with pytest.raises(ValueError, match=r".+"):
        from_chinese(numeral)


@pytest.mark.parametrize(
    ("number", "written"), [(101, "一百零一"), (9999, "九千九百九十九"), (10_000, "10000")]
)
def test_a_place_has_a_number_however_great(number: int, written: str) -> None:
    assert in_locator(number) == written


@pytest.mark.parametrize("number", [-1, 10_000])
def test_numbers_without_a_short_form_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="9999"):
        to_chinese(number)


@pytest.mark.parametrize(("style", "written"), FORMATS)
def test_word_formats_are_written(style: str, written: str) -> None:
    assert written == format_number(12, style)


@pytest.mark.parametrize(
    ("number", "style", "written"),
    [(101, "chineseCounting", "一〇一"), (101, "chineseCountingThousand", "一百零一"),
     (4, "ideographTraditional", "丁"), (3, "ideographEnclosedCircle", "㈢"),
     (28, "lowerLetter", "bb"), (0, "upperLetter", "0"), (5, "decimalZero", "05")],
)  # fmt: skip
def test_word_formats_differ_beyond_their_range(number: int, style: str, written: str) -> None:
    assert written == format_number(number, style)


@given(st.text(CLASS, min_size=1, max_size=8))
def test_any_numeral_is_read_or_refused(numeral: str) -> None:
    try:
        number = from_chinese(numeral)
    except ValueError:
        return
    assert number >= 0
