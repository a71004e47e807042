"""Holding reminders back in a unit and all below it, for a stretch of days and a reason."""

from __future__ import annotations

from datetime import date

from db import organisation
from db.access import CONFIGURE_UNIT
from db.redact import for_people
from db.tables import Silence, Unit, UnitKind
from handlers.choosing import pick_unit
from handlers.context import Context
from handlers.days import read_day
from handlers.reply import Button, Message, Reply, UserError
from handlers.router import Router
from scheduler import answering, silences

router = Router()

USAGE = "静默 组织 到哪天 理由"
LONGEST_DAYS, REASON_LIMIT = 62, 200


@router.command(
    "silence",
    "静默",
    help="暂停一个组织及其下级的任务提醒",
    needs=CONFIGURE_UNIT,
    usage="组织 日期 理由",
    private=True,
)
async def silence(context: Context) -> Reply:
    """Hold the reminders of a unit and all below it back until a day, that day included."""
    words = context.text.split(maxsplit=2)
    if len(words) < 3 or len(words[2]) > REASON_LIMIT:
        raise UserError(f"请这样写：{USAGE}")
    unit = await pick_unit(context, CONFIGURE_UNIT, words[0])
    until = _day(context, words[1])
    above = await _above(context, unit)
    if above is not None:
        await _may_prolong(context, unit, until)
    for held in await silences.running(context.session, unit, context.calendar_today):
        await silences.end(context.session, held, now=context.calendar_now)
    silence = await silences.start(
        context.session,
        unit,
        since=context.calendar_today,
        until=until,
        reason=words[2],
        by_id=context.person_id,
    )
    await context.record("silence.start", f"unit:{unit.id}", until=until.isoformat())
    if above is not None:
        await _show(context, unit, above, silence)
    return Reply(
        f"{unit.name}及下级的任务提醒暂停到 {until:%Y-%m-%d}（含）。时限不变，暂停期间到的提醒"
        "在恢复后的第一个工作日合并发送。",
        buttons=((Button("取消静默", f"/nosilence {unit.name}"),),),
    )


@router.command(
    "nosilence",
    "取消静默",
    help="恢复一个组织的任务提醒",
    needs=CONFIGURE_UNIT,
    usage="组织",
    private=True,
)
async def end(context: Context) -> Reply:
    """Let the reminders of a unit come again."""
    unit = await pick_unit(context, CONFIGURE_UNIT, context.text or context.actor.unit_name)
    held = await silences.running(context.session, unit, context.calendar_today)
    for one in held:
        await silences.end(context.session, one, now=context.calendar_now)
    if not held:
        return Reply(f"{unit.name}没有暂停提醒。")
    await context.record("silence.end", f"unit:{unit.id}")
    return Reply(f"{unit.name}的任务提醒已恢复。")


async def _above(context: Context, unit: Unit) -> int | None:
    """Return the unit that is to see a silence which comes from no level above it.

    A 党小组 is part of its branch; above the root there is nobody.
    """
    line = await organisation.line_up(context.session, unit.id)
    owning = next((each for each in line if each.kind != UnitKind.GROUP.value), unit)
    from_above = any(
        prefix != owning.path and owning.path.startswith(prefix)
        for prefix in context.scope(CONFIGURE_UNIT).prefixes
    )
    return None if from_above else owning.parent_id


async def _may_prolong(context: Context, unit: Unit, until: date) -> None:
    last = await silences.bound(
        context.session, unit, today=context.calendar_today, zone=context.services.zone
    )
    if last is not None and until > last:
        raise UserError(
            f"{unit.name}最近的静默到 {last:%Y-%m-%d}，结束后 {silences.PAUSE.days} 天内"
            "不能自己再延长，请由上级组织设置。"
        )


async def _show(context: Context, unit: Unit, above: int, silence: Silence) -> None:
    """Show the level above that a unit has silenced itself."""
    text = (
        f"{unit.name}自己暂停了任务提醒，到 {silence.until:%Y-%m-%d}（含）。"
        f"理由：{for_people(silence.reason)}\n时限不变；要恢复提醒，请点下面的按钮。"
    )
    await answering.tell(
        context.session,
        above,
        Message(text, buttons=((Button("取消静默", f"/nosilence {unit.name}"),),)),
        key=f"silence:{silence.id}",
        today=context.calendar_today,
        now=context.now,
    )


def _day(context: Context, text: str) -> date:
    until = read_day(text)
    if not 0 <= (until - context.calendar_today).days <= LONGEST_DAYS:
        raise UserError(f"只能从今天起暂停，最长 {LONGEST_DAYS} 天。")
    return until
