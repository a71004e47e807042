"""What was handed in for a duty is accepted above, or returned with a reason."""

from __future__ import annotations

from db import organisation
from db.access import ACCEPT_DUTY, SEE_DUTIES
from db.redact import for_people
from db.tables import Duty, Person, StoredFile, Unit
from handlers.case_words import after
from handlers.context import Context
from handlers.duties import found
from handlers.duty_acts import attempt
from handlers.duty_words import line, name_of, owner_words, pushed_name
from handlers.reply import Attachment, Button, Message, Reply, UserError
from handlers.router import Replies, Router
from scheduler import duties, listing, outbox

router = Router()

GIVE_BACK = "退回办理"
REASON = "duty.giveback"
REASON_LIMIT = 200
SHOWN = 10


@router.command("toaccept", "待接收", help="看等我接收的办理结果", needs=ACCEPT_DUTY, private=True)
async def to_accept(context: Context) -> Reply:
    """List what was handed in below and waits for the asking person's level."""
    waiting = [
        duty
        for duty in await listing.handed_in(context.session, context.scope(ACCEPT_DUTY))
        if await _stands_above(context, duty)
    ]
    if not waiting:
        return Reply("没有等你接收的办理结果。")
    names = {
        unit.id: unit.name
        for unit in await organisation.list_units(context.session, context.scope(ACCEPT_DUTY))
    }
    persons = await listing.owners(context.session, waiting[:SHOWN])
    lines = [
        line(duty, context.calendar_today, owner=owner_words(duty, names, persons))
        for duty in waiting[:SHOWN]
    ]
    more = f"\n另有 {len(waiting) - SHOWN} 项。" if len(waiting) > SHOWN else ""
    return Reply(
        f"等你接收的 {len(waiting)} 项：\n" + "\n".join(lines) + more,
        buttons=tuple((Button(f"查看 {d.id}", f"/evidence {d.id}"),) for d in waiting[:5]),
    )


@router.command(
    "evidence", "材料", help="看一项任务提交的材料", needs=SEE_DUTIES, usage="编号", private=True
)
async def evidence(context: Context) -> list[Reply]:
    """Show what was handed in for a duty, with its files."""
    duty = await found(context, context.text, SEE_DUTIES)
    replies = []
    for piece in await listing.evidence(context.session, duty.id):
        by = await context.session.get_one(Person, piece.by_id)
        at = piece.at.astimezone(context.services.zone)
        words = f"{by.name} {at:%Y-%m-%d %H:%M} 提交{'：' + piece.text if piece.text else '。'}"
        replies.append(Reply(words, attachment=await _attachment(context, piece.file_id)))
    if replies:
        await context.record("duty.evidence", f"duty:{duty.id}")
    return [
        Reply(f"{name_of(duty)}：" + (f"材料 {len(replies)} 件" if replies else "没有提交材料。")),
        *replies[:-1],
        *([_with_verdict(replies[-1], duty)] if replies else []),
    ]


@router.command(
    "accept", "接收", help="接收下级的办理结果", needs=ACCEPT_DUTY, usage="编号", private=True
)
async def accept(context: Context) -> Replies:
    """Accept what was handed in; the duty is done."""
    duty = await _handed_in(context, context.text)
    closed = await attempt(
        duties.accept(
            context.session,
            duty.id,
            actor_id=context.person_id,
            now=context.calendar_now,
            sent_at=context.now,
        )
    )
    await context.record("duty.accept", f"duty:{duty.id}")
    await _tell(context, duty, f"已接收：{pushed_name(duty)}，任务办结。", "accepted")
    reply = Reply(f"已接收：{name_of(duty)}。", replaces=True)
    following = await after(context, closed, "")
    return [reply, following] if following else reply


@router.command(
    "giveback",
    GIVE_BACK,
    help="退回下级的办理结果，写明理由",
    needs=ACCEPT_DUTY,
    usage="编号 理由",
    private=True,
)
async def give_back(context: Context) -> Reply:
    """Return what was handed in, with a reason; the duty is open again."""
    number, _, reason = context.text.partition(" ")
    duty = await _handed_in(context, number)
    if not reason.strip():
        await context.go_to(REASON, duty=duty.id)
        return Reply(f"“{name_of(duty)}”为什么退回？请直接发送理由；放弃发送“取消”。")
    return await _return(context, duty, reason)


@router.step(REASON, needs=ACCEPT_DUTY)
async def reason(context: Context) -> Reply:
    """Take the reason that was asked for; the whole command may be sent all the same."""
    number, words = str(context.data["duty"]), context.text
    if words.startswith(GIVE_BACK):
        number, _, words = words.removeprefix(GIVE_BACK).strip().partition(" ")
    reply = await _return(context, await _handed_in(context, number), words)
    await context.leave()
    return reply


async def _return(context: Context, duty: Duty, reason: str) -> Reply:
    if not 2 <= len(reason.strip()) <= REASON_LIMIT:
        raise UserError(f"请写明退回的理由（{REASON_LIMIT} 字以内）：退回办理 {duty.id} 理由")
    await attempt(
        duties.give_back(
            context.session,
            duty.id,
            reason=reason.strip(),
            actor_id=context.person_id,
            now=context.calendar_now,
            sent_at=context.now,
        )
    )
    await context.record("duty.giveback", f"duty:{duty.id}")
    await _tell(
        context,
        duty,
        f"被退回：{pushed_name(duty)}。理由：{for_people(reason.strip())}\n"
        f"补充后请重新发送“完成 {duty.id}”。",
        "returned",
    )
    return Reply(f"已退回：{name_of(duty)}。", replaces=True)


async def _handed_in(context: Context, text: str) -> Duty:
    """Return a duty of the level below whose result the asking person may judge."""
    duty = await found(context, text.strip(), ACCEPT_DUTY)
    if not await _stands_above(context, duty):
        raise UserError("本人提交的、本组织的办理结果要由上级接收。")
    return duty


async def _stands_above(context: Context, duty: Duty) -> bool:
    """A unit's result is judged above it, a person's by the branch; nobody judges their own."""
    if duty.person_id == context.person_id:
        return False
    if await listing.handed_in_by(context.session, duty.id) == context.person_id:
        return False
    unit = await context.session.get_one(Unit, duty.unit_id)
    return any(
        unit.path.startswith(prefix) and (duty.person_id is not None or prefix != unit.path)
        for prefix in listing.held_in(context.actor, ACCEPT_DUTY)
    )


async def _tell(context: Context, duty: Duty, text: str, what: str) -> None:
    """Tell whoever handed it in."""
    person_id = await listing.handed_in_by(context.session, duty.id)
    if person_id is not None:
        await outbox.notify(
            context.session,
            person_id,
            Message(text),
            key=f"duty:{duty.id}:{what}:{context.incoming.channel}:{context.incoming.update}",
            kind="duty",
            now=context.now,
        )


async def _attachment(context: Context, file_id: int | None) -> Attachment | None:
    if file_id is None:
        return None
    file = await context.session.get_one(StoredFile, file_id)
    return Attachment(file.id, file.name, file.media_type)


def _with_verdict(reply: Reply, duty: Duty) -> Reply:
    """Put the two verdicts under the last piece of what waits for one."""
    if duty.state != "submitted":
        return reply
    return Reply(
        reply.text,
        attachment=reply.attachment,
        buttons=((Button("接收", f"/accept {duty.id}"), Button("退回", f"/giveback {duty.id}")),),
    )
