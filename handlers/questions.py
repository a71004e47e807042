"""Any text that is no command is a question."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from db.access import ASK, SEE_GAPS
from handlers.context import Context
from handlers.reply import Button, Quote, Reply, UserError
from handlers.router import Replies, Router
from knowledge import questions
from knowledge.answering import Answer

router = Router()

ONLY_ASIDE = "这个问题的答案仅限组织内部，我只私聊答复。"


async def ask(context: Context) -> Replies:
    """Answer from the library, offer what is near, or say that nothing was found.

    What only members may read is not said in a group, but to whoever asked.
    """
    answer = await _answer(context, context.text, internal=not context.overheard)
    aside = None
    if context.overheard and context.actor.bound:
        inner = await _answer(context, context.text, internal=True)
        if inner.verdict == "answer" and inner.passage_id != answer.passage_id:
            answer, aside = inner, Reply(ONLY_ASIDE)
    asked = await questions.record(
        context.session,
        account_id=context.actor.account_id,
        unit_id=context.actor.unit_id,
        text=context.text,
        answer=answer,
        now=context.now,
    )
    reply = _say(answer, asked, near=context.slip)
    return [replace(reply, private=True), aside] if aside else reply


@router.command("look", help="看一条知识", needs=ASK, usage="编号", hidden=True)
async def look(context: Context) -> Reply:
    """Show a passage that was offered as a suggestion or as related."""
    if not context.text.isdecimal():
        raise UserError("请重新提问。")
    await context.services.library.refresh(context.session)
    answer = context.services.library.show(
        int(context.text),
        as_of=context.today,
        internal=context.actor.bound and not context.overheard,
    )
    if answer is None:
        raise UserError("这条内容已经更新，请重新提问。")
    asked = await questions.record(
        context.session,
        account_id=context.actor.account_id,
        unit_id=context.actor.unit_id,
        text=answer.question,
        answer=answer,
        now=context.now,
    )
    return _say(answer, asked)


@router.command("useful", help="答案有用", needs=ASK, usage="编号", hidden=True)
async def useful(context: Context) -> Reply:
    """Note that an answer helped."""
    await _mark(context, True)
    return Reply("谢谢反馈！")


@router.command("useless", help="答案没用", needs=ASK, usage="编号", hidden=True)
async def useless(context: Context) -> Reply:
    """Note that an answer did not help, and offer a person."""
    number = await _mark(context, False)
    button = Button("问组织委员", f"/handover {number}")
    return Reply("已记下，知识编辑会看到。需要的话可以转给组织委员。", buttons=((button,),))


@router.command("gaps", "知识盘点", help="看哪些问题没有答上来", needs=SEE_GAPS, private=True)
async def gaps(context: Context) -> Reply:
    """Show what was asked and not found, grouped, hottest first."""
    groups = await questions.gaps(context.session, within=context.scope(SEE_GAPS), now=context.now)
    if not groups:
        return Reply("近期的问题都答上来了。")
    lines = [
        f"{number}. {group.question}（{group.count} 次，最近 {_day(context, group.last)}）"
        for number, group in enumerate(groups, 1)
    ]
    buttons = tuple(
        (Button(f"已处理：{group.question[:12]}", f"/settle {group.key}"),) for group in groups[:5]
    )
    return Reply("没有答上来的问题，问得多的在前：\n" + "\n".join(lines), buttons=buttons)


@router.command("settle", help="把一组问题标为已处理", needs=SEE_GAPS, usage="编号", hidden=True)
async def settle(context: Context) -> Reply:
    """Take a group of questions off the list of gaps."""
    count = await questions.settle(
        context.session, context.text, within=context.scope(SEE_GAPS), now=context.now
    )
    if not count:
        return Reply("这组问题已经处理过了。")
    undo = Button("撤销", f"/unsettle {context.now.isoformat()}")
    return Reply(f"已把 {count} 条提问标为已处理。", buttons=((undo,),))


@router.command("unsettle", help="撤销已处理", needs=SEE_GAPS, usage="时间", hidden=True)
async def unsettle(context: Context) -> Reply:
    """Put a group of questions back on the list of gaps."""
    at = _moment(context.text)
    if at is None:
        raise UserError("请用“知识盘点”里的按钮操作。")
    within = context.scope(SEE_GAPS)
    count = await questions.unsettle(context.session, at, within=within)
    return Reply(f"已放回 {count} 条提问。" if count else "没有可以撤销的操作。")


async def _answer(context: Context, text: str, *, internal: bool) -> Answer:
    library = context.services.library
    await library.refresh(context.session)
    return library.answer(text, as_of=context.today, internal=internal and context.actor.bound)


def _say(answer: Answer, asked: int, *, near: Button | None = None) -> Reply:
    if answer.verdict == "answer":
        return _found(answer, asked)
    if answer.reason:
        return Reply(answer.text)
    offers = tuple((Button(s.question, f"/look {s.passage_id}"),) for s in answer.suggestions)
    hand_over = (Button("转给组织委员", f"/handover {asked}"),)
    if answer.verdict == "suggest":
        return Reply(answer.text, buttons=(*offers, hand_over))
    command = ((near,),) if near else ()
    hint = f"你是不是想用“{near.label}”？\n" if near else ""
    text = f"{hint}{answer.text}可以换个说法再问，或者转给组织委员。"
    return Reply(text, buttons=(*command, *offers, hand_over))


def _found(answer: Answer, asked: int) -> Reply:
    source = answer.source
    quote = None
    # An answer to several questions cites each of them in its text.
    if source is not None and not answer.parts:
        quote = Quote(source.regulation, source.article, source.version, source.remark)
    verdicts = (
        Button("有用", f"/useful {asked}"),
        Button("没用", f"/useless {asked}"),
        Button("问组织委员", f"/handover {asked}"),
    )
    related = tuple((Button(r.question, f"/look {r.passage_id}"),) for r in answer.related)
    return Reply(answer.text, quote=quote, buttons=(verdicts, *related))


async def _mark(context: Context, helped: bool) -> int:
    number = int(context.text) if context.text.isdecimal() and len(context.text) < 15 else 0
    if not await questions.mark(
        context.session, number, account_id=context.actor.account_id, useful=helped
    ):
        raise UserError("没有找到这个问题，请重新提问。")
    return number


def _day(context: Context, at: datetime) -> str:
    return f"{at.astimezone(context.services.zone):%m月%d日}"


def _moment(text: str) -> datetime | None:
    """Read the moment that our own button wrote; None for one without a zone or out of range."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
