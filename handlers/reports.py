"""题目有误: a reader reports a question, its keeper answers once, the answer goes back."""

from __future__ import annotations

from datetime import datetime, time

from db.access import KEEP_QUESTIONS, REPORT_QUESTION
from db.accounts import person_today
from db.tables import Person, QuestionReport
from handlers import bank_words
from handlers.context import Context
from handlers.reply import Button, Message, Reply, UserError
from handlers.router import Router
from knowledge.quiz import keeping, reports
from knowledge.quiz.keeping import Kept
from scheduler import outbox

router = Router()

STEP = "reports.answer"
KIND = "question-report"
LONGEST_REASON, LONGEST_ANSWER = 500, 1_000
# So many reports a person and day, so that a keeper can look at each of them.
A_DAY = 10
TOO_MANY = f"你今天已经报告了 {A_DAY} 道题，请等答复，明天再继续。急的请直接联系支部组织委员。"
NO_QUESTION = "没有找到这道题。"
NO_REPORT = "没有找到这条纠错。"
ANSWERED = "这条纠错已经有人答复。"
STANDS = "经核对，题目和答案没有问题，维持不变。"
STOPPED = "题目确有问题，已停用，不再出题。谢谢指正！"


@router.command(
    "report_question", "题目有误", help="报告一道题有误", needs=REPORT_QUESTION,
    usage="编号 [理由]", private=True,
)  # fmt: skip
async def report(context: Context) -> Reply:
    """Hand a question to its keeper, with what is held to be wrong with it."""
    number, _, reason = context.text.partition(" ")
    kept = await keeping.find(context.session, _number(number, "题目有误 12 答案应为 24 学时"))
    if kept is None or not kept.seen_by(context.actor):
        raise UserError(NO_QUESTION)
    reason = reason.strip()
    if len(reason) > LONGEST_REASON:
        raise UserError(f"理由请写在 {LONGEST_REASON} 字以内。")
    if before := await _before(context, kept):
        return before
    midnight = datetime.combine(context.today, time(), context.services.zone)
    before_today = await reports.filed_since(
        context.session, reporter_id=context.person_id, since=midnight
    )
    if before_today >= A_DAY:
        raise UserError(TOO_MANY)
    keeper = await _keeper(context, kept)
    if keeper is None:
        return Reply("暂时没有能收到消息的题库维护人，请联系支部组织委员。")
    number_ = kept.question.id
    await reports.file(
        context.session,
        question_id=number_,
        reporter_id=context.person_id,
        keeper_id=keeper.id,
        text=reason,
        now=context.now,
    )
    row = await reports.open_one(
        context.session, question_id=number_, reporter_id=context.person_id
    )
    if row is None:
        raise UserError(NO_REPORT)
    await _ask(context, row, kept)
    await context.record("question.report", f"question:{number_}", to=keeper.id)
    return Reply(f"已转给题库维护人{keeper.name}同志，答复会私聊告诉你。")


@router.command(
    "question_reports",
    "题目纠错",
    help="查看等我答复的题目纠错",
    needs=REPORT_QUESTION,
    private=True,
)
async def waiting(context: Context) -> list[Reply] | Reply:
    """List the reports that wait for the asking person."""
    rows = await reports.waiting(
        context.session, keeper_id=context.person_id, within=context.scope(KEEP_QUESTIONS)
    )
    cards = [await _card(context, row, await _question(context, row)) for row in rows]
    return [Reply(card.text, buttons=card.buttons) for card in cards] or Reply(
        "没有等待答复的题目纠错。"
    )


@router.command(
    "report_stands", "维持原题", help="答复题目纠错：题目没有问题", needs=REPORT_QUESTION,
    usage="编号", private=True, hidden=True,
)  # fmt: skip
async def keep(context: Context) -> Reply:
    """Answer that the question is right."""
    row, kept = await _report(context, context.text)
    return await _settle(context, row, kept, STANDS)


@router.command(
    "report_retire", "停用此题", help="答复题目纠错：停用题目", needs=REPORT_QUESTION,
    usage="编号", private=True, hidden=True,
)  # fmt: skip
async def retire(context: Context) -> Reply:
    """Answer by taking the question out of use."""
    row, kept = await _report(context, context.text)
    reply = await _settle(context, row, kept, STOPPED)
    if await keeping.retire(context.session, kept.question.id, now=context.now):
        await context.record("bank.retire", f"question:{kept.question.id}")
    return reply


@router.command(
    "report_answer", "答复纠错", help="用自己的话答复题目纠错", needs=REPORT_QUESTION,
    usage="编号", private=True, hidden=True,
)  # fmt: skip
async def start_answer(context: Context) -> Reply:
    """Ask for the words of an answer."""
    row, kept = await _report(context, context.text)
    await context.go_to(STEP, id=row.id)
    return Reply(f"{bank_words.card(kept.content)}\n\n请直接发送给报告人的答复（发送“取消”放弃）。")


@router.step(STEP, needs=REPORT_QUESTION)
async def take_answer(context: Context) -> Reply:
    """Send the answer as it was typed."""
    text = context.text.strip()
    if not text or len(text) > LONGEST_ANSWER:
        raise UserError(f"请发送 1 到 {LONGEST_ANSWER} 字的文字。")
    row, kept = await _report(context, str(context.data["id"]))
    await context.leave()
    return await _settle(context, row, kept, text)


async def _before(context: Context, kept: Kept) -> Reply | None:
    """Answer who reports once more; what waits with somebody who has gone is passed on."""
    row = await reports.open_one(
        context.session, question_id=kept.question.id, reporter_id=context.person_id
    )
    if row is None:
        return None
    if await reports.is_stranded(context.session, row, kept, context.today):
        keeper = await _keeper(context, kept)
        if keeper is not None and keeper.id != row.keeper_id:
            row.keeper_id = keeper.id
            await _ask(context, row, kept)
            await context.record("question.pass-on", f"report:{row.id}", to=keeper.id)
    return Reply("这道题你已经报告过，有答复会私聊告诉你。")


async def _keeper(context: Context, kept: Kept) -> Person | None:
    return await reports.keeper(
        context.session,
        kept,
        reporter_id=context.person_id,
        unit_id=context.actor.unit_id or 0,
        today=context.today,
    )


async def _ask(context: Context, row: QuestionReport, kept: Kept) -> None:
    await outbox.notify(
        context.session,
        row.keeper_id,
        await _card(context, row, kept),
        key=f"{KIND}:{row.id}:{row.keeper_id}",
        kind=KIND,
        now=context.now,
    )


async def _card(context: Context, row: QuestionReport, kept: Kept) -> Message:
    reporter = await context.session.get_one(Person, row.reporter_id)
    reason = f"：{row.text}" if row.text else "，没有写理由。"
    return Message(
        f"{reporter.name}同志认为这道题有误{reason}\n\n{bank_words.full_card(kept)}",
        buttons=(
            (
                Button("回复", f"/report_answer {row.id}"),
                Button("停用此题", f"/report_retire {row.id}"),
                Button("维持原题", f"/report_stands {row.id}"),
            ),
        ),
    )


async def _settle(context: Context, row: QuestionReport, kept: Kept, text: str) -> Reply:
    """Keep the one answer and tell the reporter."""
    if not await reports.answer(
        context.session, row.id, text, by=context.person_id, now=context.now
    ):
        raise UserError(ANSWERED)
    await context.record("question.answer", f"report:{row.id}")
    reporter = await person_today(context.session, row.reporter_id, today=context.today)
    message = Message(
        f"你报告有误的题目 {row.question_id}：{kept.content.stem}\n\n"
        f"题库维护人{context.actor.name}同志答复：{text}"
    )
    sent = reporter is not None and await outbox.notify(
        context.session,
        row.reporter_id,
        message,
        key=f"{KIND}-answer:{row.id}",
        kind=KIND,
        now=context.now,
    )
    return Reply("答复已发给报告人。" if sent else "已记下；报告人现在没有能收到消息的账号。")


async def _report(context: Context, text: str) -> tuple[QuestionReport, Kept]:
    """Return an open report that the asking person may answer."""
    row = await reports.find(
        context.session,
        _number(text, "维持原题 3"),
        keeper_id=context.person_id,
        within=context.scope(KEEP_QUESTIONS),
    )
    if row is None:
        raise UserError(NO_REPORT)
    if row.answered_at is not None:
        raise UserError(ANSWERED)
    kept = await _question(context, row)
    if not kept.kept_by(context.actor):
        raise UserError("你现在不再维护这道题，这条纠错由现任的维护人答复。")
    return row, kept


async def _question(context: Context, row: QuestionReport) -> Kept:
    kept = await keeping.find(context.session, row.question_id)
    if kept is None:
        raise UserError(NO_QUESTION)
    return kept


def _number(text: str, example: str) -> int:
    if not (text.isdecimal() and len(text) < 15):
        raise UserError(f"请写明编号，例如：{example}")
    return int(text)
