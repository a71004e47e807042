"""What an operator sets for Telegram, checked before anything starts."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.channels.telegram import limits

_SECRET = re.compile(rf"[A-Za-z0-9_-]{{16,{limits.WEBHOOK_SECRET}}}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """Only the token is needed.

    With `webhook` (the public https address) updates come to `host`:`port`, otherwise they
    are polled for. Without a `secret` one is derived from the token and `app_key`.
    """

    token: str = field(repr=False)
    api: str = ""
    webhook: str = ""
    host: str = "127.0.0.1"
    port: int = 8443
    secret: str = field(default="", repr=False)
    app_key: bytes = field(default=b"", repr=False)

    def check(self) -> None:
        """Raise `ValueError`, which names the setting and never its value, if one is wrong."""
        if self.webhook and not _public(self.webhook):
            raise ValueError("TELEGRAM_WEBHOOK is not a public https address")
        if self.secret and not _SECRET.fullmatch(self.secret):
            raise ValueError("The webhook's secret needs 16 to 256 letters, digits, _ or -")
        if self.webhook and not (self.secret or self.app_key):
            raise ValueError("A webhook needs a secret, or the app's key to derive one from")

    @property
    def webhook_path(self) -> str:
        """The path of the public address; `/telegram` when it has none."""
        path = urlsplit(self.webhook).path
        return path if path.strip("/") else "/telegram"

    @property
    def webhook_address(self) -> str:
        """The address that Telegram is told."""
        parts = urlsplit(self.webhook)
        return f"{parts.scheme}://{parts.netloc}{self.webhook_path}"

    @property
    def webhook_secret(self) -> str:
        """The secret as set, or one that is the same at every start."""
        if self.secret:
            return self.secret
        text = b"telegram webhook " + self.token.encode()
        return hmac.new(self.app_key, text, hashlib.sha256).hexdigest()


def _public(address: str) -> bool:
    """Tell whether Telegram could call `address`; plain http only within one machine."""
    parts = urlsplit(address)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or local)
