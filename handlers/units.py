"""The tree of units: seeing it, and adding to it."""

from __future__ import annotations

import re

from db import organisation
from db.access import ADMINISTER, ANSWER_HANDOVER, BY_TITLE, CONFIGURE_UNIT, SEE_MEMBERS
from db.tables import Title, Unit, UnitKind
from handlers.context import Context
from handlers.reply import Button, Reply, Table, UserError
from handlers.router import Router

router = Router()

NAME_LIMIT = 50
# What else stands in a name could be taken for a number, a pattern or markup.
NAME = re.compile(r"[^\W\d_](?:[^\W_]|[（）()·-])*")


@router.command(
    "units", "组织", "组织架构", help="查看管辖范围内的组织", needs=SEE_MEMBERS, private=True
)
async def units(context: Context) -> Reply:
    """List the units of the asking person's scope, with how many belong to each."""
    rows = [("组织", "类型", "人数")]
    for unit in await organisation.list_units(context.session, context.scope(SEE_MEMBERS)):
        count = await organisation.count_people(context.session, unit, today=context.today)
        depth = unit.path.count("/") - 2
        rows.append((f"{'　' * depth}{unit.name}", unit.kind, str(count)))
    return Reply("管辖范围内的组织（人数含下级）：", table=Table(tuple(rows), "组织架构"))


@router.command(
    "addunit",
    "新增组织",
    help="在上级组织下新增一个组织",
    needs=ADMINISTER,
    usage="名称 类型 上级",
    private=True,
)
async def add_unit(context: Context) -> Reply:
    """Add a unit below another one of the scope."""
    name, kind, above = _three(context.text)
    parent = await organisation.find_unit(context.session, above, context.scope(ADMINISTER))
    if parent is None:
        raise UserError(f"没有找到上级组织“{above}”，或者它不在你的范围内。")
    if not _fits_below(kind, UnitKind(parent.kind)):
        raise UserError(f"{parent.kind}下面不能设{kind.value}。")
    if await organisation.is_taken(context.session, name):
        raise UserError(f"已经有叫“{name}”的组织。")
    unit = await organisation.add_unit(context.session, name=name, kind=kind, parent=parent)
    await context.record("unit.add", f"unit:{unit.id}", parent=parent.id)
    undo = Button("撤销", f"/removeunit {unit.name}")
    return Reply(f"已在{parent.name}下新增{kind.value}“{name}”。", buttons=((undo,),))


@router.command(
    "removeunit",
    "删除组织",
    help="删除一个没有人、下级和记录的组织",
    needs=ADMINISTER,
    usage="名称",
    private=True,
)
async def remove_unit(context: Context) -> Reply:
    """Remove a unit that nothing belongs to."""
    unit = await organisation.find_unit(context.session, context.text, context.scope(ADMINISTER))
    if unit is None:
        raise UserError("没有找到这个组织，或者它不在你的范围内。")
    if not await organisation.remove_unit(context.session, unit):
        raise UserError("这个组织下还有人员、任职、下级组织，或者任务、学习等记录，不能删除。")
    await context.record("unit.remove", f"unit:{unit.id}")
    return Reply(f"已删除“{unit.name}”。", replaces=True)


@router.command(
    "answerer",
    "设置答疑人",
    help="指定本组织的提问转给哪个职务",
    needs=CONFIGURE_UNIT,
    usage="职务 [组织]",
    private=True,
)
async def set_answerer(context: Context) -> Reply:
    """Name the post that questions of a unit are handed to."""
    title, _, name = context.text.partition(" ")
    answering = [t.value for t in Title if ANSWER_HANDOVER in BY_TITLE[t]]
    if title not in answering:
        raise UserError("这个职务不能答疑。可以是：" + "、".join(answering))
    unit = await _unit(context, name.strip() or context.actor.unit_name)
    before, unit.answers = unit.answers, title
    await context.record("unit.answers", f"unit:{unit.id}", before=before, after=title)
    undo = Button("恢复为" + before, f"/answerer {before} {unit.name}")
    return Reply(f"{unit.name}的问题今后转给{title}。", buttons=((undo,),))


async def _unit(context: Context, name: str) -> Unit:
    unit = await organisation.find_unit(context.session, name, context.scope(CONFIGURE_UNIT))
    if unit is None:
        raise UserError("没有找到这个组织，或者它不在你的范围内。")
    return unit


def _three(text: str) -> tuple[str, UnitKind, str]:
    words = text.split()
    kinds = {kind.value: kind for kind in UnitKind}
    if len(words) != 3 or words[1] not in kinds:
        raise UserError("请这样写：新增组织 第四党支部 党支部 机关党总支")
    if len(words[0]) > NAME_LIMIT:
        raise UserError(f"组织名称不超过 {NAME_LIMIT} 字。")
    if not NAME.fullmatch(words[0]):
        raise UserError("组织名称只能用文字、数字、括号、间隔号和连字符，并以文字开头。")
    return words[0], kinds[words[1]], words[2]


def _fits_below(kind: UnitKind, above: UnitKind) -> bool:
    """Tell whether a unit may stand below another: by level, or a committee below a committee."""
    levels = list(UnitKind)
    return levels.index(kind) > levels.index(above) or kind is above is UnitKind.COMMITTEE
