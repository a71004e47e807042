"""Files on their way into the library."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from db.engine import Database
from knowledge.documents import DocumentError
from knowledge.drafts import CURRENT
from knowledge.editions import Counts
from knowledge.intake import import_files, read
from knowledge.library import Library

NOW = datetime(2026, 11, 23, tzinfo=UTC)
REGULATION = """《示例工作办法》

第一章 总则

第一条 为了做好示例工作，制定本办法。

第二章 检查

第二条 示例事项应当每半年开展一次蓝皮书检查。

第三条 本办法自2026年5月18日起施行。
"""
FAQ = """问题,答案,相似问法,依据,条款,版本,生效日期
蓝皮书检查多久一次？,每半年一次。,几个月查一次；检查频率,《示例工作办法》,第二条,2026,2026-05-18
谁来检查？,由上级检查。,,,,,
没有答案的问题？,,,,,,
"""


def test_a_regulation_is_read_article_by_article() -> None:
    draft = read("示例.txt", REGULATION.encode())
    assert draft.title == "示例工作办法"
    assert [(item.key, item.topic) for item in draft.items] == [
        ("第一条", "第一章 总则"),
        ("第二条", "第二章 检查"),
        ("第三条", "第二章 检查"),
    ]


def test_the_first_day_is_proposed_with_the_words_it_rests_on() -> None:
    draft = read("示例.txt", REGULATION.encode())
    assert (draft.label, draft.starts) == ("2026", date(2026, 5, 18))
    assert "自2026年5月18日起施行" in draft.evidence


def test_questions_and_answers_are_read_from_a_table() -> None:
    draft = read("问答.csv", FAQ.encode())
    first, second = draft.items
    assert (first.question, first.text) == ("蓝皮书检查多久一次？", "每半年一次。")
    assert first.aliases == ("几个月查一次", "检查频率")
    assert (first.regulation, first.article, first.label) == ("《示例工作办法》", "第二条", "2026")
    assert first.valid_from == date(2026, 5, 18)
    assert second.question == "谁来检查？"
    assert len(draft.problems) == 1


def test_without_a_title_the_file_gives_its_name() -> None:
    draft = read("常见问答.csv", FAQ.encode())
    assert (draft.title, draft.label) == ("常见问答", CURRENT)


def test_sections_of_one_name_are_told_apart() -> None:
    draft = read(
        "a.md", "# 甲\n\n## 说明\n\n第一段的内容在这里。\n\n## 说明\n\n第二段的内容不同。".encode()
    )
    assert len({item.key for item in draft.items}) == len(draft.items)


@pytest.mark.parametrize("data", [b"", b"\n", b"%PDF-1.4 broken"])
def test_what_cannot_be_read_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(DocumentError):
        read("a.md", data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two good files and a bad one between them."""
    (tmp_path / "a.txt").write_text(REGULATION)
    (tmp_path / "b.docx").write_bytes(b"no docx")
    (tmp_path / "c.csv").write_text(FAQ)
    return tmp_path


def files(folder: Path) -> list[Path]:
    return [folder / "a.txt", folder / "b.docx", folder / "c.csv", folder / "missing.md"]


async def test_each_file_succeeds_or_fails_alone(database: Database, folder: Path) -> None:
    done = await import_files(database, files(folder), now=NOW, progress=lambda *_: None)
    assert [outcome.counts for outcome in done] == [Counts(added=3), None, Counts(added=2), None]
    assert [bool(outcome.refusal) for outcome in done] == [False, True, False, True]


async def test_progress_is_told_before_each_file_and_at_the_end(
    database: Database, folder: Path
) -> None:
    told: list[tuple[int, int, str]] = []
    await import_files(
        database, files(folder)[:1], now=NOW, progress=lambda *step: told.append(step)
    )
    assert told == [(0, 1, "a.txt"), (1, 1, "")]


async def test_a_day_is_never_taken_for_granted(database: Database, folder: Path) -> None:
    """The command line may set it; what the text says is a proposal."""
    await import_files(
        database,
        files(folder)[:1],
        now=NOW,
        progress=lambda *_: None,
        change=lambda draft: replace(draft, starts=date(2026, 6, 1), internal=True),
    )
    async with database.read() as session:
        library = await Library.open(folder / "search", session)
    (first, *_) = library.shelf.cards
    assert (first.valid_from, first.internal) == (date(2026, 6, 1), True)
    assert first.regulation == "《示例工作办法》"


async def test_importing_the_same_files_again_changes_nothing(
    database: Database, folder: Path
) -> None:
    for _ in range(2):
        done = await import_files(database, files(folder)[:1], now=NOW, progress=lambda *_: None)
    assert done[0].counts == Counts(same=3)
