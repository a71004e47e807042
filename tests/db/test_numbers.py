"""Phone and identity numbers: every spelling of a good one is read, a bad one never."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from db.numbers import (
    BadValue,
    check_digit,
    mask_phone,
    normalise_identity,
    normalise_phone,
)

PHONES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
DAYS = st.dates(min_value=date(1900, 1, 1))
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@st.composite
def identities(draw: st.DrawFn) -> str:
    area = draw(st.integers(110000, 659999))
    digits = f"{area}{draw(DAYS):%Y%m%d}{draw(st.integers(0, 999)):03}"
    return digits + check_digit(digits)


@given(PHONES, st.sampled_from(["", "+86", "86", "0086", "+86 ", "＋８６-"]))
def test_a_phone_number_is_read_however_it_is_written(phone: str, country: str) -> None:
    parted = f"{country}{phone[:3]} {phone[3:7]}-{phone[7:]}"
    assert normalise_phone(parted) == phone
    assert normalise_phone(parted.translate(FULL_WIDTH)) == phone


@given(st.text(max_size=20))
def test_what_is_read_as_a_phone_number_is_one(text: str) -> None:
    try:
        phone = normalise_phone(text)
    except BadValue:
        return
    assert len(phone) == 11
    assert phone.isascii()
    assert phone.isdecimal()


@pytest.mark.parametrize(
    "text", ["", "1380000123", "138000012345", "12800001234", "1.38E+10", "010-62345678", "电话"]
)
def test_what_is_no_mobile_number_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        normalise_phone(text)


def test_the_check_digit_is_that_of_the_standard() -> None:
    """The worked examples of GB 11643-1999."""
    assert check_digit("11010519491231002") == "X"
    assert check_digit("44052418800101001") == "4"


@given(identities())
def test_an_identity_number_is_read_small_and_full_width(number: str) -> None:
    assert normalise_identity(f" {number.lower()} ") == number
    assert normalise_identity(number.translate(FULL_WIDTH)) == number


@given(identities(), st.integers(0, 17), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_found(number: str, at: int, digit: str) -> None:
    """ISO 7064 MOD 11-2 detects every single substitution."""
    assume(number[at] != digit)
    with pytest.raises(BadValue):
        normalise_identity(number[:at] + digit + number[at + 1 :])


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("110105491231002", "15 位"),
        ("110105194902300021", "出生日期"),
        ("110105209913310027", "出生日期"),
        ("110105194912310021", "校验位"),
        ("11010519491231002", "18 位"),
        ("", "18 位"),
    ],
)
def test_a_bad_identity_number_is_refused_with_its_reason(number: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason) as refused:
        normalise_identity(number)
    assert not number or number not in str(refused.value)


@given(PHONES)
def test_a_masked_phone_number_shows_its_ends_only(phone: str) -> None:
    assert mask_phone(phone) == f"{phone[:3]}****{phone[7:]}"
