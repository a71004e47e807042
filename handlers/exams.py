"""模拟考试: a timed paper, one question after the other, and its mark."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from db.access import PRACTISE
from db.engine import Session
from db.tables import Exam, Person, QuestionKind
from handlers import practice_words as words
from handlers.context import Context
from handlers.exam_words import certificate, left, offer, overview
from handlers.practice import ANSWER_LENGTH, asker, three, topic_of
from handlers.questions import ask
from handlers.reply import Button, Reply, UserError
from handlers.router import Replies, Router
from knowledge.quiz import bank, exams
from knowledge.quiz.exams import Page
from scheduler import outbox

router = Router()

OFFER, STEP = "exam.offer", "exam.answer"
COUNT, MINUTES = 20, 30
COUNTS, LENGTHS = range(1, 101), range(1, 181)
LOOK, FORTH, BACK, HAND_IN, SURE = "看", "下一题", "上一题", "交卷", "确认交卷"
START = ("开始", "开始考试")
TICK = "+"
OVER = "这场考试已经结束，这一步没有计入。发送“我的成绩”查看。"
NOT_FOUND = "没有找到这场考试。发送“模拟考试”开始新的一场。"
# So many papers are marked in one turn of the clock.
BATCH = 100


@router.command(
    "exam",
    "模拟考试",
    "模拟测试",
    help="限时考一次，交卷后看成绩",
    needs=PRACTISE,
    usage="[题数] [分钟] [主题]",
    private=True,
)
async def propose(context: Context) -> Replies:
    """Say what the examination will be and ask, or go on with the one that runs."""
    running = await exams.running(context.session, person_id=context.person_id)
    if running is not None:
        return await _resume(context, running)
    wish = words.read_wish(context.text)
    count = COUNT if wish.count is None else wish.count
    minutes = MINUTES if wish.minutes is None else wish.minutes
    if count not in COUNTS or minutes not in LENGTHS:
        raise UserError(
            f"可以考 1 到 {COUNTS[-1]} 题、1 到 {LENGTHS[-1]} 分钟，例如：模拟考试 20题 30分钟"
        )
    topic = await topic_of(context, wish.topic)
    there = await bank.amount(
        context.session, unit_path=context.actor.unit_path, today=context.today, topic=topic
    )
    if not there:
        raise UserError("题库里还没有可以考的题目。")
    await context.go_to(OFFER, count=min(count, there), minutes=minutes, topic=topic)
    return offer(wanted=count, there=there, minutes=minutes, topic=topic)


@router.command(
    "examstart",
    help="开始模拟考试",
    needs=PRACTISE,
    usage="题数 分钟 主题",
    private=True,
    hidden=True,
)
async def start(context: Context) -> Replies:
    """Start as it was offered."""
    count, minutes, topic = three(context.text)
    return await _start(context, count, minutes, topic)


@router.step(OFFER, needs=PRACTISE, words=START, brief=True)
async def confirm(context: Context) -> Replies:
    """Start on the word; anything else is a question."""
    if context.text not in START:
        await context.leave()
        return await ask(context)
    data = context.data
    return await _start(context, int(data["count"]), int(data["minutes"]), str(data["topic"]))


@router.command(
    "paper", help="考试中的一步", needs=PRACTISE, usage="编号 题号 答案", private=True, hidden=True
)
async def paper(context: Context) -> Replies:
    """Do what a button of the paper stands for."""
    exam_id, number, what = three(context.text)
    exam = await exams.find(context.session, exam_id, person_id=context.person_id)
    if exam is None:
        raise UserError(NOT_FOUND)
    return await _act(context, exam, number, what)


@router.step(STEP, needs=PRACTISE, words=(FORTH, BACK, HAND_IN, SURE), brief=True)
async def typed(context: Context) -> Replies:
    """Take what is typed during an examination."""
    exam = await exams.find(context.session, int(context.data["id"]), person_id=context.person_id)
    if exam is None or exam.finished_at is not None:
        await context.leave()
        return await ask(context) if len(context.text) > ANSWER_LENGTH else Reply(OVER)
    return await _act(context, exam, int(context.data["number"]), context.text)


async def close_overdue(session: Session, *, now: datetime, zone: ZoneInfo) -> int:
    """Mark the papers whose time is over and tell their sitters; return how many."""
    told = 0
    for exam in await exams.overdue(session, now=now, limit=BATCH):
        on = exam.ends_at.astimezone(zone).date()
        if not await exams.finish(session, exam, now=now, on=on):
            continue
        told += 1
        person = await session.get_one(Person, exam.person_id)
        report = await exams.report(session, exam)
        for number, message in enumerate(certificate(report, name=person.name, zone=zone)):
            await outbox.notify(
                session,
                exam.person_id,
                message,
                key=f"exam:{exam.id}:{number}",
                kind="exam",
                now=now,
            )
    return told


async def _start(context: Context, count: int, minutes: int, topic: str) -> Replies:
    if count not in COUNTS or minutes not in LENGTHS:
        raise UserError(NOT_FOUND)
    exam = await exams.begin(
        context.session, asker(context), topic=topic, count=count, minutes=minutes
    )
    if exam is None:
        raise UserError("题库里还没有可以考的题目。")
    return await _resume(context, exam)


async def _resume(context: Context, exam: Exam) -> Replies:
    """Show the first question without an answer."""
    empty = await exams.unanswered(context.session, exam)
    return await _act(context, exam, empty[0] if empty else len(exam.questions), LOOK)


async def _act(context: Context, exam: Exam, number: int, what: str) -> Replies:
    """Do one thing in an examination: answer, turn the page, look it over, hand in."""
    if exam.finished_at is not None:
        raise UserError(OVER)
    if context.now >= exam.ends_at:
        return await _finish(context, exam, "考试时间已到，已自动交卷；这一步没有计入。\n\n")
    number = max(1, min(number, len(exam.questions)))
    if what == SURE:
        return await _finish(context, exam)
    if what == HAND_IN:
        return await _overview(context, exam, number)
    if what == FORTH:
        return await _turn(context, exam, number + 1)
    if what in (LOOK, BACK):
        return await _turn(context, exam, number - (what == BACK))
    return await _answer(context, await exams.page(context.session, exam, number), what)


async def _answer(context: Context, page: Page, what: str) -> Replies:
    count, several = len(page.order), page.question.kind == QuestionKind.MULTIPLE
    places = bank.parse_choice(what.removeprefix(TICK), count)
    if places is None:
        if len(what) > ANSWER_LENGTH:
            return await ask(context)
        raise UserError(f"{words.how(page.question)}；也可以发送“下一题”“上一题”“交卷”。")
    if len(places) > 1 and not several:
        raise UserError("这道题只有一个答案。")
    if several and what.startswith(TICK):
        places = tuple(sorted(set(page.ticked) ^ set(places)))
    await exams.tick(context.session, page, places, now=context.now)
    stays = several and what.startswith(TICK)
    return await _turn(context, page.exam, page.number + (not stays))


async def _turn(context: Context, exam: Exam, number: int) -> Reply:
    """Show a question; after the last one, what is left to do."""
    if number > len(exam.questions):
        return await _overview(context, exam, len(exam.questions))
    page = await exams.page(context.session, exam, max(1, number))
    await context.go_to(STEP, id=exam.id, number=page.number)
    question, command = page.question, f"/paper {exam.id} {page.number}"
    several = question.kind == QuestionKind.MULTIPLE
    rows = words.option_buttons(question, page.order, page.ticked, command, TICK if several else "")
    moves = [Button(BACK, f"{command} {BACK}")] if page.number > 1 else []
    moves += [Button(FORTH, f"{command} {FORTH}"), Button(HAND_IN, f"{command} {HAND_IN}")]
    chosen = [page.order[place] for place in page.ticked]
    state = f"\n\n已选：{words.names(question, page.order, chosen)}" if chosen else ""
    head = words.heading(page.number, len(exam.questions), question)
    head += f"\n{left(exam, now=context.now, zone=context.services.zone)}"
    return Reply(
        words.put(head, question, page.order) + state, buttons=(*rows, tuple(moves)), replaces=True
    )


async def _overview(context: Context, exam: Exam, number: int) -> Reply:
    await context.go_to(STEP, id=exam.id, number=number)
    empty = await exams.unanswered(context.session, exam)
    return overview(exam, empty, now=context.now, zone=context.services.zone)


async def _finish(context: Context, exam: Exam, before: str = "") -> list[Reply]:
    if await context.dialog(STEP) is not None:
        await context.leave()
    if not await exams.finish(context.session, exam, now=context.now, on=context.today):
        raise UserError(OVER)
    report = await exams.report(context.session, exam)
    return certificate(report, name=context.actor.name, zone=context.services.zone, before=before)
