"""Looking at duties: one's own, one's unit's, what is overdue, and the record of a year."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import groupby

from db import organisation
from db.access import OVERSEE_DUTIES, SEE_DUTIES, SEE_LEDGER, Action
from db.tables import Duty, DutyState, Person, Unit
from handlers.choosing import pick_unit
from handlers.context import Context
from handlers.duty_words import due_words, event_words, line, name_of, owner_words, state_words
from handlers.paging import page_of, turn
from handlers.reply import Button, Quote, Reply, Table, UserError
from handlers.router import Router
from scheduler import duties, listing
from scheduler.rulebook import keeping, wording

router = Router()

SHOWN = 15
NO_MORE = "没有更多任务了。"
NOT_FOUND = "没有找到这项任务。发送“我的任务”查看编号。"


@router.command(
    "mytasks",
    "我的任务",
    "任务清单",
    help="看我要办的任务",
    needs=SEE_DUTIES,
    usage="[页码]",
    private=True,
)
async def mine(context: Context) -> Reply:
    """List what the asking person owes, the nearest limit first."""
    owed = await listing.owed(context.session, context.actor, begun=context.calendar_today)
    _, page = page_of(context.text)
    shown = owed[(page - 1) * SHOWN : page * SHOWN]
    for duty in shown:
        await duties.see(
            context.session, duty.id, actor_id=context.person_id, now=context.calendar_now
        )
    if not owed:
        return Reply("你现在没有要办的任务。")
    if not shown:
        raise UserError(NO_MORE)
    lines = [line(duty, context.calendar_today) for duty in shown]
    hint = "发送“任务 编号”看依据和材料，“完成 编号”办结。"
    return Reply(
        f"你要办的任务 {len(owed)} 项：\n" + "\n".join(lines) + f"\n\n{hint}",
        buttons=(
            *((Button(f"任务 {duty.id}", f"/task {duty.id}"),) for duty in shown[:5]),
            *turn("/mytasks", page, len(owed), size=SHOWN),
        ),
    )


@router.command(
    "task",
    "任务",
    help="看一项任务的依据、时限和留痕",
    needs=SEE_DUTIES,
    usage="编号",
    private=True,
)
async def one(context: Context) -> Reply:
    """Show one duty: limit, basis, what to hand in, and everything that happened to it."""
    duty = await found(context, context.text, SEE_DUTIES)
    unit = await context.session.get_one(Unit, duty.unit_id)
    book = await keeping.current(context.session)
    rule = book.edition(duty.rule, duty.edition) if book else None
    owner = (await listing.owners(context.session, [duty])).get(duty.person_id or 0, "")
    lines = [f"任务 {duty.id}：{name_of(duty)}", f"责任方：{unit.name} {owner}".rstrip()]
    if duty.state == DutyState.OPEN.value:
        lines.append(f"时限：{due_words(duty, context.calendar_today)}")
    if duty.earliest_on is not None:
        lines.append(f"最早可办：{duty.earliest_on:%Y-%m-%d}")
    lines.append(f"状态：{state_words(duty)}")
    if rule is not None and rule.hand_in:
        lines.append(f"要提交：{rule.hand_in}")
    if rule is not None and rule.documents:
        lines.append("要留存：" + "、".join(rule.documents))
    lines += ["", "留痕：", *await _traces(context, duty)]
    mine = await listing.owes(context.session, context.actor, duty.id)
    return Reply(
        "\n".join(lines),
        quote=wording.basis(rule) if rule else Quote("规则已不在现行规则册中"),
        buttons=_acts(duty) if mine else (),
    )


@router.command(
    "duties",
    "支部任务",
    "组织任务",
    help="看职责范围内没有办结的任务",
    needs=OVERSEE_DUTIES,
    usage="[组织] [页码]",
    private=True,
)
async def of_unit(context: Context) -> Reply:
    """List what has not ended in the asking person's scope, overdue first."""
    name, page = page_of(context.text)
    unit = await _unit(context, OVERSEE_DUTIES, name)
    running = await listing.running(
        context.session,
        context.scope(OVERSEE_DUTIES),
        begun=context.calendar_today,
        unit=unit,
    )
    where = unit.name if unit else "你的职责范围内"
    if not running:
        return Reply(f"{where}没有未办结的任务。")
    return await _list(context, running, f"{where}没有办结的任务", f"/duties {name}", page)


@router.command(
    "overdue",
    "逾期",
    "逾期任务",
    help="看职责范围内逾期的任务",
    needs=OVERSEE_DUTIES,
    usage="[组织] [页码]",
    private=True,
)
async def overdue(context: Context) -> Reply:
    """List what is past its limit in the asking person's scope, the longest first."""
    name, page = page_of(context.text)
    unit = await _unit(context, OVERSEE_DUTIES, name)
    late = await listing.overdue(
        context.session, context.scope(OVERSEE_DUTIES), today=context.calendar_today, unit=unit
    )
    where = unit.name if unit else "你的职责范围内"
    if not late:
        return Reply(f"{where}没有逾期的任务。")
    return await _list(context, late, f"{where}逾期的任务", f"/overdue {name}", page)


@router.command(
    "ledger",
    "台账",
    help="看一个组织一年的任务台账",
    needs=SEE_LEDGER,
    usage="[组织] [年份]",
    private=True,
)
async def ledger(context: Context) -> Reply:
    """Show what a unit owed in a year and what became of it, rule by rule."""
    name, year = _name_and_year(context.text, context.calendar_today.year)
    unit = await _unit(context, SEE_LEDGER, name) or await pick_unit(
        context, SEE_LEDGER, context.actor.unit_name
    )
    owed = await listing.of_year(
        context.session,
        context.scope(SEE_LEDGER),
        unit=unit,
        year=year,
        begun=context.calendar_today,
    )
    counted = [duty for duty in owed if duty.state != DutyState.WITHDRAWN.value]
    if not counted:
        return Reply(f"{unit.name} {year} 年没有任务记录。")
    await context.record("ledger.see", f"unit:{unit.id}", year=year)
    return Reply(
        f"{unit.name} {year} 年台账（含下级，共 {len(counted)} 项）",
        table=Table(_ledger_rows(counted, context.calendar_today), f"台账-{unit.name}-{year}"),
    )


async def found(context: Context, text: str, action: Action) -> Duty:
    """Return the duty of that number if the asking person may do the action on it."""
    number = int(text) if text.isdecimal() and len(text) < 15 else 0
    duty = await listing.find(context.session, number, context.scope(action))
    if duty is None:
        raise UserError(NOT_FOUND)
    return duty


def _acts(duty: Duty) -> tuple[tuple[Button, ...], ...]:
    if duty.state != DutyState.OPEN.value:
        return ()
    return (
        (
            Button("收到", f"/gotit {duty.id}"),
            Button("已办", f"/done {duty.id}"),
            Button("稍后提醒", f"/snooze {duty.id}"),
        ),
    )


async def _traces(context: Context, duty: Duty) -> list[str]:
    """Return what happened to a duty, a line each; several missed reminders are one line."""
    zone, lines = context.services.zone, []
    for kind, events in groupby(
        await listing.history(context.session, duty.id), key=lambda event: event.kind
    ):
        group = list(events)
        if kind == "superseded":
            group = group[-1:]
        for event in group:
            name = await _name(context, event.actor_id)
            at = event.at.astimezone(zone)
            lines.append(f"{at:%m-%d %H:%M} {name}{event_words(event)}")
    return lines


async def _name(context: Context, person_id: int | None) -> str:
    person = await context.session.get(Person, person_id) if person_id else None
    return f"{person.name} " if person else ""


async def _unit(context: Context, action: Action, name: str) -> Unit | None:
    return await pick_unit(context, action, name) if name else None


async def _list(
    context: Context, owed: Sequence[Duty], heading: str, command: str, page: int
) -> Reply:
    shown = owed[(page - 1) * SHOWN : page * SHOWN]
    if not shown:
        raise UserError(NO_MORE)
    units = {
        unit.id: unit.name
        for unit in await organisation.list_units(context.session, context.scope(OVERSEE_DUTIES))
    }
    persons = await listing.owners(context.session, shown)
    lines = []
    for duty in shown:
        lines.append(line(duty, context.calendar_today, owner=owner_words(duty, units, persons)))
    total = f"{len(owed)}{' 项以上' if len(owed) == listing.MOST else ' 项'}"
    more = "\n可以在后面写组织名称缩小范围。" if len(owed) > SHOWN else ""
    return Reply(
        f"{heading}（{total}）：\n" + "\n".join(lines) + more,
        buttons=turn(command.strip(), page, len(owed), size=SHOWN),
    )


def _name_and_year(text: str, year: int) -> tuple[str, int]:
    """Tell a unit's name from a year; both may be left out."""
    years, names = [], []
    for word in text.split():
        plain = word.removesuffix("年")
        if plain.isdecimal():
            # In digits of any width; a number of any length is no year.
            years.append(int(plain) if len(plain) == 4 else 0)
        else:
            names.append(word)
    if len(names) > 1 or len(years) > 1 or any(not 2000 <= number <= 2100 for number in years):
        raise UserError("请这样写：台账 第三党支部 2026")
    return (names[0] if names else ""), (years[0] if years else year)


def _ledger_rows(owed: Sequence[Duty], today: date) -> tuple[tuple[str, ...], ...]:
    by_rule: dict[str, Counter[str]] = defaultdict(Counter)
    for duty in owed:
        by_rule[duty.title][_column(duty, today)] += 1
    columns = ("按期办结", "逾期办结", "免除", "待接收", "办理中", "逾期未办")
    rows: list[tuple[str, ...]] = [("事项", "应办", *columns)]
    for title, counts in by_rule.items():
        rows.append((title, str(sum(counts.values())), *(str(counts[name]) for name in columns)))
    return tuple(rows)


def _column(duty: Duty, today: date) -> str:
    """Name the column of the record that a duty is counted in."""
    if duty.state == DutyState.DONE.value:
        late = duty.due_on is not None and duty.done_on is not None and duty.done_on > duty.due_on
        return "逾期办结" if late else "按期办结"
    if duty.state == DutyState.WAIVED.value:
        return "免除"
    if duty.state == DutyState.SUBMITTED.value:
        return "待接收"
    return "逾期未办" if duty.due_on is not None and duty.due_on < today else "办理中"
