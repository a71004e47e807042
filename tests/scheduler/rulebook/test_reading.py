"""A book with an error is refused with file, rule and reason; the one in force stays."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.engine import Database
from scheduler.rulebook import keeping
from scheduler.rulebook.model import Rule
from scheduler.rulebook.problems import RuleBookError
from scheduler.rulebook.reading import SHIPPED, read_folder, rule_from

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
GOOD = """
[[rule]]
id = "meeting"
title = "支委会会议"
owner = "党支部"
anchor = { kind = "period", rrule = "FREQ=MONTHLY", dtstart = 2019-01-01 }
regulation = "条例"
article = "第十二条"
version = "2018"
effective_from = 2018-01-01
force = "一般"
certainty = "甲"
remind = [7, 1]
ladder = [{ after = 1, to = "本人" }]
"""
OWN = """
[[rule]]
id = "own-meeting"
title = "支委会会议（每半月）"
owner = "党支部"
anchor = { kind = "period", rrule = "FREQ=WEEKLY;INTERVAL=2", dtstart = 2026-01-05 }
regulation = "第一党支部工作制度"
article = ""
version = "2026"
effective_from = 2026-01-01
force = "应当"
certainty = "本单位"
unit = "第一党支部"
stricter_than = "meeting"
remind = [1]
ladder = [{ after = 1, to = "本人" }]
"""
STEP = """
[[rule]]
id = "step-2"
title = "派人谈话"
owner = "党支部"
anchor = { kind = "event", event = "step-2" }
regulation = "细则"
article = "第七条"
version = "2014"
effective_from = 2014-01-01
force = "应当"
certainty = "甲"
case = "发展党员"
step = 2
"""


def read(tmp_path: Path, *texts: str) -> list[str]:
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.toml").write_text(text, "utf-8")
    try:
        read_folder(tmp_path)
    except RuleBookError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_a_good_book_and_a_stricter_rule_of_a_unit_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD, OWN) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('owner = "党支部"', 'owner = "车间主任"', "unknown owner"),
        ("FREQ=MONTHLY", "FREQ=OFTEN", "bad RRULE"),
        ("FREQ=MONTHLY", "FREQ=HOURLY", "bad RRULE"),
        ("FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=0", "INTERVAL must be 1"),
        ("FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=-1", "INTERVAL must be 1"),
        ("FREQ=MONTHLY", "FREQ=MONTHLY;COUNT=3", "by effective_until"),
        ("FREQ=MONTHLY", "FREQ=MONTHLY;UNTIL=20260301", "by effective_until"),
        ("FREQ=MONTHLY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never occurs"),
        ("remind =", "limit = { days = -5 }\nremind =", "counts back"),
        ("remind =", "limit = { workdays = 26001 }\nremind =", "beyond 100 years"),
        ("remind =", "repeat = { days = 0 }\nremind =", "longer than nothing"),
        ("remind = [7, 1]", "remind = [3661]", "within 3660 days"),
        ("after = 1", "after = 3661", "within 3660 days"),
        (", dtstart = 2019-01-01", "", "DTSTART"),
        ("remind = [7, 1]", "remind = [1, 7]", "largest first"),
        ("remind = [7, 1]", "remind = [7, -1]", "largest first"),
        ("remind = [7, 1]", 'remind = "7"', "list of days"),
        ("after = 1", "after = 0", "delays"),
        ('to = "本人"', 'to = "邻居"', "unknown ladder.to"),
        ('certainty = "甲"', 'certainty = "丙"', "certainty"),
        ("remind =", "remaind =", "unknown key remaind"),
        ('title = "支委会会议"', 'title = ""', "title is empty"),
        ('title = "支委会会议"', "", "title is missing"),
        ("effective_from = 2018-01-01", 'effective_from = "2018"', "must be a date"),
        ("effective_from = 2018-01-01", "effective_from = 2018-02-30", "no TOML"),
        ("[[rule]]", "[[rule]", "no TOML"),
        ("[[rule]]", "[extra]\nx = 1\n[[rule]]", "unknown table extra"),
    ],
)
def test_an_error_names_file_rule_and_reason(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    (problem, *_) = read(tmp_path, GOOD.replace(old, new))
    assert problem.startswith("0.toml: ")
    assert reason in problem


FOLLOWING = (
    GOOD.replace('"meeting"', '"report"')
    .replace('kind = "period", rrule = "FREQ=MONTHLY", dtstart = 2019-01-01', "AFTER")
    .replace("AFTER", 'kind = "event", event = "meeting"')
    .replace("remind =", "limit = { days = 15 }\nremind =")
)


@pytest.mark.parametrize(
    ("old", "new", "reasons"),
    [
        ("", "", []),
        ('event = "meeting"', 'event = "nothing"', ["there is no event or step 'nothing'"]),
        ('event = "meeting"', 'event = "report"', ["a rule cannot follow itself"]),
        ("党支部", "党委", ["it follows meeting, which others owe"]),
        ("limit = { days = 15 }", "", ["a duty after an event needs a limit"]),
    ],
)
def test_a_rule_may_follow_one_that_the_same_owner_owes(
    tmp_path: Path, old: str, new: str, reasons: list[str]
) -> None:
    found = read(tmp_path, GOOD, FOLLOWING.replace(old, new) if old else FOLLOWING)
    assert found == [f"1.toml: report: {reason}" for reason in reasons]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY;INTERVAL=2"), "a period lasts up to"),
        (('stricter_than = "meeting"', 'stricter_than = "nothing"'), "no regulation's rule"),
        (('kind = "period", rrule = "FREQ=WEEKLY;INTERVAL=2", dtstart = 2026-01-05',
          'kind = "once", on = 2026-12-01'), "hangs on something else"),
        (("remind = [1]", "limit = { years = 1 }\nremind = [1]"), "the limit is later"),
        (("remind = [1]", "postpone = { days = 1 }\nremind = [1]"), "moved further"),
        (("dtstart = 2026-01-05", "dtstart = 2090-01-05"), "nothing is owed from 2026-01-01"),
        (("remind = [1]", "remind = []"), "nobody is reminded"),
        (('ladder = [{ after = 1, to = "本人" }]', ""), "本人 is never told"),
        (("after = 1", "after = 2"), "本人 is told 2 days late, there 1"),
        (('owner = "党支部"', 'owner = "党小组"'), "it is owed by 党小组, not 党支部"),
        (('stricter_than = "meeting"', 'case = "发展党员"\nstep = 5'), "no step of a case"),
    ],
)  # fmt: skip
def test_a_units_laxer_rule_is_refused(
    tmp_path: Path, change: tuple[str, str], reason: str
) -> None:
    (problem,) = read(tmp_path, GOOD, OWN.replace(*change))
    assert problem.startswith("1.toml: own-meeting: ")
    assert reason in problem


@pytest.mark.parametrize("wanted", [[], ["text", "file"]])
def test_a_unit_is_not_content_with_less_evidence(tmp_path: Path, wanted: list[str]) -> None:
    """Any kind that is named will do, so a kind more is less."""
    asks, own = 'evidence = ["file"]\n', f"evidence = {wanted}\n"
    (problem,) = read(tmp_path, GOOD + asks, OWN + own)
    assert "is laxer than meeting (2018): " in problem
    assert read(tmp_path, GOOD + asks, OWN + asks) == []


def test_a_version_that_is_over_binds_no_unit(tmp_path: Path) -> None:
    over = GOOD.replace("MONTHLY", "DAILY") + "effective_until = 2025-01-01\n"
    later = GOOD.replace("2018", "2025")
    assert read(tmp_path, over, later, OWN) == []


def test_a_unit_cannot_tighten_a_step_of_a_case(tmp_path: Path) -> None:
    own = OWN.replace('stricter_than = "meeting"', 'stricter_than = "step-2"')
    (problem,) = read(tmp_path, STEP, own)
    assert "a step of a case is done as the regulation says" in problem


def test_two_steps_cannot_have_one_place_on_one_day(tmp_path: Path) -> None:
    other = STEP.replace("step-2", "step-3")
    (problem,) = read(tmp_path, STEP, other)
    assert problem == "1.toml: step-3: step 2 of 发展党员 is step-2 already"
    apart = STEP + "effective_until = 2020-01-01\n", other.replace("2014", "2020")
    assert read(tmp_path, *apart) == []


def test_a_rule_beside_the_shipped_ones_is_a_units_own(tmp_path: Path) -> None:
    """Else a unit's file could pass for a regulation."""
    (tmp_path / "own.toml").write_text(GOOD, "utf-8")
    with pytest.raises(RuleBookError, match=r"own\.toml: meeting: .* unit is missing"):
        read_folder(SHIPPED, tmp_path)


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff" + GOOD) == []


def test_what_cannot_be_opened_is_a_problem_of_the_book(tmp_path: Path) -> None:
    (tmp_path / "a.toml").mkdir()
    assert read(tmp_path)[0].startswith("a.toml: cannot be read")


@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(-2, 60),
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 60),
)
def test_a_longer_period_is_never_taken_for_a_stricter_one(
    own: str, every: int, base: str, other: int
) -> None:
    """Lengths that a calendar cannot blur: apart by more than a tenth."""
    days = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 30.44, "YEARLY": 365.25}
    with tempfile.TemporaryDirectory() as name:
        recurring = f"FREQ={own};INTERVAL={every}"
        unit = OWN.replace("FREQ=WEEKLY;INTERVAL=2", recurring).replace("-05", "-01")
        rule = GOOD.replace("FREQ=MONTHLY", f"FREQ={base};INTERVAL={other}")
        problems = read(Path(name), rule, unit)
    lasts, allowed = days[own] * every, days[base] * other
    if every < 1 or lasts > allowed * 1.1:
        assert problems
    elif lasts * 1.1 < allowed:
        assert problems == []


def test_versions_that_overlap_are_refused(tmp_path: Path) -> None:
    later = GOOD.replace('version = "2018"', 'version = "2026"')
    (problem,) = read(tmp_path, GOOD + later)
    assert "overlap" in problem
    assert read(tmp_path, GOOD + GOOD)[0].endswith("version 2018 is there twice")


def test_an_empty_folder_is_no_book(tmp_path: Path) -> None:
    assert "no rule file" in read(tmp_path)[0]


async def test_a_refused_book_leaves_the_old_one_in_force(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "own.toml").write_text(GOOD.replace("党支部", "车间主任"), "utf-8")
    await keeping.refresh(database, SHIPPED, now=NOW)
    async with database.read() as session:
        before = await keeping.current(session)
    with caplog.at_level(logging.ERROR):
        after = await keeping.refresh(database, SHIPPED, tmp_path, now=NOW)
    assert after == before
    assert "own.toml: meeting: unknown owner" in caplog.text


async def test_the_same_book_is_taken_once(database: Database) -> None:
    book = read_folder(SHIPPED)
    async with database.write() as session:
        assert await keeping.take(session, book, now=NOW)
        assert not await keeping.take(session, book, now=NOW)
    async with database.read() as session:
        assert await keeping.current(session) == book


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
KEYS = st.sampled_from([field.name for field in fields(Rule)])


@given(st.dictionaries(KEYS, PLAIN))
def test_whatever_is_written_is_read_or_refused_as_a_bad_value(values: dict[str, object]) -> None:
    try:
        rule_from(values)
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = "read"
    assert refusal
