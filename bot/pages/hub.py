"""Telling open pages that a chat has something new.

Within one process at once; what another process wrote is found by each page's slow tick.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

# What a page is told: the id of the line that was written or changed.
Listener = Callable[[int], None]


def view(chat: str, account: str) -> str:
    """Name one reader's view of a chat, for what is drawn differently for that reader alone."""
    return f"{chat} as {account}"


class Hub:
    """Who listens to which chat, or view of one."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)

    def listen(self, chat: str, listener: Listener) -> None:
        """Call `listener` for every line of a chat, until it leaves."""
        self._listeners[chat].add(listener)

    def leave(self, chat: str, listener: Listener) -> None:
        """Call it no more."""
        self._listeners[chat].discard(listener)
        if not self._listeners[chat]:
            del self._listeners[chat]

    def publish(self, chat: str, line: int) -> None:
        """Tell the open pages of a chat about a line."""
        for listener in tuple(self._listeners.get(chat, ())):
            listener(line)
