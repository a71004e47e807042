"""What a conversation needs to survive a restart."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base
from db.types import BigId


class Inbox(Base):
    """An update that was handled; written in the transaction of its effect."""

    __tablename__ = "inbox"

    channel: Mapped[str] = mapped_column(primary_key=True)
    update: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Dialog(Base):
    """The step that an account stands at in a chat, with what it has said so far."""

    __tablename__ = "dialog"
    __table_args__ = (UniqueConstraint("account_id", "chat"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    chat: Mapped[str]
    step: Mapped[str]
    data: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]


class PressToken(Base):
    """What a button stands for. Server-side, so that nothing in it can be forged.

    `account_id` is the only account that may press it; null means anyone in the chat.
    """

    __tablename__ = "press_token"

    token: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    chat: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    command: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class StoredFile(Base):
    """Bytes that came in or go out. The name is only shown, never a path."""

    __tablename__ = "stored_file"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    media_type: Mapped[str]
    digest: Mapped[str] = mapped_column(index=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]


class Transcript(Base):
    """A line of a browser chat, so that a reload shows what was said.

    `author_id` is the person who spoke, null for the assistant. `delivery` is the outbox row
    that an answer came from and `update` the event that a person's words are handed in as: both
    unique, so that a repetition is shown once. `taken` is false until the conversation has
    committed what was said.
    """

    __tablename__ = "transcript"
    __table_args__ = (Index("ix_transcript_chat_id", "chat", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chat: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    author: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    content: Mapped[dict[str, Any]]
    delivery: Mapped[int | None] = mapped_column(BigId, unique=True)
    update: Mapped[str | None] = mapped_column(unique=True)
    taken: Mapped[bool] = mapped_column(default=True)


class SignInLink(Base):
    """A one-time link into the browser; only its digest is kept."""

    __tablename__ = "sign_in_link"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class BrowserSession(Base):
    """A signed-in browser; the cookie holds the token, the table its digest."""

    __tablename__ = "browser_session"

    digest: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
