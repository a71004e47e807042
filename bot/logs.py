"""Logging: one handler, one line a record, and one redactor for everything."""

from __future__ import annotations

import logging

from bot.settings import Settings
from db.redact import redact


class RedactingFormatter(logging.Formatter):
    """Takes people's numbers and the program's secrets out of every line, tracebacks included."""

    def __init__(self, *secrets: str) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        """Word the record, then redact it."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return redact(text)


def set_up(settings: Settings) -> None:
    """Send all logging through the redactor to standard error."""
    handler = logging.StreamHandler()
    key = settings.key.decode("utf-8", "replace")
    handler.setFormatter(RedactingFormatter(settings.telegram_token, key))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
