"""What a unit has switched for study; it holds for all below that have not switched it too.

Nothing that compares people is on by itself: central rules against formalism at the fingertips
(指尖上的形式主义) forbid ranking by clicks, so it takes a decision, on record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import UnitSetting
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

    def read(self, text: str) -> str | None:
        """Return the value that a text gives, None if it gives none."""
        plain = text.strip().removesuffix("分钟").strip()
        if not self.most:
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
    """Return what holds in a unit: its own, or that of the nearest unit above, or the default."""
    return nearest(await by_unit(session, setting), unit_path, setting)


async def by_unit(session: AsyncSession, setting: Setting) -> dict[int, str]:
    """Return the own values of all units that have set it; few ever do."""
    rows = await session.execute(
        select(UnitSetting.unit_id, UnitSetting.value).where(UnitSetting.name == setting.name)
    )
    return dict(rows.all())


def nearest(own: Mapping[int, str], unit_path: str, setting: Setting) -> Held:
    """Return what holds at a place of the tree, from the own values of the units."""
    for part in reversed(unit_path.strip("/").split("/")):
        if part and int(part) in own:
            return Held(own[int(part)], int(part))
    return Held(setting.default)


async def put(
    session: AsyncSession, *, unit_id: int, setting: Setting, value: str, by_id: int, now: datetime
) -> str | None:
    """Set a unit's own value and return its own one before, None if it had none."""
    key = {"unit_id": unit_id, "name": setting.name}
    await insert_new(session, UnitSetting, {**key, "value": "", "by_id": by_id, "at": now})
    row = await session.get_one(UnitSetting, (unit_id, setting.name), with_for_update=True)
    before, row.value, row.by_id, row.at = row.value, value, by_id, now
    await session.flush()
    return before or None
