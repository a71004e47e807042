"""A wrong setting stops the program with its name and never with its value."""

import os
from pathlib import Path

import pytest

from bot.settings import SettingsError, load

TOKEN = "123456:an-invented-token_that-opens-nothing"


def _load(tmp_path: Path, **given: str) -> object:
    return load({"ZHIBU_DATA": str(tmp_path), **given})


def test_with_nothing_set_the_defaults_work(tmp_path: Path) -> None:
    settings = load({"ZHIBU_DATA": str(tmp_path)})
    assert (settings.port, settings.demo, settings.telegram_token) == (8080, True, "")
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path / 'zhibu.db'}"


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = load({"ZHIBU_DATA": str(tmp_path)}).key
    assert load({"ZHIBU_DATA": str(tmp_path)}).key == first
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZHIBU_PORT", "http"),
        ("ZHIBU_PORT", "70000"),
        ("ZHIBU_PORT", "８０８０"),
        ("ZHIBU_KEY", "short"),
        ("ZHIBU_KEY", "a" * 40),
        ("ZHIBU_ZONE", "Mars/Olympus"),
        ("ZHIBU_ZONE", "../../etc/passwd"),
        ("ZHIBU_DEMO", "maybe"),
        ("ZHIBU_DEMO_SPEED", "fast"),
        ("ZHIBU_DEMO_SPEED", "0"),
        ("ZHIBU_RULES", "a folder that is not there"),
        ("ZHIBU_LOG", "LOUD"),
        ("ZHIBU_UPLOAD_MB", "0"),
        ("ZHIBU_DATABASE", "mysql://server/name"),
        ("ZHIBU_DATABASE", "postgresql+asyncpg://server:port/name"),
        ("ZHIBU_DATABASE", "some nonsense"),
        ("TELEGRAM_TOKEN", "no token at all"),
        ("TELEGRAM_API", "ftp://server"),
        ("TELEGRAM_API", "https://user:secret@server"),
        ("TELEGRAM_WEBHOOK", "https://[broken"),
        ("ZHIBU_TYPO", "1"),
    ],
)
def test_a_wrong_value_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    """Fault 17, among others: an unknown zone."""
    with pytest.raises(SettingsError, match=name) as refusal:
        _load(tmp_path, **{name: value})
    assert value not in str(refusal.value) or len(value) < 3


def test_a_secret_may_come_from_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    settings = load({"ZHIBU_DATA": str(tmp_path), "TELEGRAM_TOKEN_FILE": str(file)})
    assert settings.telegram_token == TOKEN


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_secret_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o644)
    with pytest.raises(SettingsError, match=r"TELEGRAM_TOKEN_FILE.*chmod"):
        _load(tmp_path, TELEGRAM_TOKEN_FILE=str(file))


def test_a_missing_or_empty_secret_file_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch(0o600)
    for file in (empty, tmp_path / "missing"):
        with pytest.raises(SettingsError, match="TELEGRAM_TOKEN_FILE"):
            _load(tmp_path, TELEGRAM_TOKEN_FILE=str(file))


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="both"):
        _load(tmp_path, TELEGRAM_TOKEN=TOKEN, TELEGRAM_TOKEN_FILE="x")


@pytest.mark.parametrize(
    "reachable",
    [
        {"ZHIBU_HOST": "0.0.0.0"},
        {"ZHIBU_URL": "https://zhibu.example"},
        {"ZHIBU_DATABASE": "postgresql+asyncpg://db/zhibu"},
        {"TELEGRAM_WEBHOOK": "https://zhibu.example/hook"},
        {"ZHIBU_DEMO": "off"},
    ],
)
def test_the_demo_is_off_where_others_can_reach_it(
    tmp_path: Path, reachable: dict[str, str]
) -> None:
    assert load({"ZHIBU_DATA": str(tmp_path), **reachable}).demo is False


def test_a_data_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """Fault 10."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="ZHIBU_DATA"):
        load({"ZHIBU_DATA": str(tmp_path / "file" / "below")})


def test_only_a_demo_may_run_its_calendar_faster(tmp_path: Path) -> None:
    assert load({"ZHIBU_DATA": str(tmp_path), "ZHIBU_DEMO_SPEED": "1440"}).demo_speed == 1440
    with pytest.raises(SettingsError, match="ZHIBU_DEMO_SPEED"):
        _load(tmp_path, ZHIBU_DEMO="off", ZHIBU_DEMO_SPEED="2")


def test_whoever_only_looks_makes_neither_folder_nor_key(tmp_path: Path) -> None:
    settings = load({"ZHIBU_DATA": str(tmp_path / "none")}, make=False)
    assert settings.key == b""
    assert not settings.data.exists()
