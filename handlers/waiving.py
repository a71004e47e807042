"""Releasing somebody below from a duty, with the reason on record."""

from __future__ import annotations

from db.access import BY_TITLE, WAIVE_DUTY
from db.names import mask_name
from db.redact import for_people
from db.tables import Duty, Unit
from handlers.context import Context
from handlers.duties import found
from handlers.duty_acts import attempt
from handlers.duty_words import name_of, pushed_name
from handlers.reply import Button, Message, Reply, UserError
from handlers.router import Router
from scheduler import duties, listing, releases
from scheduler.rulebook import keeping, wording

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
    waived = await attempt(
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
    unit = await context.session.get_one(Unit, duty.unit_id)
    words = f"免除，不必再办。理由：{for_people(reason)}"
    await tell(context, waived, f"已由{_releasing(context, unit)}{words}")
    return Reply(f"已免除：{name_of(duty)}。", buttons=((Button("撤销", f"/undone {duty.id}"),),))


async def tell(context: Context, duty: Duty, words: str) -> None:
    """Tell whoever owes a duty, and whoever was told of it, that it is waived or owed again."""
    unit = await context.session.get_one(Unit, duty.unit_id)
    book = await keeping.current(context.session)
    rule = book.edition(duty.rule, duty.edition) if book else None
    text = f"【免办】{duty.id} 号任务“{unit.name}：{pushed_name(duty)}”{words}"
    await releases.tell(
        context.session,
        duty,
        Message(text, quote=wording.basis(rule) if rule else None),
        key=f"duty:{duty.id}:release:{context.incoming.channel}:{context.incoming.update}",
        by=context.person_id,
        today=context.calendar_today,
        now=context.now,
    )


def _releasing(context: Context, unit: Unit) -> str:
    """Name the post by which the asking person releases, with the name masked."""
    post = next(
        held
        for held in context.actor.posts
        if WAIVE_DUTY in BY_TITLE[held.title] and unit.path.startswith(held.unit_path)
    )
    return f"{post.unit_name}{post.title.value}{mask_name(context.actor.name)}"


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
