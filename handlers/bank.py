"""The question bank in the chat: its topics, importing, and looking after single questions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from db.access import IMPORT_QUESTIONS, PRACTISE, HeldPost
from handlers import bank_words
from handlers.context import Context
from handlers.questions import ask
from handlers.reply import Button, Reply, Table, UserError
from handlers.router import Replies, Router
from knowledge.documents import safe_name
from knowledge.quiz import bank, importing, keeping, layouts, lint, pending
from knowledge.quiz.importing import Plan
from knowledge.quiz.keeping import Kept
from knowledge.quiz.layouts import Reading
from knowledge.quiz.lint import Finding
from knowledge.quiz.model import Question
from knowledge.quiz.pending import Pending

router = Router()

STEP = "bank.file"
GONE = "没有等待确认的题库（预览 12 小时内有效），请重新发送文件。"
MOVED_ON = "题库在你预览之后有变动，请重新核对：\n"
NO_QUESTION = "没有找到这道题。"
HELP = (
    "请把 xlsx、csv、docx、txt 或 json 题库私聊发给我；不先发“导入题库”的，文件说明里写“题库”。"
    "我先列出读懂了什么、哪里没读懂、检查发现了什么，你确认之后才会保存。\n"
    "表格：一行一题，表头有“题干”“答案”，选项放在“选项A、选项B……”或“选项”一列（A. B. 分开，"
    "或每行一个）；“题型”“解析”“依据”“知识点”“难度”可有可无。\n"
    "文档：1. 题干，A. B. C. 选项，“答案：B”，“解析：……”；答案写在题干括号里、"
    "或集中列在最后（1-5 ABCDA）也行。\n"
    "收入的题只在你职务所在的组织和下级里出。导错了，一天之内发送“撤销导入”。"
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A bank as it was read outside the transaction, and what the check says of it."""

    name: str
    reading: Reading
    findings: tuple[Finding, ...]


def prepare(name: str, data: bytes) -> Prepared:
    """Read and check a bank; raises `DocumentError` for a file that is none."""
    reading = layouts.read(name, data)
    return Prepared(safe_name(name), reading, tuple(lint.check(reading.questions)))


@router.file(
    "questions",
    help="导入题库",
    needs=IMPORT_QUESTIONS,
    suffixes=layouts.SUFFIXES,
    words=("题库", "试题"),
    prepare=prepare,
)
async def receive(context: Context) -> Reply:
    """Show what was read from a bank, and ask."""
    if context.incoming.group:
        raise UserError("题库里有答案，请私聊我发送。")
    file: Prepared = context.prepared
    post = _post(context)
    plan, against = await _plan(context, file.reading.questions, post)
    text = bank_words.preview(
        file.name,
        post.unit_name,
        file.reading.questions,
        plan,
        faults=file.reading.faults,
        findings=[*file.findings, *against],
    )
    kept = Pending(file.name, post.unit_id, plan.mark, file.reading.questions)
    return await _offer(context, text, plan, kept)


@router.command("import_bank", "导入题库", help="导入题库的办法", needs=IMPORT_QUESTIONS)
async def explain(context: Context) -> Reply:
    """Say how a bank is imported; the file that follows needs no caption then."""
    if not context.incoming.group:
        await context.go_to(STEP)
    return Reply(HELP)


@router.step(STEP, needs=IMPORT_QUESTIONS, file="questions", brief=True)
async def meanwhile(context: Context) -> Replies:
    """Go on with whatever is said while a file is waited for."""
    await context.leave()
    return await ask(context)


@router.command(
    "bank_confirm", "收入题库", help="保存预览过的题库", needs=IMPORT_QUESTIONS, usage="编号",
    private=True, hidden=True,
)  # fmt: skip
async def confirm(context: Context) -> Reply:
    """Store the bank as it was shown, or show it again if the store has changed."""
    await importing.take_turn(context.session)
    kept = await pending.find(
        context.session, _number(context.text, default=0), owner_id=context.person_id
    )
    if kept is None:
        raise UserError(GONE)
    post = _post(context, unit_id=kept.unit_id)
    plan, against = await _plan(context, kept.questions, post)
    if plan.mark != kept.mark:
        text = bank_words.preview(kept.name, post.unit_name, kept.questions, plan, findings=against)
        again = Pending(kept.name, kept.unit_id, plan.mark, kept.questions)
        return await _offer(context, MOVED_ON + text, plan, again)
    await pending.drop(context.session, owner_id=context.person_id)
    if await context.dialog(STEP) is not None:
        await context.leave()
    done = await importing.apply(
        context.session, plan, name=kept.name, by=context.person_id, now=context.now
    )
    await context.record("bank.import", f"quiz-import:{done.id}", unit=post.unit_id)
    return Reply(
        f"已收入“{post.unit_name}”题库：{bank_words.outlook(plan)}。导错了，一天之内可以撤销。",
        buttons=((Button("撤销导入", "/bank_undo"),),),
    )


@router.command(
    "bank_cancel", help="放弃预览过的题库", needs=IMPORT_QUESTIONS, private=True, hidden=True
)
async def give_up(context: Context) -> Reply:
    """Forget the bank that waits for confirmation."""
    if not await pending.drop(context.session, owner_id=context.person_id):
        raise UserError(GONE)
    return Reply("已取消，题库没有变动。")


@router.command(
    "bank_undo", "撤销导入", help="撤销一天之内导入的题库", needs=IMPORT_QUESTIONS, private=True
)
async def undo(context: Context) -> Reply:
    """Take back the newest import of the asking person."""
    found = await importing.undoable(context.session, person_id=context.person_id, now=context.now)
    if found is None:
        raise UserError("没有可以撤销的导入：只能撤销你自己一天之内导入的题库。")
    if found.unit_id is not None:
        _post(context, unit_id=found.unit_id)
    await importing.take_turn(context.session)
    undone = await importing.undo(context.session, found.id, now=context.now)
    if undone is None:
        raise UserError("这次导入已经撤销过了。")
    await context.record("bank.undo", f"quiz-import:{found.id}")
    kept = f"；{undone.kept} 题后来又改过，没有动" if undone.kept else ""
    done = f"停用 {undone.removed} 题，改回 {undone.restored} 题"
    return Reply(f"已撤销《{undone.name}》的导入：{done}{kept}。")


@router.command("bank", "题库", help="看题库里有哪些主题", needs=PRACTISE, private=True)
async def topics(context: Context) -> Reply:
    """List the topics that the asking person's unit may be asked, with their counts."""
    found = await bank.topics(
        context.session, unit_path=context.actor.unit_path, today=context.today
    )
    if not found:
        return Reply("题库里还没有题目。")
    rows = (("主题", "题数"), *((topic or "未分类", str(count)) for topic, count in found))
    total = sum(count for _, count in found)
    imports = bool(context.scope(IMPORT_QUESTIONS).prefixes)
    buttons = ((Button("导入题库", "/import_bank"),),) if imports else ()
    return Reply(
        f"题库现有 {total} 题，{len(found)} 个主题。", table=Table(rows, "题库"), buttons=buttons
    )


@router.command(
    "question", "查看题目", help="看一道题的答案、解析和出处", needs=IMPORT_QUESTIONS,
    usage="编号", private=True,
)  # fmt: skip
async def show(context: Context) -> Reply:
    """Show a question with its answer to somebody who looks after banks."""
    kept = await _kept(context)
    number = kept.question.id
    if not kept.kept_by(context.actor):
        return Reply(bank_words.full_card(kept))
    change = (
        Button("停用题目", f"/retire_question {number}")
        if kept.question.retired_at is None
        else Button("恢复题目", f"/restore_question {number}")
    )
    return Reply(bank_words.full_card(kept), buttons=((change,),))


@router.command(
    "retire_question", "停用题目", help="不再出一道题", needs=IMPORT_QUESTIONS, usage="编号",
    private=True,
)  # fmt: skip
async def retire(context: Context) -> Reply:
    """Take a question out of use."""
    kept = await _own(context)
    number = kept.question.id
    if not await keeping.retire(context.session, number, now=context.now):
        raise UserError("这道题已经停用。")
    await context.record("bank.retire", f"question:{number}")
    return Reply(
        f"题目 {number} 已停用，不再出题。",
        buttons=((Button("撤销", f"/restore_question {number}"),),),
    )


@router.command(
    "restore_question", "恢复题目", help="恢复一道停用的题", needs=IMPORT_QUESTIONS, usage="编号",
    private=True,
)  # fmt: skip
async def restore(context: Context) -> Reply:
    """Bring a question back into use."""
    kept = await _own(context)
    if not await keeping.restore(context.session, kept.question.id):
        raise UserError("这道题没有停用。")
    await context.record("bank.restore", f"question:{kept.question.id}")
    return Reply(f"题目 {kept.question.id} 已恢复。")


async def _offer(context: Context, text: str, plan: Plan, kept: Pending) -> Reply:
    """Show a preview, and keep the bank until it is confirmed."""
    if plan.empty:
        await pending.drop(context.session, owner_id=context.person_id)
        return Reply(f"{text}\n\n没有可以收入的新题。")
    number = await pending.keep(context.session, kept, owner_id=context.person_id, now=context.now)
    buttons = (Button("收入题库", f"/bank_confirm {number}"), Button("取消", "/bank_cancel"))
    return Reply(text, buttons=(buttons,))


async def _plan(
    context: Context, questions: Sequence[Question], post: HeldPost
) -> tuple[Plan, list[Finding]]:
    """Compare questions with the bank they go to and those above it."""
    plan = await importing.plan(
        context.session, questions, unit_id=post.unit_id, unit_path=post.unit_path
    )
    known = await importing.known(context.session, unit_path=post.unit_path)
    others = [q for q in known if q.key not in {change.new.key for change in plan.changed}]
    against = await asyncio.to_thread(lint.against, plan.added, others)
    return plan, against


def _post(context: Context, unit_id: int | None = None) -> HeldPost:
    """Return the post by which somebody imports: in the own unit if there is one."""
    reach = context.scope(IMPORT_QUESTIONS)
    posts = [
        post
        for post in context.actor.posts
        if unit_id in (None, post.unit_id) and reach.covers(post.unit_path)
    ]
    own = [post for post in posts if post.unit_id == context.actor.unit_id]
    if not posts:
        raise UserError("你目前的职务不能向这个组织导入或撤销题库。")
    return (own or posts)[0]


async def _kept(context: Context) -> Kept:
    kept = await keeping.find(context.session, _number(context.text))
    if kept is None or not kept.seen_by(context.actor):
        raise UserError(NO_QUESTION)
    return kept


async def _own(context: Context) -> Kept:
    """Return a question that the asking person looks after."""
    kept = await _kept(context)
    if not kept.kept_by(context.actor):
        raise UserError("这道题不归你维护；有误请发送“题目有误 编号”，会转给维护的人。")
    return kept


def _number(text: str, default: int | None = None) -> int:
    if text.isdecimal() and len(text) < 15:
        return int(text)
    if default is None:
        raise UserError("请写明题目编号，例如：停用题目 12")
    return default
