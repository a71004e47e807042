"""答题: practice alone, one question after the other, pressed or typed."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from db.access import PRACTISE
from db.tables import Practice, QuestionKind
from handlers import practice_words as words
from handlers.context import Context
from handlers.questions import ask
from handlers.reply import Button, Reply, UserError
from handlers.router import Replies, Router
from knowledge.quiz import bank, practice
from knowledge.quiz.practice import Asker, Turn

router = Router()

STEP = "practice.answer"
DEFAULT_COUNT, MOST = 10, 50
NEXT, SKIP, STOP, SUBMIT = "下一题", "跳过", "结束", "提交"
GO_ON = frozenset({NEXT, "继续", "下一个"})
TICK = "+"
# A longer text that is no answer is a question to the library.
ANSWER_LENGTH = 5
NOT_FOUND = "没有找到这次练习。发送“答题”开始新的练习。"
NOTHING = "现在没有到期要复习的题，也没有新题了。"
ENDED = "这次练习已经结束。"
AGAIN = ((Button("再练一组", "/practice"),),)
EMPTY_BOOK = "错题本是空的。答错的题会自动记进来。"


@router.command(
    "practice",
    "答题",
    "练习",
    help="自己练习：先复习到期的题，再做新题",
    needs=PRACTISE,
    usage="[题数] [主题]",
    private=True,
)
async def start(context: Context) -> Replies:
    """Open a sitting and put its first question."""
    wish = words.read_wish(context.text)
    topic = await topic_of(context, wish.topic)
    return await _open(context, count=wish.count, topic=topic, book=False)


@router.command(
    "redo", "练错题", help="练习错题本里的题", needs=PRACTISE, usage="[题数] [主题]", private=True
)
async def redo(context: Context) -> Replies:
    """Open a sitting that goes through the wrong-answer book."""
    wish = words.read_wish(context.text)
    topic = await topic_of(context, wish.topic)
    return await _open(context, count=wish.count, topic=topic, book=True)


@router.command(
    "turn", help="练习中的一步", needs=PRACTISE, usage="编号 题号 答案", private=True, hidden=True
)
async def turn(context: Context) -> Replies:
    """Do what a button under a question stands for."""
    sitting_id, number, what = three(context.text)
    sitting = await practice.find(context.session, sitting_id, person_id=context.person_id)
    if sitting is None:
        raise UserError(NOT_FOUND)
    if what != STOP and number < len(sitting.questions):
        return await _go_on(context, sitting, "这道题已经过去了，成绩以第一次为准。\n\n")
    return await _act(context, sitting, what)


@router.step(STEP, needs=PRACTISE, words=(NEXT, "继续", SKIP, STOP, SUBMIT), brief=True)
async def typed(context: Context) -> Replies:
    """Take an answer, or what else is typed during a sitting."""
    sitting = await practice.find(
        context.session, int(context.data["id"]), person_id=context.person_id
    )
    if sitting is None or sitting.ended_at is not None:
        await context.leave()
        return await ask(context)
    return await _act(context, sitting, context.text)


def asker(context: Context) -> Asker:
    """Return who practises."""
    return Asker(context.person_id, context.actor.unit_path, context.now, context.today)


async def topic_of(context: Context, name: str) -> str:
    """Return the topic that somebody named, if any."""
    if not name:
        return ""
    session, path, today = context.session, context.actor.unit_path, context.today
    known = await bank.topics(session, unit_path=path, today=today)
    regulations = await bank.regulations(session, unit_path=path, today=today)
    return words.pick_topic(name, known, regulations)


def three(text: str) -> tuple[int, int, str]:
    """Read "12 3 B" as two numbers and what is done; raises `UserError`."""
    first, _, rest = text.partition(" ")
    second, _, what = rest.partition(" ")
    if not (_is_number(first) and _is_number(second)):
        raise UserError("这个按钮已失效，请重新发送指令。")
    return int(first), int(second), what.strip()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 15


async def _open(context: Context, *, count: int | None, topic: str, book: bool) -> Replies:
    if count is not None and not 1 <= count <= MOST:
        raise UserError(f"一次可以练 1 到 {MOST} 题，例如：答题 10题")
    sitting = await practice.begin(
        context.session, asker(context), topic=topic, count=count or DEFAULT_COUNT, book=book
    )
    first = await practice.advance(context.session, sitting, asker(context))
    if first is None:
        return await _nothing(context, book=book)
    return await _put(context, first)


async def _nothing(context: Context, *, book: bool) -> Reply:
    if book:
        return Reply(EMPTY_BOOK, buttons=((Button("答题", "/practice"),),))
    tomorrow = await _due_by_tomorrow(context)
    later = f"到明天有 {tomorrow} 题要复习。" if tomorrow else ""
    return Reply(
        f"{NOTHING}{later}",
        buttons=((Button("错题本", "/mistakes"), Button("模拟考试", "/exam")),),
    )


async def _act(context: Context, sitting: Practice, what: str) -> Replies:
    """Do one thing in a sitting: answer, tick, hand in, skip, go on, end."""
    if what == STOP:
        return await _stop(context, sitting)
    if not sitting.waiting:
        return await _between(context, sitting, what)
    if what in GO_ON:
        return await _go_on(context, sitting)
    if what == SKIP:
        await practice.skip(context.session, sitting)
        return await _go_on(context, sitting)
    return await _answer(context, await practice.current(context.session, sitting), what)


async def _between(context: Context, sitting: Practice, what: str) -> Replies:
    """Nothing waits: go on, or say that this was answered."""
    if what in GO_ON or sitting.ended_at is not None:
        return await _go_on(context, sitting)
    if context.incoming.press is None and len(what) > ANSWER_LENGTH:
        return await ask(context)
    return Reply(
        "这道题已经答过了，成绩以第一次为准。", buttons=(_onward(sitting, len(sitting.questions)),)
    )


async def _answer(context: Context, turn: Turn, what: str) -> Replies:
    count = len(turn.order)
    if what.startswith(TICK):
        return await _tick(context, turn, bank.parse_choice(what.removeprefix(TICK), count))
    places = tuple(turn.sitting.marks) if what == SUBMIT else bank.parse_choice(what, count)
    if places is None:
        if len(what) > ANSWER_LENGTH:
            return await ask(context)
        raise UserError(_how(turn))
    if not places:
        raise UserError("还没有选。先点选项，再点“提交”。")
    if len(places) > 1 and turn.question.kind != QuestionKind.MULTIPLE:
        raise UserError(f"这道题只有一个答案。{_how(turn)}")
    correct = await practice.answer(context.session, turn, places, asker(context))
    if correct is None:
        return await _go_on(context, turn.sitting)
    return await _tell(context, turn, [turn.order[place] for place in places], correct=correct)


async def _tick(context: Context, turn: Turn, places: tuple[int, ...] | None) -> Reply:
    if places:
        turn.sitting.marks = sorted(set(turn.sitting.marks) ^ set(places))
    return await _put(context, turn, replaces=True)


async def _put(context: Context, turn: Turn, *, before: str = "", replaces: bool = False) -> Reply:
    """Show the question that waits, and await what is typed."""
    sitting, question = turn.sitting, turn.question
    await context.go_to(STEP, id=sitting.id)
    several = question.kind == QuestionKind.MULTIPLE
    command = f"/turn {sitting.id} {turn.number}"
    rows = words.option_buttons(
        question, turn.order, sitting.marks, command, TICK if several else ""
    )
    last = [Button(SKIP, f"{command} {SKIP}"), Button(STOP, f"{command} {STOP}")]
    if several:
        last.insert(0, Button(SUBMIT, f"{command} {SUBMIT}"))
    head = words.heading(turn.number, sitting.count, question)
    return Reply(
        before + words.put(head, question, turn.order),
        buttons=(*rows, tuple(last)),
        replaces=replaces,
    )


async def _tell(context: Context, turn: Turn, chosen: list[int], *, correct: bool) -> Replies:
    """Show right or wrong in place of the question; after the last one, also the sum."""
    sitting, question = turn.sitting, turn.question
    over = turn.number >= sitting.count
    head = words.heading(turn.number, sitting.count, question)
    doubt = Button("题目有误", f"/report_question {question.id}")
    onward = () if over else _onward(sitting, turn.number)
    rows = [(*onward[:1], doubt, *onward[1:])]
    if sitting.book and correct:
        rows.append((Button("移出错题", f"/takeout {question.id}"),))
    told = Reply(
        words.solved(head, question, turn.order, chosen, correct=correct),
        quote=words.source(question),
        buttons=tuple(rows),
        replaces=True,
    )
    return [told, await _sum(context, sitting)] if over else told


def _onward(sitting: Practice, number: int) -> tuple[Button, ...]:
    command = f"/turn {sitting.id} {number}"
    return (Button(NEXT, f"{command} {NEXT}"), Button(STOP, f"{command} {STOP}"))


async def _go_on(context: Context, sitting: Practice, before: str = "") -> Replies:
    """Show what waits, put the next one, or sum up."""
    if sitting.ended_at is not None:
        return Reply(ENDED, buttons=AGAIN)
    following = await practice.advance(context.session, sitting, asker(context))
    if following is None:
        return await _sum(context, sitting)
    return await _put(context, following, before=before)


async def _stop(context: Context, sitting: Practice) -> Reply:
    if sitting.ended_at is not None:
        return Reply(ENDED, buttons=AGAIN)
    return await _sum(context, sitting)


async def _sum(context: Context, sitting: Practice) -> Reply:
    """End a sitting and say what it came to."""
    await practice.end(context.session, sitting, now=context.now)
    if await context.dialog(STEP) is not None:
        await context.leave()
    tomorrow = await _due_by_tomorrow(context)
    wrong = len(await practice.wrong_answers(context.session, asker(context)))
    lines = [
        f"本次练习：答了 {sitting.answered} 题，答对 {sitting.right} 题。",
        f"到明天有 {tomorrow} 题要复习，错题本里有 {wrong} 题。",
    ]
    again = Button("练错题", "/redo") if sitting.book else Button("再练一组", "/practice")
    return Reply(
        "\n".join(lines),
        buttons=((again, Button("错题本", "/mistakes"), Button("我的成绩", "/results")),),
    )


async def _due_by_tomorrow(context: Context) -> int:
    """Count what is due before tomorrow is over, as days go where the person is."""
    end = datetime.combine(context.today + timedelta(days=2), time(), context.services.zone)
    return await practice.count_due(context.session, asker(context), before=end)


def _how(turn: Turn) -> str:
    return f"{words.how(turn.question)}；也可以发送“跳过”或“结束”。"
