"""The append-only record of who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base
from db.types import BigId


class AuditLine(Base):
    """One act. `hash` covers the line and `previous`, the hash of the line before.

    Persons are named by id only, so that a person can be erased and the chain still holds.
    """

    __tablename__ = "audit_line"

    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(BigId, index=True)
    action: Mapped[str]
    object: Mapped[str]
    data: Mapped[dict[str, Any]]
    previous: Mapped[str]
    hash: Mapped[str]
