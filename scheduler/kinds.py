"""What kinds of messages there are, and what becomes of one that may or may not have arrived.

A messenger has no idempotency key: when a process dies, or an answer is lost, between sending
and noting it, nobody can tell whether the message arrived. A reminder that comes twice is a
nuisance, one that never comes is a failure: it is sent again. A poll or a post in a group that
comes twice splits the answers and shames the branch: it is parked for an administrator.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

# What a handler returned, as against news that nobody asked for.
REPLY = "reply"


class Doubtful(StrEnum):
    """What is done with a message of which it is not known whether it arrived."""

    RESEND = "resend"
    PARK = "park"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message; one that has waited for its `life` is not worth sending any more."""

    name: str
    doubtful: Doubtful = Doubtful.RESEND
    life: timedelta | None = None


KINDS = {
    kind.name: kind
    for kind in (
        Kind(REPLY, life=timedelta(days=1)),
        Kind("identity", life=timedelta(days=7)),
        Kind("handover"),
        Kind("handover-answer"),
        Kind("proposal"),
        Kind("duties"),
        Kind("duty"),
        Kind("unreachable", life=timedelta(days=7)),
        Kind("parked"),
        Kind("poll", Doubtful.PARK, timedelta(minutes=30)),
        # To change a message twice is to change it once.
        Kind("poll-end", life=timedelta(days=1)),
        Kind("post", Doubtful.PARK, timedelta(days=1)),
        Kind("question-report"),
        Kind("quiz", life=timedelta(days=7)),
        Kind("exam", life=timedelta(days=7)),
        Kind("study", life=timedelta(days=7)),
    )
}
PARKED_KINDS = tuple(sorted(k.name for k in KINDS.values() if k.doubtful is Doubtful.PARK))


def of(name: str) -> Kind:
    """Return a kind by its name; one that is not in the table is sent again and lives on."""
    return KINDS.get(name, Kind(name))
