"""What a unit has set for study; it holds for all below.

A number holds until a unit below sets its own. A switch that a unit has put off is off for all
below, whatever they say: who is below may only be stricter. Nothing that compares people is on
by itself: central rules against formalism at the fingertips (指尖上的形式主义) forbid ranking
by clicks, so it takes a decision of the committee, on record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Unit, UnitKind, UnitSetting
from db.types import insert_new

ON, OFF = "开", "关"


@dataclass(frozen=True, slots=True)
class Setting:
    """A switch or a number: its name, its default and what it means."""

    name: str
    default: str
    says: str
    least: int = 0
    most: int = 0

    @property
    def is_switch(self) -> bool:
        """Whether it is put on and off, and not a number."""
        return not self.most

    def read(self, text: str) -> str | None:
        """Return the value that a text gives, None if it gives none."""
        plain = text.strip().removesuffix("分钟").strip()
        if self.is_switch:
            return plain if plain in (ON, OFF) else None
        number = int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 5 else 0
        return str(number) if self.least <= number <= self.most else None


RANKING = Setting("排名", OFF, "是否显示个人学习排名")
POINTS = Setting("积分", OFF, "是否显示学习积分")
MINUTES = Setting("学时折算", "60", "多少分钟折 1 学时（法规没有规定）", least=30, most=120)
SETTINGS = {setting.name: setting for setting in (RANKING, POINTS, MINUTES)}


@dataclass(frozen=True, slots=True)
class Held:
    """A setting as it holds in a unit; `unit_id` is the unit that set it, None: the default."""

    value: str
    unit_id: int | None = None

    @property
    def on(self) -> bool:
        """Whether a switch is on."""
        return self.value == ON


async def held(session: AsyncSession, unit_path: str, setting: Setting) -> Held:
    """Return what holds in a unit, by its own setting, those of the units above and the default."""
    return holding(await by_unit(session, setting), unit_path, setting)


async def by_unit(session: AsyncSession, setting: Setting) -> dict[int, str]:
    """Return the own values of all units that have set it; few ever do."""
    rows = await session.execute(
        select(UnitSetting.unit_id, UnitSetting.value).where(UnitSetting.name == setting.name)
    )
    return dict(rows.all())


def holding(own: Mapping[int, str], unit_path: str, setting: Setting) -> Held:
    """Return what holds at a place of the tree, from the own values of the units."""
    line = [Held(own[unit_id], unit_id) for unit_id in _line(unit_path) if unit_id in own]
    if setting.is_switch and (off := next((one for one in line if not one.on), None)):
        return off
    return line[-1] if line else Held(setting.default)


def committee(line_up: Sequence[Unit]) -> Unit:
    """Return who decides for a unit that people are compared: its 党委, or whoever is outermost.

    `line_up` is the unit and those above it, nearest first.
    """
    deciding = (unit for unit in line_up if unit.kind == UnitKind.COMMITTEE.value)
    return next(deciding, line_up[-1])


async def own(session: AsyncSession, unit_id: int, setting: Setting) -> UnitSetting | None:
    """Return what a unit has of its own, locked: changes of it take turns."""
    return await session.get(
        UnitSetting, (unit_id, setting.name), with_for_update=True, populate_existing=True
    )


async def put(
    session: AsyncSession,
    *,
    unit_id: int,
    setting: Setting,
    value: str,
    by_id: int,
    authority_id: int,
    now: datetime,
) -> None:
    """Set a unit's own value, by somebody in a post of the unit `authority_id`."""
    values = {"value": value, "by_id": by_id, "authority_id": authority_id, "at": now}
    key = {"unit_id": unit_id, "name": setting.name}
    if not await insert_new(session, UnitSetting, {**key, **values}):
        row = await own(session, unit_id, setting)
        assert row is not None  # or it would have been new
        row.value, row.by_id, row.authority_id, row.at = value, by_id, authority_id, now
        await session.flush()


async def remove(session: AsyncSession, unit_id: int, setting: Setting) -> None:
    """Let a unit have nothing of its own, so that what is above it holds again."""
    mine = (UnitSetting.unit_id == unit_id, UnitSetting.name == setting.name)
    await session.execute(delete(UnitSetting).where(*mine))


def _line(unit_path: str) -> Iterator[int]:
    """Return the ids on a path, the outermost first."""
    return (int(part) for part in unit_path.split("/") if part)
