"""Every setting, with a default that works and a sentence of help. Read here, nowhere else."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable. A `secret` may also come from the file named by `<name>_FILE`."""

    name: str
    default: str
    help: str
    secret: bool = False


SETTINGS = (
    Setting("ZHIBU_DATA", "data", "folder of the database, the key and the search index"),
    Setting("ZHIBU_DATABASE", "", "SQLAlchemy address; empty means SQLite in ZHIBU_DATA"),
    Setting("ZHIBU_KEY", "", "application key, 32 characters or more; made if empty", secret=True),
    Setting("ZHIBU_HOST", "127.0.0.1", "address that the browser pages listen on"),
    Setting("ZHIBU_PORT", "8080", "port of the browser pages; 0 takes any free one"),
    Setting("ZHIBU_URL", "", "public address of the browser pages, for links sent in chat"),
    Setting("ZHIBU_DEMO", "auto", "demo organisation and person chooser: on, off or auto"),
    Setting(
        "ZHIBU_DEMO_SPEED",
        "1",
        "how many times faster the demo's calendar runs; 1440: a day a minute",
    ),
    Setting("ZHIBU_RULES", "", "folder of the units' own rules (TOML), beside the shipped ones"),
    Setting("ZHIBU_ZONE", "Asia/Shanghai", "time zone of the organisation"),
    Setting("ZHIBU_UPLOAD_MB", "20", "largest file taken in chat, in MB"),
    Setting("ZHIBU_LOG", "WARNING", "log level: DEBUG, INFO, WARNING or ERROR"),
    Setting("TELEGRAM_TOKEN", "", "bot token; empty means no Telegram", secret=True),
    Setting("TELEGRAM_API", "https://api.telegram.org", "base address of the Bot API server"),
    Setting("TELEGRAM_WEBHOOK", "", "public https address for updates; empty means polling"),
    Setting("TELEGRAM_WEBHOOK_PORT", "8443", "port that takes webhook calls, on ZHIBU_HOST"),
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{3,}\Z")
KEY_FILE, STORE = "key", "zhibu.db"


class SettingsError(Exception):
    """A setting is wrong; the text names it and never shows a secret's value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in use, checked."""

    data: Path
    database: str
    key: bytes
    host: str
    port: int
    url: str
    demo: bool
    demo_speed: int
    rules: Path | None
    zone: ZoneInfo
    upload_limit: int
    log_level: str
    telegram_token: str
    telegram_api: str
    telegram_webhook: str
    telegram_webhook_port: int


def load(environment: Mapping[str, str] | None = None, *, make: bool = True) -> Settings:
    """Read and check every setting; raises `SettingsError` with the name of the wrong one.

    With `make` the data folder and the key are made where there are none; without it the key is
    then empty.
    """
    given = os.environ if environment is None else environment
    _refuse_unknown(given)
    values = {setting.name: _value(setting, given) for setting in SETTINGS}
    data = Path(values["ZHIBU_DATA"])
    host = values["ZHIBU_HOST"]
    return Settings(
        data=data,
        database=_database(values, data),
        key=_key(values["ZHIBU_KEY"], data, make=make),
        host=host,
        port=_number("ZHIBU_PORT", values, 0, 65535),
        url=_address("ZHIBU_URL", values, ("http", "https")),
        demo=_demo(values),
        demo_speed=_demo_speed(values),
        rules=_rules(values),
        zone=_zone(values),
        upload_limit=_number("ZHIBU_UPLOAD_MB", values, 1, 2000) * 1024 * 1024,
        log_level=_choice("ZHIBU_LOG", values, ("DEBUG", "INFO", "WARNING", "ERROR")),
        telegram_token=_token(values),
        telegram_api=_address("TELEGRAM_API", values, ("http", "https")),
        telegram_webhook=_address("TELEGRAM_WEBHOOK", values, ("http", "https")),
        telegram_webhook_port=_number("TELEGRAM_WEBHOOK_PORT", values, 0, 65535),
    )


def _value(setting: Setting, given: Mapping[str, str]) -> str:
    value = given.get(setting.name, "").strip()
    file = given.get(f"{setting.name}_FILE", "").strip() if setting.secret else ""
    if value and file:
        raise SettingsError(f"{setting.name} and {setting.name}_FILE are both set: keep one")
    if file:
        value = _secret_file(Path(file), f"{setting.name}_FILE")
    return value or setting.default


def _secret_file(path: Path, name: str) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: the file cannot be read ({type(error).__name__})") from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IRGRP:
        raise SettingsError(f"{name}: others may read the file; run chmod 600 on it")
    if not text:
        raise SettingsError(f"{name}: the file is empty")
    return text


def _key(value: str, data: Path, *, make: bool) -> bytes:
    """Return the application key: the setting, or one made at the first start and kept."""
    if value:
        if len(value.encode()) < 32 or len(set(value)) < 10:
            raise SettingsError("ZHIBU_KEY is too weak: use 32 random characters or more")
        return value.encode()
    path = data / KEY_FILE
    if path.exists():
        key = _secret_file(path, "the key file in ZHIBU_DATA")
        if len(key.encode()) < 32:
            raise SettingsError("the key file in ZHIBU_DATA is too short")
        return key.encode()
    if make and (data / STORE).exists():
        raise SettingsError(
            "the store in ZHIBU_DATA has lost its key: bring back the file key, or set ZHIBU_KEY"
        )
    return _make_key(path) if make else b""


def _make_key(path: Path) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _secret_file(path, "the key file in ZHIBU_DATA").encode()
    except OSError as error:
        raise SettingsError(
            f"ZHIBU_DATA: the folder cannot be written ({error.strerror})"
        ) from error
    key = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(key)
    return key.encode()


def _database(values: Mapping[str, str], data: Path) -> str:
    text = values["ZHIBU_DATABASE"]
    if not text:
        return f"sqlite+aiosqlite:///{data / STORE}"
    if text.startswith("sqlite+aiosqlite:///"):
        return text
    try:
        parts = urlsplit(text)
        valid = parts.scheme == "postgresql+asyncpg" and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise SettingsError(
            "ZHIBU_DATABASE must be sqlite+aiosqlite:///FILE or "
            "postgresql+asyncpg://user:password@host/name"
        )
    return text


def _demo(values: Mapping[str, str]) -> bool:
    """With `auto` the demo is on only where nobody but this machine can reach it."""
    choice = _choice("ZHIBU_DEMO", values, ("auto", "on", "off"))
    if choice != "auto":
        return choice == "on"
    local = values["ZHIBU_HOST"] in LOOPBACK and not values["ZHIBU_URL"]
    return local and not values["TELEGRAM_WEBHOOK"] and not values["ZHIBU_DATABASE"]


def _demo_speed(values: Mapping[str, str]) -> int:
    speed = _number("ZHIBU_DEMO_SPEED", values, 1, 100_000)
    if speed > 1 and not _demo(values):
        raise SettingsError(
            "ZHIBU_DEMO_SPEED is for the demo only: set ZHIBU_DEMO=on or leave it out"
        )
    return speed


def _rules(values: Mapping[str, str]) -> Path | None:
    if not values["ZHIBU_RULES"]:
        return None
    folder = Path(values["ZHIBU_RULES"])
    if not folder.is_dir():
        raise SettingsError("ZHIBU_RULES is not a folder")
    return folder


def _token(values: Mapping[str, str]) -> str:
    token = values["TELEGRAM_TOKEN"]
    if token and not TOKEN.match(token):
        raise SettingsError("TELEGRAM_TOKEN does not look like a bot token (digits:letters)")
    return token


def _number(name: str, values: Mapping[str, str], low: int, high: int) -> int:
    text = values[name]
    if not text.isascii() or not text.isdecimal() or not low <= int(text) <= high:
        raise SettingsError(f"{name} must be a whole number from {low} to {high}")
    return int(text)


def _choice(name: str, values: Mapping[str, str], allowed: tuple[str, ...]) -> str:
    for choice in allowed:
        if values[name].lower() == choice.lower():
            return choice
    raise SettingsError(f"{name} must be one of: {', '.join(allowed)}")


def _address(name: str, values: Mapping[str, str], schemes: tuple[str, ...]) -> str:
    text = values[name].rstrip("/")
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or parts.username or parts.query or parts.fragment:
        raise SettingsError(f"{name} must be an address like {schemes[-1]}://host:port")
    return text


def _zone(values: Mapping[str, str]) -> ZoneInfo:
    try:
        return ZoneInfo(values["ZHIBU_ZONE"])
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError("ZHIBU_ZONE is not a known time zone") from error


def _refuse_unknown(given: Mapping[str, str]) -> None:
    known = {s.name for s in SETTINGS} | {f"{s.name}_FILE" for s in SETTINGS if s.secret}
    unknown = sorted(name for name in given if name.startswith("ZHIBU_") and name not in known)
    if unknown:
        raise SettingsError(f"unknown setting: {', '.join(unknown)}")
