"""Messages on their way out (transactional outbox)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base
from db.types import BigId


class OutboxState(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    FAILED = "failed"
    PARKED = "parked"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


OPEN = text("state IN ('pending', 'leased')")
POLL = text("poll IS NOT NULL")


class Outbox(Base):
    """A message to one place, written in the transaction that decided it.

    `dedup_key` makes writing it twice impossible. A row is due when `send_after` has come; a
    claim moves that time to the end of the lease, so a crash delays and never loses. `attempt`
    is the fencing number: a late settlement of an older attempt changes nothing. A row that is
    still waiting at `closes_at`, when its reader's quiet hours begin, waits for `reopens_at`.
    `external` is the channel's own id of the message and `poll` that of the poll in it.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        # Partial, so that what was sent costs nothing; a query must name OPEN in these words.
        Index("ix_outbox_open", "channel", "lane", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_outbox_open_chat", "chat", "channel", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_outbox_state", "state"),
        Index("ix_outbox_poll", "poll", "channel", sqlite_where=POLL, postgresql_where=POLL),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dedup_key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    lane: Mapped[int]
    content: Mapped[dict[str, Any]]
    edits: Mapped[str | None]
    answers: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=OutboxState.PENDING.value)
    created_at: Mapped[datetime]
    send_after: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    reopens_at: Mapped[datetime | None]
    leased_by: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    external: Mapped[str | None]
    poll: Mapped[str | None]
    error: Mapped[str | None]


class Attempt(Base):
    """One line of the delivery ledger: what came of one attempt."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"), index=True)
    number: Mapped[int]
    at: Mapped[datetime]
    outcome: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")
