"""错题本 and 我的成绩: what a person had wrong, and how the answers went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from db.access import PRACTISE
from db.tables import Exam, PracticeCard, QuizQuestion
from handlers import practice_words as words
from handlers.context import Context
from handlers.practice import EMPTY_BOOK, asker, topic_of
from handlers.reply import Button, Reply, Table, UserError
from handlers.router import Router
from knowledge.quiz import exams, practice, results

router = Router()

SHOWN = 10
TOPICS_SHOWN = 6
EXAMS_SHOWN = 5


@router.command(
    "mistakes",
    "错题本",
    "我的错题",
    help="看自己答错的题，练习或移出",
    needs=PRACTISE,
    usage="[主题]",
    private=True,
)
async def mistakes(context: Context) -> Reply:
    """List the wrong-answer book by topic."""
    topic = await topic_of(context, context.text)
    found = await practice.wrong_answers(context.session, asker(context), topic=topic)
    if not found:
        about = f"“{topic}”没有错题。" if topic else EMPTY_BOOK
        return Reply(about, buttons=((Button("答题", "/practice"),),))
    counts = Counter(question.topic for _, question in found)
    lines = [f"错题本{f'（{topic}）' if topic else ''}共 {len(found)} 题："]
    for name, count in counts.most_common():
        lines += ["", f"{name or words.OTHER}（{count} 题）"]
        lines += _listed([pair for pair in found[:SHOWN] if pair[1].topic == name])
    more = f"只列出最早答错的 {SHOWN} 题。" if len(found) > SHOWN else ""
    lines += ["", f"{more}隔天连续答对两次会自动移出；也可以发送“移出错题 题号”。"]
    return Reply("\n".join(lines), buttons=_exercises(counts, topic))


@router.command(
    "takeout", "移出错题", help="把一题移出错题本", needs=PRACTISE, usage="题号", private=True
)
async def take_out(context: Context) -> Reply:
    """Take a question out of the wrong-answer book."""
    number = _number(context.text)
    if not await practice.take_out(context.session, number, person_id=context.person_id):
        raise UserError("错题本里没有这道题。发送“错题本”查看题号。")
    return Reply(
        f"已把题号 {number} 移出错题本。", buttons=((Button("撤销", f"/putback {number}"),),)
    )


@router.command(
    "putback", help="把移出的题放回错题本", needs=PRACTISE, usage="题号", private=True, hidden=True
)
async def put_back(context: Context) -> Reply:
    """Undo taking a question out."""
    number = _number(context.text)
    if not await practice.put_back(
        context.session, number, person_id=context.person_id, now=context.now
    ):
        raise UserError("这道题已经在错题本里，或者没有答错过。")
    return Reply(f"题号 {number} 已放回错题本。")


@router.command(
    "results",
    "我的成绩",
    "答题成绩",
    help="看自己的答题正确率和模拟考试成绩，只有本人能看",
    needs=PRACTISE,
    private=True,
)
async def my_results(context: Context) -> Reply:
    """Show one's own accuracy by topic, the latest papers, and what waits."""
    by_topic = await results.by_topic(context.session, person_id=context.person_id)
    papers = await exams.latest(context.session, person_id=context.person_id, limit=EXAMS_SHOWN)
    if not by_topic and not papers:
        return Reply("你还没有答过题。", buttons=((Button("答题", "/practice"),),))
    answered, right = sum(t.answered for t in by_topic), sum(t.right for t in by_topic)
    due = await practice.count_due(context.session, asker(context), before=context.now)
    wrong = await practice.wrong_answers(context.session, asker(context))
    lines = [
        f"你一共答了 {answered} 题，答对 {right} 题（练习、考试和群里答题合计）。",
        f"现在到期要复习的 {due} 题，错题本里 {len(wrong)} 题。",
        *_papers(papers, context),
    ]
    return Reply(
        "\n".join(lines),
        table=Table((("主题", "答过", "答对", "正确率"), *(_row(t) for t in by_topic)), "我的成绩"),
        buttons=(
            (
                Button("答题", "/practice"),
                Button("错题本", "/mistakes"),
                Button("模拟考试", "/exam"),
            ),
        ),
    )


def _listed(found: Sequence[tuple[PracticeCard, QuizQuestion]]) -> list[str]:
    return [
        f"· {words.short(question.stem)}（题号 {question.id}，错 {card.wrong} 次）"
        for card, question in found
    ]


def _exercises(counts: Counter[str], topic: str) -> tuple[tuple[Button, ...], ...]:
    """Offer to practise all of it, or one topic of several."""
    if topic or len(counts) == 1:
        return ((Button("练错题", f"/redo {topic}".strip()),),)
    named = [name for name, _ in counts.most_common(TOPICS_SHOWN) if name]
    buttons = [Button(f"练：{name}", f"/redo {name}") for name in named]
    rows = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    return ((Button("练错题", "/redo"),), *rows)


def _papers(papers: Sequence[Exam], context: Context) -> list[str]:
    if not papers:
        return []
    lines = ["", "最近的模拟考试："]
    for paper in papers:
        day = paper.started_at.astimezone(context.services.zone)
        score = 100 * paper.right // len(paper.questions)
        verdict = "合格" if score >= paper.pass_mark else "不合格"
        lines.append(f"{day:%Y-%m-%d} {score} 分，{len(paper.questions)} 题，{verdict}")
    return lines


def _row(result: results.TopicResult) -> tuple[str, ...]:
    rate = f"{100 * result.right // result.answered}%"
    return (result.topic or words.OTHER, str(result.answered), str(result.right), rate)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 15):
        raise UserError("请写明题号，例如：移出错题 12")
    return int(text)
