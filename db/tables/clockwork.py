"""What the clock needs beside the duties: days, the rule book in force, loops, rates, holds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base
from db.types import BigId


class CalendarDay(Base):
    """Whether people work on a day. A `provisional` one was computed, not decreed."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    workday: Mapped[bool]
    name: Mapped[str] = mapped_column(default="")
    source: Mapped[str]
    provisional: Mapped[bool] = mapped_column(default=False)


class RuleBookEdition(Base):
    """A rule book that was checked and taken into force; the newest row is in force."""

    __tablename__ = "rule_book"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str]
    taken_at: Mapped[datetime]
    content: Mapped[dict[str, Any]]


class Heartbeat(Base):
    """When a loop of any process last ended a round well, and what it has to say."""

    __tablename__ = "heartbeat"

    loop: Mapped[str] = mapped_column(primary_key=True)
    beat_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")


class RateBucket(Base):
    """GCRA's theoretical arrival time of one sending limit, shared by all processes."""

    __tablename__ = "rate_bucket"

    scope: Mapped[str] = mapped_column(primary_key=True)
    tat: Mapped[datetime]


class Hold(Base):
    """Why nothing is sent at present (after a restore, say); no row, no hold."""

    __tablename__ = "hold"

    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    reason: Mapped[str]


class Silence(Base):
    """A stretch in which a unit and all below it are not reminded of duties."""

    __tablename__ = "silence"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    since: Mapped[date]
    until: Mapped[date]
    reason: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]
