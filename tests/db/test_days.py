"""A date is read when there is one reading of it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.days import parse_coming_day, parse_day
from db.numbers import BadValue


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_spelling_of_a_day_is_read(day: date) -> None:
    year, month, number = day.year, day.month, day.day
    for text in (
        f"{year}-{month:02}-{number:02}",
        f"{year}/{month}/{number}",
        f"{year}.{month}.{number}",
        f"{year}年{month}月{number}日",
        f"{year}{month:02}{number:02}",
        f" {year}－{month}－{number} ",
    ):
        assert parse_day(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "2027-02-29",
        "2024-04-31",
        "2024-13-01",
        "41091",
        "41091.5",
        "0",
        "2012-07",
        "12-07-01",
        "2012-07-01 24:00",
        "2012-07-01 08:30:00",
        "2012/07-01",
        "七月一日",
        "农历五月初五",
        "",
    ],
)
def test_what_is_no_day_or_several_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        parse_day(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("12月15日", date(2026, 12, 15)),
        ("11-23", date(2026, 11, 23)),
        ("11.22", date(2027, 11, 22)),
        ("１/5", date(2027, 1, 5)),
        ("2026-12-15", date(2026, 12, 15)),
    ],
)
def test_a_day_to_come_needs_no_year(text: str, day: date) -> None:
    assert parse_coming_day(text, date(2026, 11, 23)) == day


def test_a_day_to_come_that_the_next_year_does_not_have_is_refused() -> None:
    with pytest.raises(BadValue, match="没有这一天"):
        parse_coming_day("2月29日", date(2026, 11, 23))
