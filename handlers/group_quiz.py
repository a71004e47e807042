"""Setting up the questions of a group: its daily round, and who is named in the result.

A group belongs to the unit of whoever sets it up first. What counts is one's post over that
unit; to administer the chat in the messenger gives no right here.
"""

from __future__ import annotations

from db.access import BY_TITLE, RUN_QUIZ
from db.tables import QuizGroup, Unit
from handlers import quiz_words
from handlers.context import Context
from handlers.quiz_words import HOW, Wish
from handlers.reply import Button, Reply, UserError
from handlers.router import Router
from knowledge.quiz import bank
from scheduler import quiz_groups
from scheduler.quiz_times import EVERY_DAY, WORKDAYS, say_days

router = Router()

DEFAULT_AT = "08:30"
TIMES, COUNTS, TOPICS = ("08:30", "12:30", "18:00"), (3, 5, 10), 4
INVITE = f"先把我加进支部的群，再在群里 @我 发送“{HOW}”。"
FOREIGN = "这个群的答题由别的组织设置，请找设置的人或上级组织。"
NOT_THERE = "没有找到这个群，或者它不在你的范围内。私聊我发送“每日答题”可以看到你管的群。"


@router.command(
    "quiz_daily",
    "每日答题",
    help="设置本群的每日答题",
    needs=RUN_QUIZ,
    usage="[08:30 5题 主题 工作日 限时30分钟]",
)
async def daily(context: Context) -> Reply:
    """Show, set or stop the daily round of a group; in private, list one's groups."""
    wish = quiz_words.read(context.text)
    if not context.incoming.group and wish.group is None:
        return await _list(context, wish)
    group = await group_meant(context, wish, f"/quiz_daily {context.text}")
    if isinstance(group, Reply):
        return group
    if not wish.is_empty:
        await _set(context, group, wish)
    done = "" if wish.is_empty else "已关闭每日答题。" if wish.off else "已设置。"
    return await state(context, group, done)


@router.command(
    "quiz_pause",
    "暂停答题",
    "暂停",
    help="暂停本群的每日答题",
    needs=RUN_QUIZ,
    usage="[群编号]",
)
async def pause(context: Context) -> Reply:
    """Hold no daily rounds until somebody resumes them."""
    group = await known_group(context)
    if group.paused_at is None:
        group.paused_at, group.next_at = context.now, None
        await context.record("quiz.pause", f"quiz_group:{group.id}")
    return Reply(
        "每日答题已暂停，设置保留。", buttons=((Button("继续", f"/quiz_resume 群{group.id}"),),)
    )


@router.command(
    "quiz_resume",
    "继续答题",
    "继续",
    help="恢复本群的每日答题",
    needs=RUN_QUIZ,
    usage="[群编号]",
)
async def resume(context: Context) -> Reply:
    """Hold daily rounds again."""
    group = await known_group(context)
    if group.paused_at is not None:
        group.paused_at = None
        await quiz_groups.reckon(
            context.session, group, now=context.now, zone=context.services.zone
        )
        await context.record("quiz.resume", f"quiz_group:{group.id}")
    return await state(context, group, "已恢复。")


@router.command(
    "quiz_names", "实名榜", help="公布结果时列不列姓名", needs=RUN_QUIZ, usage="开|关 [群编号]"
)
async def names(context: Context) -> Reply:
    """Switch the by-name list of a group on or off."""
    word, _, rest = context.text.partition(" ")
    if word not in ("开", "关"):
        raise UserError("请写“实名榜 开”或“实名榜 关”。")
    context.text = rest
    group = await known_group(context)
    before, group.names = group.names, word == "开"
    if before != group.names:
        await context.record(
            "quiz.names", f"quiz_group:{group.id}", before=before, after=group.names
        )
    told = "答题结果会列出答题人姓名和答对题数。" if group.names else "答题结果不列姓名。"
    other = "关" if group.names else "开"
    return Reply(
        f"实名榜已{word}启。{told}" if group.names else f"实名榜已{word}闭。{told}",
        buttons=((Button(f"改为{other}", f"/quiz_names {other} 群{group.id}"),),),
    )


async def known_group(context: Context) -> QuizGroup:
    """Return the group that is meant, which must have been set up; locked."""
    wish = quiz_words.read(context.text)
    if wish.group is not None:
        return await _by_id(context, wish.group)
    if context.incoming.group:
        group = await quiz_groups.of_chat(
            context.session,
            channel=context.incoming.channel,
            chat=context.incoming.chat,
            lock=True,
        )
        if group is None:
            raise UserError(f"这个群还没有设置答题。发送“{HOW}”即可开始。")
        await _require(context, group)
        return group
    mine = await quiz_groups.within(context.session, context.scope(RUN_QUIZ))
    if len(mine) != 1:
        raise UserError(NOT_THERE if mine else INVITE)
    return await _by_id(context, mine[0].id)


async def group_meant(context: Context, wish: Wish, again: str) -> QuizGroup | Reply:
    """Return the group that is meant, set up if it is new; locked.

    Where the actor could set it up for several units, the choice between them; `again` is the
    command to repeat with the chosen one.
    """
    if wish.group is not None:
        return await _by_id(context, wish.group)
    if not context.incoming.group:
        return await known_group(context)
    incoming = context.incoming
    group = await quiz_groups.of_chat(
        context.session, channel=incoming.channel, chat=incoming.chat, lock=True
    )
    if group is not None:
        await _require(context, group)
        return group
    unit = await _own_unit(context, wish, again)
    if isinstance(unit, Reply):
        return unit
    group = await quiz_groups.enter(
        context.session,
        channel=incoming.channel,
        chat=incoming.chat,
        thread=incoming.thread,
        title=incoming.chat_title,
        unit_id=unit.id,
        by_id=context.person_id,
        now=context.now,
    )
    await _require(context, group)
    await context.record("quiz.group", f"quiz_group:{group.id}", unit=unit.id)
    return group


async def state(context: Context, group: QuizGroup, done: str = "") -> Reply:
    """Say what holds for a group, with buttons to change it."""
    unit = await context.session.get_one(Unit, group.unit_id)
    where = "本群" if context.incoming.group else quiz_groups.name_of(group).strip()
    if group.daily_at is None:
        text = f"{done}{where}没有每日答题（归属：{unit.name}）。选一个时间就开始，或发送“{HOW}”。"
    else:
        text = f"{done}{where}：{await _course(context, group)}"
        text += f"\n实名榜：{'开' if group.names else '关'}。归属：{unit.name}。"
    return Reply(text, buttons=await _offers(context, group, unit), replaces=True)


async def _course(context: Context, group: QuizGroup) -> str:
    what = f"{group.count} 题，{group.topic or '全部主题'}，限时 {group.minutes} 分钟"
    text = f"{say_days(group.days)} {group.daily_at}，{what}。"
    if group.paused_at is not None:
        return f"{text}现在暂停，发送“继续答题”恢复。"
    if group.next_at is None:
        return text
    zone = await quiz_groups.zone_of(context.session, group.unit_id, context.services.zone)
    return f"{text}\n下一次：{group.next_at.astimezone(zone):%Y-%m-%d %H:%M}。"


async def _offers(context: Context, group: QuizGroup, unit: Unit) -> tuple[tuple[Button, ...], ...]:
    topics = await bank.topics(context.session, unit_path=unit.path, today=context.today)

    def button(label: str, words: str) -> Button:
        return Button(label, f"/quiz_daily 群{group.id} {words}")

    rows = [
        tuple(button(at, at) for at in TIMES),
        tuple(button(f"{count}题", f"{count}题") for count in COUNTS),
        tuple(button(name, name) for name, _ in topics[:TOPICS] if " " not in name),
        tuple(button(say_days(days), say_days(days)) for days in (WORKDAYS, EVERY_DAY)),
    ]
    if group.topic:
        rows[2] = (*rows[2], button("全部主题", "全部主题"))
    if group.daily_at is not None:
        rows.append((button("关闭每日答题", "关闭"),))
    return tuple(row for row in rows if row)


async def _set(context: Context, group: QuizGroup, wish: Wish) -> None:
    if wish.unit is not None and wish.unit != group.unit_id:
        group.unit_id = (await _unit(context, wish.unit)).id
    if wish.off:
        group.daily_at = None
    else:
        await _take_over(context, group, wish)
    group.set_by, group.set_at = context.person_id, context.now
    group.title = context.incoming.chat_title or group.title
    await quiz_groups.reckon(context.session, group, now=context.now, zone=context.services.zone)
    await context.record(
        "quiz.off" if wish.off else "quiz.set",
        f"quiz_group:{group.id}",
        unit=group.unit_id,
        at=group.daily_at,
        days=group.days,
        count=group.count,
        topic=group.topic,
        minutes=group.minutes,
    )


async def _take_over(context: Context, group: QuizGroup, wish: Wish) -> None:
    group.daily_at = wish.at or group.daily_at or DEFAULT_AT
    group.days = wish.days or group.days
    group.count = wish.count or group.count
    group.minutes = wish.minutes or group.minutes
    topic = await topic_meant(context, group, wish)
    group.topic = group.topic if topic is None else topic
    group.paused_at = None
    if context.incoming.group:
        group.thread = context.incoming.thread


async def topic_meant(context: Context, group: QuizGroup, wish: Wish) -> str | None:
    """Return the topic of the bank that a wish names; None if it names none."""
    if wish.topic is None:
        return None
    unit = await context.session.get_one(Unit, group.unit_id)
    session, path, today = context.session, unit.path, context.today
    topics = await bank.topics(session, unit_path=path, today=today)
    regulations = await bank.regulations(session, unit_path=path, today=today)
    return quiz_words.topic_of(
        wish, [name for name, _ in topics], [name for name, _ in regulations]
    )


async def _list(context: Context, wish: Wish) -> Reply:
    groups = await quiz_groups.within(context.session, context.scope(RUN_QUIZ))
    if not groups:
        return Reply(INVITE)
    if len(groups) == 1 and not wish.is_empty:
        group = await _by_id(context, groups[0].id)
        await _set(context, group, wish)
        return await state(context, group, "已设置。")
    lines = [
        f"群{g.id} {g.title}：{await _course(context, g)}"
        if g.daily_at
        else f"群{g.id} {g.title}：没有每日答题。"
        for g in groups
    ]
    return Reply(
        "你管的群：\n" + "\n".join(lines) + f"\n修改请发送：每日答题 群编号 {HOW.split(' ', 1)[1]}",
        buttons=tuple((Button(f"群{g.id} {g.title}", f"/quiz_daily 群{g.id}"),) for g in groups),
    )


async def _by_id(context: Context, group_id: int) -> QuizGroup:
    group = await quiz_groups.find(context.session, group_id, context.scope(RUN_QUIZ))
    if group is None:
        raise UserError(NOT_THERE)
    return group


async def _require(context: Context, group: QuizGroup) -> None:
    unit = await context.session.get_one(Unit, group.unit_id)
    if not context.scope(RUN_QUIZ).covers(unit.path):
        raise UserError(FOREIGN)


async def _own_unit(context: Context, wish: Wish, again: str) -> Unit | Reply:
    """Return the unit for which the actor sets up a group, or the choice between several."""
    if wish.unit is not None:
        return await _unit(context, wish.unit)
    posts = {p.unit_id: p for p in context.actor.posts if RUN_QUIZ in BY_TITLE[p.title]}
    if len(posts) == 1:
        return await context.session.get_one(Unit, next(iter(posts)))
    return Reply(
        "这个群属于哪个组织？",
        buttons=tuple(
            (Button(post.unit_name, f"{again} #{unit_id}"),) for unit_id, post in posts.items()
        ),
    )


async def _unit(context: Context, unit_id: int) -> Unit:
    unit = await context.session.get(Unit, unit_id)
    if unit is None or not context.scope(RUN_QUIZ).covers(unit.path):
        raise UserError("没有找到这个组织，或者它不在你的范围内。")
    return unit
