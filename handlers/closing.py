"""Closing a duty with what its rule wants, and taking one's own closing back."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

from db import conversation
from db.access import DO_DUTY
from db.tables import Duty, DutyState
from handlers import waiving
from handlers.case_words import after
from handlers.context import Context
from handlers.days import read_day
from handlers.duties import found
from handlers.duty_acts import attempt, to_do, which
from handlers.duty_words import due_words, name_of
from handlers.incoming import ReceivedFile
from handlers.media import PICTURES, media_type
from handlers.questions import ask
from handlers.reply import Button, Reply, UserError
from handlers.router import Replies, Router
from scheduler import cases, duties, listing, study_duties
from scheduler.cases import CaseError
from scheduler.rulebook import keeping
from scheduler.rulebook.model import Rule

router = Router()

EVIDENCE, DAY, DECISION = "duty.evidence", "duty.day", "duty.decision"
KINDS = {"text": "文字说明", "photo": "照片", "file": "文件"}
NEAR_DAYS = {"今天": 0, "昨天": 1, "前天": 2}
TEXT_LIMIT = 2_000
UNDO_LIFE = timedelta(days=1)
EXTENSION = re.compile(r"延长(\d{1,2})个月")


@dataclass(frozen=True, slots=True)
class Result:
    """What somebody says of a duty that is done."""

    on: date
    decision: str = ""
    text: str = ""
    file_id: int | None = None


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
        return await which(context, "办完了哪一项？", "done")
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
    duty = await to_do(context, number)
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
    """Take the evidence of a duty, and close it or hand it up.

    If the duty is closed meanwhile, or another's, that is told, and what was typed is a question.
    """
    try:
        duty = await to_do(context, str(context.data["duty"]))
    except UserError as error:
        return await _ended(context, str(error))
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


async def _ended(context: Context, why: str) -> Replies:
    """Let go of a dialog whose duty is not to be closed any more."""
    await context.leave()
    if context.received is not None:
        return Reply(f"{context.data['duty']} 号任务：{why}文件没有收下。")
    told = Reply(f"{context.data['duty']} 号任务：{why}不用再提交材料。")
    answer = await ask(context)
    return [told, *([answer] if isinstance(answer, Reply) else answer)]


@router.command(
    "undone", "撤销办结", help="撤销刚才的办结", needs=DO_DUTY, usage="编号", private=True
)
async def undone(context: Context) -> Reply:
    """Take back one's own closing, submission or release of a duty within a day."""
    duty = await found(context, context.text, DO_DUTY)
    if duty.case_id is not None:
        await _take_back(context, duty)
    was_waived = duty.state == DutyState.WAIVED.value
    again = await attempt(
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
    if was_waived:
        await waiving.tell(
            context, again, f"的免除已撤销，仍要办理：{due_words(again, context.calendar_today)}。"
        )
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
