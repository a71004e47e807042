"""`zhibu quiz` as its user runs it: a process of its own, its output and its exit code."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from knowledge.quiz import importing, layouts
from tests import processes
from tests.bot.commands import command
from tests.conftest import SECRET
from tests.knowledge.quiz.make import JUDGE, MULTIPLE, SINGLE
from tests.knowledge.quiz.writers import HEAD, book, paper, rows


def zhibu(data: Path, *commands: Sequence[str]) -> list[tuple[int, str]]:
    """Run commands one after another; returns exit code and output of each."""
    own = {"ZHIBU_DATA": str(data)}
    done = (processes.run(command, "quiz", *each, environment=own) for each in commands)
    return [(each.returncode, each.stdout + each.stderr) for each in done]


def test_files_are_checked_without_a_store(tmp_path: Path) -> None:
    """What and where is printed, and the exit code tells whether there was anything."""
    good, bad = tmp_path / "good.txt", tmp_path / "bad.xlsx"
    good.write_text(paper([SINGLE, MULTIPLE]), encoding="gb18030")
    torn = replace(SINGLE, correct=(3,), regulation="")
    bad.write_bytes(book([HEAD, *rows([torn, MULTIPLE]), (3, "单选题", "问？", "甲", "乙")]))
    none = tmp_path / "none.toml"
    none.write_text("topic = 1")
    clean, found, both, refused, missing = zhibu(
        tmp_path / "data",
        ["lint", str(good)],
        ["lint", str(bad)],
        ["lint", str(good), str(bad)],
        ["lint", str(none)],
        ["lint", str(tmp_path / "absent.csv")],
    )
    assert clean == (0, "no findings\n")
    assert found[0] == 1
    assert "bad.xlsx: 第 4 行：没有找到答案" in found[1]
    assert "第 2 行：党员交纳党费的起算日是哪一天？\n    存疑：没有写依据" in found[1]
    assert found[1].endswith("2 findings\n")
    assert both[0] == 1
    assert "题干相同，答案不同" in both[1]
    assert refused[0] == missing[0] == 1
    assert "zhibu: none.toml: must hold a topic" in refused[1]
    assert "absent.csv" in missing[1]


def test_a_bank_is_imported_listed_shown_and_retired(furnished: Path, tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "题.xlsx"
    shutil.copytree(furnished, data)
    (data / "key").write_bytes(SECRET)
    (data / "key").chmod(0o600)
    where = replace(SINGLE, stem="本单位的党员活动室在哪里？")
    file.write_bytes(book([HEAD, *rows([where, replace(JUDGE, stem="本单位有活动室。")])]))
    [asked] = layouts.read(file.name, file.read_bytes()).questions[:1]
    key = importing.key_of(asked, None)
    stored, clean, shown, retired, listed = zhibu(
        data,
        ["import", str(file), "--yes"],
        ["lint"],
        ["show", key],
        ["retire", key],
        ["list", "--topic", "综合"],
    )
    assert "收入“全部组织”题库：新增 2" in stored[1]
    assert (stored[0], stored[1].endswith("stored\n")) == (0, True)
    assert clean == (0, "no findings\n"), "the shipped bank and what was imported are clean"
    assert "答案：B" in shown[1]
    assert retired == (0, "done\n")
    assert f"{key}  综合  本单位的党员活动室在哪里？  [retired]" in listed[1]
    assert listed[1].endswith("2 questions\n")
