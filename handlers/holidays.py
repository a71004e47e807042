"""The days off of a new year, pasted into the chat by an administrator: shown first, then kept."""

from __future__ import annotations

from datetime import date

from db.access import ADMINISTER
from db.numbers import BadValue
from handlers.context import Context
from handlers.reply import Button, Reply, UserError
from handlers.router import Router
from scheduler import decree, workdays

router = Router()

PASTE, CONFIRM = "holidays.paste", "holidays.confirm"
HOW = (
    "请把国务院办公厅的放假安排通知全文粘贴过来，或每行写一天：\n"
    "2027-02-05 休 春节\n2027-02-14 班\n我会先列出读懂的日期，确认后才保存。放弃发送“取消”。"
)
YES = "确认保存"
SHOWN = 60


@router.command(
    "holidays", "导入节假日", help="导入一年的放假调休安排", needs=ADMINISTER, private=True
)
async def holidays(context: Context) -> Reply:
    """Ask for the notice of a year."""
    await context.go_to(PASTE)
    year = await workdays.missing_year(context.session, today=context.calendar_today)
    return Reply((f"{year} 年的安排还没有导入。\n" if year else "") + HOW)


@router.step(PASTE, needs=ADMINISTER)
async def paste(context: Context) -> Reply:
    """Show what was understood of a notice."""
    return await _preview(context)


async def _preview(context: Context) -> Reply:
    days = _read(context.text)
    await context.go_to(CONFIRM, text=context.text)
    lines = [
        f"{day:%Y-%m-%d} {'上班' if works else '放假'} {name}"
        for day, (works, name) in sorted(days.items())
    ]
    return Reply(
        f"读懂了 {len(days)} 天：\n" + "\n".join(lines[:SHOWN]) + "\n\n请核对；当年其余日子按周末"
        f"休息、其他工作计算。无误请发送“{YES}”。",
        buttons=((Button(YES, f"/holidays_keep {_year(days)}"),),),
    )


@router.step(CONFIRM, needs=ADMINISTER)
async def confirm(context: Context) -> Reply:
    """Keep what was shown once it is confirmed in words; anything else is a new notice."""
    if context.text == YES:
        return await _keep(context, context.data["text"])
    return await _preview(context)


@router.command(
    "holidays_keep",
    help="保存刚才核对过的放假安排",
    needs=ADMINISTER,
    usage="年份",
    private=True,
    hidden=True,
)
async def keep(context: Context) -> Reply:
    """Keep what the last preview showed."""
    shown = await context.dialog(CONFIRM)
    if shown is None or str(_year(_read(shown["text"]))) != context.text:
        raise UserError("这个预览已失效，请重新发送“导入节假日”。")
    return await _keep(context, shown["text"])


async def _keep(context: Context, text: str) -> Reply:
    days = _read(text)
    first, last = await workdays.save_decree(context.session, days)
    await context.leave()
    await context.record("calendar.import", f"calendar:{first.year}", days=len(days))
    return Reply(
        f"已保存 {first:%Y-%m-%d} 到 {last:%Y-%m-%d} 的安排，未办结任务的提醒会在十分钟内重新推算。"
    )


def _read(text: str) -> decree.Days:
    try:
        return decree.read(text)
    except BadValue as error:
        raise UserError(f"{error}。") from error


def _year(days: decree.Days) -> int:
    return max(days, default=date.min).year
