"""What one has studied: hours of the year, days, the streak; as text and as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from db.access import STUDY
from db.tables import Person
from handlers.context import Context
from handlers.reply import Button, Figure, Quote, Reply, Series
from handlers.router import Router
from handlers.study_words import event_day, hours_of, minutes_words, rate, source
from knowledge.quiz import results
from knowledge.study import hours, materials, settings
from knowledge.study.hours import Requirement
from scheduler.workdays import Workdays

router = Router()

DUE_SHOWN, TOPICS = 5, 6
POINTS_A_MATERIAL = 2
NO_RULE = Quote("没有适用于你的年度学时规定")
RULE_OF_STREAK = "只数工作日，休息日不用签到，也不会中断"
WHOSE_HOURS = "自学时间能否计入规定的集中学习培训学时，以所在党组织认定为准。"


@router.command(
    "mystudy", "我的学习", "学习记录", help="看我的学时、连续学习和要学的资料", needs=STUDY,
    private=True,
)  # fmt: skip
async def my_study(context: Context) -> Reply:
    """Show the asking person's own year, with what the hours are measured by."""
    today = await event_day(context)
    person = await context.session.get_one(Person, context.person_id)
    wanted = hours.required([post.title for post in context.actor.posts], person.stage)
    first = date(today.year, 1, 1)
    days = await hours.by_day(context.session, person.id, since=first, until=today)
    per_hour = await settings.held(context.session, context.actor.unit_path, settings.MINUTES)
    lines = [
        f"{today.year} 年我的学习",
        _hours_line(sum(days.values()), int(per_hour.value), wanted),
        f"按 {per_hour.value} 分钟折 1 学时"
        f"（{'默认值' if per_hour.unit_id is None else '党组织设置'}，法规没有规定）。",
        await _days_line(context, days, today),
        *await _quiz_lines(context),
        *await _points_lines(context, days, today),
        *await _due_lines(context),
        WHOSE_HOURS,
    ]
    return Reply(
        "\n".join(lines),
        quote=source(wanted) if wanted else NO_RULE,
        figure=_figure(days, today, int(per_hour.value), wanted),
        buttons=((Button("签到", "/checkin"), Button("学习资料", "/materials")),),
    )


def _hours_line(minutes: int, per_hour: int, wanted: Requirement | None) -> str:
    done = hours_of(minutes, per_hour)
    total = f"共 {minutes_words(minutes)}" if minutes else "还没有记录"
    if wanted is None:
        return f"学时：{done:g}（{total}）"
    left = max(0.0, wanted.hours - done)
    rest = f"还差 {left:g} 学时" if left else "已达到"
    return f"学时：{done:g} / {wanted.hours}，{rest}（{total}）"


async def _days_line(context: Context, days: Mapping[date, int], today: date) -> str:
    # A streak may have begun in the year before.
    before = await hours.by_day(
        context.session,
        context.person_id,
        since=date(today.year - 1, 1, 1),
        until=date(today.year - 1, 12, 31),
    )
    workdays = await Workdays.load(context.session)
    run = hours.streak({*before, *days}, today=today, days=workdays)
    return f"学习 {len(days)} 天，连续学习 {run} 个工作日（{RULE_OF_STREAK}）。"


async def _quiz_lines(context: Context) -> list[str]:
    """Say how many answers were right, topic by topic, the most practised first."""
    topics = await results.by_topic(context.session, person_id=context.person_id)
    if not topics:
        return []
    answered, right = sum(t.answered for t in topics), sum(t.right for t in topics)
    each = "，".join(f"{t.topic or '其他'} {rate(t.right, t.answered)}" for t in topics[:TOPICS])
    return [f"答题 {answered} 道，正确率 {rate(right, answered)}：{each}。"]


async def _points_lines(context: Context, days: Mapping[date, int], today: date) -> list[str]:
    """Show points, where the organisation has switched them on."""
    if not (await settings.held(context.session, context.actor.unit_path, settings.POINTS)).on:
        return []
    done = await materials.learned_in(
        context.session, context.person_id, since=date(today.year, 1, 1), until=today
    )
    total = len(days) + POINTS_A_MATERIAL * done
    return [f"学习积分 {total}（有学习记录的一天 1 分，学完一份资料 {POINTS_A_MATERIAL} 分）。"]


async def _due_lines(context: Context) -> list[str]:
    """Name what is to be learned by a day, the nearest first."""
    items = await materials.listed(
        context.session,
        person_id=context.person_id,
        unit_path=context.actor.unit_path,
        limit=DUE_SHOWN,
    )
    due = [item.material for item in items if not item.learned and item.material.due_on]
    if not due:
        return ["没有限期要学的资料。"]
    return ["要学完的资料：", *(f"· {m.id}. 《{m.title}》{m.due_on:%m-%d} 截止" for m in due)]


def _figure(
    days: Mapping[date, int], today: date, per_hour: int, wanted: Requirement | None
) -> Figure | None:
    """Return how the hours have grown month by month; nothing to draw without any."""
    if not days:
        return None
    months = range(1, today.month + 1)
    grown = [sum(m for day, m in days.items() if day.month <= month) for month in months]
    return Figure(
        title=f"{today.year} 年累计学时",
        labels=tuple(f"{month}月" for month in months),
        series=(Series("累计学时", tuple(hours_of(each, per_hour) for each in grown)),),
        kind="line" if today.month > 1 else "bar",
        unit="学时",
        target=float(wanted.hours) if wanted else None,
    )
