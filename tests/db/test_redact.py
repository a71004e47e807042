"""Numbers of people and tokens do not reach a log, in whatever form they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.redact import for_people, redact

PHONES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
IDENTITIES = st.from_regex(r"[1-9][0-9]{16}[0-9Xx]", fullmatch=True)
WORDS = st.text(st.sampled_from("党费问题，。 abc\n"), max_size=10)


@given(WORDS, PHONES, WORDS)
def test_a_phone_number_is_taken_out(before: str, phone: str, after: str) -> None:
    assert phone not in redact(f"{before}{phone}{after}")


@given(WORDS, st.one_of(IDENTITIES), st.sampled_from(["", "，", " ", "。", "\n"]))
def test_an_identity_number_is_taken_out(before: str, number: str, after: str) -> None:
    assert number not in redact(f"{before} {number}{after}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("打 +86 138-0013-8000 找他", "打 [phone] 找他"),
        ("１３８００１３８０００", "[phone]"),
        ("11010519491231002X", "[identity]"),
        ("bot123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc", "bot[token]"),
        ("２０２６年第１３条", "２０２６年第１３条"),
        ("2026-11-23 12:00:00 row 12345", "2026-11-23 12:00:00 row 12345"),
    ],
)
def test_each_form_is_known(text: str, expected: str) -> None:
    assert redact(text) == expected


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_a_reader_sees_that_a_number_was_left_out() -> None:
    assert for_people("找 13800138000 或 11010519491231002X") == "找 （号码略） 或 （号码略）"
    assert for_people("3 月 1 日前补齐") == "3 月 1 日前补齐"


@pytest.mark.parametrize(
    "amount",
    [
        *("512.30元", "１,２００ 元", "¥512.3", "人民币 3万元", "五百二十块钱", "5元5角", "8 块"),
        *("3元钱", "人民币五百", "人民币：500", "500RMB", "300人民币", "300美元", "$100"),
        *("500多元", "五百多元", "五百块", "25块5", "5k元", "1.2w元", "5万", "一千二", "300元整"),
    ],
)
def test_a_sum_of_money_is_left_out_for_readers_alone(amount: str) -> None:
    assert for_people(f"少了{amount}，请核对") == "少了（金额略），请核对"
    assert redact(f"少了{amount}，请核对") == f"少了{amount}，请核对"


@pytest.mark.parametrize(
    "words",
    [
        "党费 512.30",
        "应交 1200",
        "补缴党费：99.5，请核对",
        "党费为三百",
        "欠费一千二百",
        "月工资8000",
    ],
)
def test_a_bare_number_of_dues_is_a_sum(words: str) -> None:
    assert not set("0123456789一二三百千") & set(for_people(words))


def test_a_sum_ends_before_the_comma_behind_it() -> None:
    assert for_people("补交300，已办") == "补交（金额略），已办"


@pytest.mark.parametrize(
    "words",
    [
        "缴费记录 3 项",
        "交纳2026年党费",
        "党费 12 月的",
        "11.30前交3份",
        "2027元旦前补",
        "一块研究",
        "多元化",
        "3块展板",
        "交12人名单",
        "党费第3季度",
        "缴费3笔",
        "交二十份",
        "缴费十二个月",
        "三元里支部",
        "大家一块。",
        "5万人",
        "三百人参加",
        "支部十佳",
        "第12条、2026年、3个月",
    ],
)
def test_other_numbers_stay(words: str) -> None:
    assert for_people(words) == words
