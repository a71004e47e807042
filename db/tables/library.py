"""The knowledge base, and the questions that were put to it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.tables.base import Base
from db.types import BigId


class Document(Base):
    """A regulation, a guide or a set of questions; its texts are in its versions.

    `key` identifies it across imports. With `internal` only bound persons are shown it.
    """

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    internal: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Version(Base):
    """One wording of a document, in force from a day and until a day (exclusive)."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("document_id", "label"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    label: Mapped[str]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    digest: Mapped[str]
    imported_at: Mapped[datetime]
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    document: Mapped[Document] = relationship(lazy="raise")


class Passage(Base):
    """What can be found and shown: an article of a version, or a question with its answer.

    `key` identifies the passage within its version, `digest` its content, so that a re-import
    touches only what changed. `revision` is the library's counter at the last change: a search
    index that has seen revision n asks for what is newer. A retired passage stays, unfound.
    """

    __tablename__ = "passage"
    __table_args__ = (
        UniqueConstraint("version_id", "key"),
        Index("ix_passage_revision", "revision"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("version.id"), index=True)
    key: Mapped[str]
    question: Mapped[str] = mapped_column(default="")
    aliases: Mapped[str] = mapped_column(default="")
    text: Mapped[str]
    regulation: Mapped[str] = mapped_column(default="")
    article: Mapped[str] = mapped_column(default="")
    label: Mapped[str] = mapped_column(default="")
    certainty: Mapped[str] = mapped_column(default="")
    topic: Mapped[str] = mapped_column(default="")
    related: Mapped[str] = mapped_column(default="")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    digest: Mapped[str]
    position: Mapped[int]
    revision: Mapped[int]
    retired_at: Mapped[datetime | None]

    version: Mapped[Version] = relationship(lazy="raise")


class LibraryRevision(Base):
    """A single row: how often the library has changed."""

    __tablename__ = "library_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


class Asked(Base):
    """A question that was put, and what came of it. `verdict` as in `knowledge.answering`."""

    __tablename__ = "asked"
    __table_args__ = (Index("ix_asked_verdict_at", "verdict", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    at: Mapped[datetime]
    text: Mapped[str]
    folded: Mapped[str]
    verdict: Mapped[str]
    score: Mapped[float]
    passage_id: Mapped[int | None] = mapped_column(ForeignKey("passage.id"))
    useful: Mapped[bool | None]
    settled_at: Mapped[datetime | None]


class HandoverState(StrEnum):
    """A question with a person: waiting, answered, or in the knowledge base."""

    WAITING = "waiting"
    ANSWERED = "answered"


class Handover(Base):
    """A question that the library could not answer, with the person who will.

    The answer is for `asker_id`, wherever the asking account belongs by then.
    """

    __tablename__ = "handover"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    asked_id: Mapped[int] = mapped_column(ForeignKey("asked.id"), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    asker_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chat: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    question: Mapped[str]
    state: Mapped[str] = mapped_column(default=HandoverState.WAITING.value)
    created_at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]


class ProposalState(StrEnum):
    """A pair on its way into the knowledge base."""

    OPEN = "open"
    PUBLISHED = "published"
    REJECTED = "rejected"


class Proposal(Base):
    """A question and answer proposed for the knowledge base, published after one approval.

    `worded_by` is who reworded the pair last: like its proposer, they may not approve it.
    """

    __tablename__ = "proposal"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handover.id"), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    question: Mapped[str]
    answer: Mapped[str]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    worded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(default=ProposalState.OPEN.value, index=True)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    passage_id: Mapped[int | None] = mapped_column(ForeignKey("passage.id"))
