"""How a unit studies: counts and rates for anybody who may see it, names in private only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from db import access, organisation
from db.access import SEE_STUDY, STUDY, Scope
from db.tables import Unit, UnitKind
from handlers.choosing import pick_unit
from handlers.context import Context
from handlers.reply import Reply, Table, UserError
from handlers.router import Router
from handlers.study_words import rate
from knowledge.study import hours, settings, standing
from knowledge.study.standing import Standing
from scheduler import study_duties

router = Router()

NAMED = 40
TOP = 10
IN_PRIVATE = "名单不在群里显示；有职责的人请私聊我发送“学习情况”。"
NO_RANKING = "本支部没有打开个人学习排名。默认不排名，只有党委可以用“学习设置”打开。"


@router.command(
    "studyreport", "学习情况", help="看本组织的学习参与情况", needs=SEE_STUDY, usage="[组织]"
)
async def report(context: Context) -> Reply:
    """Show the participation of a unit and all below it; who is behind is named in private."""
    unit = await _unit(context)
    within = Scope(prefixes=(unit.path,))
    today = context.today
    members = await standing.standings(context.session, within.people(), today=today)
    if not members:
        return Reply(f"{unit.name}没有党员。")
    month = await hours.by_person(
        context.session, within.people(), since=today.replace(day=1), until=today
    )
    duties = await study_duties.rates(
        context.session, within.units(), since=date(context.calendar_today.year, 1, 1)
    )
    lines = [
        f"{unit.name}学习情况（{today.year} 年，含下级，党员 {len(members)} 人）",
        *await _counts(context, within, members, month),
        _duties_line(duties),
    ]
    if context.overheard:
        lines.append(IN_PRIVATE)
    else:
        lines += _names(members, month)
        await context.record("study.see", f"unit:{unit.id}")
    return Reply("\n".join(lines), table=await _branches(context, unit, members, duties))


@router.command(
    "studyranking", "学习排名", help="看本支部的个人学习排名（打开时）", needs=STUDY, private=True
)
async def ranking(context: Context) -> Reply:
    """Rank the people of the asking person's branch, as far as it is switched on where they are."""
    branch = await _branch(context)
    switched = await settings.by_unit(context.session, settings.RANKING)
    if not settings.holding(switched, branch.path, settings.RANKING).on:
        return Reply(NO_RANKING)
    within = Scope(prefixes=(branch.path,))
    units = await organisation.list_units(context.session, within)
    listed = {u.id for u in units if settings.holding(switched, u.path, settings.RANKING).on}
    everybody = await standing.standings(context.session, within.people(), today=context.today)
    members = [one for one in everybody if one.unit_id in listed]
    ranked = sorted(members, key=lambda one: -one.minutes)
    lines = [f"{n}. {one.name} {one.hours:g} 学时" for n, one in enumerate(ranked[:TOP], 1)]
    own = next((n for n, m in enumerate(ranked, 1) if m.person_id == context.person_id), 0)
    mine = f"\n你在第 {own} 位。" if own > TOP else ""
    return Reply(f"{branch.name} {context.today.year} 年学习排名：\n" + "\n".join(lines) + mine)


async def _unit(context: Context) -> Unit:
    """Return the unit that is meant; by default the outermost one of the asking person's scope."""
    if context.text:
        return await pick_unit(context, SEE_STUDY, context.text)
    units = await organisation.list_units(context.session, context.scope(SEE_STUDY))
    if not units:
        raise UserError(access.decide(context.actor, SEE_STUDY).reason)
    return units[0]


async def _branch(context: Context) -> Unit:
    assert context.actor.unit_id is not None  # bound: the route's action is not public
    line = await organisation.line_up(context.session, context.actor.unit_id)
    return next((unit for unit in line if unit.kind != UnitKind.GROUP.value), line[0])


async def _counts(
    context: Context, within: Scope, members: Sequence[Standing], month: Mapping[int, int]
) -> list[str]:
    zone = context.services.zone
    first = datetime.combine(context.today.replace(day=1), datetime.min.time(), zone)
    quizzed = await standing.quizzed(
        context.session, within.people(), since=first, today=context.today
    )
    whole = len(members)
    this_month = sum(one.person_id in month for one in members)
    this_year = sum(one.minutes > 0 for one in members)
    reached = sum(one.requirement is not None and not one.missing for one in members)
    return [
        f"本月有学习记录 {this_month} 人（{rate(this_month, whole)}），"
        f"本年 {this_year} 人（{rate(this_year, whole)}）",
        f"本月参加答题 {quizzed} 人（{rate(quizzed, whole)}）",
        f"已达到年度学时 {reached} 人（{rate(reached, whole)}）",
    ]


def _duties_line(duties: Mapping[int, tuple[int, int]]) -> str:
    owed = sum(each for each, _ in duties.values())
    done = sum(each for _, each in duties.values())
    return f"学习任务：应学 {owed} 人次，已学完 {done} 人次（{rate(done, owed)}）"


def _names(members: Sequence[Standing], month: Mapping[int, int]) -> list[str]:
    """Name who is short, and who has nothing this month, in the order of the roster."""
    short = [f"{one.name}（{one.hours:g}，差 {one.missing:g}）" for one in members if one.missing]
    idle = [one.name for one in members if one.person_id not in month]
    return [
        f"年度学时还没有达到的（{len(short)} 人）：{_some(short)}",
        f"书记、委员按 {hours.OFFICER.hours} 学时算，所依据的{hours.OFFICER.remark}。",
        f"本月还没有学习记录的（{len(idle)} 人）：{_some(idle)}",
        "名单仅供你提醒和帮助，请不要转发到群里。",
    ]


def _some(names: Sequence[str]) -> str:
    more = f"……等 {len(names)} 人，请按支部查看" if len(names) > NAMED else ""
    return "、".join(names[:NAMED]) + more if names else "无"


async def _branches(
    context: Context,
    unit: Unit,
    members: Sequence[Standing],
    duties: Mapping[int, tuple[int, int]],
) -> Table | None:
    """Compare the branches below by study duties done, never by clicks or check-ins."""
    units = await organisation.list_units(context.session, Scope(prefixes=(unit.path,)))
    branches = [one for one in units if one.kind == UnitKind.BRANCH.value]
    if len(branches) < 2:
        return None
    rows: list[tuple[str, ...]] = [("支部", "党员", "应学", "已学完", "完成率")]
    for branch in branches:
        ids = {one.id for one in units if one.path.startswith(branch.path)}
        owed = sum(count for unit_id, (count, _) in duties.items() if unit_id in ids)
        done = sum(count for unit_id, (_, count) in duties.items() if unit_id in ids)
        people = sum(one.unit_id in ids for one in members)
        rows.append((branch.name, str(people), str(owed), str(done), rate(done, owed)))
    return Table(tuple(rows), f"学习情况-{unit.name}-{context.today.year}")
