"""登记: what happened to a person or a unit is entered, and what is owed from that day on is led.

Each matter is a kind of case whose first step is the day that is entered; its rules are in
`scheduler/rules/matters.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass

from db.access import MANAGE_CASES
from db.tables import Case, Person, Stage, Unit, UnitKind
from handlers.case_words import calendar_of, card, progress
from handlers.cases import WHY
from handlers.choosing import pick_person, pick_unit
from handlers.context import Context
from handlers.days import read_day
from handlers.reply import Button, Reply, UserError
from handlers.router import Replies, Router
from scheduler import cases
from scheduler.cases import CaseError

router = Router()

DAY = "matter.day"
# What a committee approves the founding of.
FOUNDED = (UnitKind.BRANCH, UnitKind.GENERAL_BRANCH)


@dataclass(frozen=True, slots=True)
class Matter:
    """A kind of case that is opened by entering the day on which something happened."""

    kind: str
    day: str
    of_unit: bool = False
    # Other words for it.
    also: tuple[str, ...] = ()


MATTERS = {
    matter.kind: matter
    for matter in (
        Matter("流动党员", "外出的日期", also=("外出", "流动")),
        Matter("出国出境", "出国（境）的日期", also=("出国", "出境")),
        Matter("失去联系", "最后一次联系上的日期", also=("失联",)),
        Matter("限期改正", "作出限期改正决定的日期"),
        Matter("毕业保留", "开始保留组织关系的日期"),
        Matter("支部成立", "上级收到成立申请的日期", of_unit=True),
    )
}
BY_WORD = {word: matter for matter in MATTERS.values() for word in (matter.kind, *matter.also)}


@router.command(
    "matter",
    "登记",
    help="登记外出、出国、失联等事项，看下一步",
    needs=MANAGE_CASES,
    usage="事项 姓名或组织 [日期]",
    private=True,
)
async def matter(context: Context) -> Replies:
    """Show a matter of a person or unit, or open it from the day on which it happened."""
    kind, *words = context.text.split() or [""]
    found = BY_WORD.get(kind)
    if found is None:
        return _choices()
    if not words:
        raise UserError(f"请这样写：{_usage(found)}")
    about = await _about(context, found, words[0])
    if isinstance(about, Reply):
        return about
    case = await _running(context, found, about)
    if case is not None:
        return await progress(context, case, await calendar_of(context))
    if len(words) > 1:
        return await _open(context, found, about, " ".join(words[1:]))
    await context.go_to(DAY, kind=found.kind, about=about.id)
    return Reply(f"请发送{about.name}{found.day}，例如 2026-03-01。放弃发送“取消”。")


@router.step(DAY, needs=MANAGE_CASES, brief=True)
async def day(context: Context) -> Replies:
    """Take the day that was asked for."""
    found, number = MATTERS[context.data["kind"]], context.data["about"]
    if found.of_unit:
        unit = await context.session.get_one(Unit, number)
        context.require(MANAGE_CASES, unit_path=unit.path)
        about: Person | Unit | Reply = unit
    else:
        about = await _about(context, found, f"#{number}")
    assert not isinstance(about, Reply)  # a number means one person or nobody
    replies = await _open(context, found, about, context.text)
    await context.leave()
    return replies


def _choices() -> Reply:
    lines = [f"{_usage(each)}（从{each.day}算起）" for each in MATTERS.values()]
    return Reply(
        "可以登记这些事项，登记后我会提醒每一步的时限：\n" + "\n".join(lines),
        buttons=tuple((Button(each.kind, f"/matter {each.kind}"),) for each in MATTERS.values()),
    )


def _usage(found: Matter) -> str:
    return f"登记 {found.kind} {'组织' if found.of_unit else '姓名'} 日期"


async def _about(context: Context, found: Matter, text: str) -> Person | Unit | Reply:
    if found.of_unit:
        return await pick_unit(context, MANAGE_CASES, text)
    return await pick_person(context, MANAGE_CASES, text, lambda who: f"/matter {found.kind} {who}")


def _subject(about: Person | Unit) -> str:
    return f"{'person' if isinstance(about, Person) else 'unit'}:{about.id}"


async def _running(context: Context, found: Matter, about: Person | Unit) -> Case | None:
    return await cases.running(context.session, found.kind, _subject(about))


async def _open(context: Context, found: Matter, about: Person | Unit, text: str) -> Replies:
    if isinstance(about, Person) and about.stage not in (Stage.MEMBER, Stage.PROBATIONARY):
        raise UserError(f"{about.name}不是党员，这件事项只登记党员。")
    if isinstance(about, Unit) and about.kind not in FOUNDED:
        raise UserError(f"{about.name}是{about.kind}，这件事项只登记党支部、党总支。")
    calendar, on = await calendar_of(context), read_day(text)
    actor, session = context.person_id, context.session
    try:
        if isinstance(about, Person):
            duty = await cases.open_for_person(
                session, about, found.kind, behind=1, on=on, actor_id=actor, calendar=calendar
            )
        else:
            duty = await cases.open_for_unit(
                session, about, found.kind, on=on, actor_id=actor, calendar=calendar
            )
    except CaseError as error:
        raise UserError(WHY[error.code]) from error
    await context.record("case.open", _subject(about), kind=found.kind, behind=1)
    late = "，已记为补录" if cases.is_late(on, calendar.today) else ""
    said = Reply(f"已登记：{found.kind} {about.name}，{found.day} {on:%Y-%m-%d}{late}。")
    return [said, await card(context, duty, calendar)]
