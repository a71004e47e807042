"""Who is speaking: binding by code or phone, one's own data, letting go of an account."""

from __future__ import annotations

import logging

from db import accounts, guesses, invites, members
from db.access import IDENTIFY, SEE_SELF
from db.numbers import BadValue, mask_phone, normalise_phone
from db.tables import Account, Person, Unit
from db.vouching import vouches
from handlers.context import Context
from handlers.reply import Button, Message, Reply, UserError
from handlers.router import Router
from scheduler import outbox, undelivered
from scheduler.channels import Address, Lane

log = logging.getLogger(__name__)
router = Router()

HOW = (
    "绑定身份有两种办法：\n"
    "1. 向支部书记或组织委员要一个邀请码，发送“绑定 邀请码”。\n"
    "2. 分享本人手机号，与名册登记的一致即可绑定。"
)
WRONG_CODE = "邀请码无效或已过期。请核对后再试，或请支部书记、组织委员重新邀请。"
LOCKED = "尝试次数过多，请 30 分钟后再试。也可以请支部书记或组织委员协助。"
IN_GROUP = "邀请码不能发在群里：发出的这个码已作废。请让支部重新邀请，并私聊我完成绑定。"
NOT_OWN = "只能分享你本人的手机号，请用下面的按钮分享。"
CODE_NEEDED = "你担任职务，这个手机号又是下级录入的，不能用来绑定。请向上级组织或管理员要邀请码。"
UNKNOWN_PHONE = "名册里没有这个手机号。请向支部书记或组织委员要邀请码，发送“绑定 邀请码”。"


@router.command("start", help="开始使用", needs=IDENTIFY, usage="邀请码", hidden=True)
async def start(context: Context) -> Reply:
    """Greet, or bind by the code that a link carried."""
    if context.text:
        return await _by_code(context)
    if context.actor.bound:
        return Reply(f"{context.actor.name}同志，你好。直接发文字提问，或发送“帮助”。")
    hello = "你好，我是党务助手“支部”。直接发文字就可以查询公开的党务知识。"
    return Reply(f"{hello}\n\n{HOW}", contact=not context.incoming.group)


@router.command("bind", "绑定", help="绑定身份", needs=IDENTIFY, usage="邀请码")
async def bind(context: Context) -> Reply:
    """Bind by a code, or say how binding is done."""
    if context.text:
        return await _by_code(context)
    if context.actor.bound:
        return Reply(f"这个账号已绑定为{_who(context)}。")
    if context.incoming.group:
        return Reply(f"{HOW}\n请私聊我办理，不要把邀请码发在群里。")
    return Reply(HOW, contact=True)


@router.command("contact", help="用手机号绑定", needs=IDENTIFY, hidden=True)
async def by_contact(context: Context) -> Reply:
    """Bind by a phone number that the platform says is the sender's own."""
    contact = context.incoming.contact
    if contact is None:
        return Reply(HOW, contact=not context.incoming.group)
    if context.incoming.group:
        return Reply("请私聊我分享手机号。")
    if not contact.own:
        return Reply(NOT_OWN, contact=True)
    person = await _of_phone(context, contact.phone)
    if person is None:
        return Reply(UNKNOWN_PHONE)
    if not await vouches(context.session, person.phone_by, person.id, today=context.today):
        return Reply(CODE_NEEDED)
    if refusal := await _already_bound(context, person.id):
        return refusal
    return await _bind(context, person.id, "phone")


@router.command("whoami", "我是谁", help="查看本人信息", needs=SEE_SELF, private=True)
async def who_am_i(context: Context) -> Reply:
    """Show what is on record of the asking person, and the person's accounts."""
    person = await _self(context)
    posts = "、".join(f"{post.unit_name}{post.title}" for post in context.actor.posts)
    joined = f"\n入党日期：{person.joined_on:%Y-%m-%d}" if person.joined_on else ""
    bound = (await members.accounts_of(context.session, [person.id]))[person.id]
    lines = "\n".join(f"· {_account(context, account)}" for account in bound)
    return Reply(
        f"{person.name}（{person.number}）\n所在组织：{context.actor.unit_name}\n"
        f"身份：{person.stage}\n职务：{posts or '无'}\n手机：{_phone(context, person)}{joined}\n"
        f"已绑定的账号：\n{lines}",
        buttons=tuple(
            (Button(f"解绑 {account.channel} {account.name}", f"/unbind_account {account.id}"),)
            for account in bound
            if account.id != context.actor.account_id
        ),
    )


@router.command("unbind", "解绑", help="解除本账号的绑定", needs=SEE_SELF, private=True)
async def unbind(context: Context) -> Reply:
    """Ask before letting go of the account that is speaking."""
    number = context.actor.account_id
    button = Button("确认解绑", f"/unbind_account {number}")
    return Reply(
        "解绑后，这个账号不能再查看内部内容，再次绑定需要新的邀请码或手机号核对。确定吗？",
        buttons=((button, Button("不解绑", "/whoami")),),
    )


@router.command(
    "unbind_account", help="解除一个账号的绑定", needs=SEE_SELF, usage="编号", private=True,
    hidden=True,
)  # fmt: skip
async def unbind_account(context: Context) -> Reply:
    """Let go of one of the asking person's own accounts."""
    number = int(context.text) if context.text.isdecimal() and len(context.text) < 15 else 0
    person_id = context.person_id
    freed = await members.unbind(context.session, person_id, account_id=number)
    if not freed:
        raise UserError("没有找到这个账号，或者已经解绑。")
    await undelivered.withdraw(
        context.session, person_id, freed, now=context.now, zone=context.services.zone
    )
    await context.record("account.unbind", f"person:{person_id}", accounts=freed)
    return Reply("已解绑。" if number == context.actor.account_id else "已解绑那个账号。")


async def _by_code(context: Context) -> Reply:
    """Bind by the code that was typed; a wrong one is counted, and all wrong ones look alike."""
    session, now, own = context.session, context.now, context.actor.account_id
    if await guesses.is_locked(session, account_id=own, kind=invites.KIND, now=now):
        return Reply(LOCKED)
    if context.incoming.group:
        return await _burn(context)
    secrets, today = context.services.secrets, context.today
    person_id = await invites.look(session, secrets, context.text, now=now, today=today)
    if person_id is not None and (refusal := await _already_bound(context, person_id)):
        return refusal
    won = person_id and await invites.redeem(
        session, secrets, context.text, account_id=own, now=now, today=today
    )
    if not won:
        return await _wrong(context) if _is_code(context.text) else Reply(WRONG_CODE)
    return await _bind(context, won, "code")


def _is_code(text: str) -> bool:
    """Tell whether a text has the form of a code; what has not is no guess."""
    code = invites.normalise(text)
    return len(code) == invites.LENGTH and code.isascii()


async def _wrong(context: Context) -> Reply:
    await guesses.note(
        context.session,
        account_id=context.actor.account_id,
        kind=invites.KIND,
        now=context.now,
    )
    if await guesses.is_storm(context.session, kind=invites.KIND, now=context.now):
        log.warning("too many wrong invite codes: nobody can bind by code for a while")
    return Reply(WRONG_CODE)


async def _burn(context: Context) -> Reply:
    """End a code that a whole group has seen; the answer tells nobody whether it was one."""
    invite = await invites.burn(
        context.session, context.services.secrets, context.text, now=context.now
    )
    if invite is None:
        if _is_code(context.text):
            await _wrong(context)
        return Reply(IN_GROUP)
    line = await context.record("invite.burn", f"person:{invite.person_id}", invite=invite.id)
    person = await context.session.get_one(Person, invite.person_id)
    if invite.created_by is not None:
        text = f"发给{person.name}的邀请码被发到群里，已作废。请发送“邀请 {person.name}”重新邀请。"
        await outbox.notify(
            context.session,
            invite.created_by,
            Message(text),
            key=f"invite-burnt:{line}",
            kind="identity",
            now=context.now,
        )
    return Reply(IN_GROUP)


async def _already_bound(context: Context, person_id: int) -> Reply | None:
    """Return what is said to an account that has a person already."""
    own = context.actor.person_id
    if own is None:
        return None
    if own == person_id:
        return Reply(f"这个账号已经绑定为{_who(context)}，不用再绑。")
    await context.record("account.refuse", f"person:{person_id}", account=context.actor.account_id)
    return Reply(
        f"这个账号已绑定为{_who(context)}，不能再绑定另一个人。如果绑错了，请先发送“解绑”。"
    )


async def _bind(context: Context, person_id: int, way: str) -> Reply:
    """Give the account to the person, and tell the person's other accounts."""
    own = context.actor.account_id
    if not await members.bind(
        context.session, account_id=own, person_id=person_id, now=context.now, today=context.today
    ):
        raise UserError("这个账号刚刚已绑定，请发送“我是谁”查看。")
    await context.record("account.bind", f"person:{person_id}", account=own, way=way)
    await _tell_other_accounts(context, person_id)
    person = await context.session.get_one(Person, person_id)
    unit = await context.session.get_one(Unit, person.unit_id)
    return Reply(
        f"绑定成功：{person.name}，{unit.name}。发送“帮助”看看可以做什么；"
        "如果这不是你，请立即发送“解绑”。"
    )


async def _tell_other_accounts(context: Context, person_id: int) -> None:
    new = context.actor.account_id
    undo = Button("不是我，解除它", f"/unbind_account {new}")
    message = Message(
        f"你的身份刚刚在另一个账号（{context.incoming.channel}）上绑定。"
        "如果不是你本人操作，请按下面的按钮解除，并告诉支部书记或组织委员。",
        buttons=((undo,),),
    )
    for account in await accounts.addresses(context.session, person_id):
        if account.id != new and account.chat is not None:
            await outbox.enqueue(
                context.session,
                message,
                key=f"bound:{new}:{account.id}:{context.now.isoformat()}",
                address=Address(account.channel, account.chat),
                kind="identity",
                lane=Lane.REMINDER,
                now=context.now,
                person_id=person_id,
                presser=account.id,
            )


async def _of_phone(context: Context, phone: str) -> Person | None:
    try:
        plain = normalise_phone(phone)
    except BadValue:
        return None
    return await members.by_phone(
        context.session, context.services.secrets, plain, today=context.today
    )


async def _self(context: Context) -> Person:
    return await context.session.get_one(Person, context.person_id)


def _phone(context: Context, person: Person) -> str:
    if person.phone is None:
        return "未登记"
    return mask_phone(context.services.secrets.open(person.phone, members.PHONE))


def _account(context: Context, account: Account) -> str:
    here = "（本账号）" if account.id == context.actor.account_id else ""
    since = account.bound_at.astimezone(context.services.zone) if account.bound_at else None
    bound = f"，{since:%Y-%m-%d} 绑定" if since else ""
    return f"{account.channel} {account.name}{bound}{here}"


def _who(context: Context) -> str:
    return f"{context.actor.name}（{context.actor.unit_name}）"
