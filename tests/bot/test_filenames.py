"""Names of files as people and attackers write them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.filenames import LONGEST, NAMELESS, file_name, last_part


@given(st.text())
def test_a_name_is_short_visible_and_no_path(name: str) -> None:
    safe = file_name(name)
    assert 0 < len(safe.encode()) <= LONGEST
    assert not set('"\\/:*?<>|') & set(safe)
    assert not [c for c in safe if unicodedata.category(c)[0] == "C"]
    assert safe == safe.strip(" .")


@given(st.text())
def test_a_safe_name_stays(name: str) -> None:
    assert file_name(file_name(name)) == file_name(name)


@given(st.text(alphabet="文件名 ab", min_size=1, max_size=400))
def test_the_ending_of_a_name_is_kept_because_it_says_what_the_file_is(stem: str) -> None:
    assert file_name(f"x{stem}x.docx").endswith(".docx")


@pytest.mark.parametrize("name", ["", "   ", "...", "\0", "\u202e\u200b"])
def test_what_is_no_name_gets_one(name: str) -> None:
    assert file_name(name) == NAMELESS


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("党员名册.xlsx", "党员名册.xlsx"),
        ("\ud800.pdf", "未命名.pdf"),
        ("CON.xlsx", "CON_.xlsx"),
        ("nul", "nul_"),
        ("com1 .txt", "com1_.txt"),
        ("console.txt", "console.txt"),
        ("2026.11 支部大会", "2026.11 支部大会"),
        ("党" * 100 + ".xlsx", "党" * 78 + ".xlsx"),
    ],
)
def test_a_name_becomes_safe(name: str, safe: str) -> None:
    assert file_name(name) == safe


@pytest.mark.parametrize("path", ["C:\\a\\b.docx", "/a/b.docx", "b.docx"])
def test_only_the_last_part_of_a_path_is_a_name(path: str) -> None:
    assert last_part(path) == "b.docx"
