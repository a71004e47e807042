"""Importing a roster: preview, then all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from db import audit, conversation, roster, roster_drafts
from db.access import IMPORT_ROSTER
from db.engine import Session
from db.roster import Entry, Plan, RosterRow
from db.secrets import Secrets
from handlers import roster_file, roster_template
from handlers.context import Context
from handlers.reply import Attachment, Button, Message, Reply, UserError
from handlers.roster_file import RosterFile
from handlers.router import Router
from scheduler import outbox

router = Router()

FIRST_CHANGES, FIRST_FAULTS, FIRST_MISSING = 10, 15, 10
GONE = "没有等待确认的名册（预览 12 小时内有效），请重新发送文件。"
MOVED_ON = "名册在你预览之后有变动，请重新核对：\n"
HELP = (
    "私聊我发送 xlsx 或 csv 名册，说明里写“名册”。我先列出新增、变更和有问题的行，"
    "你确认之后才会保存；有一行不对就一行也不保存。名册里没有的人不会被删除。\n"
    "发送“名册模板”取得样表。"
)


@router.file(
    "roster",
    help="导入名册",
    needs=IMPORT_ROSTER,
    suffixes=(".xlsx", ".csv"),
    words=("名册", "花名册"),
    prepare=roster_file.read,
)
async def receive(context: Context) -> Reply:
    """Show what a roster would change, and ask."""
    if context.incoming.group:
        raise UserError("名册含有个人信息，请私聊我发送。")
    file: RosterFile = context.prepared
    plan = await _plan(context, file.rows, file)
    return await _show(context, file.rows, plan, ignored=file.ignored)


@router.command("roster", "名册", "导入名册", help="导入名册的办法", needs=IMPORT_ROSTER)
async def explain(context: Context) -> Reply:
    """Say how a roster is imported."""
    return Reply(HELP, buttons=((Button("名册模板", "/roster_template"),),))


@router.command("roster_template", "名册模板", help="取得名册样表", needs=IMPORT_ROSTER)
async def send_template(context: Context) -> Reply:
    """Send the empty roster."""
    file = await conversation.keep_file(
        context.session,
        name=roster_template.NAME,
        media_type=roster_template.MEDIA_TYPE,
        data=roster_template.template(),
        owner_id=context.person_id,
        now=context.now,
    )
    attachment = Attachment(file.id, file.name, file.media_type)
    return Reply("填好“名册”这张表后，私聊我发送，说明里写“名册”。", attachment=attachment)


@router.command(
    "roster_confirm", "确认导入", help="保存预览过的名册", needs=IMPORT_ROSTER, usage="编号",
    private=True, hidden=True,
)  # fmt: skip
async def confirm(context: Context) -> Reply:
    """Store the roster as it was shown, or show it again if the record has changed."""
    await roster.take_turn(context.session)
    number = int(context.text) if context.text.isdecimal() and len(context.text) < 15 else 0
    kept = await roster_drafts.find(
        context.session,
        context.services.secrets,
        number,
        owner_id=context.person_id,
        now=context.now,
    )
    if kept is None:
        raise UserError(GONE)
    mark, rows = kept
    plan = await _plan(context, rows)
    if plan.mark != mark or plan.faults:
        return await _show(context, rows, plan, before=MOVED_ON)
    await roster_drafts.drop(context.session, owner_id=context.person_id)
    await carry_out(
        context.session,
        context.services.secrets,
        plan,
        actor_id=context.person_id,
        now=context.now,
        today=context.today,
    )
    return Reply(f"名册已导入：新增 {len(plan.added)} 人，变更 {len(plan.changed)} 人。")


@router.command(
    "roster_cancel", help="放弃预览过的名册", needs=IMPORT_ROSTER, private=True, hidden=True
)
async def give_up(context: Context) -> Reply:
    """Forget the rows that wait for confirmation."""
    if not await roster_drafts.drop(context.session, owner_id=context.person_id):
        raise UserError(GONE)
    return Reply("已取消，名册没有变动。")


async def carry_out(
    session: Session,
    secrets: Secrets,
    plan: Plan,
    *,
    actor_id: int | None,
    now: datetime,
    today: date,
) -> None:
    """Store a plan, leave an audit line, and tell those whose rights change."""
    done = await roster.apply(session, secrets, plan, by=actor_id, today=today)
    line = await audit.record(
        session,
        secrets,
        actor_id=actor_id,
        action="roster.import",
        object="roster",
        now=now,
        data={
            "added": [number for number, entry in done.items() if entry.person_id is None],
            "changed": [number for number, entry in done.items() if entry.person_id is not None],
        },
    )
    for person_id, entry in done.items():
        if entry.rights:
            await outbox.notify(
                session,
                person_id,
                Message("".join(entry.rights) + "如有疑问，请联系支部书记或组织委员。"),
                key=f"roster:{line}:{person_id}",
                kind="identity",
                now=now,
            )


def preview(plan: Plan, ignored: Sequence[str] = ()) -> str:
    """Word what a plan would do; numbers of people do not stand in it."""
    lines = [
        f"新增 {len(plan.added)} 人，变更 {len(plan.changed)} 人，不变 {plan.same} 人，"
        f"可能离开 {len(plan.missing)} 人。"
    ]
    if plan.faults:
        lines = [f"名册有 {len(plan.faults)} 处问题，一行也没有导入。请全部改正后重新发送："]
        lines += [f"第 {f.line} 行：{f.reason}" for f in plan.faults[:FIRST_FAULTS]]
        return "\n".join(lines + _more(len(plan.faults), FIRST_FAULTS, "处"))
    changes = sorted((*plan.added, *plan.changed), key=lambda entry: entry.row.line)
    lines += [_line(entry) for entry in changes[:FIRST_CHANGES]]
    lines += _more(len(changes), FIRST_CHANGES, "人")
    if plan.missing:
        names = "、".join(plan.missing[:FIRST_MISSING])
        more = "等" if len(plan.missing) > FIRST_MISSING else ""
        lines.append(
            f"名册里没有、系统里有：{names}{more}。不会改动；确已离开的请发送“离开 姓名”。"
        )
    if ignored:
        lines.append(f"没有用到的列：{'、'.join(ignored)}。")
    return "\n".join(lines)


async def _show(
    context: Context,
    rows: Sequence[RosterRow],
    plan: Plan,
    *,
    ignored: Sequence[str] = (),
    before: str = "",
) -> Reply:
    """Show a plan, and keep its rows until they are confirmed."""
    text = before + preview(plan, ignored)
    if plan.faults or plan.empty:
        await roster_drafts.drop(context.session, owner_id=context.person_id)
        return Reply(text if plan.faults else f"{text}\n与现有名册一致，不用导入。")
    number = await roster_drafts.keep(
        context.session,
        context.services.secrets,
        rows,
        plan.mark,
        owner_id=context.person_id,
        now=context.now,
    )
    confirm_ = Button("确认导入", f"/roster_confirm {number}")
    return Reply(text, buttons=((confirm_, Button("取消", "/roster_cancel")),))


async def _plan(
    context: Context, rows: Sequence[RosterRow], file: RosterFile | None = None
) -> Plan:
    return await roster.plan(
        context.session,
        context.services.secrets,
        context.actor,
        rows,
        faults=file.faults if file else (),
        today=context.today,
    )


def _line(entry: Entry) -> str:
    return f"第 {entry.row.line} 行 {entry.row.name}：{'；'.join(entry.shown)}"


def _more(count: int, shown: int, word: str) -> list[str]:
    return [f"……还有 {count - shown} {word}"] if count > shown else []
