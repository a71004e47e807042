"""How a case and its next step are shown, and what follows when a step was done."""

from __future__ import annotations

from db.tables import Case, CaseState, Duty, DutyState, Unit
from handlers.context import Context
from handlers.duty_words import due_words, state_words
from handlers.reply import Button, Quote, Reply, UserError
from scheduler import cases
from scheduler.rulebook import keeping, wording
from scheduler.rulebook.model import Rule
from scheduler.steps import Calendar
from scheduler.workdays import Workdays

NO_BOOK = "规则册还没有载入，请稍后再试；如仍不行，请告诉管理员。"
ENDS = {CaseState.CLOSED: "全部步骤已经办完。", CaseState.STOPPED: "事项已经停办。"}


async def calendar_of(context: Context) -> Calendar:
    """Return what the dates of a case are counted by."""
    book = await keeping.current(context.session)
    if book is None:
        raise UserError(NO_BOOK)
    workdays = await Workdays.load(context.session)
    return Calendar(book, workdays, context.services.zone, context.calendar_now)


async def after(context: Context, duty: Duty, decision: str) -> Reply | None:
    """Make what follows a step that was just done, and show it; None for duties of no case."""
    if duty.case_id is None or duty.state != DutyState.DONE.value:
        return None
    calendar = await calendar_of(context)
    following = await cases.advance(
        context.session, duty, decision=decision or cases.AGREED, calendar=calendar
    )
    if following is not None:
        return await card(context, following, calendar)
    case = await context.session.get_one(Case, duty.case_id)
    return Reply(f"{duty.label}：{ENDS.get(CaseState(case.state), '没有下一步。')}")


async def card(context: Context, duty: Duty, calendar: Calendar) -> Reply:
    """Show one step: limit, earliest day, who does and decides it, papers and basis."""
    rule = calendar.book.edition(duty.rule, duty.edition)
    unit = await context.session.get_one(Unit, duty.unit_id)
    doer = duty.label if duty.person_id is not None else unit.name
    lines = [
        f"下一步：{_number(rule)}{duty.title}（{duty.label}）",
        f"时限：{due_words(duty, context.calendar_today)}",
    ]
    if duty.earliest_on is not None:
        lines.append(f"最早可办：{duty.earliest_on:%Y-%m-%d}")
    lines.append(f"谁来办：{doer}")
    if rule is not None:
        lines += _about(rule)
    lines.append(f"办完发送“完成 {duty.id} 实际日期”。")
    return Reply(
        "\n".join(lines),
        quote=wording.basis(rule) if rule else Quote("规则已不在现行规则册中"),
        buttons=((Button("已办", f"/done {duty.id}"), Button("看留痕", f"/task {duty.id}")),),
    )


async def begun(context: Context, duty: Duty, calendar: Calendar) -> list[Reply]:
    """Say with which day a case began, which may be taken back, and show the next step."""
    first, *_ = await cases.steps_of(context.session, duty.case_id or 0)
    number = _number(calendar.book.edition(first.rule, first.edition))
    late = "，已记为补录" if first.late_entered else ""
    said = f"已开始办理：{first.label}，{number}{first.title} {first.done_on:%Y-%m-%d}{late}。"
    undo = ((Button("撤销", f"/undone {first.id}"),),)
    return [Reply(said, buttons=undo), await card(context, duty, calendar)]


async def progress(context: Context, case: Case, calendar: Calendar) -> list[Reply]:
    """Show the steps of a case so far, and the next one."""
    steps = await cases.steps_of(context.session, case.id)
    shown = [step for step in steps if step.state != DutyState.WITHDRAWN.value]
    lines = [
        f"{_number(calendar.book.edition(step.rule, step.edition))}{step.title} — "
        + (f"{step.done_on:%Y-%m-%d} 办结" if step.done_on else state_words(step))
        for step in shown
    ]
    heading = f"{case.kind} {steps[0].label if steps else ''}"
    replies = [Reply(f"{heading}：\n" + "\n".join(lines))]
    waiting = [step for step in shown if step.state == DutyState.OPEN.value]
    replies += [await card(context, step, calendar) for step in waiting]
    return replies


def _about(rule: Rule) -> list[str]:
    lines = []
    if rule.approver:
        lines.append(f"谁批准：{rule.approver}")
    if rule.documents:
        lines.append("要准备：" + "、".join(rule.documents))
    if rule.hand_in:
        lines.append(f"要提交：{rule.hand_in}")
    if rule.suggested:
        lines.append(f"建议：{wording.span_words(rule.suggested)}内办理（不是时限）")
    if rule.unverified:
        lines.append("注意：这一步还没有核对原文，以原文为准。")
    if rule.note:
        lines.append(f"说明：{rule.note}")
    return lines


def _number(rule: Rule | None) -> str:
    return f"{rule.id.rpartition('-')[2]}. " if rule is not None and rule.step else ""
