"""Check-ins: noting what one has studied, for today or a day just past, and taking it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from db.access import STUDY
from db.numbers import BadValue
from handlers.context import Context
from handlers.reply import Button, Reply, UserError
from handlers.router import Router
from handlers.study_words import event_day, minutes_words, zone_of
from knowledge.study import check_ins, entries
from knowledge.study.check_ins import CheckInError, FullDay, FutureDay
from knowledge.study.entries import Entry

router = Router()

STEP = "study.check-in"
EXAMPLE = "党章第三章 45分钟 对党员义务有了新认识"
CHOICES = (15, 30, 45, 60)
AGAIN = "这条消息已经记过签到了。要改请发送“撤销签到”后重新签到。"


@router.command(
    "checkin", "签到", "学习签到", help="记录今天学了什么、多久", needs=STUDY,
    usage="[内容 45分钟 感想]", private=True, prose=True,
)  # fmt: skip
async def check_in(context: Context) -> Reply:
    """Note a check-in of the event's own day; what is missing is asked for."""
    entry = await _parse(context)
    return await _take(context, entry if entry.what else await _with_known(context, entry))


@router.command(
    "makeup", "补签", help="补记最近七天的学习", needs=STUDY,
    usage="昨天 内容 45分钟 感想", private=True, prose=True,
)  # fmt: skip
async def make_up(context: Context) -> Reply:
    """Note a check-in of a day just past."""
    entry = await _parse(context)
    if entry.on is None:
        raise UserError(f"请写明补哪一天，例如：补签 昨天 {EXAMPLE}")
    return await _take(context, entry)


@router.step(STEP, needs=STUDY)
async def more(context: Context) -> Reply:
    """Take what was missing."""
    asked = await context.dialog(STEP)
    if asked is not None and asked["what"] and entries.is_bare_number(context.text):
        context.text += "分钟"
    return await _take(context, await _with_known(context, await _parse(context)))


@router.command(
    "uncheckin", "撤销签到", help="撤销一天的签到", needs=STUDY, usage="[昨天]", private=True
)
async def take_back(context: Context) -> Reply:
    """Take back all check-ins of a day, or the one that a button names."""
    today = await event_day(context)
    number = context.text.removeprefix("#")
    if context.text.startswith("#") and number.isdecimal() and len(number) < 15:
        gone = await check_ins.withdraw(
            context.session, person_id=context.person_id, number=int(number), now=context.now
        )
        day = gone[0].on if gone else today
    else:
        day = _day(context.text, today)
        gone = await check_ins.withdraw(
            context.session, person_id=context.person_id, on=day, now=context.now
        )
    if not gone:
        return Reply(f"{day:%m-%d} 没有可以撤销的签到。")
    minutes = sum(one.minutes for one in gone)
    left = await check_ins.minutes_on(context.session, context.person_id, day)
    return Reply(
        f"已撤销 {day:%m-%d} 的签到 {len(gone)} 条，共 {minutes_words(minutes)}。"
        f"这一天还有 {minutes_words(left)}。"
    )


async def _parse(context: Context) -> Entry:
    try:
        return entries.parse(context.text, today=await event_day(context))
    except BadValue as error:
        raise UserError(f"{error}。") from error


async def _with_known(context: Context, entry: Entry) -> Entry:
    """Add what an open dialog has gathered."""
    data = await context.dialog(STEP)
    if data is None:
        return entry
    known = Entry(
        data["what"],
        data["minutes"],
        data["thought"],
        date.fromisoformat(data["on"]) if data["on"] else None,
    )
    if known.what and entry.what:
        # Only the time was asked for: what else is said is the thought.
        said = f"{known.thought} {entry.what} {entry.thought}".strip()
        entry = replace(entry, what=known.what, thought=said)
    return Entry(
        entry.what or known.what,
        entry.minutes if entry.minutes is not None else known.minutes,
        entry.thought or known.thought,
        entry.on or known.on,
    )


async def _take(context: Context, entry: Entry) -> Reply:
    today = await event_day(context)
    on = entry.on or today
    try:
        check_ins.judge(on, today=today)
        # A message that was on its way for very long counts no more than one made up too late.
        now = context.now.astimezone(await zone_of(context)).date()
        check_ins.judge(on, today=max(today, now))
    except FutureDay as error:
        raise UserError(f"{on:%Y-%m-%d} 还没有到，不能签到。") from error
    except CheckInError as error:
        days = check_ins.GRACE.days
        raise UserError(f"{on:%Y-%m-%d} 已超过 {days} 天，不能再补签。") from error
    if not entry.what or entry.minutes is None:
        return await _ask(context, entry)
    try:
        noted = await check_ins.add(
            context.session,
            key=_key(context),
            person_id=context.person_id,
            on=on,
            what=entry.what,
            minutes=entry.minutes,
            thought=entry.thought,
            at=context.incoming.at,
        )
    except FullDay as error:
        raise UserError(
            f"{on:%m-%d} 加上这次就超过 24 小时了（还能记 {minutes_words(error.left)}），请核对。"
        ) from error
    await context.leave()
    if noted is None:
        return Reply(AGAIN)
    total = await check_ins.minutes_on(context.session, context.person_id, on)
    thought = f"\n感想：{noted.thought}" if noted.thought else ""
    day = "今天" if on == today else f"{on:%m-%d} "
    return Reply(
        f"已签到（{on:%Y-%m-%d}）：{noted.what}，{minutes_words(noted.minutes)}。{thought}\n"
        f"{day}共 {minutes_words(total)}。",
        buttons=((Button("撤销", f"/uncheckin #{noted.id}"), Button("我的学习", "/mystudy")),),
    )


async def _ask(context: Context, entry: Entry) -> Reply:
    await context.go_to(
        STEP,
        what=entry.what,
        minutes=entry.minutes,
        thought=entry.thought,
        on=entry.on.isoformat() if entry.on else "",
    )
    if entry.what:
        times = tuple(Button(f"{n} 分钟", f"/checkin {n}分钟") for n in CHOICES)
        return Reply(f"“{entry.what}”学了多久？点按钮，或发送“40分钟”。", buttons=(times,))
    known = f"（{minutes_words(entry.minutes)}）" if entry.minutes else ""
    return Reply(
        f"学了什么{known}？一条消息写完就行，顺序随意，例如：\n{EXAMPLE}\n"
        "感想可以不写。签到是自愿的，放弃发送“取消”。"
    )


def _key(context: Context) -> str:
    """Name the event: a message that comes again, or is edited later, is the same one."""
    incoming = context.incoming
    if incoming.message is not None and incoming.press is None:
        return f"{incoming.channel}:{incoming.chat}:message:{incoming.message}"
    return f"{incoming.channel}:update:{incoming.update}"


def _day(text: str, today: date) -> date:
    if not text:
        return today
    try:
        day = entries.parse_near_day(text, today)
    except BadValue as error:
        raise UserError(f"{error}。") from error
    if day is None:
        raise UserError("请写明撤销哪一天，例如：撤销签到 昨天")
    return day
