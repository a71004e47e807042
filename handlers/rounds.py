"""Rounds of questions as they run: begun on demand, skipped, and answered by buttons."""

from __future__ import annotations

from db.access import ANSWER_QUIZ, RUN_QUIZ
from db.tables import QuestionKind, QuizGroup, RoundKind
from handlers import quiz_words
from handlers.context import Context
from handlers.group_quiz import group_meant, known_group, topic_meant
from handlers.reply import Button, Reply, UserError
from handlers.router import Router
from knowledge.quiz.bank import letters, parse_choice
from scheduler import quiz_groups, races, round_posts, round_words, rounds, votes
from scheduler.round_posts import Asked
from scheduler.round_words import HAND_IN
from scheduler.votes import Answered, Cast, Voter

router = Router()

RACE_COUNT = 3
STILL_RUNNING = "上一轮还没有结束。要结束它，请发送“跳过”。"
NOT_A_QUESTION = "没有这道题，或者它不是这个群的。"


@router.command("race", "抢答", help="抢答：第一个答对的得", needs=RUN_QUIZ, usage="[3题] [主题]")
async def race(context: Context) -> Reply:
    """Begin a race: the first right answer wins each question."""
    return await _start(context, RoundKind.RACE, "/race")


@router.command(
    "quiz_round", "开始一轮", help="马上在群里答一轮题", needs=RUN_QUIZ, usage="[5题] [主题]"
)
async def one_round(context: Context) -> Reply:
    """Begin a round at once."""
    return await _start(context, RoundKind.EXTRA, "/quiz_round")


@router.command(
    "quiz_skip",
    "跳过答题",
    "跳过",
    help="跳过今天的答题，或结束正在进行的",
    needs=RUN_QUIZ,
    usage="[群编号]",
)
async def skip(context: Context) -> Reply:
    """Skip the question of a race, end the round under way, or leave out today's to come."""
    group = await known_group(context)
    session, now = context.session, context.now
    racing = await rounds.running(session, group, RoundKind.RACE)
    if racing is not None:
        return await _hurry(context, racing.id, "这一题跳过。")
    under_way = await rounds.running(session, group)
    if under_way is not None:
        return await _hurry(context, under_way.id, "这一轮提前结束，马上公布结果。")
    zone = context.services.zone
    if await rounds.skip_today(session, group, now=now, zone=zone):
        await context.record("quiz.skip", f"quiz_group:{group.id}")
        again = Button("现在开始一轮", f"/quiz_round 群{group.id}")
        return Reply("今天的每日答题不发了，明天照常。", buttons=((again,),))
    return Reply("今天没有还没开始的、也没有正在进行的答题。")


@router.command(
    "pick", help="回答群里的一道题", needs=ANSWER_QUIZ, usage="题目编号 选项", hidden=True
)
async def pick(context: Context) -> Reply:
    """Count an answer, or mark an option of a question with several right ones."""
    number, _, words = context.text.partition(" ")
    asked = await _asked(context, number)
    session, account_id = context.session, context.actor.account_id
    if context.incoming.press is not None:
        await votes.arrived(session, asked.post.id, message=context.incoming.message)
    if words.strip() == HAND_IN:
        places = await votes.marked(session, asked.post.id, account_id)
        if not places:
            return _toast("还没有选答案。")
    else:
        chosen = parse_choice(words, len(asked.post.order))
        if chosen is None:
            raise UserError(f"请选 A 到 {letters([len(asked.post.order) - 1])}。")
        if asked.question.kind == QuestionKind.MULTIPLE and len(chosen) == 1:
            return await _mark(context, asked, chosen[0])
        places = chosen
    voter = Voter(account_id, context.actor.person_id)
    answered = await votes.cast(session, asked.post.id, voter, places, now=context.now)
    return _toast(_verdict(answered, racing=asked.round.kind == RoundKind.RACE))


async def _start(context: Context, kind: RoundKind, command: str) -> Reply:
    wish = quiz_words.read(context.text)
    group = await group_meant(context, wish, f"{command} {context.text}")
    if isinstance(group, Reply):
        return group
    session = context.session
    if await rounds.running(session, group, RoundKind.EXTRA, RoundKind.RACE):
        raise UserError(STILL_RUNNING)
    topic = await topic_meant(context, group, wish)
    count = wish.count or (RACE_COUNT if kind is RoundKind.RACE else group.count)
    if wish.minutes:
        raise UserError("限时按本群的设置，请用“每日答题 限时10分钟”修改。")
    try:
        held = await rounds.start(
            session,
            group,
            kind=kind,
            count=count,
            topic=group.topic if topic is None else topic,
            by_id=context.person_id,
            now=context.now,
            zone=await quiz_groups.zone_of(session, group.unit_id, context.services.zone),
        )
    except rounds.NoQuestions:
        raise UserError("题库里没有可用的题目。") from None
    await context.record("quiz.start", f"quiz_round:{held.id}", kind=kind.value, count=count)
    return Reply(_opening(kind, held.count, round_words.title(held), group))


def _opening(kind: RoundKind, count: int, title: str, group: QuizGroup) -> str:
    if kind is RoundKind.RACE:
        seconds = int(races.LENGTH.total_seconds())
        return f"{title} 开始：共 {count} 题，每题 {seconds} 秒，第一个答对的得。"
    return f"{title} 开始：共 {count} 题，{group.minutes} 分钟后公布结果。"


async def _hurry(context: Context, round_id: int, text: str) -> Reply:
    round_ = await rounds.hurry(context.session, round_id, now=context.now)
    await context.record("quiz.skip", f"quiz_round:{round_.id}")
    return Reply(text)


async def _asked(context: Context, number: str) -> Asked:
    post_id = int(number) if number.isdecimal() and len(number) < 15 else 0
    asked = await round_posts.asked(context.session, post_id)
    here = (context.incoming.channel, context.incoming.chat)
    if asked is None or (asked.group.channel, asked.group.chat) != here:
        raise UserError(NOT_A_QUESTION)
    return asked


async def _mark(context: Context, asked: Asked, place: int) -> Reply:
    if asked.post.closed_at is not None:
        return _toast(_verdict(Answered(Cast.CLOSED), racing=False))
    places = await votes.mark(context.session, asked.post.id, context.actor.account_id, place)
    said = f"已选 {letters(places)}" if places else "没有选中的"
    return _toast(f"{said}，选好后点“{HAND_IN}”。")


def _verdict(answered: Answered, *, racing: bool) -> str:
    if answered.cast is Cast.ALREADY:
        return "你已经答过这道题，以第一次为准。"
    if answered.cast is Cast.CLOSED:
        return "这道题已经截止，不再计分。"
    if answered.correct:
        return "答对了！"
    return "答错了，看下一题。" if racing else f"答错了，正确答案是 {letters(answered.right)}。"


def _toast(text: str) -> Reply:
    return Reply(text, toast=True)
