"""What the program has, the documents name: settings, commands, actions, packages."""

import tomllib
from pathlib import Path

import pytest

from bot.cli.main import COMMANDS
from bot.settings import SETTINGS
from db import access
from handlers.everything import make_router

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
MANUAL = (ROOT / "docs" / "commands.md").read_text("utf-8")
DEPENDENCIES = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
ACTIONS = [value for value in vars(access).values() if isinstance(value, access.Action)]


@pytest.mark.parametrize("setting", [s.name for s in SETTINGS])
def test_each_setting_is_in_the_readme(setting: str) -> None:
    assert f"`{setting}`" in README


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_of_the_command_line_is_in_the_manual(name: str) -> None:
    assert f"`zhibu {name}" in MANUAL


def test_each_command_of_the_chat_is_in_the_manual() -> None:
    listed = [r for r in make_router().routes.values() if not r.hidden]
    assert [r.name for r in listed if f"`/{r.name}`" not in MANUAL] == []
    assert [w for r in listed for w in r.words if w not in MANUAL] == []


def test_each_action_is_in_the_manual_with_the_posts_that_have_it() -> None:
    assert [a.name for a in ACTIONS if f"`{a.name}`" not in MANUAL] == []


def test_each_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = [w.split(">")[0].split("[")[0].strip().lower() for w in wanted]
    assert [name for name in names if name not in DEPENDENCIES] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_a_lock_file_pins_with_hashes_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    pins = text.replace("\\\n", " ").splitlines()
    assert [pin for pin in pins if pin and ("==" not in pin or "--hash=" not in pin)] == []
