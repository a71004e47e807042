"""What is owed, by whom, until when; and everything that happened to it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base
from db.types import BigId


class DutyState(StrEnum):
    """Where a duty stands. A returned duty is open again, with `returned_at` set."""

    OPEN = "open"
    SUBMITTED = "submitted"
    DONE = "done"
    WAIVED = "waived"
    WITHDRAWN = "withdrawn"


class Duty(Base):
    """One rule, one owner, one period or case step.

    `owner` is "unit:4" or "person:9"; with `rule` and `period` it is unique, so that planning
    twice is impossible. `unit_id` is the unit in whose scope the duty lies (the owing unit, or
    the unit of the owing person), `subject_*` whom it is about when that is not the owner.
    `title` and `label` ("2026年11月") are the words of the rule and period when it was planned.
    `due_on` is the last local day on which it is in time and `due_at` the instant at which that
    day ends; both are null where no regulation sets a limit. `next_at` is when the sweep must
    look at it again; null when there is nothing more to tell. `seen`, `acknowledged` and done
    are three different things. `done_on` is the actual day, `closed_at` when it was entered.
    """

    __tablename__ = "duty"
    __table_args__ = (
        UniqueConstraint("rule", "owner", "period"),
        Index(
            "ix_duty_next_at",
            "next_at",
            "id",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
        Index("ix_duty_unit_id_state_due_on", "unit_id", "state", "due_on"),
        Index("ix_duty_person_id_state_due_on", "person_id", "state", "due_on"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    rule: Mapped[str]
    edition: Mapped[str]
    owner: Mapped[str]
    period: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("duty_case.id"), index=True)
    subject_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    subject_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    title: Mapped[str] = mapped_column(default="")
    label: Mapped[str] = mapped_column(default="")
    starts_on: Mapped[date]
    due_on: Mapped[date | None]
    due_at: Mapped[datetime | None]
    earliest_on: Mapped[date | None]
    provisional: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default=DutyState.OPEN.value)
    stage: Mapped[str] = mapped_column(default="")
    next_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    snoozed_until: Mapped[date | None]
    submitted_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    done_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    late_entered: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class DutyRow(Protocol):
    """What the clock reads of a duty: the object, or a plain row of the table, which costs less."""

    @property
    def id(self) -> int: ...
    @property
    def rule(self) -> str: ...
    @property
    def edition(self) -> str: ...
    @property
    def unit_id(self) -> int: ...
    @property
    def person_id(self) -> int | None: ...
    @property
    def subject_person_id(self) -> int | None: ...
    @property
    def title(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def due_on(self) -> date | None: ...
    @property
    def provisional(self) -> bool: ...
    @property
    def state(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def snoozed_until(self) -> date | None: ...
    @property
    def submitted_at(self) -> datetime | None: ...
    @property
    def returned_at(self) -> datetime | None: ...
    @property
    def failures(self) -> int: ...
    @property
    def created_at(self) -> datetime: ...


class DutyEvent(Base):
    """One line of what happened to a duty; never changed. `actor_id` is null for the clock."""

    __tablename__ = "duty_event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("duty.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]]


class Evidence(Base):
    """What was handed in for a duty: words, or a stored file."""

    __tablename__ = "evidence"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("duty.id"), index=True)
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(default="")
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))


class Postponement(Base):
    """A limit that an organisation moved: the old day is kept with the paper that allowed it."""

    __tablename__ = "postponement"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("duty.id"), index=True)
    old_due_on: Mapped[date | None]
    new_due_on: Mapped[date]
    paper: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class NoticeState(StrEnum):
    """What became of telling one person one stage of one duty."""

    QUEUED = "queued"
    SUPERSEDED = "superseded"
    UNREACHABLE = "unreachable"


class Notice(Base):
    """That one person is told one stage of one duty: unique, whoever sweeps and how often.

    `due` is the duty's `due_on` in ISO form: a moved limit makes new notices. Several notices
    of one person and morning share an outbox row.
    """

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("duty_id", "stage", "due", "person_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("duty.id"))
    stage: Mapped[str]
    due: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    outbox_id: Mapped[int | None] = mapped_column(ForeignKey("outbox.id"), index=True)
    state: Mapped[str] = mapped_column(default=NoticeState.QUEUED.value)


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    CLOSED = "closed"
    STOPPED = "stopped"


class Case(Base):
    """A sequence of duties for one person (发展党员) or unit (换届).

    `subject` is "person:9" or "unit:4"; at most one open case of a kind for a subject. `unit_id`
    is the branch that carries it.
    """

    __tablename__ = "duty_case"
    __table_args__ = (
        Index(
            "uq_duty_case_kind_subject_open",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str] = mapped_column(default=CaseState.OPEN.value)
    opened_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Term(Base):
    """The day on which a unit's leading body was elected; the newest row counts.

    `extended_to` is the end that the organisation above has allowed, `paper` its letter.
    """

    __tablename__ = "term"
    __table_args__ = (UniqueConstraint("unit_id", "elected_on"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    elected_on: Mapped[date]
    extended_to: Mapped[date | None]
    paper: Mapped[str] = mapped_column(default="")
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime]


class CalendarFeed(Base):
    """A private iCalendar address; only the digest of its token is kept."""

    __tablename__ = "calendar_feed"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
