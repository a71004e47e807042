"""A question goes to a person, the answer comes back, and the pair may become knowledge."""

from __future__ import annotations

import hashlib

from db.access import ANSWER_HANDOVER, HAND_OVER, REVIEW_PROPOSALS
from db.accounts import person_today
from db.tables import Account, Handover, Person, Proposal, ProposalState, Unit
from handlers.context import Context
from handlers.reply import Button, Message, Quote, Reply, UserError
from handlers.router import Router
from knowledge import handover, questions
from scheduler import outbox
from scheduler.channels import Address, Lane

router = Router()

ANSWER = "handover.answer"
ANSWER_LIMIT = 2_000
HIDDEN = "电话、证件号码不留存，已隐去；需要时请当面告知。"


@router.command(
    "handover", "转人工", help="把问题转给组织委员", needs=HAND_OVER, usage="N", private=True,
    hidden=True,
)  # fmt: skip
async def hand_over(context: Context) -> Reply:
    """Give a question that this account put to the person who answers for its unit."""
    asked = await handover.find_asked(
        context.session, _number(context.text), account_id=context.actor.account_id
    )
    if asked is None:
        raise UserError("没有找到这个问题，请重新提问。")
    if before := await handover.of_question(context.session, asked.id):
        await pass_on(context, before.person_id)
        return Reply("这个问题已经转出，有答复会第一时间告诉你。")
    unit_id = context.actor.unit_id or 0
    person = await handover.recipient(
        context.session, unit_id, asker_id=context.person_id, today=context.today
    )
    if person is None:
        return Reply("暂时没有能收到消息的答疑人。问题已记入知识盘点，知识编辑会看到。")
    row = await handover.hand_over(
        context.session,
        asked,
        chat=context.chat,
        asker_id=context.person_id,
        person=person,
        unit_id=unit_id,
        now=context.now,
    )
    await _ask(context, row)
    await context.record("handover.create", f"handover:{row.id}", to=person.id)
    return Reply(f"已转给{person.name}同志，答复会发到这里。")


@router.command(
    "inquiries", "转来的问题", help="查看等我答复的问题", needs=ANSWER_HANDOVER, private=True
)
async def inquiries(context: Context) -> Reply:
    """List what waits for an answer in the asking person's scope."""
    rows = await handover.waiting(context.session, within=context.scope(ANSWER_HANDOVER))
    if not rows:
        return Reply("没有等待答复的问题。")
    lines = [f"{row.id}. {row.question}" for row in rows]
    buttons = tuple((Button(f"答复 {row.id}", f"/answer {row.id}"),) for row in rows)
    return Reply("等待答复的问题：\n" + "\n".join(lines), buttons=buttons)


@router.command(
    "answer", "答复", help="答复转来的问题", needs=ANSWER_HANDOVER, usage="编号", private=True
)
async def start_answer(context: Context) -> Reply:
    """Ask for the answer to one question."""
    row = await _handover(context, _number(context.text))
    if row.answer is not None:
        raise UserError("这个问题已经有人答复。")
    await context.go_to(ANSWER, id=row.id)
    return Reply(f"问题：{row.question}\n请直接发送答复内容（发送“取消”放弃）。")


@router.step(ANSWER, needs=ANSWER_HANDOVER)
async def take_answer(context: Context) -> Reply:
    """Show the answer as the asker will see it; another text takes its place."""
    text = _wording(context.text)
    row = await _handover(context, int(context.data["id"]))
    await context.go_to(ANSWER, id=row.id, text=text)
    hidden = "" if text == context.text else f"{HIDDEN}\n"
    return Reply(
        f"将这样答复提问人：\n你问：{row.question}\n\n{text}\n\n{hidden}"
        "核对无误请发送“发送答复”；要修改请重新发送内容，放弃发送“取消”。",
        buttons=((Button("发送答复", f"/answer_send {_mark(row, text)}"), Button("放弃", "取消")),),
    )


@router.command(
    "answer_send", "发送答复", help="发出预览过的答复", needs=ANSWER_HANDOVER, private=True,
    hidden=True,
)  # fmt: skip
async def send_answer(context: Context) -> Reply:
    """Send the answer to the asker as it was shown, and propose the pair for the library."""
    data = await context.dialog(ANSWER) or {}
    if "text" not in data:
        raise UserError("没有等待发送的答复。")
    row, text = await _handover(context, int(data["id"])), str(data["text"])
    if context.text and context.text != _mark(row, text):
        raise UserError("这个预览已失效，请看最新的一条。")
    await context.leave()
    if not await handover.answer(
        context.session, row.id, text, by=context.person_id, now=context.now
    ):
        return Reply("这个问题刚刚已由他人答复。")
    sent = await _send_back(context, row, text)
    proposal = await handover.propose(context.session, row, text, by=context.person_id)
    await _tell_editors(context, proposal)
    await context.record("handover.answer", f"handover:{row.id}")
    if not sent:
        return Reply("提问人现在没有能收到消息的账号，答复没有发出。已作为入库建议交知识编辑审核。")
    return Reply("答复已发给提问人，并作为入库建议交知识编辑审核。")


@router.command("proposals", "待审", help="审核入库建议", needs=REVIEW_PROPOSALS, private=True)
async def proposals(context: Context) -> list[Reply] | Reply:
    """Show the pairs that wait for approval."""
    rows = await handover.open_proposals(context.session, within=context.scope(REVIEW_PROPOSALS))
    return [_card(row) for row in rows] or Reply("没有待审核的入库建议。")


@router.command(
    "publish", "发布", help="发布一条入库建议", needs=REVIEW_PROPOSALS, usage="编号", private=True
)
async def publish(context: Context) -> Reply:
    """Put a proposed pair into the knowledge base."""
    number, _, wording = context.text.partition(" ")
    row = await _proposal(context, number)
    if context.person_id in (row.proposed_by, row.worded_by):
        raise UserError("自己的答复或修改需要由另一位知识编辑审核。")
    if row.worded_by is not None and wording.strip() != _wording_mark(row):
        return _card(row, "这条建议修改过，请核对后再发布。\n")
    if not await handover.decide(
        context.session, row.id, ProposalState.PUBLISHED, by=context.person_id, now=context.now
    ):
        raise UserError("这条建议已经处理过了。")
    await questions.publish(
        context.session, row, by=context.person_id, now=context.now, today=context.today
    )
    await context.record("proposal.publish", f"proposal:{row.id}")
    await _tell_proposer(context, row, "已收入知识库，谢谢！")
    return Reply(f"已发布：{row.question}", replaces=True)


@router.command(
    "reject", "退回", help="退回一条入库建议", needs=REVIEW_PROPOSALS, usage="编号", private=True
)
async def reject(context: Context) -> Reply:
    """Keep a proposed pair out of the knowledge base."""
    row = await _proposal(context)
    if not await handover.decide(
        context.session, row.id, ProposalState.REJECTED, by=context.person_id, now=context.now
    ):
        raise UserError("这条建议已经处理过了。")
    await context.record("proposal.reject", f"proposal:{row.id}")
    await _tell_proposer(context, row, "未收入知识库。")
    return Reply(f"已退回：{row.question}", replaces=True)


@router.command(
    "reword", "修改建议", help="修改入库建议的问题或答案", needs=REVIEW_PROPOSALS,
    usage="编号 问题|答案", private=True,
)  # fmt: skip
async def start_reword(context: Context) -> Reply:
    """Ask for another wording of a proposed question or answer."""
    number, _, field = context.text.partition(" ")
    if field.strip() not in ("问题", "答案"):
        raise UserError("请写明改哪一项，例如：修改建议 3 问题")
    row = await _proposal(context, number)
    await context.go_to("proposal.reword", id=row.id, field=field.strip())
    now = row.question if field.strip() == "问题" else row.answer
    return Reply(f"现在的{field.strip()}：{now}\n请发送新的内容（发送“取消”放弃）。")


@router.step("proposal.reword", needs=REVIEW_PROPOSALS)
async def take_reword(context: Context) -> Reply:
    """Keep the other wording and show the pair again."""
    text = _wording(context.text)
    row = await _proposal(context, str(context.data["id"]))
    field = "question" if context.data["field"] == "问题" else "answer"
    if not await handover.reword(context.session, row.id, by=context.person_id, **{field: text}):
        raise UserError("这条建议已经处理过了。")
    await context.leave()
    await context.record("proposal.reword", f"proposal:{row.id}", field=field)
    await context.session.refresh(row)
    await _tell_editors(context, row)
    return _card(row, "已修改，由另一位知识编辑审核发布。\n")


async def pass_on(context: Context, person_id: int) -> None:
    """Give what waits with somebody who may not answer it any more to whoever does now."""
    for row in await handover.stranded(context.session, person_id=person_id, today=context.today):
        person = await handover.recipient(
            context.session, row.unit_id, asker_id=row.asker_id or 0, today=context.today
        )
        if person is not None:
            row.person_id = person.id
            await _ask(context, row)
            await context.record("handover.pass-on", f"handover:{row.id}", to=person.id)


async def _ask(context: Context, row: Handover) -> None:
    """Tell the person who has a question that it waits for their answer."""
    asker = await context.session.get(Person, row.asker_id) if row.asker_id else None
    unit = await context.session.get_one(Unit, row.unit_id)
    name = f" {asker.name}" if asker else ""
    message = Message(
        f"{unit.name}{name}同志提问，知识库里没有合适的答案：\n{row.question}",
        buttons=((Button("答复", f"/answer {row.id}"),),),
    )
    await outbox.notify(
        context.session,
        row.person_id,
        message,
        key=f"handover:{row.id}:{row.person_id}",
        kind="handover",
        now=context.now,
    )


def _card(row: Proposal, before: str = "") -> Reply:
    return Reply(
        f"{before}入库建议 {row.id}\n问：{row.question}\n答：{row.answer}",
        buttons=(
            (
                Button("发布", f"/publish {row.id} {_wording_mark(row)}"),
                Button("退回", f"/reject {row.id}"),
            ),
            (
                Button("改问题", f"/reword {row.id} 问题"),
                Button("改答案", f"/reword {row.id} 答案"),
            ),
        ),
    )


async def _send_back(context: Context, row: Handover, text: str) -> bool:
    """Send the answer to the asker, where the question came from if that is still theirs.

    False if nowhere can reach the asker.
    """
    asker = await person_today(context.session, row.asker_id or 0, today=context.today)
    if asker is None:
        return False
    source = Quote(f"{context.actor.unit_name} {context.actor.name}同志答复")
    message = Message(f"你问：{row.question}\n\n{text}", quote=source)
    key, kind = f"handover-answer:{row.id}", "handover-answer"
    account = await context.session.get_one(Account, row.account_id)
    if account.person_id != asker.id:
        return await outbox.notify(
            context.session, asker.id, message, key=key, kind=kind, now=context.now
        )
    await outbox.enqueue(
        context.session,
        message,
        key=key,
        address=Address(account.channel, account.chat or row.chat),
        kind=kind,
        lane=Lane.REMINDER,
        now=context.now,
        person_id=asker.id,
        presser=account.id,
    )
    return True


async def _tell_editors(context: Context, proposal: Proposal) -> None:
    for editor in await handover.editors(
        context.session, proposal.unit_id, besides=context.person_id, today=context.today
    ):
        await outbox.notify(
            context.session,
            editor.id,
            _card(proposal),
            key=f"proposal:{proposal.id}:{editor.id}:{_wording_mark(proposal)}",
            kind="proposal",
            now=context.now,
        )


async def _tell_proposer(context: Context, row: Proposal, outcome: str) -> None:
    person: Person | None = await person_today(
        context.session, row.proposed_by, today=context.today
    )
    if person is not None:
        await outbox.notify(
            context.session,
            person.id,
            Message(f"你对“{row.question}”的答复{outcome}"),
            key=f"proposal-outcome:{row.id}",
            kind="proposal",
            now=context.now,
        )


async def _handover(context: Context, number: int) -> Handover:
    row = await handover.find(context.session, number, within=context.scope(ANSWER_HANDOVER))
    if row is None:
        raise UserError("没有找到这个问题。")
    return row


async def _proposal(context: Context, number: str = "") -> Proposal:
    row = await handover.find_proposal(
        context.session,
        _number(number or context.text),
        within=context.scope(REVIEW_PROPOSALS),
    )
    if row is None:
        raise UserError("没有找到这条建议。")
    if row.state != ProposalState.OPEN.value:
        raise UserError("这条建议已经处理过了。")
    return row


def _wording_mark(row: Proposal) -> str:
    """Name one wording of a pair, so that its button publishes no other."""
    return hashlib.sha256(f"{row.question}\n{row.answer}".encode()).hexdigest()[:12]


def _mark(row: Handover, text: str) -> str:
    """Name one preview, so that its button sends no other answer."""
    return hashlib.sha256(f"{row.id}\n{text}".encode()).hexdigest()[:12]


def _number(text: str) -> int:
    if not (text.isdecimal() and len(text) < 10):
        raise UserError("请写明编号，例如：答复 12")
    return int(text)


def _wording(text: str) -> str:
    """Return an answer as it may be kept: without the numbers of people."""
    if not text or len(text) > ANSWER_LIMIT:
        raise UserError(f"请发送 1 到 {ANSWER_LIMIT} 字的文字。")
    return questions.mask(text)
