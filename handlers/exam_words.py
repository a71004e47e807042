"""How an examination is offered, looked over and marked, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from db.tables import Exam, QuestionKind
from handlers import practice_words as words
from handlers.reply import Button, Reply, Table
from knowledge.quiz.bank import shuffled, source_line
from knowledge.quiz.exams import PASS_MARK, Marked, Report

EMPTY_SHOWN = 4


def offer(*, wanted: int, there: int, minutes: int, topic: str) -> Reply:
    """Say what the examination will be, and ask."""
    count = min(wanted, there)
    few = f"（可以考的题目只有 {there} 题）" if there < wanted else ""
    about = f"，主题：{topic}" if topic else ""
    return Reply(
        f"模拟考试：{count} 题{few}，限时 {minutes} 分钟，满分 100，{PASS_MARK} 分及格{about}。\n"
        "开始后逐题作答，交卷前可以改答案；时间一到自动交卷，之后的作答不计。成绩只有你自己能看到。\n"
        "准备好了就点“开始考试”，也可以回复“开始”。",
        buttons=(
            (
                Button("开始考试", f"/examstart {count} {minutes} {topic}".strip()),
                Button("取消", "取消"),
            ),
        ),
    )


def left(exam: Exam, *, now: datetime, zone: ZoneInfo) -> str:
    """Say how much time is left and when it is over."""
    return f"剩余 {words.span(exam.ends_at - now)}（{exam.ends_at.astimezone(zone):%H:%M:%S} 截止）"


def overview(exam: Exam, empty: Sequence[int], *, now: datetime, zone: ZoneInfo) -> Reply:
    """Say what is answered and what is not, before the paper is handed in."""
    count = len(exam.questions)
    lines = [f"已答 {count - len(empty)} / {count} 题。"]
    if empty:
        lines.append("还没有答：第 " + "、".join(map(str, empty)) + " 题。")
    lines += [left(exam, now=now, zone=zone), "交卷后不能再改。"]
    jumps = [
        Button(f"第 {number} 题", f"/paper {exam.id} {number} 看") for number in empty[:EMPTY_SHOWN]
    ]
    rows: list[tuple[Button, ...]] = [(Button("确认交卷", f"/paper {exam.id} {count} 确认交卷"),)]
    rows += [tuple(jumps)] if jumps else []
    rows += [(Button("从第 1 题看起", f"/paper {exam.id} 1 看"),)]
    return Reply("\n".join(lines), buttons=tuple(rows), replaces=True)


def certificate(report: Report, *, name: str, zone: ZoneInfo, before: str = "") -> list[Reply]:
    """Word a marked paper: the result, and what was wrong with the right answers."""
    exam, total = report.exam, len(report.marked)
    verdict = "合格" if report.passed else "不合格"
    over = "（时间到，自动交卷）" if exam.finished_at == exam.ends_at else ""
    lines = [
        "模拟考试成绩单",
        f"姓名：{name}",
        f"日期：{exam.started_at.astimezone(zone):%Y-%m-%d}",
        f"成绩：{report.score} 分（{total} 题答对 {report.right} 题，{exam.pass_mark} 分及格）",
        f"结果：{verdict}",
        f"用时：{words.span(_whole(report.used))}{over}",
    ]
    head = ("主题", "答对", "题数")
    rows = [
        (topic or words.OTHER, str(right), str(count)) for topic, right, count in report.by_topic()
    ]
    buttons = (
        Button("练错题", "/redo"),
        Button("再考一次", "/exam"),
        Button("我的成绩", "/results"),
    )
    first = Reply(
        before + "\n".join(lines),
        table=Table((head, *rows), "模拟考试成绩"),
        buttons=(buttons,),
        replaces=True,
    )
    wrong = [m for m in report.marked if not m.correct]
    if not wrong:
        return [first]
    listed = "\n\n".join(_corrected(exam, m) for m in wrong)
    note = "答错的题已记入错题本。" if any(m.chosen for m in wrong) else ""
    return [first, Reply(f"没有答对的题：\n\n{listed}\n\n{note}".strip())]


def _corrected(exam: Exam, marked: Marked) -> str:
    question = marked.question
    order = shuffled(question, f"exam:{exam.id}")
    lines = [
        f"{marked.number}. {question.stem}（题号 {question.id}）",
        words.said(question, order, marked.chosen),
    ]
    right = [question.options[index] for index in question.correct]
    if question.kind != QuestionKind.JUDGE:
        lines.append(f"应选：{'；'.join(right)}")
    if question.explanation:
        lines.append(f"解析：{question.explanation}")
    if line := source_line(question):
        lines.append(f"依据：{line}")
    return "\n".join(lines)


def _whole(time: timedelta) -> timedelta:
    return timedelta(seconds=int(time.total_seconds()))
