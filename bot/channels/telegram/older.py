"""What Bot API servers before version 9.6 leave out, and both libraries insist on.

Without it a self-hosted server of last year would make every message with a poll unreadable:
a poll that was posted, a vote, an answer to a poll.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def complete(value: object) -> bool:
    """Add what is left out to every poll and vote within `value`; True if anything was."""
    if isinstance(value, list):
        return _complete_all(value)
    if not isinstance(value, dict):
        return False
    added = _complete_all(value.values())
    if is_poll(value):
        added |= _complete_poll(value)
    elif {"poll_id", "option_ids"} <= value.keys():
        added |= _add(value, option_persistent_ids=[str(i) for i in value["option_ids"]])
    return added


def is_poll(value: object) -> bool:
    """Tell whether `value` is the JSON of a poll with an id."""
    if not isinstance(value, dict) or not isinstance(value.get("options"), list):
        return False
    return {"id", "question", "total_voter_count"} <= value.keys()


def _complete_all(values: Iterable[object]) -> bool:
    added = False
    for value in values:
        added |= complete(value)
    return added


def _complete_poll(poll: dict[str, Any]) -> bool:
    added = _add(poll, allows_revoting=False, members_only=False)
    for place, option in enumerate(poll["options"]):
        if isinstance(option, dict):
            added |= _add(option, persistent_id=str(place))
    return added


def _add(value: dict[str, Any], **defaults: object) -> bool:
    missing = {name: default for name, default in defaults.items() if name not in value}
    value.update(missing)
    return bool(missing)
