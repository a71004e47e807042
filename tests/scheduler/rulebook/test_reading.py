"""A book with an error is refused with file, rule and reason; the one in force stays."""

from __future__ import annotations

import logging
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


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY;INTERVAL=2"), "a period lasts up to"),
        (('stricter_than = "meeting"', 'stricter_than = "nothing"'), "no regulation's rule"),
        (('kind = "period", rrule = "FREQ=WEEKLY;INTERVAL=2", dtstart = 2026-01-05',
          'kind = "once", on = 2026-12-01'), "hangs on something else"),
    ],
)  # fmt: skip
def test_a_units_laxer_rule_is_refused(
    tmp_path: Path, change: tuple[str, str], reason: str
) -> None:
    (problem,) = read(tmp_path, GOOD, OWN.replace(*change))
    assert problem.startswith("1.toml: own-meeting: ")
    assert reason in problem


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
