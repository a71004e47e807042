"""Wrong settings stop the start; the message names the setting and never its value."""

from __future__ import annotations

import pytest

from bot.channels.telegram.server import BotServer
from bot.channels.telegram.settings import TelegramSettings

TOKEN = "12345:abcDEF_-123"


@pytest.mark.parametrize(
    "token", ["", "hunter2secret", "12345:", ":abcdef", "12345:abc def", "12345:abc/../x", "１:abc"]
)
def test_it_refuses_what_is_no_token_without_repeating_it(token: str) -> None:
    with pytest.raises(ValueError, match="TELEGRAM_TOKEN") as caught:
        BotServer(token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    "base",
    ["api.telegram.org", "ftp://h", "http://", "http://u:p@h", "http://h/?a=b", "http://h/{token}"],
)
def test_it_refuses_what_is_no_address(base: str) -> None:
    with pytest.raises(ValueError, match="TELEGRAM_API"):
        BotServer(TOKEN, base)


@pytest.mark.parametrize(
    ("base", "calls"),
    [
        ("", "https://api.telegram.org/bot"),
        ("http://10.0.0.5:8081", "http://10.0.0.5:8081/bot"),
        ("http://10.0.0.5:8081/", "http://10.0.0.5:8081/bot"),
        ("https://im.example.org/tg/v1/", "https://im.example.org/tg/v1/bot"),
    ],
)
def test_it_accepts_another_server_with_or_without_a_path(base: str, calls: str) -> None:
    assert BotServer(TOKEN, base).calls == calls


def test_it_shows_no_secret() -> None:
    settings = TelegramSettings(TOKEN, secret="s" * 20, app_key=b"key")
    shown = repr(settings) + repr(BotServer(TOKEN))
    assert not any(word in shown for word in ("abcDEF", "s" * 20, "key'"))


def test_it_redacts_the_token_and_its_secret_half() -> None:
    text = BotServer(TOKEN).redact(f"a {TOKEN} b abcDEF_-123 c")
    assert text == "a <token> b <token> c"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (
            TelegramSettings(TOKEN, webhook="http://bot.example.org/x", app_key=b"k"),
            "TELEGRAM_WEBHOOK",
        ),
        (TelegramSettings(TOKEN, webhook="bot.example.org", app_key=b"k"), "TELEGRAM_WEBHOOK"),
        (TelegramSettings(TOKEN, webhook="https://h/x", secret="short"), "secret"),
        (TelegramSettings(TOKEN, webhook="https://h/x", secret="空" * 20), "secret"),
        (TelegramSettings(TOKEN, webhook="https://h/x"), "secret"),
    ],
)
def test_it_refuses_a_webhook_that_cannot_work(settings: TelegramSettings, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        settings.check()


def test_the_derived_secret_is_stable_and_tells_tokens_and_keys_apart() -> None:
    secrets = [
        TelegramSettings(token, app_key=key).webhook_secret
        for token, key in [(TOKEN, b"a"), (TOKEN, b"a"), (TOKEN, b"b"), (TOKEN + "x", b"a")]
    ]
    assert secrets[0] == secrets[1]
    assert len(set(secrets)) == 3
    assert len(secrets[0]) == 64


@pytest.mark.parametrize(
    ("public", "path"),
    [("https://h", "/telegram"), ("https://h/", "/telegram"), ("https://h/a/b", "/a/b")],
)
def test_the_webhook_has_a_path(public: str, path: str) -> None:
    settings = TelegramSettings(TOKEN, webhook=public)
    assert settings.webhook_path == path
    assert settings.webhook_address == f"https://h{path}"
