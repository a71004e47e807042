"""What people study: published material, check-ins, and what a unit or a person has switched."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base
from db.types import BigId


class MaterialKind(StrEnum):
    """What a material is."""

    TEXT = "text"
    LINK = "link"
    FILE = "file"
    VIDEO = "video"


class Material(Base):
    """Something to study, published by a unit for itself or units below it.

    `minutes` is how long it takes, counted as studied when it is marked learned; `due_on` is
    the last day in time, if there is one: then learning it is a duty.
    """

    __tablename__ = "material"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    kind: Mapped[str]
    title: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    link: Mapped[str] = mapped_column(default="")
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    minutes: Mapped[int] = mapped_column(default=0)
    due_on: Mapped[date | None]
    published_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class MaterialUnit(Base):
    """That a material is for a unit and all below it."""

    __tablename__ = "material_unit"

    material_id: Mapped[int] = mapped_column(ForeignKey("material.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True, index=True)


class Reading(Base):
    """What a person has done with a material: opened it, marked it learned with a thought."""

    __tablename__ = "reading"
    __table_args__ = (
        UniqueConstraint("material_id", "person_id"),
        Index("ix_reading_person_id_learned_on", "person_id", "learned_on"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("material.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime]
    learned_at: Mapped[datetime | None]
    learned_on: Mapped[date | None]
    minutes: Mapped[int] = mapped_column(default=0)
    thought: Mapped[str] = mapped_column(default="")


class CheckIn(Base):
    """A study check-in. `on` is the local day of the event, whenever it was processed.

    `key` is the platform's update that made it: a redelivery makes no second one.
    """

    __tablename__ = "check_in"
    __table_args__ = (Index("ix_check_in_person_id_on", "person_id", "on"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    on: Mapped[date]
    what: Mapped[str]
    minutes: Mapped[int]
    thought: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class UnitSetting(Base):
    """What a unit has set (`knowledge.study.settings` says what holds where).

    `authority_id` is the unit in whose name it was set: this one, or one above it.
    """

    __tablename__ = "unit_setting"

    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    authority_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    at: Mapped[datetime]


class Mute(Base):
    """That a person wants no quiz and study messages (`what`); duties are not among them."""

    __tablename__ = "mute"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
