"""The data files that people edit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from knowledge.search.index import Index
from knowledge.search.lexicon import DATA, Lexicon
from knowledge.search.passages import Passage
from tests.knowledge.search.conftest import first

COMMENTED = ("dictionary.txt", "synonyms.toml", "abbreviations.toml", "fillers.txt")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*COMMENTED, "function_characters.txt", "pinyin.tsv", "traditional.tsv"):
        shutil.copy(DATA / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", COMMENTED)
def test_every_file_says_at_its_top_how_it_is_written(name: str) -> None:
    assert (DATA / name).read_text(encoding="utf-8").startswith("# ")


def test_a_word_may_have_a_frequency_and_a_part_of_speech(folder: Path) -> None:
    (folder / "dictionary.txt").write_text("述职评议 30 n\n谈心谈话\n", encoding="utf-8")

    assert Lexicon.load(folder).dictionary == {"述职评议": 30, "谈心谈话": None}


@pytest.mark.parametrize(
    ("name", "text"), [("dictionary.txt", "述职 评议 太多 了\n"), ("pinyin.tsv", "a 啊\n")]
)
def test_a_line_that_cannot_be_read_is_named(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=name):
        Lexicon.load(folder)


def test_a_synonym_is_found_but_the_typed_word_comes_first(folder: Path) -> None:
    (folder / "synonyms.toml").write_text('groups = [["缴纳", "上交"]]\n', encoding="utf-8")
    lexicon = Lexicon.load(folder)
    passages = [
        Passage(1, "", "材料上交地点"),
        Passage(2, "", "材料缴纳地点"),
        Passage(3, "", "开会"),
    ]

    hits = Index.build(passages, lexicon).search("缴纳").hits

    assert [hit.id for hit in hits] == [2, 1]


def test_an_abbreviation_with_several_long_forms_finds_them_all(folder: Path) -> None:
    text = '[abbreviations]\n"双评" = ["民主评议", "述职评议"]\n'
    (folder / "abbreviations.toml").write_text(text, encoding="utf-8")
    passages = [
        Passage(1, "", "民主评议安排"),
        Passage(2, "", "述职评议安排"),
        Passage(3, "", "开会"),
    ]

    hits = Index.build(passages, Lexicon.load(folder)).search("双评").hits

    assert {hit.id for hit in hits} == {1, 2}


def test_the_fingerprint_follows_the_words(folder: Path) -> None:
    before = Lexicon.load(folder).fingerprint
    assert Lexicon.load(folder).fingerprint == before

    with (folder / "dictionary.txt").open("a", encoding="utf-8") as file:
        file.write("碳心糖化\n")

    assert Lexicon.load(folder).fingerprint != before


def test_politeness_alone_is_still_asked(index: Index) -> None:
    """Taking out the fillers must not leave an empty question."""
    assert index.search("你好，请问").question == "你好 请问"
    assert first(index, "请问党费怎么交") == 4
