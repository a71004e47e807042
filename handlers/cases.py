"""发展党员 and 换届: opened by the branch, led step by step, every date entered by a person."""

from __future__ import annotations

from datetime import date

from db.access import MANAGE_CASES
from db.days import parse_day
from db.numbers import BadValue
from db.tables import Case, CaseState, Duty, Person, Stage, Unit, UnitKind
from handlers import questions
from handlers.case_words import begun, calendar_of, card, progress
from handlers.choosing import pick_person, pick_unit
from handlers.context import Context
from handlers.days import read_day
from handlers.duties import found
from handlers.duty_acts import attempt
from handlers.duty_words import name_of
from handlers.reply import Button, Reply, UserError
from handlers.router import Replies, Router
from scheduler import cases, duties, terms
from scheduler.cases import CaseError
from scheduler.rulebook import keeping
from scheduler.rulebook.model import AnchorKind
from scheduler.steps import Calendar, step_at

router = Router()

BEGIN, ELECTED = "case.begin", "case.elected"
PAPER_LIMIT, REASON_LIMIT = 100, 200
WHY = {
    "running": "已经有一件正在办理的同类事项。",
    "future": "实际日期不能在今天以后。",
    "no-step": "没有这一步，或者当时有效的规定里没有它之后的步骤。",
    "no-term": "还没有登记本届的选举日期。",
}


@router.command(
    "develop",
    "发展党员",
    help="办理一个人的入党事项，看下一步",
    needs=MANAGE_CASES,
    usage="姓名",
    private=True,
    subject=True,
)
async def develop(context: Context) -> Replies:
    """Show somebody's case, or open it from the day of the step that is behind them."""
    name, *rest = context.text.split() or [""]
    if not name:
        return await _about(context, "发展党员", "发展党员 姓名")
    person = await pick_person(context, MANAGE_CASES, name, lambda who: f"/develop {who}")
    if isinstance(person, Reply):
        return person
    case = await cases.running(context.session, cases.JOINING, f"person:{person.id}")
    if case is not None:
        return await progress(context, case, await calendar_of(context))
    stage = Stage(person.stage)
    if stage is Stage.MEMBER:
        raise UserError(f"{person.name}已经是正式党员。")
    if rest:
        return await _open(context, person, cases.JOINING, " ".join(rest))
    return await _ask_for_start(context, person, stage)


@router.command(
    "transfer",
    "转接",
    "组织关系转接",
    help="办理一个人的组织关系转接，看下一步",
    needs=MANAGE_CASES,
    usage="姓名",
    private=True,
    subject=True,
)
async def transfer(context: Context) -> Replies:
    """Show the moving of somebody's membership, or open it from the day of the letter."""
    name, *rest = context.text.split() or [""]
    if not name:
        return await _about(context, "组织关系转接", "转接 姓名")
    person = await pick_person(context, MANAGE_CASES, name, lambda who: f"/transfer {who}")
    if isinstance(person, Reply):
        return person
    case = await cases.running(context.session, cases.TRANSFER, f"person:{person.id}")
    if case is not None:
        return await progress(context, case, await calendar_of(context))
    if rest:
        return await _open(context, person, cases.TRANSFER, " ".join(rest))
    await context.go_to(BEGIN, person=person.id, kind=cases.TRANSFER)
    return Reply(f"请发送{person.name}介绍信开具的实际日期，例如 2026-03-01。放弃发送“取消”。")


@router.step(BEGIN, needs=MANAGE_CASES, brief=True)
async def begin(context: Context) -> Replies:
    """Take the actual day of the step behind, perhaps with its number, and open the case."""
    person = await pick_person(
        context, MANAGE_CASES, f"#{context.data['person']}", lambda who: f"/develop {who}"
    )
    assert isinstance(person, Person)  # an id means one person or nobody
    replies = await _open(context, person, context.data["kind"], context.text)
    await context.leave()
    return replies


@router.command(
    "election",
    "换届",
    help="办理一个组织的换届，看下一步",
    needs=MANAGE_CASES,
    usage="组织",
    private=True,
    subject=True,
)
async def election(context: Context) -> Replies:
    """Show a unit's election, or open it."""
    unit = await pick_unit(context, MANAGE_CASES, context.text) if context.text else None
    if unit is None:
        return await _about(context, "换届", f"换届 {context.actor.unit_name}")
    if unit.kind == UnitKind.GROUP:
        raise UserError(f"{unit.name}是党小组，没有届期，不办理换届。")
    case = await cases.running(context.session, cases.ELECTION, f"unit:{unit.id}")
    calendar = await calendar_of(context)
    if case is not None:
        return await progress(context, case, calendar)
    if await terms.current(context.session, unit.id) is None:
        await context.go_to(ELECTED, unit=unit.id, election=True)
        return Reply(f"请先发送{unit.name}本届选举的日期，例如 2023-11-20。")
    return await _open_election(context, unit, calendar)


@router.command(
    "term",
    "届期",
    help="看或登记一个组织的届期",
    needs=MANAGE_CASES,
    usage="[组织] [选举日期]",
    private=True,
)
async def term(context: Context) -> Reply:
    """Show when a unit's leading body was elected, or enter it."""
    *names, last = context.text.split() or [""]
    day = _maybe_day(last)
    name = " ".join(names if day else [*names, last]).strip() or context.actor.unit_name
    unit = await pick_unit(context, MANAGE_CASES, name)
    if day is None:
        return await _show_term(context, unit)
    return await _enter_term(context, unit, day)


@router.step(ELECTED, needs=MANAGE_CASES, brief=True)
async def elected(context: Context) -> Replies:
    """Take the election day that was asked for."""
    unit = await context.session.get_one(Unit, context.data["unit"])
    context.require(MANAGE_CASES, unit_path=unit.path)
    replies = [await _enter_term(context, unit, read_day(context.text))]
    await context.leave()
    if context.data.get("election"):
        replies.append(await _open_election(context, unit, await calendar_of(context)))
    return replies


@router.command(
    "postpone",
    "延期",
    help="登记组织批准的延期",
    needs=MANAGE_CASES,
    usage="编号 新日期 批准文号",
    private=True,
)
async def postpone(context: Context) -> Reply:
    """Move a limit by what an organisation has allowed; the old day and the paper are kept."""
    words = context.text.split(maxsplit=2)
    if len(words) < 3 or len(words[2]) > PAPER_LIMIT:
        raise UserError("请这样写：延期 编号 新日期 批准文件名称和文号")
    duty = await found(context, words[0], MANAGE_CASES)
    to, old = read_day(words[1]), duty.due_on
    book = await keeping.current(context.session)
    rule = book.edition(duty.rule, duty.edition) if book else None
    await attempt(
        duties.postpone(
            context.session,
            duty.id,
            rule=rule,
            to=to,
            paper=words[2],
            zone=context.services.zone,
            actor_id=context.person_id,
            now=context.calendar_now,
            sent_at=context.now,
        )
    )
    if rule is not None and rule.anchor.kind is AnchorKind.TERM:
        await terms.extend_of(context.session, duty.subject_unit_id or duty.unit_id, to, words[2])
    await context.record("duty.postpone", f"duty:{duty.id}", paper=words[2], to=to.isoformat())
    before = f"{old:%Y-%m-%d}" if old else "没有时限"
    return Reply(
        f"已登记延期：{name_of(duty)}，原时限 {before}，现为 {to:%Y-%m-%d}（{words[2]}）。"
    )


@router.command(
    "stopcase",
    "停办",
    help="停办一件事项（发展党员、换届、登记的事项等）",
    needs=MANAGE_CASES,
    usage="任务编号 理由",
    private=True,
)
async def stop(context: Context) -> Reply:
    """Stop a case on record; its open steps are withdrawn, nothing done is touched."""
    number, _, reason = context.text.partition(" ")
    duty = await found(context, number, MANAGE_CASES)
    case = await _case(context, duty)
    if case.state != CaseState.OPEN.value:
        raise UserError("这件事项已经结束。")
    if not 2 <= len(reason.strip()) <= REASON_LIMIT:
        raise UserError(f"请写明理由：停办 {duty.id} 理由")
    await cases.end(
        context.session,
        case,
        CaseState.STOPPED,
        now=context.calendar_now,
        actor_id=context.person_id,
        reason=reason.strip(),
    )
    await context.record("case.stop", f"case:{case.id}", reason=reason.strip())
    return Reply(
        f"已停办：{case.kind} {duty.label}。已办的步骤都保留。",
        buttons=((Button("恢复办理", f"/resumecase {duty.id}"),),),
    )


@router.command(
    "resumecase",
    "恢复办理",
    help="恢复一件停办的事项",
    needs=MANAGE_CASES,
    usage="任务编号",
    private=True,
)
async def resume(context: Context) -> Replies:
    """Take a stopped case up again where it was."""
    case = await _case(context, await found(context, context.text, MANAGE_CASES))
    who, now = context.person_id, context.calendar_now
    if not await cases.resume(context.session, case, actor_id=who, now=now):
        raise UserError("这件事项没有停办，或者之后又开了新的一件。")
    await context.record("case.resume", f"case:{case.id}")
    return await progress(context, case, await calendar_of(context))


async def _about(context: Context, subject: str, usage: str) -> Replies:
    """Answer a bare word from the library, and say how the command is used."""
    context.text = subject
    answer = await questions.ask(context)
    return [*([answer] if isinstance(answer, Reply) else answer), Reply(f"要办理请发送“{usage}”。")]


async def _ask_for_start(context: Context, person: Person, stage: Stage) -> Reply:
    book = (await calendar_of(context)).book
    behind = cases.BEHIND[stage]
    rule = step_at(book, cases.JOINING, behind, context.calendar_today)
    await context.go_to(BEGIN, person=person.id, kind=cases.JOINING)
    step = f"第 {behind:g} 步“{rule.title}”" if rule else f"第 {behind:g} 步"
    return Reply(
        f"{person.name}目前是{stage.value}。请发送{step}的实际日期，例如 2026-03-01；"
        "如果已经走到别的步骤，请发送“步骤号 日期”，例如 15 2026-03-01。放弃发送“取消”。"
    )


async def _open(context: Context, person: Person, kind: str, text: str) -> list[Reply]:
    words = text.split()
    if not 1 <= len(words) <= 2:
        raise UserError("请发送日期，或者“步骤号 日期”，例如 15 2026-03-01。")
    usual = cases.BEHIND[Stage(person.stage)] if kind == cases.JOINING else 1
    behind = _step(words[0]) if len(words) == 2 else usual
    calendar = await calendar_of(context)
    try:
        duty = await cases.open_for_person(
            context.session,
            person,
            kind,
            behind=behind,
            on=read_day(words[-1]),
            actor_id=context.person_id,
            calendar=calendar,
        )
    except CaseError as error:
        raise UserError(WHY[error.code]) from error
    await context.record("case.open", f"person:{person.id}", kind=kind, behind=behind)
    return await begun(context, duty, calendar)


async def _open_election(context: Context, unit: Unit, calendar: Calendar) -> Reply:
    try:
        duty = await cases.open_election(
            context.session, unit, actor_id=context.person_id, calendar=calendar
        )
    except CaseError as error:
        raise UserError(WHY[error.code]) from error
    await context.record("case.open", f"unit:{unit.id}", kind=cases.ELECTION)
    return await card(context, duty, calendar)


async def _show_term(context: Context, unit: Unit) -> Reply:
    held = await terms.current(context.session, unit.id)
    if held is None:
        return Reply(f"{unit.name}还没有登记选举日期。请发送“届期 {unit.name} 日期”。")
    later = f"，经批准延至 {held.extended_to:%Y-%m-%d}（{held.paper}）" if held.extended_to else ""
    return Reply(f"{unit.name}本届于 {held.elected_on:%Y-%m-%d} 选举产生{later}。")


async def _enter_term(context: Context, unit: Unit, day: date) -> Reply:
    if day > context.calendar_today:
        raise UserError("选举日期不能在今天以后。")
    entered = await terms.enter(
        context.session,
        unit_id=unit.id,
        elected_on=day,
        by_id=context.person_id,
        now=context.calendar_now,
    )
    if not entered:
        return Reply(f"{unit.name} {day:%Y-%m-%d} 的选举已经登记过。")
    await context.record("term.enter", f"unit:{unit.id}", elected_on=day.isoformat())
    return Reply(f"已登记：{unit.name}于 {day:%Y-%m-%d} 选举产生。届满时限会随之推算。")


async def _case(context: Context, duty: Duty) -> Case:
    if duty.case_id is None:
        raise UserError("这项任务不属于哪件事项。")
    return await context.session.get_one(Case, duty.case_id)


def _step(text: str) -> float:
    try:
        step = float("7.5" if text == "7a" else text)
    except ValueError as error:
        raise UserError("步骤号要写数字，例如 15。") from error
    if not 1 <= step <= 25:
        raise UserError("步骤号是 1 到 25。")
    return step


def _maybe_day(text: str) -> date | None:
    try:
        return parse_day(text)
    except BadValue:
        return None
