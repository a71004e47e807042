"""Moving people and giving or taking posts, each with ten minutes to take it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from db import access, audit, members
from db.access import APPOINT, MOVE, UNBIND, Scope
from db.days import parse_day
from db.numbers import BadValue
from db.tables import AuditLine, Person, Title, Unit
from handlers import handover
from handlers.choosing import NOBODY, pick_person, pick_unit, unit_of
from handlers.context import Context
from handlers.reply import Button, Message, Reply, UserError
from handlers.router import Router
from scheduler import outbox

router = Router()

UNDO_LIFE = timedelta(minutes=10)
# A post may be entered late, or agreed on ahead of its day.
LATE, AHEAD = timedelta(days=366 * 30), timedelta(days=366)
# What people call the posts beside their full names.
ALIASES = {
    "支书": Title.SECRETARY,
    "支部书记": Title.SECRETARY,
    "党支部书记": Title.SECRETARY,
    "党总支书记": Title.SECRETARY,
    "党委书记": Title.SECRETARY,
    "支部副书记": Title.DEPUTY_SECRETARY,
    "组委": Title.ORGANISATION,
    "宣委": Title.PUBLICITY,
    "纪检": Title.DISCIPLINE,
    "小组长": Title.GROUP_LEADER,
    "组长": Title.GROUP_LEADER,
    "干事": Title.STAFF,
}
CHANGED = "之后又有变动，不能撤销，请重新办理。"


@router.command(
    "move", "调动", help="把人员调到另一个组织", needs=MOVE, usage="姓名 组织", private=True
)  # fmt: skip
async def move(context: Context) -> Reply:
    """Put a person into another unit of the scope."""
    name, unit_name = _words(context.text, 2, "调动 姓名 组织")
    person = await pick_person(context, MOVE, name, lambda who: f"/move {who} {unit_name}")
    if isinstance(person, Reply):
        return person
    if person.id == context.person_id:
        raise UserError("不能调动自己，请由上级组织办理。")
    old, new = await unit_of(context, person), await pick_unit(context, MOVE, unit_name)
    if old.id == new.id:
        return Reply(f"{person.name}已经在{new.name}。")
    if not await members.move(context.session, person.id, old=old.id, new=new.id):
        raise UserError("名册刚刚有变动，请重新办理。")
    line = await context.record("member.move", f"person:{person.id}", old=old.id, new=new.id)
    await _tell(context, person, line, f"你的所在组织已由{old.name}调整为{new.name}。")
    kept = await members.posts_of(context.session, [person.id], today=context.today)
    posts = "、".join(f"{post.unit_name}{post.title}" for post in kept[person.id])
    hint = f"\n职务没有变动：{posts}。如需免去，请发送“免职 姓名 职务”。" if posts else ""
    return Reply(
        f"已把{person.name}由{old.name}调到{new.name}。{hint}", buttons=((undo_button(line),),)
    )


@router.command(
    "appoint", "任命", help="任命职务", needs=APPOINT, usage="姓名 职务 [组织] [日期]",
    private=True,
)  # fmt: skip
async def appoint(context: Context) -> Reply:
    """Give somebody a post, from today or a stated day on."""
    name, word, *rest = _words(context.text, 2, "任命 姓名 职务 [组织] [日期]", most=4)
    title, (unit_name, since) = _title(word), _unit_and_day(context, rest)
    person = await pick_person(
        context, APPOINT, name, lambda who: " ".join(["/appoint", who, title, *rest])
    )
    if isinstance(person, Reply):
        return person
    unit = await _unit_for(context, person, unit_name)
    _may_change(context, title, unit, person)
    post = await members.appoint(
        context.session, person.id, unit_id=unit.id, title=title, since=since, today=context.today
    )
    if post is None:
        return Reply(f"{person.name}已经担任{unit.name}{title}。")
    line = await context.record(
        "member.appoint", f"person:{person.id}", post=post, unit=unit.id, title=title.value
    )
    begin = "" if since == context.today else f"，自 {since:%Y-%m-%d} 起"
    await _tell(context, person, line, f"你已被任命为{unit.name}{title}{begin}。")
    return Reply(
        f"已任命{person.name}为{unit.name}{title}{begin}。", buttons=((undo_button(line),),)
    )


@router.command(
    "dismiss", "免职", help="免去职务", needs=APPOINT, usage="姓名 职务 [组织]", private=True
)  # fmt: skip
async def dismiss(context: Context) -> Reply:
    """End somebody's post today."""
    name, word, *rest = _words(context.text, 2, "免职 姓名 职务 [组织]", most=3)
    title = _title(word)
    person = await pick_person(
        context, APPOINT, name, lambda who: " ".join(["/dismiss", who, title, *rest])
    )
    if isinstance(person, Reply):
        return person
    unit = await _held_unit(context, person, title, rest[0] if rest else "")
    _may_change(context, title, unit, person)
    post = await members.dismiss(
        context.session, person.id, unit_id=unit.id, title=title, today=context.today
    )
    if post is None:
        return Reply(f"{person.name}没有担任{unit.name}{title}。")
    line = await context.record(
        "member.dismiss", f"person:{person.id}", post=post, unit=unit.id, title=title.value,
        ended=context.today.isoformat(),
    )  # fmt: skip
    await _tell(context, person, line, f"你不再担任{unit.name}{title}。")
    await handover.pass_on(context, person.id)
    return Reply(f"已免去{person.name}的{unit.name}{title}。", buttons=((undo_button(line),),))


# Each of the acts below needs its own right as well, which is asked for again.
@router.command(
    "undo", help="撤销刚才的办理", needs=UNBIND, usage="编号", private=True, hidden=True
)
async def undo(context: Context) -> Reply:
    """Take back one's own act of the last ten minutes, if nothing has changed since."""
    number = int(context.text) if context.text.isdecimal() and len(context.text) < 15 else 0
    line = await audit.find(context.session, number)
    if line is None or line.actor_id != context.person_id or line.action not in _UNDO:
        raise UserError("没有可以撤销的操作。")
    if context.now - line.at > UNDO_LIFE:
        raise UserError("已超过 10 分钟，不能撤销，请重新办理。")
    if not await audit.is_last(context.session, line, CHANGES):
        raise UserError(CHANGED)
    person = await _subject(context, line)
    text = await _UNDO[line.action](context, person, line)
    done = await context.record("member.undo", line.object, line=line.seq)
    await _tell(context, person, done, text)
    return Reply(f"已撤销。{person.name}：{text}")


def undo_button(line: int) -> Button:
    """Return the button that takes back the act of an audit line."""
    return Button("撤销", f"/undo {line}")


async def _undo_move(context: Context, person: Person, line: AuditLine) -> str:
    old, new = [await _unit(context, line.data[key]) for key in ("old", "new")]
    for unit in (old, new):
        context.require(MOVE, unit_path=unit.path)
    if not await members.move(context.session, person.id, old=new.id, new=old.id):
        raise UserError(CHANGED)
    return f"所在组织恢复为{old.name}。"


async def _undo_appoint(context: Context, person: Person, line: AuditLine) -> str:
    title, unit = await _post_of(context, person, line)
    if not await members.withdraw(context.session, line.data["post"]):
        raise UserError(CHANGED)
    return f"{unit.name}{title}的任命已撤销。"


async def _undo_dismiss(context: Context, person: Person, line: AuditLine) -> str:
    title, unit = await _post_of(context, person, line)
    ended = date.fromisoformat(line.data["ended"])
    if not await members.restore(context.session, line.data["post"], ended=ended):
        raise UserError(CHANGED)
    return f"恢复担任{unit.name}{title}。"


async def _undo_unbind(context: Context, person: Person, line: AuditLine) -> str:
    unit = await unit_of(context, person)
    context.require(UNBIND, unit_path=unit.path)
    if not await members.rebind(context.session, person.id, line.data["accounts"], now=context.now):
        raise UserError(CHANGED)
    return "账号绑定已恢复。"


_UNDO: dict[str, Callable[[Context, Person, AuditLine], Awaitable[str]]] = {
    "member.move": _undo_move,
    "member.appoint": _undo_appoint,
    "member.dismiss": _undo_dismiss,
    "member.unbind": _undo_unbind,
}
CHANGES = frozenset({*_UNDO, "member.undo", "member.leave", "account.bind"})


async def _subject(context: Context, line: AuditLine) -> Person:
    """Return whom an act was about, if still in the scope of the one who acted."""
    scope = Scope((*context.scope(MOVE).prefixes, *context.scope(UNBIND).prefixes))
    number = int(line.object.removeprefix("person:"))
    person = await members.find(context.session, number, scope, today=context.today)
    if person is None:
        raise UserError(NOBODY)
    return person


async def _post_of(context: Context, person: Person, line: AuditLine) -> tuple[Title, Unit]:
    """Return the post of an act, after judging the right to it again."""
    unit = await _unit(context, line.data["unit"])
    title = Title(line.data["title"])
    _may_change(context, title, unit, person)
    return title, unit


async def _unit(context: Context, unit_id: int) -> Unit:
    """Return a unit of an act, which may have been removed since."""
    unit = await context.session.get(Unit, unit_id)
    if unit is None:
        raise UserError(CHANGED)
    return unit


def _may_change(context: Context, title: Title, unit: Unit, person: Person) -> None:
    verdict = access.decide_post(context.actor, title, unit_path=unit.path, person_id=person.id)
    if not verdict.allowed:
        raise UserError(verdict.reason)


async def _unit_for(context: Context, person: Person, name: str) -> Unit:
    return await pick_unit(context, APPOINT, name) if name else await unit_of(context, person)


async def _held_unit(context: Context, person: Person, title: Title, name: str) -> Unit:
    """Return in which unit a post is to end: the named one, or the only one it is held in."""
    if name:
        return await pick_unit(context, APPOINT, name)
    held = (await members.posts_of(context.session, [person.id], today=context.today))[person.id]
    units = [post for post in held if post.title is title]
    if len(units) > 1:
        names = "、".join(post.unit_name for post in units)
        raise UserError(f"{person.name}在几个组织担任{title}：{names}。请写明组织。")
    if not units:
        return await unit_of(context, person)
    return await context.session.get_one(Unit, units[0].unit_id)


async def _tell(context: Context, person: Person, line: int, text: str) -> None:
    """Tell a person what has changed about their rights."""
    await outbox.notify(
        context.session,
        person.id,
        Message(f"{text}如有疑问，请联系支部书记或组织委员。"),
        key=f"member:{line}",
        kind="identity",
        now=context.now,
    )


def _words(text: str, least: int, usage: str, *, most: int = 0) -> list[str]:
    words = text.split()
    if not least <= len(words) <= (most or least):
        raise UserError(f"请这样写：{usage}。姓名可以换成工号。")
    return words


def _title(word: str) -> Title:
    if word in ALIASES:
        return ALIASES[word]
    try:
        return Title(word)
    except ValueError as error:
        names = "、".join(Title)
        raise UserError(f"没有“{word[:20]}”这个职务。可用的职务：{names}。") from error


def _unit_and_day(context: Context, words: list[str]) -> tuple[str, date]:
    """Tell a unit's name from a date; today where no date is given."""
    unit, since = "", context.today
    for word in words:
        if word[0].isdecimal():
            since = _day(context, word)
        else:
            unit = word
    return unit, since


def _day(context: Context, word: str) -> date:
    try:
        day = parse_day(word)
    except BadValue as error:
        raise UserError(f"{error}。") from error
    if not context.today - LATE <= day <= context.today + AHEAD:
        raise UserError("任职日期太早或太晚，请核对。")
    return day
