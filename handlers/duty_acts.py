"""Doing something about a duty: received, done with evidence, later, waived, taken back."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from db import conversation
from db.access import DO_DUTY, WAIVE_DUTY
from db.tables import Duty, DutyState, Unit
from handlers.case_words import after
from handlers.context import Context
from handlers.days import read_day
from handlers.duties import found
from handlers.duty_words import due_words, name_of
from handlers.incoming import ReceivedFile
from handlers.media import PICTURES, media_type
from handlers.questions import ask
from handlers.reply import Button, Reply, UserError
from handlers.router import Replies, Router
from scheduler import cases, duties, listing, snoozing, study_duties
from scheduler.cases import CaseError
from scheduler.duties import DutyError
from scheduler.rulebook import keeping
from scheduler.rulebook.model import Rule

router = Router()

WHY: dict[type[DutyError], str] = {
    duties.NotOpen: "这项任务已经不是待办。发送“任务 编号”查看情况。",
    duties.NotHandedIn: "这项任务没有等待接收的办理结果。",
    duties.InFuture: "实际日期不能在今天以后。",
    duties.TooEarly: "实际日期早于最早可办的日期，请核对。",
    duties.OutOfOrder: "实际日期早于上一步，请核对。",
    duties.OwnWork: "不能接收自己提交的办理结果。",
    duties.NotUndoable: "只能撤销自己一天之内的办理，而且上级还没有接收。",
    duties.NotPostponable: "这项任务不能延期，或者超过了规定允许延长的期限。",
}

EVIDENCE, DAY, DECISION = "duty.evidence", "duty.day", "duty.decision"
KINDS = {"text": "文字说明", "photo": "照片", "file": "文件"}
NEAR_DAYS = {"今天": 0, "昨天": 1, "前天": 2}
LONGEST_DAYS = 90
CHOICES = 8
REASON_LIMIT, TEXT_LIMIT = 200, 2_000
UNDO_LIFE = timedelta(days=1)
EXTENSION = re.compile(r"延长(\d{1,2})个月")
LATER = re.compile(r"(\d{1,3})\s*(天|日|周|个?月)?\Z")
UNITS = {"周": 7, "月": 30, "个月": 30}
NOT_YOURS = "这项任务不由你办理，只能由责任人或本组织的书记、副书记、组织委员办理。"


@dataclass(frozen=True, slots=True)
class Result:
    """What somebody says of a duty that is done."""

    on: date
    decision: str = ""
    text: str = ""
    file_id: int | None = None


@router.command("gotit", "收到", help="确认收到一项任务", needs=DO_DUTY, usage="编号", private=True)
async def got_it(context: Context) -> Reply:
    """Note that whoever owes a duty knows of it; the duty stays open."""
    if not context.text:
        return await _got_all(context)
    duty = await _to_do(context, context.text)
    await duties.acknowledge(
        context.session, duty.id, actor_id=context.person_id, now=context.calendar_now
    )
    return Reply(
        f"已记下：{name_of(duty)}，{due_words(duty, context.calendar_today)}。"
        f"办完请发送“完成 {duty.id}”。",
        buttons=((Button("已办", f"/done {duty.id}"), Button("稍后提醒", f"/snooze {duty.id}")),),
    )


@router.command(
    "done",
    "完成",
    "已办",
    help="办结一项任务",
    needs=DO_DUTY,
    usage="编号 [日期] [决定]",
    private=True,
)
async def done(context: Context) -> Replies:
    """Close a duty, after asking for what its rule wants: day, decision, evidence."""
    number, *words = context.text.split() or [""]
    if not number:
        return await _which(context, "办完了哪一项？", "done")
    return await _close(context, number, words)


@router.step(DAY, needs=DO_DUTY, brief=True)
async def day(context: Context) -> Replies:
    """Take the day that was asked for, perhaps with the decision."""
    return await _go_on(context, context.text.split())


@router.step(DECISION, needs=DO_DUTY, brief=True)
async def decide(context: Context) -> Replies:
    """Take the decision that was asked for."""
    return await _go_on(context, [context.data["on"], context.text])


async def _go_on(context: Context, words: list[str]) -> Replies:
    """Close what was asked about; once it is closed (by a button), what is typed is a question."""
    number = int(context.data["duty"])
    duty = await listing.find(context.session, number, context.scope(DO_DUTY))
    await context.leave()
    if duty is None or duty.state != DutyState.OPEN.value:
        return await ask(context)
    return await _close(context, str(number), words)


async def _close(context: Context, number: str, words: list[str]) -> Replies:
    duty = await _to_do(context, number)
    if (material := study_duties.material_of(duty)) is not None:
        return _ask_to_learn(duty, material)
    rule = await _rule(context, duty)
    if duty.case_id is not None and not words:
        await context.go_to(DAY, duty=duty.id)
        return _ask_for_day(duty)
    on = _day(words[0] if words else "", context.calendar_today)
    decision = words[1] if len(words) > 1 else ""
    if rule is not None and rule.decision and not await _is_decision(context, duty, decision):
        return await _ask_for_decision(context, duty, rule, on)
    if rule is not None and rule.evidence:
        await context.go_to(EVIDENCE, duty=duty.id, on=on.isoformat(), decision=decision)
        return Reply(_wanted(duty, rule))
    return await _finish(context, duty, Result(on, decision))


@router.step(EVIDENCE, needs=DO_DUTY, takes_files=True)
async def evidence(context: Context) -> Replies:
    """Take the evidence of a duty, and close it or hand it up."""
    duty = await _to_do(context, str(context.data["duty"]))
    rule = await _rule(context, duty)
    wanted = rule.evidence if rule else ()
    result = Result(date.fromisoformat(context.data["on"]), context.data["decision"])
    if context.received is not None:
        file_id = await _keep(context, context.received, wanted)
        result = replace(result, file_id=file_id, text=context.text[:TEXT_LIMIT])
    elif "text" not in wanted:
        raise UserError("这项任务要提交照片或文件，请直接发送；放弃请发送“取消”。")
    elif len(context.text) < 2:
        raise UserError("请写明办理情况，例如时间、地点、参加人数。")
    else:
        result = replace(result, text=context.text[:TEXT_LIMIT])
    await context.leave()
    return await _finish(context, duty, result)


@router.command(
    "snooze",
    "稍后",
    "稍后提醒",
    help="过几天再提醒一项任务",
    needs=DO_DUTY,
    usage="编号 [3天]",
    private=True,
)
async def snooze(context: Context) -> Reply:
    """Put the next reminder off; never past the limit, and an overdue alert still comes."""
    number, _, rest = context.text.partition(" ")
    if not number:
        return await _which(context, "哪一项稍后提醒？", "snooze")
    duty = await _to_do(context, number)
    if not rest.strip():
        choices = tuple(Button(f"{n} 天后", f"/snooze {duty.id} {n}天") for n in (1, 3, 7))
        return Reply(f"{name_of(duty)}：过几天再提醒？", buttons=(choices,))
    until = context.calendar_today + _span(rest.strip())
    if duty.due_on is not None and until > duty.due_on:
        raise UserError(
            f"不能推到截止日之后（{due_words(duty, context.calendar_today)}）。推迟提醒不改变时限。"
        )
    told = await snoozing.day(
        context.session, duty, until, today=context.calendar_today, zone=context.services.zone
    )
    if told is None:
        raise UserError("截止日以前没有别的工作日可以再提醒了，请抓紧办理。")
    await attempt(
        duties.snooze(
            context.session,
            duty.id,
            until=told,
            actor_id=context.person_id,
            now=context.calendar_now,
            sent_at=context.now,
        )
    )
    why = "（赶上休息日，改到工作日）" if told != until else ""
    return Reply(f"好的，{told:%m-%d} 再提醒你{why}：{name_of(duty)}。时限不变。")


@router.command(
    "waive", "免办", help="免除下级的一项任务", needs=WAIVE_DUTY, usage="编号 理由", private=True
)
async def waive(context: Context) -> Reply:
    """Release somebody below from a duty, with the reason on record."""
    number, _, reason = context.text.partition(" ")
    reason = reason.strip()
    duty = await found(context, number, WAIVE_DUTY)
    await _may_release(context, duty)
    if duty.case_id is not None:
        raise UserError(
            f"这是事项中的一步，免除后事项无法继续。办了请登记“完成 {duty.id} 实际日期”，"
            f"不再办理请发送“停办 {duty.id} 理由”。"
        )
    if not 2 <= len(reason) <= REASON_LIMIT:
        raise UserError(f"请写明理由（{REASON_LIMIT} 字以内）：免办 {duty.id} 理由")
    await attempt(
        duties.waive(
            context.session,
            duty.id,
            reason=reason,
            actor_id=context.person_id,
            now=context.calendar_now,
            sent_at=context.now,
        )
    )
    await context.record("duty.waive", f"duty:{duty.id}", reason=reason)
    return Reply(f"已免除：{name_of(duty)}。", buttons=((Button("撤销", f"/undone {duty.id}"),),))


@router.command(
    "undone", "撤销办结", help="撤销刚才的办结", needs=DO_DUTY, usage="编号", private=True
)
async def undone(context: Context) -> Reply:
    """Take back one's own closing, submission or release of a duty within a day."""
    duty = await found(context, context.text, DO_DUTY)
    if duty.case_id is not None:
        await _take_back(context, duty)
    await attempt(
        duties.reopen(
            context.session,
            duty.id,
            within=UNDO_LIFE,
            actor_id=context.person_id,
            now=context.calendar_now,
            sent_at=context.now,
        )
    )
    await context.record("duty.reopen", f"duty:{duty.id}")
    return Reply(f"已撤销，任务恢复为待办：{name_of(duty)}。")


async def _take_back(context: Context, duty: Duty) -> None:
    """Undo what the closing of a case's step has made."""
    who, now = context.person_id, context.calendar_now
    try:
        undone = await cases.take_back(context.session, duty, actor_id=who, now=now)
    except CaseError as error:
        raise UserError("这件事项已经结束，又新开了一件同类事项，不能撤销。") from error
    if not undone:
        raise UserError("后面的步骤已经办了，不能撤销这一步。")


async def _got_all(context: Context) -> Reply:
    """Take a bare 收到 for everything that the person was reminded of."""
    told = [
        duty
        for duty in await listing.owed(context.session, context.actor)
        if duty.state == DutyState.OPEN.value and duty.stage and duty.acknowledged_at is None
    ]
    if not told:
        return Reply("没有等你确认的任务提醒。发送“我的任务”查看要办的任务。")
    for duty in told:
        await duties.acknowledge(
            context.session, duty.id, actor_id=context.person_id, now=context.calendar_now
        )
    return Reply(f"已记下 {len(told)} 项任务你已收到。办完请发送“完成 编号”。")


async def _which(context: Context, question: str, command: str) -> Reply:
    """Ask which of one's open duties is meant."""
    owed = [
        duty
        for duty in await listing.owed(context.session, context.actor, begun=context.calendar_today)
        if duty.state == DutyState.OPEN.value
    ]
    if not owed:
        return Reply("你现在没有要办的任务。")
    rows = tuple(
        (Button(f"{duty.id}. {name_of(duty)}", f"/{command} {duty.id}"),) for duty in owed[:CHOICES]
    )
    more = "没有列出的请写编号，发送“我的任务”查看。" if len(owed) > CHOICES else ""
    return Reply(f"{question}{more}", buttons=rows)


async def _to_do(context: Context, text: str) -> Duty:
    """Return an open duty that the asking person may close."""
    duty = await found(context, text.strip(), DO_DUTY)
    if duty.person_id is None and not await listing.owes(context.session, context.actor, duty.id):
        raise UserError(NOT_YOURS)
    if duty.state != DutyState.OPEN.value:
        raise UserError("这项任务已经不是待办。发送“任务 编号”查看情况。")
    return duty


async def _may_release(context: Context, duty: Duty) -> None:
    """A unit is released by somebody above it, a person by the branch; nobody by themselves."""
    unit = await context.session.get_one(Unit, duty.unit_id)
    above = [
        prefix
        for prefix in context.scope(WAIVE_DUTY).prefixes
        if unit.path.startswith(prefix) and (duty.person_id is not None or prefix != unit.path)
    ]
    if not above or await listing.owes(context.session, context.actor, duty.id):
        raise UserError("本人和本组织的任务不能自己免除，请由上级组织办理。")


async def _finish(context: Context, duty: Duty, result: Result) -> Replies:
    rule = await _rule(context, duty)
    closed = await attempt(
        duties.complete(
            context.session,
            duty.id,
            on=result.on,
            text=result.text,
            file_id=result.file_id,
            decision=result.decision,
            accept=bool(rule and rule.accept),
            today=context.calendar_today,
            actor_id=context.person_id,
            now=context.calendar_now,
            sent_at=context.now,
        )
    )
    late = "，已记为补录" if closed.late_entered else ""
    undo = ((Button("撤销", f"/undone {closed.id}"),),)
    if closed.state == DutyState.SUBMITTED.value:
        return Reply(f"已提交，等上级接收：{name_of(closed)}{late}。提醒已停止。", buttons=undo)
    reply = Reply(f"已办结：{name_of(closed)}（{result.on:%Y-%m-%d}）{late}。", buttons=undo)
    following = await after(context, closed, result.decision)
    return [reply, following] if following else reply


async def attempt(act: Awaitable[Duty]) -> Duty:
    """Await an act on a duty; an act that is refused is worded for its maker."""
    try:
        return await act
    except DutyError as error:
        raise UserError(WHY[type(error)]) from error


def _ask_to_learn(duty: Duty, material: int) -> Reply:
    choices = Button("打开", f"/material {material}"), Button("学完了", f"/learned {material}")
    return Reply(
        f"“{name_of(duty)}”学完后请发送“学完了 {material} 感想”，任务随之办结。",
        buttons=(choices,),
    )


def _ask_for_day(duty: Duty) -> Reply:
    days = tuple(Button(word, f"/done {duty.id} {word}") for word in NEAR_DAYS)
    return Reply(
        f"“{name_of(duty)}”实际是哪一天办的？请点按钮，"
        "或发送 2026-03-01 这样的日期；放弃发送“取消”。",
        buttons=(days,),
    )


async def _is_decision(context: Context, duty: Duty, word: str) -> bool:
    """Tell whether a word is a decision that may be entered; an extension only once."""
    if word in (cases.AGREED, cases.REFUSED):
        return True
    found = EXTENSION.fullmatch(word)
    if found is None:
        return False
    least, most = cases.EXTENSIONS
    if not least <= int(found[1]) <= most:
        raise UserError(f"延长不少于 {least} 个月、不超过 {most} 个月。")
    if await cases.is_extended(context.session, duty):
        raise UserError("已经延长过一次，不能再延长。")
    return True


async def _ask_for_decision(context: Context, duty: Duty, rule: Rule, on: date) -> Reply:
    words = [cases.AGREED, cases.REFUSED]
    # Only a decision that comes due at the end of a time, and may be moved, is put off (转正).
    if rule.earliest and rule.postpone and not await cases.is_extended(context.session, duty):
        words += [f"{cases.EXTENDED}{months}个月" for months in cases.EXTENSIONS]
    choices = tuple(Button(word, f"/done {duty.id} {on} {word}") for word in words)
    await context.go_to(DECISION, duty=duty.id, on=on.isoformat())
    return Reply(
        f"“{name_of(duty)}”由组织决定，我不代为推断。{on:%Y-%m-%d} 的决定是什么？",
        buttons=(choices,),
    )


async def _rule(context: Context, duty: Duty) -> Rule | None:
    book = await keeping.current(context.session)
    return book.edition(duty.rule, duty.edition) if book else None


def _wanted(duty: Duty, rule: Rule) -> str:
    kinds = "、".join(KINDS[kind] for kind in rule.evidence)
    papers = f"要提交：{rule.hand_in}\n" if rule.hand_in else ""
    return (
        f"办结“{name_of(duty)}”请提交材料（{kinds}，任选一种）。\n"
        f"{papers}直接发送即可；放弃发送“取消”。"
    )


async def _keep(context: Context, received: ReceivedFile, wanted: tuple[str, ...]) -> int:
    """Store a file that was sent as evidence, if the rule takes its kind."""
    if not received.data:
        raise UserError("文件是空的，请重新发送。")
    kind = media_type(received.data)
    needed = "photo" if kind in PICTURES else "file"
    if needed not in wanted and not (needed == "photo" and "file" in wanted):
        raise UserError(
            f"这项任务不收{KINDS[needed]}，请发送{'或'.join(KINDS[k] for k in wanted)}。"
        )
    file = await conversation.keep_file(
        context.session,
        name=received.name,
        media_type=kind,
        data=received.data,
        owner_id=context.person_id,
        now=context.now,
    )
    return file.id


def _day(text: str, today: date) -> date:
    """Read the actual day; today where none is given."""
    if not text.strip():
        return today
    if text.strip() in NEAR_DAYS:
        return today - timedelta(days=NEAR_DAYS[text.strip()])
    return read_day(text)


def _span(text: str) -> timedelta:
    """Read 3天, 2周 or a bare number of days."""
    found = LATER.match(text)
    days = int(found[1]) * UNITS.get(found[2] or "", 1) if found else 0
    if not 1 <= days <= LONGEST_DAYS:
        raise UserError(f"请写明过几天提醒（1 到 {LONGEST_DAYS} 天），例如：稍后 12 3天")
    return timedelta(days=days)
