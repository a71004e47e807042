"""What changed from one version to the next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge.documents import Section, read
from knowledge.documents.fingerprints import compare, fingerprint
from knowledge.documents.split import split

TOPICS = [
    "支部委员会会议一般每月召开一次，由书记主持",
    "党员大会一般每季度召开一次并作记录",
    "党课应当针对党员思想和工作实际，回应普遍关心的问题",
    "党费应当按月自觉足额交纳，不得拖欠",
    "预备党员的预备期为一年，从支部大会通过之日算起",
    "民主评议党员每年开展一次，可与组织生活会合并",
]


def regulation(texts: list[str]) -> list[Section]:
    lines = "\n".join(f"第{i}条　{text}。" for i, text in enumerate(texts, start=1))
    return split(read("a.txt", lines.encode()))


def test_an_unchanged_document_is_all_the_same() -> None:
    diff = compare(regulation(TOPICS), regulation(TOPICS))

    assert (len(diff.same), diff.added, diff.changed, diff.removed) == (6, (), (), ())


def test_an_edited_article_is_changed_and_others_are_the_same() -> None:
    new = [TOPICS[0].replace("每月", "每两个月"), *TOPICS[1:]]

    diff = compare(regulation(TOPICS), regulation(new))
    assert [(a.locator, b.locator) for a, b in diff.changed] == [("第一条", "第一条")]
    assert len(diff.same) == 5


def test_an_inserted_article_moves_the_others_and_is_alone_new() -> None:
    new = [TOPICS[0], "党支部应当建立谈心谈话制度，每年不少于一次", *TOPICS[1:]]

    diff = compare(regulation(TOPICS), regulation(new))
    assert [section.locator for section in diff.added] == ["第二条"]
    assert [(a.locator, b.locator) for a, b in diff.changed] == [
        ("第二条", "第三条"), ("第三条", "第四条"), ("第四条", "第五条"), ("第五条", "第六条"),
        ("第六条", "第七条"),
    ]  # fmt: skip
    assert diff.removed == ()


def test_a_dropped_article_is_removed() -> None:
    diff = compare(regulation(TOPICS), regulation(TOPICS[:-1]))

    assert [section.locator for section in diff.removed] == ["第六条"]


def test_an_article_that_moved_and_was_edited_is_found_by_its_words() -> None:
    edited = TOPICS[3].replace("自觉", "主动")

    diff = compare(regulation(TOPICS), regulation([edited, *TOPICS[:3], *TOPICS[4:]]))
    assert ("第四条", "第一条") in [(a.locator, b.locator) for a, b in diff.changed]
    assert (diff.added, diff.removed) == ((), ())


def test_an_article_that_was_written_anew_is_changed_at_its_place() -> None:
    diff = compare(regulation(TOPICS), regulation([*TOPICS[:-1], "本条例由组织部门负责解释"]))

    assert [(a.locator, b.locator) for a, b in diff.changed] == [("第六条", "第六条")]


def test_blanks_and_width_are_no_change() -> None:
    assert fingerprint(Section("第一条", "第一条　甲（一）12")) == fingerprint(
        Section("第一条", "第一条 甲(一)１２\n")
    )


def test_place_and_path_are_part_of_the_fingerprint() -> None:
    section = Section("第一条", "甲", ("总则",))

    others = [Section("第二条", "甲", ("总则",)), Section("第一条", "甲", ("附则",))]
    assert fingerprint(section) not in {fingerprint(other) for other in others}


SECTIONS = st.lists(
    st.builds(Section, st.sampled_from(["第一条", "第二条", "正文"]), st.sampled_from(TOPICS)),
    max_size=8,
)


@given(SECTIONS, SECTIONS)
def test_every_section_is_accounted_for_once(old: list[Section], new: list[Section]) -> None:
    diff = compare(old, new)

    before = [*diff.removed, *(a for a, _ in diff.changed), *diff.same]
    after = [*diff.added, *(b for _, b in diff.changed), *diff.same]
    assert sorted(map(repr, old)) == sorted(map(repr, before))
    assert sorted(map(repr, new)) == sorted(map(repr, after))
