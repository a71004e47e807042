"""What a unit has switched for study, and what a person does not want to be sent."""

from __future__ import annotations

from db.access import CONFIGURE_UNIT, SEE_SELF
from db.tables import Unit
from handlers.choosing import pick_unit
from handlers.context import Context
from handlers.reply import Button, Reply, UserError
from handlers.router import Router
from knowledge.study import mutes, settings
from knowledge.study.settings import SETTINGS, Held, Setting

router = Router()

USAGE = "学习设置 排名 开、学习设置 第三党支部 学时折算 45"
RESTRAINT = "个人排名和积分默认关闭；签到没有强制的设置。"


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
    before = await settings.held(context.session, unit.path, setting)
    await settings.put(
        context.session,
        unit_id=unit.id,
        setting=setting,
        value=value,
        by_id=context.person_id,
        now=context.now,
    )
    await context.record(
        "study.setting", f"unit:{unit.id}", name=setting.name, before=before.value, after=value
    )
    undo = Button(
        f"恢复为{before.value}", f"/studysettings {unit.name} {setting.name} {before.value}"
    )
    return Reply(
        f"{unit.name}及下级：{setting.name}已设为{_words(setting, value)}。已记入留痕。",
        buttons=((undo,),),
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
        f"好的，不再给你发{what}消息。任务提醒不受影响。",
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
    value = setting.read("".join(words[place + 1 :]))
    if value is None:
        allowed = (
            f"{setting.least} 到 {setting.most} 之间的分钟数" if setting.most else "“开”或“关”"
        )
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
    return f" {value} 分钟折 1 学时" if setting.most else f"“{value}”"
