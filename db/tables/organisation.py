"""Units in a tree, persons, their posts, and the accounts that they use."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.tables.base import Base
from db.types import BigId


class UnitKind(StrEnum):
    """The four levels of a company's party organisation."""

    COMMITTEE = "党委"
    GENERAL_BRANCH = "党总支"
    BRANCH = "党支部"
    GROUP = "党小组"


class Stage(StrEnum):
    """How far a person has come on the way into the party."""

    STAFF = "群众"
    APPLICANT = "入党申请人"
    ACTIVIST = "入党积极分子"
    CANDIDATE = "发展对象"
    PROBATIONARY = "预备党员"
    MEMBER = "正式党员"


class Title(StrEnum):
    """A post that a person holds in a unit."""

    SECRETARY = "书记"
    DEPUTY_SECRETARY = "副书记"
    ORGANISATION = "组织委员"
    PUBLICITY = "宣传委员"
    DISCIPLINE = "纪检委员"
    GROUP_LEADER = "党小组长"
    STAFF = "党务干事"
    EDITOR = "知识编辑"
    ADMINISTRATOR = "管理员"


class Unit(Base):
    """An organisation; `path` is "/1/4/9/", the ids from the root down to this unit.

    `answers` names the post that members' questions are handed to (default: 组织委员). `zone` is
    an IANA time zone and `quiet` the hours without reminders ("21:30-08:00,12:00-13:30", "" for
    none); null in either means as the unit above has it.
    """

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    path: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str] = mapped_column(unique=True)
    answers: Mapped[str] = mapped_column(default=Title.ORGANISATION.value)
    zone: Mapped[str | None]
    quiet: Mapped[str | None]


class Person(Base):
    """Somebody on the roster. `number` is the employer's own key of the person.

    Phone and identity number are ciphertext (`db.secrets`); the `_index` columns are keyed
    digests for look-up; `phone_by` entered the phone number (null: on the server itself).
    `left_on` ends everything the person may do.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(index=True)
    stage: Mapped[str] = mapped_column(default=Stage.MEMBER.value)
    joined_on: Mapped[date | None]
    phone: Mapped[str | None]
    phone_index: Mapped[str | None] = mapped_column(unique=True)
    phone_by: Mapped[int | None] = mapped_column(BigId)
    identity: Mapped[str | None]
    identity_index: Mapped[str | None] = mapped_column(unique=True)
    left_on: Mapped[date | None]

    unit: Mapped[Unit] = relationship(lazy="raise")


class Post(Base):
    """A post in a unit from a day on, and until a day (exclusive) once it has ended."""

    __tablename__ = "post"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    title: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]

    unit: Mapped[Unit] = relationship(lazy="raise")


class Account(Base):
    """A messenger account; bound to a person, or not yet (`person_id` is null).

    `chat` is where the account is spoken to in private, once it has been seen there.
    """

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("channel", "external"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str]
    external: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    chat: Mapped[str | None]
    bound_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]


class Chat(Base):
    """What is known of a place to speak to: closed, moved, or to be left alone for a while."""

    __tablename__ = "chat"
    __table_args__ = (UniqueConstraint("channel", "external"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str]
    external: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    is_group: Mapped[bool] = mapped_column(default=False)
    gone_at: Mapped[datetime | None]
    moved_to: Mapped[str | None]
    next_ok_at: Mapped[datetime | None]


class Invite(Base):
    """A one-time code that binds an account to a person; only its digest is kept."""

    __tablename__ = "invite"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class Guess(Base):
    """A failed try at a secret; too many in a while lock the account out for a while."""

    __tablename__ = "guess"
    __table_args__ = (Index("ix_guess_account_id_at", "account_id", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str]
    at: Mapped[datetime]
