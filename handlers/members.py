"""The people of one's scope: seeing, inviting, unbinding, and their leaving."""

from __future__ import annotations

from collections.abc import Sequence

from db import access, accounts, invites, members, organisation
from db.access import INVITE, MOVE, SEE_MEMBERS, UNBIND, Action, HeldPost
from db.numbers import mask_phone
from db.tables import Account, Person, Unit
from handlers import handover, posts
from handlers.choosing import NO_UNIT, pick_person, unit_of
from handlers.context import Context
from handlers.reply import Button, Message, Reply, Table, UserError
from handlers.router import Router
from scheduler import outbox, undelivered
from scheduler.channels import Address, Lane

router = Router()
router.include(posts.router)

PAGE = 15
UNBOUND = "你的账号绑定已由组织解除。如有疑问，请联系支部书记或组织委员。"
SELF = "不能对自己办理，请由他人办理。"


@router.command(
    "members", "党员", "人员", help="看职责范围内的人员", needs=SEE_MEMBERS, usage="[姓名]",
    private=True,
)  # fmt: skip
async def list_members(context: Context) -> Reply:
    """List the units or one unit of the scope, or show one person."""
    if not context.text or context.text.startswith("@"):
        return await _list(context)
    unit = await organisation.find_unit(context.session, context.text, context.scope(SEE_MEMBERS))
    if unit is not None:
        return await _unit(context, unit, 1)
    chosen = await pick_person(context, SEE_MEMBERS, context.text, lambda who: f"/members {who}")
    return chosen if isinstance(chosen, Reply) else await _card(context, chosen)


@router.command(
    "invite", "邀请", help="给人员发邀请码", needs=INVITE, usage="姓名", private=True
)  # fmt: skip
async def invite(context: Context) -> Reply:
    """Make a one-time code, and say how to hand it over."""
    person = await pick_person(context, INVITE, context.text, lambda who: f"/invite {who}")
    if isinstance(person, Reply):
        return person
    await _may(context, INVITE, person)
    issued = await invites.issue(
        context.session,
        context.services.secrets,
        person_id=person.id,
        by=context.person_id,
        now=context.now,
    )
    await context.record("invite.create", f"person:{person.id}")
    until = issued.expires_at.astimezone(context.services.zone)
    links = "".join(
        f"\n{channel}：{pattern.replace('{}', issued.code)}"
        for channel, pattern in context.services.links.items()
    )
    return Reply(
        f"{person.name}的邀请码：{issued.code}\n有效期至 {until:%Y-%m-%d %H:%M}，只能用一次；"
        f"之前未使用的邀请码已作废。\n\n请单独转告本人（不要发在群里），由本人私聊我发送：\n"
        f"绑定 {issued.code}" + (f"\n\n或点开链接：{links}" if links else ""),
        secret=True,
    )


@router.command(
    "revoke_invite", "撤回邀请", help="让未使用的邀请码作废", needs=INVITE, usage="姓名",
    private=True,
)  # fmt: skip
async def revoke_invite(context: Context) -> Reply:
    """End the open code of a person."""
    person = await pick_person(context, INVITE, context.text, lambda who: f"/revoke_invite {who}")
    if isinstance(person, Reply):
        return person
    await _may(context, INVITE, person)
    if not await invites.revoke(context.session, person_id=person.id, now=context.now):
        return Reply(f"{person.name}没有未使用的邀请码。")
    await context.record("invite.revoke", f"person:{person.id}")
    return Reply(f"{person.name}的邀请码已作废。")


@router.command(
    "unbind_person", "解除绑定", help="解除他人全部账号的绑定", needs=UNBIND, usage="姓名",
    private=True,
)  # fmt: skip
async def unbind_person(context: Context) -> Reply:
    """Take all accounts of a person, for instance when a phone was lost."""
    person = await pick_person(context, UNBIND, context.text, lambda who: f"/unbind_person {who}")
    if isinstance(person, Reply):
        return person
    if person.id == context.person_id:
        raise UserError("解除自己的绑定请发送“解绑”。")
    await _may(context, UNBIND, person)
    told = await accounts.addresses(context.session, person.id)
    freed = await members.unbind(context.session, person.id)
    if not freed:
        return Reply(f"{person.name}没有绑定账号。")
    await undelivered.withdraw(
        context.session, person.id, freed, now=context.now, zone=context.services.zone
    )
    line = await context.record("member.unbind", f"person:{person.id}", accounts=freed)
    await _tell(context, told, line, UNBOUND)
    return Reply(
        f"已解除{person.name}的 {len(freed)} 个账号。", buttons=((posts.undo_button(line),),)
    )


@router.command(
    "leave", "离开", help="办理人员转出、离职", needs=MOVE, usage="姓名", private=True
)  # fmt: skip
async def leave(context: Context) -> Reply:
    """Ask before somebody's rights end."""
    person = await pick_person(context, MOVE, context.text, lambda who: f"/leave {who}")
    if isinstance(person, Reply):
        return person
    await _may_part(context, person)
    confirm = Button("确认离开", f"/leave_confirm #{person.id}")
    return Reply(
        f"{person.name}（{person.number}）离开后，职务、绑定、邀请码和网页登录立即失效，"
        "资料保留。确定吗？",
        buttons=((confirm, Button("取消", f"/members #{person.id}")),),
    )


@router.command(
    "leave_confirm", help="确认人员离开", needs=MOVE, usage="编号", private=True, hidden=True
)
async def leave_confirm(context: Context) -> Reply:
    """End everything that the person may do, at once."""
    person = await pick_person(context, MOVE, context.text, lambda who: f"/leave {who}")
    if isinstance(person, Reply):
        return person
    await _may_part(context, person)
    told = await accounts.addresses(context.session, person.id)
    if not await members.leave(context.session, person.id, now=context.now, today=context.today):
        raise UserError("刚刚已经办理过了。")
    line = await context.record("member.leave", f"person:{person.id}")
    await handover.pass_on(context, person.id)
    await _tell(context, told, line, "组织已办理你的转出，账号绑定随之解除。")
    return Reply(f"{person.name}已办理离开，绑定和权限已全部失效。")


async def _list(context: Context) -> Reply:
    """Show a unit ("@5 2": the second page of unit 5), or the units of the scope ("@0 2")."""
    words = [*context.text.removeprefix("@").split(), "", ""]
    number, page = (int(w) if w.isdecimal() and len(w) < 15 else 0 for w in words[:2])
    units = await organisation.list_units(context.session, context.scope(SEE_MEMBERS))
    if number == 0 and len(units) > 1:
        return await _units(context, units, max(page, 1))
    chosen = units[0] if number == 0 else next((u for u in units if u.id == number), None)
    if chosen is None:
        raise UserError(NO_UNIT)
    return await _unit(context, chosen, max(page, 1))


async def _units(context: Context, units: Sequence[Unit], page: int) -> Reply:
    counts = await members.count_by_unit(
        context.session, context.scope(SEE_MEMBERS), today=context.today
    )
    shown = units[(page - 1) * PAGE : page * PAGE]
    rows = (("组织", "本级人数"), *((u.name, str(counts.get(u.id, 0))) for u in shown))
    buttons = tuple((Button(u.name, f"/members @{u.id}"),) for u in shown)
    return Reply(
        f"你的职责范围内有 {len(units)} 个组织，{sum(counts.values())} 人。"
        "选择一个组织，或发送“党员 姓名”。",
        table=Table(rows, "组织人数"),
        buttons=(*buttons, *_turn(0, page, len(units))),
    )


async def _unit(context: Context, unit: Unit, page: int) -> Reply:
    scope = context.scope(SEE_MEMBERS)
    total = (await members.count_by_unit(context.session, scope, today=context.today)).get(unit.id)
    if not total:
        return Reply(f"{unit.name}本级没有人员。")
    people = await members.of_unit(
        context.session, unit.id, today=context.today, limit=PAGE, offset=(page - 1) * PAGE
    )
    ids = [person.id for person in people]
    held = await members.posts_of(context.session, ids, today=context.today)
    bound = await members.accounts_of(context.session, ids)
    await context.record("member.list", f"unit:{unit.id}", page=page)
    rows = [
        (p.name, p.number, p.stage, _posts(held[p.id], unit), "是" if bound[p.id] else "否")
        for p in people
    ]
    head = ("姓名", "工号", "身份", "职务", "已绑定")
    return Reply(
        f"{unit.name}，本级 {total} 人。发送“党员 姓名”查看一位。",
        table=Table((head, *rows), f"党员-{unit.name}-第{page}页"),
        buttons=_turn(unit.id, page, total),
    )


async def _card(context: Context, person: Person) -> Reply:
    """Show one person; looking somebody up leaves an audit line."""
    await context.record("member.look", f"person:{person.id}")
    unit = await unit_of(context, person)
    held = (await members.posts_of(context.session, [person.id], today=context.today))[person.id]
    bound = (await members.accounts_of(context.session, [person.id]))[person.id]
    joined = f"\n入党日期：{person.joined_on:%Y-%m-%d}" if person.joined_on else ""
    phone = "未登记"
    if person.phone is not None:
        phone = mask_phone(context.services.secrets.open(person.phone, members.PHONE))
    return Reply(
        f"{person.name}（{person.number}）\n所在组织：{unit.name}\n身份：{person.stage}\n"
        f"职务：{_posts(held, unit) or '无'}\n手机：{phone}{joined}\n已绑定账号：{len(bound)} 个",
        buttons=_acts(context, person, unit, held, bool(bound)),
    )


def _acts(
    context: Context, person: Person, unit: Unit, held: Sequence[HeldPost], bound: bool
) -> tuple[tuple[Button, ...], ...]:
    """Offer what the asking person may do about this one."""
    offers = [("邀请绑定", "invite", INVITE)]
    if bound and person.id != context.person_id:
        offers.append(("解除绑定", "unbind_person", UNBIND))
    row = tuple(
        Button(label, f"/{name} #{person.id}")
        for label, name, action in offers
        if access.decide_person(
            context.actor, action, unit_path=unit.path, posts=tuple(held)
        ).allowed
    )
    return (row,) if row else ()


async def _may(context: Context, action: Action, person: Person) -> None:
    """Raise `UserError` unless the actor may do this to the holder of these posts."""
    unit = await unit_of(context, person)
    held = await accounts.posts_today(context.session, person.id, today=context.today)
    verdict = access.decide_person(context.actor, action, unit_path=unit.path, posts=held)
    if not verdict.allowed:
        raise UserError(verdict.reason)


async def _may_part(context: Context, person: Person) -> None:
    if person.id == context.person_id:
        raise UserError(SELF)
    await _may(context, MOVE, person)


async def _tell(context: Context, told: Sequence[Account], line: int, text: str) -> None:
    """Word it to accounts that were the person's until now."""
    for account in told:
        if account.chat is not None:
            await outbox.enqueue(
                context.session,
                Message(text),
                key=f"member:{line}:{account.id}",
                address=Address(account.channel, account.chat),
                kind="identity",
                lane=Lane.REMINDER,
                now=context.now,
            )


def _posts(held: Sequence[HeldPost], unit: Unit) -> str:
    """Name posts; the unit is added where it is not the person's own."""
    return "、".join(
        post.title if post.unit_id == unit.id else f"{post.unit_name}{post.title}" for post in held
    )


def _turn(unit_id: int, page: int, total: int) -> tuple[tuple[Button, ...], ...]:
    row = []
    if page > 1:
        row.append(Button("上一页", f"/members @{unit_id} {page - 1}"))
    if page * PAGE < total:
        row.append(Button("下一页", f"/members @{unit_id} {page + 1}"))
    return (tuple(row),) if row else ()
