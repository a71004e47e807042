"""The shipped entries: what they cover, how they are written, and how their reader refuses."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from itertools import combinations

import pytest

from knowledge.entries import Entry, EntryError, fold, load_entries, read_entries

# The day on which the revised rules for admitting members were announced.
REVISED = date(2026, 5, 18)
LEAST = {
    "组织生活": 40,
    "支部设置": 14,
    "任期与换届": 18,
    "换届选举": 32,
    "发展党员（2014）": 35,
    "发展党员（2026）": 55,
    "党费": 23,
    "党员日常管理": 28,
    "教育培训": 14,
    "党委与责任制": 15,
    "时限计算与提醒": 11,
    "常见错误说法": 15,
    "待核事项": 7,
    "岗位清单": 13,
}
# Steps 1 to 25 and the publicity between 7 and 8, each in both versions of the rules.
STEPS = (
    "age",
    "talk",
    "activist",
    "activist-filing",
    "mentor",
    "training-period",
    "object",
    "publicity",
    "object-report",
    "introducer",
    "review",
    "course",
    "committee-check",
    "pre-review",
    "form",
    "assembly-limit",
    "assembly",
    "talk-before-approval",
    "approval",
    "filing",
    "assign",
    "oath",
    "probation",
    "full-apply",
    "full",
    "full-approval",
    "archive",
)
ENTRY = """
[[entry]]
id = "one"
question = "支委会多久开一次？"
asks = ["支委会的周期"]
answer = "一般每月一次。"
regulation = "《某条例》"
article = "第十二条"
version = "2018"
certainty = "甲"
topic = "组织生活"
"""


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    return load_entries()


@pytest.fixture(scope="module")
def by_id(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    return {entry.id: entry for entry in entries}


def test_it_ships_entries_on_every_subject(entries: tuple[Entry, ...]) -> None:
    counts = Counter(entry.topic for entry in entries)
    assert len(entries) >= 300
    assert set(LEAST) == set(counts)
    assert {topic: counts[topic] for topic, least in LEAST.items() if counts[topic] < least} == {}


def test_no_wording_leads_to_two_entries_of_the_same_day(entries: tuple[Entry, ...]) -> None:
    """The versions of a rule may share a wording: they are never true together."""
    wordings = {e.id: {fold(words) for words in (e.question, *e.asks)} for e in entries}
    doubles = [
        (one.id, other.id)
        for one, other in combinations(entries, 2)
        if wordings[one.id] & wordings[other.id] and one.overlaps(other)
    ]
    assert doubles == []


def test_no_entry_repeats_its_own_question(entries: tuple[Entry, ...]) -> None:
    repeating = [
        e.id for e in entries if len({fold(q) for q in (e.question, *e.asks)}) <= len(e.asks)
    ]
    assert repeating == []


def test_no_two_answers_share_a_long_sentence(entries: tuple[Entry, ...]) -> None:
    sentences = Counter(
        sentence
        for entry in entries
        for sentence in set(re.split(r"[。；！？]", entry.answer))
        if len(sentence) >= 20
    )
    assert [sentence for sentence, times in sentences.items() if times > 1] == []


def test_a_regulation_has_its_year_and_an_article_its_regulation(
    entries: tuple[Entry, ...],
) -> None:
    """Only a custom, or a text whose name or year is itself to be checked, goes without."""
    yearless = {e.regulation for e in entries if e.regulation.startswith("《") and not e.version}
    assert yearless == {"《中国共产党不合格党员组织处置办法》"}
    assert [e.id for e in entries if e.article and not e.regulation.startswith("《")] == []


@pytest.mark.parametrize("step", STEPS)
def test_each_step_has_its_former_and_its_present_rule(by_id: dict[str, Entry], step: str) -> None:
    former, present = by_id[f"join14-{step}"], by_id[f"join26-{step}"]
    assert (former.version, former.effective_from, former.effective_to) == ("2014", None, REVISED)
    assert (
        present.version,
        present.effective_from,
        present.effective_to,
    ) == ("2026", REVISED, None)
    assert "旧细则" in former.answer
    assert "施行日期" in present.note


def test_exactly_one_version_of_the_rules_holds_on_any_day(entries: tuple[Entry, ...]) -> None:
    admission = [e for e in entries if e.id.startswith(("join14-", "join26-"))]
    before = {e.version for e in admission if e.valid_on(REVISED - timedelta(days=1))}
    since = {e.version for e in admission if e.valid_on(REVISED)}
    assert ({"2014"}, {"2026"}) == (before, since)


@pytest.mark.parametrize("step", ["publicity", "assembly-limit", "oath"])
def test_a_limit_that_is_new_is_denied_for_the_former_rules(
    by_id: dict[str, Entry], step: str
) -> None:
    assert re.search(r"没有(公示要求|写这个时限)|没有时限", by_id[f"join14-{step}"].answer)
    assert "2026年修订" in by_id[f"join26-{step}"].answer


def test_filing_or_consent_is_left_open_for_the_present_rules(by_id: dict[str, Entry]) -> None:
    """The sources disagree, so that nothing may be said with confidence."""
    assert (
        by_id["join26-object-report"].certainty,
        by_id["join14-object-report"].certainty,
    ) == ("待核", "甲")


@pytest.mark.parametrize(
    ("ident", "word"),
    [
        ("meeting-assembly-cycle", "一般每季度"),
        ("meeting-committee-cycle", "一般每月"),
        ("meeting-life-cycle", "每年至少"),
        ("meeting-talk-cycle", "一般不少于"),
        ("term-branch", "一般为3年"),
        ("term-secretary-seniority", "一般是1年以上"),
        ("training-32", "一般不少于32学时"),
        ("join26-oath", "一般在1个月内"),
        ("join26-leaving-soon", "一般不办理"),
        ("member-letter-validity", "一般不超过3个月"),
    ],
)
def test_the_force_of_a_rule_is_kept(by_id: dict[str, Entry], ident: str, word: str) -> None:
    assert word in by_id[ident].answer


def dues(income: int) -> float:
    """Return the monthly dues of a working member in yuan: the whole amount by its tier."""
    return income * next(permille for top, permille in TIERS if income <= top) / 1000


# After-tax income in yuan up to which, inclusive, a rate holds, and the rate in thousandths.
TIERS = ((3_000, 5), (5_000, 10), (10_000, 15), (10**9, 20))


def test_every_worked_example_of_dues_is_right(entries: tuple[Entry, ...]) -> None:
    """A working member's; the retired have tiers of their own."""
    answers = [e.answer for e in entries if re.match(r"dues-(examples|rate-)", e.id)]
    examples = re.findall(r"(\d+)元(?:交)?(\d+(?:\.\d)?)元", "".join(answers))
    assert len(examples) == 16
    assert [(i, d) for i, d in examples if dues(int(i)) != float(d)] == []


def changed(old: str, new: str) -> str:
    assert old in ENTRY
    return ENTRY.replace(old, new)


def test_it_reads_an_entry() -> None:
    [entry] = read_entries({"a.toml": ENTRY})
    assert (
        entry.id,
        entry.asks,
        entry.article,
        entry.article_certain,
    ) == ("one", ("支委会的周期",), "第十二条", True)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("entry = [", "a.toml: "),
        (f"other = 1\n{ENTRY}", "something else"),
        (changed('topic = "组织生活"', ""), "one: topic is missing"),
        (changed('version = "2018"', "version = 2018"), "one: version must be str"),
        (changed('version = "2018"', 'version = "十八"'), "one: version must be a year"),
        (changed('version = "2018"', 'edition = "2018"'), "one: edition is not a field"),
        (changed('"支委会的周期"', ""), "one: asks is empty"),
        (
            changed('"支委会的周期"', ", ".join(f'"{n}"' for n in range(41))),
            "one: asks must be one to forty",
        ),
        (changed('"支委会的周期"', '" "'), "one: asks is empty"),
        (changed('"一般每月一次。"', '"一般。"'), "one: answer is too short"),
        (changed('"一般每月一次。"', f'"{"长" * 181}"'), "one: answer is too short or too long"),
        (changed('"甲"', '"丙"'), "one: certainty must be"),
        (changed('"甲"', '"待核"'), "one: an answer says 待核 first"),
        (changed('"第十二条"', '"12"'), "one: article must read"),
        (changed('article = "第十二条"', "article_certain = false"), "without an article"),
        (changed('id = "one"', 'id = "One"'), "One: id is not"),
        (f'{ENTRY}see = ["two"]', "one: see names two"),
        (f'{ENTRY}see = ["one"]', "one: see names one"),
        (f"{ENTRY}effective_from = 2026-05-18\neffective_to = 2026-05-18", "must be after"),
        (ENTRY + changed('"支委会多久', '"支委会几时'), "one is already in a.toml"),
        (ENTRY + changed('"one"', '"two"'), "two: 支委会多久开一次 is already in a.toml"),
    ],
)
def test_it_refuses_an_entry_with_file_and_id(text: str, complaint: str) -> None:
    with pytest.raises(EntryError, match=r"^a\.toml: ") as refusal:
        read_entries({"a.toml": text})
    assert complaint in str(refusal.value)


def test_it_refuses_a_topic_of_another_file() -> None:
    second = ENTRY.replace('"one"', '"two"').replace("多久", "几时").replace("组织生活", "党费")
    with pytest.raises(EntryError, match="two: the topic of this file is 组织生活"):
        read_entries({"a.toml": ENTRY + second})
