"""How study is worded: minutes, hours, days."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from db import organisation
from handlers.context import Context
from handlers.reply import Quote, UserError
from knowledge.study.hours import Requirement


async def zone_of(context: Context) -> ZoneInfo:
    """Return the zone of the asking person's unit."""
    if context.actor.unit_id is None:
        return context.services.zone
    line = await organisation.line_up(context.session, context.actor.unit_id)
    named = next((unit.zone for unit in line if unit.zone), None)
    return ZoneInfo(named) if named else context.services.zone


async def event_day(context: Context) -> date:
    """Return the unit's local day of the event, whenever it is processed.

    Raises `UserError` where a wrong clock says that it has not come yet.
    """
    zone = await zone_of(context)
    day = context.incoming.at.astimezone(zone).date()
    if day > context.now.astimezone(zone).date():
        raise UserError("这条消息的日期在今天以后，请检查设备的时间再发。")
    return day


def minutes_words(minutes: int) -> str:
    """Say how long something took."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} 分钟"
    return f"{hours} 小时" + (f" {rest} 分钟" if rest else "")


def hours_of(minutes: int, per_hour: int) -> float:
    """Return how many 学时 some minutes are, cut to one decimal: a half-done hour is not done."""
    return minutes * 10 // per_hour / 10


def source(requirement: Requirement) -> Quote:
    """Quote where a requirement comes from."""
    return Quote(
        requirement.regulation, requirement.article, requirement.version, requirement.remark
    )


def rate(part: int, whole: int) -> str:
    """Say a share in per cent; of nothing there is none."""
    return f"{round(100 * part / whole)}%" if whole else "—"
