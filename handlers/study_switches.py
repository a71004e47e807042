"""What a unit has switched for study, and what a person does not want to be sent."""

from __future__ import annotations

from db import organisation
from db.access import CONFIGURE_UNIT, SEE_SELF
from db.tables import Unit, UnitSetting
from handlers.choosing import pick_unit
from handlers.context import Context
from handlers.reply import Button, Reply, UserError
from handlers.router import Router
from knowledge.study import mutes, settings
from knowledge.study.settings import OFF, ON, SETTINGS, Held, Setting

router = Router()

# The word that takes a unit's own setting away.
INHERIT = "默认"
USAGE = "学习设置 排名 关、学习设置 第三党支部 学时折算 45、学习设置 排名 默认（撤销本组织的设置）"
# What is not sent to somebody any more, kind by kind.
SILENCED = {
    mutes.STUDY: "好的，不再给你发新学习资料的通知和年度学时的提示。",
    mutes.QUIZ: "好的，私聊里不会主动给你发答题消息。"
    "每日答题只发在群里，群里的消息不受个人静音影响，可以在聊天软件里给群设免打扰；你自己开始的练习和考试照常。",
}
RESTRAINT = "个人排名和积分默认关闭，只能由党委打开；上级关闭的，下级不能打开。签到没有强制的设置。"


@router.command(
    "studysettings", "学习设置", help="看或设置本组织的排名、积分和学时折算", needs=CONFIGURE_UNIT,
    usage="[组织] [排名 开]", private=True,
)  # fmt: skip
async def study_settings(context: Context) -> Reply:
    """Show what holds in a unit, or set one of it; who set what is on record."""
    name, setting, value = _read(context.text)
    unit = await pick_unit(context, CONFIGURE_UNIT, name or _own(context))
    if setting is None:
        return await _show(context, unit)
    own = await settings.own(context.session, unit.id, setting)
    await _judge(context, unit, setting, value, own)
    undo = await _undo(context, unit, setting, own)
    before = await settings.held(context.session, unit.path, setting)
    changed = await _set(context, unit, setting, value, own)
    after = await settings.held(context.session, unit.path, setting)
    await context.record(
        "study.setting", f"unit:{unit.id}", name=setting.name, before=before.value,
        after=after.value, own=value,
    )  # fmt: skip
    return Reply(
        f"{unit.name}及下级：{setting.name}已设为{_words(setting, after.value)}"
        f"（{await _by(context, unit, after)}）。已记入留痕。",
        buttons=((undo,),) if undo and changed else (),
    )


@router.command(
    "mute", "静音", help="不接收答题或学习消息（任务提醒照常）", needs=SEE_SELF,
    usage="答题、学习", private=True,
)  # fmt: skip
async def mute(context: Context) -> Reply:
    """Send the asking person no more quiz or study messages; duties come all the same."""
    what = _kind(context.text, "静音")
    await mutes.mute(context.session, context.person_id, what, now=context.now)
    return Reply(
        f"{SILENCED[what]}任务提醒不受影响。",
        buttons=((Button("取消静音", f"/unmute {what}"),),),
    )


@router.command(
    "unmute", "取消静音", help="恢复接收答题或学习消息", needs=SEE_SELF,
    usage="答题、学习", private=True,
)  # fmt: skip
async def unmute(context: Context) -> Reply:
    """Send quiz or study messages again."""
    what = _kind(context.text, "取消静音")
    muted = await mutes.unmute(context.session, context.person_id, what)
    return Reply(f"已恢复{what}消息。" if muted else f"{what}消息没有静音。")


async def _set(
    context: Context, unit: Unit, setting: Setting, value: str, own: UnitSetting | None
) -> bool:
    """Set or take away a unit's own value; False if it had just that."""
    if value == INHERIT:
        await settings.remove(context.session, unit.id, setting)
        return own is not None
    changed = own is None or own.value != value
    if own is None or changed or await _may_lift(context, own):
        await settings.put(
            context.session,
            unit_id=unit.id,
            setting=setting,
            value=value,
            by_id=context.person_id,
            authority_id=await _authority(context, unit),
            now=context.now,
        )
    return changed


async def _judge(
    context: Context, unit: Unit, setting: Setting, value: str, own: UnitSetting | None
) -> None:
    """Refuse what only somebody above may set: who is below may be stricter, never laxer."""
    if not setting.is_switch:
        return
    if value == ON:
        if not await _decides(context, unit):
            line = await organisation.line_up(context.session, unit.id)
            committee = settings.committee(line).name
            raise UserError(f"{setting.name}默认关闭，只能由{committee}打开；下级组织只能关闭。")
        above = await settings.held(context.session, _above(unit), setting)
        if above.unit_id is not None and not above.on:
            closed = await context.session.get_one(Unit, above.unit_id)
            raise UserError(f"{closed.name}已关闭{setting.name}，下级组织不能打开。")
    if own is not None and own.value == OFF != value and not await _may_lift(context, own):
        by = await context.session.get_one(Unit, own.authority_id)
        raise UserError(f"{setting.name}由{by.name}关闭，只能由它重新打开。")


async def _decides(context: Context, unit: Unit) -> bool:
    """Tell whether the asking person speaks for the committee of a unit."""
    line = await organisation.line_up(context.session, unit.id)
    return context.scope(CONFIGURE_UNIT).covers(settings.committee(line).path)


async def _may_lift(context: Context, own: UnitSetting) -> bool:
    """Tell whether the asking person speaks for whoever has set something."""
    by = await context.session.get_one(Unit, own.authority_id)
    return context.scope(CONFIGURE_UNIT).covers(by.path)


async def _authority(context: Context, unit: Unit) -> int:
    """Return the outermost unit in whose name the asking person sets something of a unit."""
    line = await organisation.line_up(context.session, unit.id)
    scope = context.scope(CONFIGURE_UNIT)
    return [one.id for one in line if scope.covers(one.path)][-1]


async def _undo(
    context: Context, unit: Unit, setting: Setting, own: UnitSetting | None
) -> Button | None:
    """Return the button that brings back what a unit has; None where that takes somebody above."""
    if (
        setting.is_switch
        and own is not None
        and own.value == ON
        and not await _decides(context, unit)
    ):
        return None
    held = await settings.held(context.session, unit.path, setting)
    value = INHERIT if own is None else own.value
    return Button(f"恢复为{held.value}", f"/studysettings {unit.name} {setting.name} {value}")


def _above(unit: Unit) -> str:
    """Return the path of what is above a unit."""
    return unit.path.removesuffix(f"{unit.id}/")


def _own(context: Context) -> str:
    """Return the unit whose settings the asking person may change: that of the highest post."""
    held = [p for p in context.actor.posts if p.unit_path in context.scope(CONFIGURE_UNIT).prefixes]
    return held[0].unit_name if held else context.actor.unit_name


def _kind(text: str, word: str) -> str:
    if text not in mutes.MUTABLE:
        raise UserError(f"请写明哪一类：{word} {f'、{word} '.join(mutes.MUTABLE)}")
    return text


def _read(text: str) -> tuple[str, Setting | None, str]:
    """Tell unit, setting and value apart; the unit and the last two may be left out."""
    words = text.split()
    if not words:
        return "", None, ""
    place = next((i for i, word in enumerate(words) if word in SETTINGS), None)
    if place is None:
        return text, None, ""
    setting = SETTINGS[words[place]]
    said = "".join(words[place + 1 :])
    value = INHERIT if said == INHERIT else setting.read(said)
    if value is None:
        number = f"{setting.least} 到 {setting.most} 之间的分钟数"
        allowed = "“开”或“关”" if setting.is_switch else number
        raise UserError(f"{setting.name}请写{allowed}，例如：{USAGE}")
    return " ".join(words[:place]), setting, value


async def _show(context: Context, unit: Unit) -> Reply:
    lines = [f"{unit.name}的学习设置："]
    for setting in SETTINGS.values():
        held = await settings.held(context.session, unit.path, setting)
        by = await _by(context, unit, held)
        lines.append(f"· {setting.name}：{_words(setting, held.value)}（{by}）。{setting.says}")
    return Reply("\n".join([*lines, "", RESTRAINT, f"修改请发送：{USAGE}"]))


async def _by(context: Context, unit: Unit, held: Held) -> str:
    if held.unit_id is None:
        return "默认"
    if held.unit_id == unit.id:
        return "本组织设置"
    return f"{(await context.session.get_one(Unit, held.unit_id)).name}设置"


def _words(setting: Setting, value: str) -> str:
    return f"“{value}”" if setting.is_switch else f" {value} 分钟折 1 学时"
