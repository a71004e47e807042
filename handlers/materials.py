"""Material to study, as members meet it: the list, opening one, marking it learned."""

from __future__ import annotations

from db.access import STUDY
from db.tables import Material, MaterialKind, StoredFile, Unit
from handlers.context import Context
from handlers.paging import page_of, turn
from handlers.reply import Attachment, Button, Reply, UserError
from handlers.router import Router
from handlers.study_words import event_day, minutes_words
from knowledge.study import materials
from knowledge.study.entries import THOUGHT_LIMIT
from knowledge.study.materials import Item
from scheduler import study_duties

router = Router()

STEP = "study.learned"
SHOWN = 8
NOTHING = "无"
HINT = "发送“资料 编号”打开，学完发“学完了 编号 感想”。"
UNOPENED = "你还没有打开过这份资料。先看一看，学完再点下面的“学完了”。\n\n"
NOT_FOUND = "没有找到这份资料，可能已撤回，或者不是发给你的。发送“学习资料”看清单。"
KINDS = {
    MaterialKind.TEXT: "文字",
    MaterialKind.LINK: "链接",
    MaterialKind.FILE: "文件",
    MaterialKind.VIDEO: "视频",
}


@router.command(
    "materials", "学习资料", help="看发给我的学习资料", needs=STUDY, usage="[页码]", private=True
)
async def list_materials(context: Context) -> Reply:
    """List what is published to the asking person: to be learned first, by limit."""
    _, page = page_of(context.text)
    me, path = context.person_id, context.actor.unit_path
    total = await materials.count(context.session, person_id=me, unit_path=path)
    found = await materials.listed(
        context.session, person_id=me, unit_path=path, limit=SHOWN, skip=(page - 1) * SHOWN
    )
    if not found:
        return Reply("还没有发给你的学习资料。" if page == 1 else "没有更多资料了。")
    lines = [_line(context, item) for item in found]
    return Reply(
        f"学习资料 {total} 份：\n"
        + "\n".join(lines)
        + "\n\n发送“资料 编号”打开，学完发“学完了 编号 感想”。",
        buttons=(
            *((Button(f"打开 {i.material.id}", f"/material {i.material.id}"),) for i in found[:5]),
            *turn("/materials", page, total, size=SHOWN),
        ),
    )


@router.command(
    "material", "资料", help="打开一份学习资料", needs=STUDY, usage="编号", private=True
)
async def show(context: Context) -> Reply:
    """Show a material, and note that it was opened."""
    return await _open(context, await _item(context, context.text))


@router.command(
    "learned", "学完了", "学完", help="标记一份资料已学完，写下感想", needs=STUDY,
    usage="编号 感想", private=True,
)  # fmt: skip
async def learned(context: Context) -> Reply:
    """Mark a material learned that was opened; without a thought, ask for one."""
    number, _, thought = context.text.partition(" ")
    item = await _item(context, number)
    if item.reading is None:
        return await _open(context, item, before=UNOPENED, thought=thought.strip())
    if thought.strip() or item.learned:
        return await _learn(context, item, thought.strip())
    await context.go_to(STEP, material=item.material.id)
    return Reply(
        f"学完《{item.material.title}》有什么感想？写一句就行，没有请发“{NOTHING}”。",
        buttons=((Button("没有感想", f"/learned {item.material.id} {NOTHING}"),),),
    )


@router.step(STEP, needs=STUDY)
async def thought(context: Context) -> Reply:
    """Take the thought that was asked for."""
    item = await _item(context, str(context.data["material"]))
    return await _learn(context, item, context.text)


async def _open(context: Context, item: Item, *, before: str = "", thought: str = "") -> Reply:
    """Show a material and note that it is opened; the button keeps a thought that was given."""
    material = item.material
    await materials.open_(
        context.session, material.id, person_id=context.person_id, now=context.now
    )
    unit = await context.session.get_one(Unit, material.unit_id)
    lines = [f"《{material.title}》", f"{unit.name} {material.published_at:%Y-%m-%d} 发布"]
    lines += [*_facts(context, item), "", *filter(None, (material.text, material.link))]
    learned = Button("学完了", f"/learned {material.id} {thought}".strip())
    return Reply(
        before + "\n".join(lines).rstrip(),
        attachment=await _file(context, material),
        buttons=() if item.learned else ((learned,),),
    )


async def _learn(context: Context, item: Item, words: str) -> Reply:
    material = item.material
    kept = "" if words == NOTHING else " ".join(words.split())[:THOUGHT_LIMIT]
    counted = await materials.learn(
        context.session,
        material,
        person_id=context.person_id,
        on=await event_day(context),
        thought=kept,
        now=context.now,
    )
    closed = await study_duties.close(
        context.session,
        material.id,
        person_id=context.person_id,
        thought=kept,
        today=context.calendar_today,
        now=context.calendar_now,
        sent_at=context.now,
    )
    await context.leave()
    done = "学习任务已办结。" if closed else ""
    if counted is None:
        return Reply(f"《{material.title}》以前已经学完了。{'感想已更新。' if kept else ''}{done}")
    minutes = f"记 {minutes_words(counted)}。" if material.minutes else ""
    if counted < material.minutes:
        minutes += "这一天的记录已满 24 小时，多出的不计。"
    return Reply(
        f"已学完《{material.title}》。{minutes}{done}",
        buttons=((Button("我的学习", "/mystudy"), Button("学习资料", "/materials")),),
    )


async def _item(context: Context, text: str) -> Item:
    plain = text.strip()
    number = int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 15 else 0
    item = await materials.find(
        context.session, number, person_id=context.person_id, unit_path=context.actor.unit_path
    )
    if item is None:
        raise UserError(NOT_FOUND)
    return item


async def _file(context: Context, material: Material) -> Attachment | None:
    if material.file_id is None:
        return None
    file = await context.session.get_one(StoredFile, material.file_id)
    return Attachment(file.id, file.name, file.media_type)


def _facts(context: Context, item: Item) -> list[str]:
    material, facts = item.material, []
    if material.due_on is not None:
        facts.append(f"请在 {material.due_on:%Y-%m-%d} 前学完（{_left(context, material)}）")
    if material.minutes:
        facts.append(f"约需 {minutes_words(material.minutes)}")
    if item.reading is not None and item.reading.learned_on is not None:
        facts.append(f"你已在 {item.reading.learned_on:%Y-%m-%d} 学完")
    return facts


def _line(context: Context, item: Item) -> str:
    material = item.material
    state = "已学完" if item.learned else _left(context, material) if material.due_on else "未学"
    return f"{material.id}. 《{material.title}》（{KINDS[MaterialKind(material.kind)]}）— {state}"


def _left(context: Context, material: Material) -> str:
    assert material.due_on is not None  # asked of materials with a limit only
    days = (material.due_on - context.calendar_today).days
    if days < 0:
        return f"{material.due_on:%m-%d} 已到期"
    return f"{material.due_on:%m-%d} 截止，{f'还有 {days} 天' if days else '今天截止'}"
