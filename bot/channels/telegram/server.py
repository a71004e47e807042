"""Where the Bot API is and who we are there: the token, and how to keep it out of sight."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

OFFICIAL = "https://api.telegram.org"
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{3,200}")
_PATH = re.compile(r"[A-Za-z0-9._~/-]*")


class BotServer:
    """One bot at one Bot API server.

    Raises `ValueError`, which never contains the token, when the token or the address is none.
    """

    def __init__(self, token: str, base: str = "") -> None:
        if not _TOKEN.fullmatch(token):
            raise ValueError(
                "TELEGRAM_TOKEN is not a bot token: digits, a colon, then letters, digits, _ and -"
            )
        self.token = token
        self.base = _checked_base(base or OFFICIAL)

    def __repr__(self) -> str:
        return f"BotServer(bot {self.bot_id} at {self.base})"

    @property
    def bot_id(self) -> int:
        return int(self.token.partition(":")[0])

    @property
    def calls(self) -> str:
        """The address that a token and a method name complete."""
        return f"{self.base}/bot"

    @property
    def files(self) -> str:
        """The address that a token and a file path complete."""
        return f"{self.base}/file/bot"

    def redact(self, text: str) -> str:
        """Replace the token, whole or its secret half, wherever it stands in `text`."""
        secret = self.token.partition(":")[2]
        return text.replace(self.token, "<token>").replace(secret, "<token>")


def _checked_base(base: str) -> str:
    """Return `base` without a closing slash, or raise `ValueError`."""
    parts = urlsplit(base.rstrip("/"))
    fits = (
        parts.scheme in ("http", "https")
        and parts.hostname
        and not (parts.query or parts.fragment or parts.username or parts.password)
        and _PATH.fullmatch(parts.path)
    )
    if not fits:
        raise ValueError("TELEGRAM_API is not the address of a server, like http://10.0.0.5:8081")
    _ = parts.port  # raises ValueError by itself when it is no port number
    return base.rstrip("/")
