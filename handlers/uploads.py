"""A document sent in chat, on its way into the library: preview, first day, confirmation."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date

from db.access import EDIT_LIBRARY
from handlers.context import Context
from handlers.reply import Button, Reply, UserError
from handlers.router import Router
from knowledge import drafts, importing, intake
from knowledge.drafts import Draft
from knowledge.editions import Plan
from knowledge.revisions import LibraryError

router = Router()

STEP = "library.import"
SUFFIXES = (".docx", ".pdf", ".xlsx", ".pptx", ".html", ".htm", ".md", ".txt", ".csv")
GONE = "没有等待入库的文件，请重新发送文件。"
STALE_PREVIEW = "这个预览已失效，请看最新的一条。"
HELP = (
    "可以发送：生效日期（如“2026-05-18”，没有就发“无日期”）、“标题 …”、“版本 …”、"
    "“内部”或“公开”；核对无误后发送“确认入库”，放弃发送“取消”。"
)
NO_DAY = "无日期"
SECTIONS, EXCERPT, LONGEST = 5, 60, 80
DAY = re.compile(
    r"(?:生效)?(?:日期)?[：:\s]*(\d{4})\s*[-年./]\s*(\d{1,2})\s*[-月./]\s*(\d{1,2})日?"
)


@router.file(
    "document",
    help="把文件收入知识库",
    needs=EDIT_LIBRARY,
    suffixes=SUFFIXES,
    words=("知识库", "入库", "资料"),
    prepare=intake.read,
)
async def receive(context: Context) -> Reply:
    """Show what was read from a file, and ask for its first day."""
    if context.incoming.group:
        raise UserError("请私聊我发送要入库的文件。")
    draft: Draft = context.prepared
    number = await drafts.keep(context.session, draft, owner_id=context.person_id, now=context.now)
    return await _ask(context, number, draft, dated=False)


@router.step(STEP, needs=EDIT_LIBRARY)
async def correct(context: Context) -> Reply:
    """Take a correction of title, version, first day or reach."""
    number, draft, dated = await _draft(context)
    text = context.text
    if text in ("内部", "公开"):
        draft = replace(draft, internal=text == "内部")
    elif text.startswith(("标题", "版本")):
        draft = _named(draft, text)
    else:
        draft, dated = replace(draft, starts=_day(text)), True
    return await _keep(context, number, draft, dated=dated)


@router.command(
    "import_day", "生效日期", help="确认待入库文件的生效日期", needs=EDIT_LIBRARY,
    usage="日期", hidden=True,
)  # fmt: skip
async def set_day(context: Context) -> Reply:
    """Confirm the first day, as guessed or typed."""
    day, _, preview = context.text.partition("#")
    number, draft, _ = await _draft(context, preview)
    draft = replace(draft, starts=_day(day.strip()))
    return await _keep(context, number, draft, dated=True)


@router.command(
    "import_confirm", "确认入库", help="把预览过的文件收入知识库", needs=EDIT_LIBRARY,
    usage="预览", hidden=True,
)  # fmt: skip
async def confirm(context: Context) -> Reply:
    """Store the draft as it was previewed, all or nothing."""
    number, draft, dated = await _draft(context, context.text.removeprefix("#"))
    if not dated:
        raise UserError("请先确认生效日期。")
    plan = replace(await _plan(context, draft), mark=await _mark(context))
    try:
        counts = await importing.apply(context.session, plan, by=context.person_id, now=context.now)
    except LibraryError as error:
        raise UserError(str(error)) from error
    await _close(context, number)
    if plan.empty:
        return Reply(f"《{draft.title}》{draft.label}与库中内容完全相同，没有变化。")
    await context.record("library.import", f"document:{plan.edition.key}", label=draft.label)
    done = f"新增 {counts.added} 条，修改 {counts.changed} 条，删去 {counts.removed} 条"
    ended = "".join(f"；原版本“{label}”到期失效" for label in plan.supersedes)
    return Reply(f"《{draft.title}》{draft.label}已入库：{done}，不变 {counts.same} 条{ended}。")


@router.command(
    "import_cancel", help="放弃待入库的文件", needs=EDIT_LIBRARY, usage="预览", hidden=True
)
async def give_up(context: Context) -> Reply:
    """Forget the draft."""
    number, _, _ = await _draft(context, context.text.removeprefix("#"))
    await _close(context, number)
    return Reply("已取消，没有入库。")


async def _keep(context: Context, number: int, draft: Draft, *, dated: bool) -> Reply:
    """Put a corrected draft in the place of the one before."""
    await drafts.drop(context.session, number, owner_id=context.person_id)
    number = await drafts.keep(context.session, draft, owner_id=context.person_id, now=context.now)
    return await _ask(context, number, draft, dated=dated)


async def _ask(context: Context, number: int, draft: Draft, *, dated: bool) -> Reply:
    """Show the preview and stand at the dialog's step."""
    plan = await _plan(context, draft) if dated else None
    mark = plan.mark if plan else None
    await context.go_to(STEP, draft=number, dated=dated, mark=mark)
    return Reply(_preview(draft, plan), buttons=_buttons(draft, plan))


def _preview(draft: Draft, plan: Plan | None) -> str:
    shown = "\n".join(f"· {_short(i.heading)}：{_short(i.text)}" for i in draft.items[:SECTIONS])
    more = f"\n……共 {len(draft.items)} 条" if len(draft.items) > SECTIONS else ""
    reach = "仅限内部" if draft.internal else "公开"
    head = f"《{draft.title}》\n版本：{draft.label}　范围：{reach}　内容 {len(draft.items)} 条"
    return f"{head}\n{_outlook(draft, plan)}\n{shown}{more}{_problems(draft)}\n\n{HELP}"


def _problems(draft: Draft) -> str:
    """Say which parts of the file were left out."""
    if not draft.problems:
        return ""
    lines = "\n".join(draft.problems[:SECTIONS])
    return f"\n有 {len(draft.problems)} 处没有收入或需要核对：\n{lines}"


def _outlook(draft: Draft, plan: Plan | None) -> str:
    """Say from when it would hold and what would change, or ask for the day first."""
    if plan is None:
        guess = f"文中写有“{draft.evidence}”，" if draft.evidence else "文中没有找到生效日期，"
        return f"{guess}请确认生效日期。"
    since = f"{draft.starts:%Y-%m-%d} 起生效" if draft.starts else "不设生效日期"
    if plan.empty:
        return f"{since}；与库中已有内容完全相同。"
    ends = f"；原版本 {'、'.join(plan.supersedes)} 届时失效" if plan.supersedes else ""
    counts = f"新增 {len(plan.added)}，修改 {len(plan.changed)}，删去 {len(plan.removed)}"
    return f"{since}；{counts}，不变 {plan.same}{ends}"


def _buttons(draft: Draft, plan: Plan | None) -> tuple[tuple[Button, ...], ...]:
    preview = f"#{_mark_of(draft)}"
    cancel = Button("取消", f"/import_cancel {preview}")
    if plan is not None:
        return ((Button("确认入库", f"/import_confirm {preview}"), cancel),)
    guess = [draft.starts.isoformat()] if draft.starts else []
    days = (Button(f"{day} 起", f"/import_day {day} {preview}") for day in guess)
    return ((*days, Button(NO_DAY, f"/import_day {NO_DAY} {preview}")), (cancel,))


def _mark_of(draft: Draft) -> str:
    """Name what a preview shows, so that its buttons act on nothing else."""
    return hashlib.sha256(draft.to_json()).hexdigest()[:12]


async def _plan(context: Context, draft: Draft) -> Plan:
    try:
        return await importing.plan(context.session, draft.edition())
    except LibraryError as error:
        raise UserError(str(error)) from error


async def _dialog(context: Context) -> dict[str, object]:
    data = await context.dialog(STEP)
    if data is None:
        raise UserError(GONE)
    return data


async def _draft(context: Context, preview: str = "") -> tuple[int, Draft, bool]:
    """Return the draft under way with its number, and whether its day was confirmed.

    Raises `UserError` if it is not what the preview, if one is named, has shown.
    """
    data = await _dialog(context)
    number = int(str(data["draft"]))
    draft = await drafts.find(context.session, number, owner_id=context.person_id)
    if draft is None:
        raise UserError(GONE)
    if preview and preview != _mark_of(draft):
        raise UserError(STALE_PREVIEW)
    return number, draft, bool(data["dated"])


async def _mark(context: Context) -> int:
    """Return the state of the library that the preview was made for."""
    return int(str((await _dialog(context))["mark"]))


async def _close(context: Context, number: int) -> None:
    await drafts.drop(context.session, number, owner_id=context.person_id)
    await context.leave()


def _named(draft: Draft, text: str) -> Draft:
    name = text[2:].strip(" ：:\u3000《》")
    if not 0 < len(name) <= LONGEST:
        raise UserError(f"名称要有 1 到 {LONGEST} 个字，例如“{text[:2]} 2026”。")
    return replace(draft, title=name) if text.startswith("标题") else replace(draft, label=name)


def _day(text: str) -> date | None:
    """Read a first day; None when there shall be none."""
    if text == NO_DAY:
        return None
    found = DAY.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else _refuse()
    except ValueError:
        return _refuse()


def _refuse() -> date:
    raise UserError(f"没有看懂这个日期或修改。{HELP}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT]}……"
