"""Answering a reminder: it was received, or it is to come again later."""

from __future__ import annotations

import re
from datetime import timedelta

from db.access import DO_DUTY
from db.tables import DutyState
from handlers.context import Context
from handlers.duty_acts import attempt, to_do, which
from handlers.duty_words import due_words, name_of
from handlers.reply import Button, Reply, UserError
from handlers.router import Router
from scheduler import duties, listing, snoozing

router = Router()

LONGEST_DAYS = 90
LATER = re.compile(r"(\d{1,3})\s*(天|日|周|个?月)?\Z")
UNITS = {"周": 7, "月": 30, "个月": 30}


@router.command("gotit", "收到", help="确认收到一项任务", needs=DO_DUTY, usage="编号", private=True)
async def got_it(context: Context) -> Reply:
    """Note that whoever owes a duty knows of it; the duty stays open."""
    if not context.text:
        return await _got_all(context)
    duty = await to_do(context, context.text)
    await duties.acknowledge(
        context.session, duty.id, actor_id=context.person_id, now=context.calendar_now
    )
    return Reply(
        f"已记下：{name_of(duty)}，{due_words(duty, context.calendar_today)}。"
        f"办完请发送“完成 {duty.id}”。",
        buttons=((Button("已办", f"/done {duty.id}"), Button("稍后提醒", f"/snooze {duty.id}")),),
    )


@router.command(
    "snooze",
    "稍后",
    "稍后提醒",
    help="过几天再提醒一项任务",
    needs=DO_DUTY,
    usage="编号 [3天]",
    private=True,
)
async def snooze(context: Context) -> Reply:
    """Put the next reminder off; never past the limit, and an overdue alert still comes."""
    number, _, rest = context.text.partition(" ")
    if not number:
        return await which(context, "哪一项稍后提醒？", "snooze")
    duty = await to_do(context, number)
    if not rest.strip():
        choices = tuple(Button(f"{n} 天后", f"/snooze {duty.id} {n}天") for n in (1, 3, 7))
        return Reply(f"{name_of(duty)}：过几天再提醒？", buttons=(choices,))
    until = context.calendar_today + _span(rest.strip())
    if duty.due_on is not None and until > duty.due_on:
        raise UserError(
            f"不能推到截止日之后（{due_words(duty, context.calendar_today)}）。推迟提醒不改变时限。"
        )
    told = await snoozing.day(
        context.session, duty, until, today=context.calendar_today, zone=context.services.zone
    )
    if told is None:
        raise UserError("截止日以前没有别的工作日可以再提醒了，请抓紧办理。")
    await attempt(
        duties.snooze(
            context.session,
            duty.id,
            until=told,
            actor_id=context.person_id,
            now=context.calendar_now,
            sent_at=context.now,
        )
    )
    why = "（赶上休息日，改到工作日）" if told != until else ""
    return Reply(f"好的，{told:%m-%d} 再提醒你{why}：{name_of(duty)}。时限不变。")


async def _got_all(context: Context) -> Reply:
    """Take a bare 收到 for everything that the person was reminded of."""
    told = [
        duty
        for duty in await listing.owed(context.session, context.actor)
        if duty.state == DutyState.OPEN.value and duty.stage and duty.acknowledged_at is None
    ]
    if not told:
        return Reply("没有等你确认的任务提醒。发送“我的任务”查看要办的任务。")
    for duty in told:
        await duties.acknowledge(
            context.session, duty.id, actor_id=context.person_id, now=context.calendar_now
        )
    return Reply(f"已记下 {len(told)} 项任务你已收到。办完请发送“完成 编号”。")


def _span(text: str) -> timedelta:
    """Read 3天, 2周 or a bare number of days."""
    found = LATER.match(text)
    days = int(found[1]) * UNITS.get(found[2] or "", 1) if found else 0
    if not 1 <= days <= LONGEST_DAYS:
        raise UserError(f"请写明过几天提醒（1 到 {LONGEST_DAYS} 天），例如：稍后 12 3天")
    return timedelta(days=days)
