"""Publishing material to study: title, content, for whom, until when; a preview comes first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from db import organisation
from db.access import PUBLISH_STUDY
from db.days import parse_coming_day
from db.numbers import BadValue
from db.tables import MaterialKind, StoredFile, Unit
from handlers.context import Context
from handlers.incoming import ReceivedFile
from handlers.materials import KINDS
from handlers.media import media_type
from handlers.reply import Button, Reply, UserError
from handlers.router import Router
from handlers.study_words import minutes_words
from knowledge.study import enclosures, materials
from knowledge.study.materials import (
    LEAST_MINUTES,
    LINK_LIMIT,
    MOST_MINUTES,
    TEXT_LIMIT,
    TITLE_LIMIT,
    Draft,
)
from scheduler import study_duties
from scheduler.rulebook import keeping

router = Router()

STEP = "study.publish"
GONE = "没有等待发布的资料，请重新发送“发布资料”。"
VIDEO, LINK, LINKS = "视频", "链接", ("http://", "https://")
NEEDS_LINK = "链接要以 http:// 或 https:// 开头。请重新发送。"
NO_LIMIT = "不设期限"
LONGEST = timedelta(days=366)
HELP = (
    "可以修改：“标题 …”、“组织 第一党支部、第二党支部”、“截止 2026-12-15”、"
    f"“{NO_LIMIT}”、“时长 45”；核对无误后点“确认发布”，放弃发送“取消”。"
)


@router.command(
    "publish_study", "发布资料", "发布学习资料", help="给所属组织发布学习资料", needs=PUBLISH_STUDY,
    usage="[标题]", private=True, prose=True,
)  # fmt: skip
async def publish(context: Context) -> Reply:
    """Begin a material; its title may stand behind the command."""
    draft = {"title": "", "units": [await _own(context)], "minutes": 0, "due": ""}
    if context.text:
        draft["title"] = _title(context.text)
    return await _next(context, draft)


async def give_up(context: Context) -> None:
    """Remove the file of a material that is not published after all."""
    if number := context.data.get("file"):
        await enclosures.drop(context.session, number, owner_id=context.person_id)


@router.step(STEP, needs=PUBLISH_STUDY, takes_files=True, cancelled=give_up)
async def take(context: Context) -> Reply:
    """Take the title, then the content, then corrections of the preview."""
    draft = dict(context.data)
    if context.received is not None:
        await give_up(context)
        draft |= await _keep(context, context.received)
    elif not draft["title"]:
        draft["title"] = _title(context.text)
    elif "kind" not in draft:
        draft |= _content(context.text)
    else:
        draft |= await _correction(context, context.text)
    return await _next(context, draft)


@router.command(
    "publish_confirm", "确认发布", help="发布预览过的资料", needs=PUBLISH_STUDY, hidden=True,
    private=True,
)  # fmt: skip
async def confirm(context: Context) -> Reply:
    """Publish what the preview has shown, and hand out the duties."""
    draft = await context.dialog(STEP)
    if draft is None or "kind" not in draft:
        raise UserError(GONE)
    if draft["due"]:
        _in_time(context, date.fromisoformat(draft["due"]))
    if "file" in draft:
        await _release(context, draft["file"])
    units = await _units(context, draft["units"])
    material = await materials.publish(
        context.session,
        _draft(draft),
        unit_id=await _publisher(context, units),
        to=[unit.id for unit in units],
        by_id=context.person_id,
        now=context.now,
    )
    await context.leave()
    book = await keeping.current(context.session)
    owed = 0
    if book is not None:
        times = study_duties.Times(
            context.calendar_today, context.calendar_now, context.now, context.services.zone
        )
        owed = (await study_duties.owe(context.session, material, book, times)).new
    await context.record(
        "study.publish", f"material:{material.id}", units=[unit.id for unit in units], duties=owed
    )
    rest = "其余人的随后陆续生成。" if owed >= study_duties.BATCH else ""
    tasks = f"已生成 {owed} 项学习任务，到期前会提醒。{rest}" if owed else ""
    return Reply(
        f"已发布《{material.title}》（编号 {material.id}）给{_names(units)}。{tasks}",
        buttons=((Button("撤回", f"/withdraw_material {material.id}"),),),
    )


@router.command(
    "withdraw_material", "撤回资料", help="撤回发布的学习资料和没有办结的学习任务",
    needs=PUBLISH_STUDY, usage="编号", private=True,
)  # fmt: skip
async def withdraw(context: Context) -> Reply:
    """Take a material back, with the duties that are still open."""
    plain = context.text.strip()
    number = int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 15 else 0
    scope = context.scope(PUBLISH_STUDY)
    material = await materials.of_publisher(context.session, number, scope)
    if material is None:
        raise UserError("没有找到这份资料；只能撤回本组织和下级组织发布的。")
    if not await materials.withdraw(context.session, material.id, now=context.now):
        return Reply(f"《{material.title}》已经撤回过了。")
    gone = await study_duties.withdraw(
        context.session, material.id, now=context.calendar_now, sent_at=context.now
    )
    await context.record("study.withdraw", f"material:{material.id}", duties=gone)
    rest = "其余的随后陆续撤回。" if gone >= study_duties.BATCH else ""
    tasks = f"{gone} 项没有办结的学习任务一并撤回。{rest}" if gone else ""
    return Reply(f"已撤回《{material.title}》。{tasks}已学完的记录不变。")


async def _next(context: Context, draft: dict[str, Any]) -> Reply:
    """Keep what there is, and ask for what is missing or show the preview."""
    await context.go_to(STEP, **draft)
    if not draft["title"]:
        return Reply("资料的标题是什么？放弃发送“取消”。")
    if "kind" not in draft:
        return Reply(
            f"《{draft['title']}》的内容是什么？直接发文字、文件，或 http(s) 链接；"
            f"视频请写“{VIDEO} 链接”。"
        )
    units = await _units(context, draft["units"])
    due = f"{draft['due']} 前学完，作为学习任务" if draft["due"] else NO_LIMIT
    minutes = minutes_words(draft["minutes"]) if draft["minutes"] else "不计时长"
    shown = draft.get("name") or draft.get("link") or draft.get("text", "")
    return Reply(
        f"将发布《{draft['title']}》（{KINDS[MaterialKind(draft['kind'])]}）\n{shown[:200]}\n"
        f"发给：{_names(units)}（含下级）\n期限：{due}\n时长：{minutes}\n\n{HELP}",
        buttons=((Button("确认发布", "/publish_confirm"), Button("取消", "取消")),),
    )


async def _own(context: Context) -> int:
    """Return the outermost unit that the asking person may publish for."""
    units = await organisation.list_units(context.session, context.scope(PUBLISH_STUDY))
    return units[0].id


async def _units(context: Context, ids: Sequence[int]) -> list[Unit]:
    """Return the units meant, as far as they are still in the asking person's scope."""
    known = await organisation.list_units(context.session, context.scope(PUBLISH_STUDY))
    found = [unit for unit in known if unit.id in ids]
    if not found:
        raise UserError("这些组织不在你可以发布学习资料的范围内。")
    return found


async def _publisher(context: Context, units: Sequence[Unit]) -> int:
    """Return the unit in whose name it is published: the one whose post covers the first unit."""
    for post in context.actor.posts:
        if post.unit_path in context.scope(PUBLISH_STUDY).prefixes and units[0].path.startswith(
            post.unit_path
        ):
            return post.unit_id
    return units[0].id


async def _correction(context: Context, text: str) -> dict[str, Any]:
    word, _, rest = text.partition(" ")
    rest = rest.strip()
    if text == NO_LIMIT:
        return {"due": ""}
    if word == "标题" and rest:
        return {"title": _title(rest)}
    if word == "组织" and rest:
        return {"units": await _named(context, rest)}
    if word == "截止" and rest:
        return {"due": _due(context, rest).isoformat()}
    if word == "时长" and rest:
        return {"minutes": _minutes(rest)}
    raise UserError(f"没有看懂这个修改。{HELP}")


async def _named(context: Context, text: str) -> list[int]:
    known = await organisation.list_units(context.session, context.scope(PUBLISH_STUDY))
    by_name = {unit.name: unit.id for unit in known}
    names = [
        name for name in text.replace("，", "、").replace(",", "、").split("、") if name.strip()
    ]
    missing = [name.strip() for name in names if name.strip() not in by_name]
    if missing:
        raise UserError(
            f"没有找到：{'、'.join(missing)}。请写组织全称，用“、”隔开；只能选你职责范围内的组织。"
        )
    return [by_name[name] for name in names]


async def _keep(context: Context, received: ReceivedFile) -> dict[str, Any]:
    """Store a file; what it is, is told by its content."""
    if not received.data:
        raise UserError("文件是空的，请重新发送。")
    number = await enclosures.hold(
        context.session,
        name=received.name,
        data=received.data,
        owner_id=context.person_id,
        now=context.now,
    )
    titled = {} if context.data["title"] else {"title": _title(received.name.rpartition(".")[0])}
    content = {"kind": MaterialKind.FILE.value, "file": number, "name": received.name}
    return {**content, **titled, "text": context.text[:TEXT_LIMIT], "link": ""}


async def _release(context: Context, number: int) -> None:
    """Let the file be shown; what it is, is told by its content."""
    file = await context.session.get(StoredFile, number)
    if file is None or not await enclosures.release(
        context.session, number, owner_id=context.person_id, media_type=media_type(file.data)
    ):
        raise UserError("文件已经不在了，请重新发送文件再确认。")


def _content(text: str) -> dict[str, Any]:
    plain = text.strip()
    if not plain:
        raise UserError("没有收到内容。请直接发文字、文件，或 http(s) 链接。")
    word, address = _address(plain)
    if word and not address:
        raise UserError(f"“{word}”后面要写链接。{NEEDS_LINK}")
    if address:
        try:
            link = materials.parse_link(address)
        except BadValue as error:
            raise UserError(f"{error}。请重新发送。") from error
        kind = MaterialKind.VIDEO if word == VIDEO else MaterialKind.LINK
        return {"kind": kind.value, "link": link, "text": ""}
    if not 2 <= len(plain) <= TEXT_LIMIT:
        raise UserError(f"内容请在 2 到 {TEXT_LIMIT} 字之间。")
    return {"kind": MaterialKind.TEXT.value, "text": plain, "link": ""}


def _address(plain: str) -> tuple[str, str]:
    """Return what a content announces, 视频 or 链接 or nothing, and the address it gives.

    视频会议 is a text; 视频 alone, or before one word with a dot, is meant to give an address.
    """
    word = next((word for word in (VIDEO, LINK) if plain.startswith(word)), "")
    rest = plain.removeprefix(word)
    said = rest.strip(" \t\n\u3000：:")
    one_word = len(said.split()) == 1 and ("://" in said or "." in said)
    if not word:
        is_link = plain.lower().startswith(LINKS) and "\n" not in plain[:LINK_LIMIT]
        return "", plain if is_link or "://" in plain.split(maxsplit=1)[0] else ""
    if not said or said.lower().startswith(LINKS) or (one_word and said != rest):
        return word, said
    return "", ""


def _draft(draft: dict[str, Any]) -> Draft:
    return Draft(
        kind=draft["kind"],
        title=draft["title"],
        text=draft.get("text", ""),
        link=draft.get("link", ""),
        file_id=draft.get("file"),
        minutes=draft["minutes"],
        due_on=date.fromisoformat(draft["due"]) if draft["due"] else None,
    )


def _title(text: str) -> str:
    plain = " ".join(text.split()).strip("《》")
    if not 2 <= len(plain) <= TITLE_LIMIT:
        raise UserError(f"标题请在 2 到 {TITLE_LIMIT} 字之间。")
    return plain


def _due(context: Context, text: str) -> date:
    try:
        day = parse_coming_day(text, context.calendar_today)
    except BadValue as error:
        raise UserError(f"{error}。") from error
    _in_time(context, day)
    return day


def _in_time(context: Context, day: date) -> None:
    """Refuse a limit that is over, which it may be by the time it is published, or far away."""
    if not timedelta(0) <= day - context.calendar_today <= LONGEST:
        raise UserError(
            f"期限 {day:%Y-%m-%d} 不行：要在今天以后、一年以内。请发送“截止 日期”或“{NO_LIMIT}”。"
        )


def _minutes(text: str) -> int:
    plain = text.removesuffix("分钟").strip()
    number = int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 5 else 0
    if not LEAST_MINUTES <= number <= MOST_MINUTES:
        raise UserError(f"时长请写 {LEAST_MINUTES} 到 {MOST_MINUTES} 分钟。")
    return number


def _names(units: Sequence[Unit]) -> str:
    shown = "、".join(unit.name for unit in units[:5])
    return f"{shown}等 {len(units)} 个组织" if len(units) > 5 else shown
