"""One's duties in the calendar of one's phone or computer: a private address, and ending it."""

from __future__ import annotations

from db.access import SEE_DUTIES
from handlers.context import Context
from handlers.reply import Button, Reply
from handlers.router import Router
from scheduler import feed

router = Router()

HOW = (
    "在手机或电脑日历里选“添加订阅日历”（Outlook：添加日历 → 从 Internet 订阅；苹果：日历 → "
    "添加订阅日历），填入这个地址。任务有变动时日历会自己更新。地址只给你本人用，请勿转发。"
)


@router.command(
    "calendar", "日历", help="取得个人任务的日历订阅地址", needs=SEE_DUTIES, private=True
)
async def calendar(context: Context) -> Reply:
    """Make an address, or say that there is one, which only its digest is known of."""
    existing = await feed.current(context.session, person_id=context.person_id)
    if existing is None:
        return await _give(context)
    made = existing.created_at.astimezone(context.services.zone)
    return Reply(
        f"你在 {made:%Y-%m-%d} 取得过订阅地址。为安全起见，地址不留底、不能再次显示；"
        "可以换一个新的（原来的随即失效），或者停用。",
        buttons=((Button("换新地址", "/newcalendar"), Button("停用", "/nocalendar")),),
    )


@router.command(
    "newcalendar",
    "换日历地址",
    help="换一个日历订阅地址",
    needs=SEE_DUTIES,
    private=True,
    hidden=True,
)
async def renew(context: Context) -> Reply:
    """Make a new address; the one before ends."""
    return await _give(context)


@router.command("nocalendar", "取消日历", help="停用日历订阅地址", needs=SEE_DUTIES, private=True)
async def end(context: Context) -> Reply:
    """End the address."""
    if not await feed.revoke(context.session, person_id=context.person_id, now=context.now):
        return Reply("你没有正在使用的日历订阅地址。发送“日历”可以取得。")
    await context.record("feed.revoke", f"person:{context.person_id}")
    return Reply("日历订阅地址已停用。需要时发送“日历”取得新地址。")


async def _give(context: Context) -> Reply:
    token = await feed.issue(context.session, person_id=context.person_id, now=context.now)
    await context.record("feed.issue", f"person:{context.person_id}")
    return Reply(
        f"{context.services.web}/calendar/{token}.ics\n\n{HOW}",
        buttons=((Button("停用", "/nocalendar"),),),
        secret=True,
    )
