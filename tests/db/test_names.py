"""Names are shown literally, so nothing invisible gets into one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.names import INVISIBLE, LONGEST, clean_name, mask_name
from db.numbers import BadValue


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" 张三 ", "张三"),
        ("张　三", "张三"),
        ("阿卜杜拉·买买提", "阿卜杜拉·买买提"),
        ("Maria  Silva", "Maria Silva"),
        ("<b>", "<b>"),
        ("_*[`&lt;", "_*[`&lt;"),
        ("Jose\u0301", "José"),
        ("𠮷野", "𠮷野"),
    ],
)
def test_a_name_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " \t",
        "张\u200b三",
        "\u202e三张",
        "张\0三",
        "👨\u200d👩\u200d👧",
        "\ufeff张三",
        "张" * 51,
        "\ue000",
    ],
)
def test_a_hostile_name_is_refused(typed: str) -> None:
    with pytest.raises(BadValue):
        clean_name(typed)


@given(st.text(max_size=80))
def test_what_is_taken_is_short_visible_and_stays_so(typed: str) -> None:
    try:
        name = clean_name(typed)
    except BadValue:
        return
    assert 0 < len(name) <= LONGEST
    assert not any(unicodedata.category(c) in INVISIBLE for c in name)
    assert clean_name(name) == name


@pytest.mark.parametrize(("name", "masked"), [("张三", "张**"), ("𠮷野家", "𠮷**")])
def test_a_masked_name_shows_its_first_character_only(name: str, masked: str) -> None:
    assert mask_name(name) == masked
