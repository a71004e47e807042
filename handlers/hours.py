"""When a unit's people are not disturbed: quiet hours and time zone, set by its officers."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from db import organisation
from db.access import CONFIGURE_UNIT
from db.numbers import BadValue
from db.tables import Unit
from handlers.choosing import pick_unit
from handlers.context import Context
from handlers.reply import Button, Reply, UserError
from handlers.router import Router
from scheduler import quiet

router = Router()

# The word that gives a setting back to the unit above.
INHERIT = "默认"
NONE = "无"


@router.command(
    "quiet",
    "免打扰",
    help="看或设置本组织不提醒的时段",
    needs=CONFIGURE_UNIT,
    usage="[组织] [21:30-08:00]",
    private=True,
)
async def hours(context: Context) -> Reply:
    """Show or set the hours in which nobody of a unit is reminded."""
    unit, value = await _unit_and_value(context)
    if not value:
        return Reply(await _state(context, unit))
    before = unit.quiet
    unit.quiet = None if value == INHERIT else "" if value == NONE else _hours(value)
    await context.record("unit.quiet", f"unit:{unit.id}", before=before, after=unit.quiet)
    return Reply("已设置。" + await _state(context, unit), buttons=_undo("quiet", unit, before))


@router.command(
    "zone",
    "时区",
    help="看或设置本组织所在的时区",
    needs=CONFIGURE_UNIT,
    usage="[组织] [Asia/Shanghai]",
    private=True,
)
async def zone(context: Context) -> Reply:
    """Show or set the time zone in which a unit's days begin and end."""
    unit, value = await _unit_and_value(context)
    if not value:
        return Reply(await _state(context, unit))
    before = unit.zone
    unit.zone = None if value == INHERIT else _zone(value)
    await context.record("unit.zone", f"unit:{unit.id}", before=before, after=unit.zone)
    return Reply("已设置。" + await _state(context, unit), buttons=_undo("zone", unit, before))


async def _unit_and_value(context: Context) -> tuple[Unit, str]:
    """Tell the unit's name from the value; the actor's own unit where none is named."""
    words = context.text.split()
    value = words.pop() if words and _is_value(words[-1]) else ""
    name = " ".join(words) or context.actor.unit_name
    return await pick_unit(context, CONFIGURE_UNIT, name), value


def _is_value(word: str) -> bool:
    return word in (INHERIT, NONE) or ":" in word or "：" in word or "/" in word


async def _state(context: Context, unit: Unit) -> str:
    """Say what holds for a unit, its own setting or that of the units above."""
    line = await organisation.line_up(context.session, unit.id)
    quiet_hours = next((above.quiet for above in line if above.quiet is not None), None)
    zone = next((above.zone for above in line if above.zone), None) or context.services.zone.key
    text = quiet.DEFAULT_TEXT if quiet_hours is None else quiet_hours
    return f"{unit.name}：免打扰时段 {text or NONE}，时区 {zone}。逾期提醒也不在免打扰时段发送。"


def _undo(command: str, unit: Unit, before: str | None) -> tuple[tuple[Button, ...], ...]:
    value = INHERIT if before is None else before or NONE
    return ((Button("撤销", f"/{command} {unit.name} {value}"),),)


def _hours(value: str) -> str:
    plain = value.replace("：", ":").replace("，", ",")
    try:
        quiet.parse(plain)
    except BadValue as error:
        raise UserError(f"{error}。请这样写：免打扰 21:30-08:00,12:00-13:30") from error
    return plain


def _zone(value: str) -> str:
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UserError("没有这个时区。请写 IANA 名称，例如 Asia/Shanghai。") from error
