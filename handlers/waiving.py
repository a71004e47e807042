"""Releasing somebody below from a duty, with the reason on record."""

from __future__ import annotations

from db.access import WAIVE_DUTY
from db.tables import Duty, Unit
from handlers.context import Context
from handlers.duties import found
from handlers.duty_acts import attempt
from handlers.duty_words import name_of
from handlers.reply import Button, Reply, UserError
from handlers.router import Router
from scheduler import duties, listing

router = Router()

REASON_LIMIT = 200


@router.command(
    "waive", "免办", help="免除下级的一项任务", needs=WAIVE_DUTY, usage="编号 理由", private=True
)
async def waive(context: Context) -> Reply:
    """Release somebody below from a duty, with the reason on record."""
    number, _, reason = context.text.partition(" ")
    reason = reason.strip()
    duty = await found(context, number, WAIVE_DUTY)
    await _may_release(context, duty)
    if duty.case_id is not None:
        raise UserError(
            f"这是事项中的一步，免除后事项无法继续。办了请登记“完成 {duty.id} 实际日期”，"
            f"不再办理请发送“停办 {duty.id} 理由”。"
        )
    if not 2 <= len(reason) <= REASON_LIMIT:
        raise UserError(f"请写明理由（{REASON_LIMIT} 字以内）：免办 {duty.id} 理由")
    await attempt(
        duties.waive(
            context.session,
            duty.id,
            reason=reason,
            actor_id=context.person_id,
            now=context.calendar_now,
            sent_at=context.now,
        )
    )
    await context.record("duty.waive", f"duty:{duty.id}", reason=reason)
    return Reply(f"已免除：{name_of(duty)}。", buttons=((Button("撤销", f"/undone {duty.id}"),),))


async def _may_release(context: Context, duty: Duty) -> None:
    """A unit is released by somebody above it, a person by the branch; nobody by themselves."""
    unit = await context.session.get_one(Unit, duty.unit_id)
    above = [
        prefix
        for prefix in context.scope(WAIVE_DUTY).prefixes
        if unit.path.startswith(prefix) and (duty.person_id is not None or prefix != unit.path)
    ]
    if not above or await listing.owes(context.session, context.actor, duty.id):
        raise UserError("本人和本组织的任务不能自己免除，请由上级组织办理。")
