"""The manual's examples are read by the program, beside the shipped rules."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from scheduler.rulebook.model import Rule
from scheduler.rulebook.problems import RuleBookError
from scheduler.rulebook.reading import SHIPPED, read_folder

MANUAL = (Path(__file__).parents[3] / "docs" / "rules.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", MANUAL, re.DOTALL)
ASSEMBLY, LECTURE = (text for text in EXAMPLES if "本单位" in text)


def test_the_worked_examples_are_taken(tmp_path: Path) -> None:
    (tmp_path / "assembly.toml").write_text(ASSEMBLY + LECTURE, "utf-8")
    book = read_folder(SHIPPED, tmp_path)
    assert {rule.id for rule in book.rules if rule.own} == {
        "zhongzhuang-assembly",
        "zhongzhuang-lecture",
    }


def test_the_laxer_one_is_refused_in_the_manuals_words(tmp_path: Path) -> None:
    laxer = ASSEMBLY.replace("INTERVAL=2", "INTERVAL=4")
    (tmp_path / "assembly.toml").write_text(laxer, "utf-8")
    with pytest.raises(RuleBookError) as refusal:
        read_folder(SHIPPED, tmp_path)
    assert f"    {refusal.value.problems[0]}\n" in MANUAL


def test_every_key_of_a_rule_is_in_the_manual() -> None:
    keys = [field.name for field in fields(Rule)]
    assert [key for key in keys if f"`{key}`" not in MANUAL and f"{key} =" not in MANUAL] == []
