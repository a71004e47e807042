"""A notice on days off is read as it is published, or refused with what is wrong."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.numbers import BadValue
from scheduler.decree import read

# Worded for the tests in the notice's manner, with the days of 2026.
NOTICE = """关于2026年部分节假日安排的通知
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。\
2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
"""


def test_a_notice_says_what_the_library_knows_of_the_year() -> None:
    days = read(NOTICE)
    for day, (works, _) in days.items():
        assert chinese_calendar.is_workday(day) == works, day
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    odd = {day for day in year if chinese_calendar.is_workday(day) != (day.weekday() < 5)}
    assert odd <= days.keys()


def test_a_list_is_read_a_day_a_line() -> None:
    lines = [f"2027-02-{day:02} 休 春节" for day in range(5, 12)]
    days = read("\n".join([*lines, "2027-02-14 班"]))
    assert days[date(2027, 2, 5)] == (False, "春节")
    assert days[date(2027, 2, 14)] == (True, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "没有读出日期"),
        ("明年放假三天", "没有读出日期"),
        ("2027-02-05 休", "完整安排"),
        (NOTICE.replace("1月4日（周日）上班", "1月2日（周五）上班"), "既写了放假又写了上班"),
        (NOTICE.replace("4月4日（周六）至6日", "4月31日（周六）至6日"), "没有 4月31日"),
        (NOTICE.replace("5月1日（周五）至5日", "5月1日（周五）至30日"), "读不通"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        read(text)


@given(st.text(max_size=300) | st.text("年月日至放假上班、，。：（）0123456789\n", max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        days = read(text)
    except BadValue:
        days = {}
    assert all(isinstance(day, date) for day in days)
