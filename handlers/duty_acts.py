"""What every act on a duty shares: finding it, asking which is meant, wording a refusal."""

from __future__ import annotations

from collections.abc import Awaitable

from db.access import DO_DUTY
from db.tables import Duty, DutyState
from handlers.context import Context
from handlers.duties import found
from handlers.duty_words import name_of
from handlers.reply import Button, Reply, UserError
from scheduler import duties, listing
from scheduler.duties import DutyError

WHY: dict[type[DutyError], str] = {
    duties.NotOpen: "这项任务已经不是待办。发送“任务 编号”查看情况。",
    duties.NotHandedIn: "这项任务没有等待接收的办理结果。",
    duties.InFuture: "实际日期不能在今天以后。",
    duties.TooEarly: "实际日期早于最早可办的日期，请核对。",
    duties.OutOfOrder: "实际日期早于上一步，请核对。",
    duties.OwnWork: "不能接收自己提交的办理结果。",
    duties.NotUndoable: "只能撤销自己一天之内的办理，而且上级还没有接收。",
    duties.NotPostponable: "这项任务不能延期，或者超过了规定允许延长的期限。",
}

CHOICES = 8
NOT_YOURS = "这项任务不由你办理，只能由责任人或本组织的书记、副书记、组织委员办理。"


async def attempt(act: Awaitable[Duty]) -> Duty:
    """Await an act on a duty; an act that is refused is worded for its maker."""
    try:
        return await act
    except DutyError as error:
        raise UserError(WHY[type(error)]) from error


async def to_do(context: Context, text: str) -> Duty:
    """Return an open duty that the asking person may close."""
    duty = await found(context, text.strip(), DO_DUTY)
    if duty.person_id is None and not await listing.owes(context.session, context.actor, duty.id):
        raise UserError(NOT_YOURS)
    if duty.state != DutyState.OPEN.value:
        raise UserError("这项任务已经不是待办。发送“任务 编号”查看情况。")
    return duty


async def which(context: Context, question: str, command: str) -> Reply:
    """Ask which of one's open duties is meant."""
    owed = [
        duty
        for duty in await listing.owed(context.session, context.actor, begun=context.calendar_today)
        if duty.state == DutyState.OPEN.value
    ]
    if not owed:
        return Reply("你现在没有要办的任务。")
    rows = tuple(
        (Button(f"{duty.id}. {name_of(duty)}", f"/{command} {duty.id}"),) for duty in owed[:CHOICES]
    )
    more = "没有列出的请写编号，发送“我的任务”查看。" if len(owed) > CHOICES else ""
    return Reply(f"{question}{more}", buttons=rows)
