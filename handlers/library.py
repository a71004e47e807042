"""The library in the chat: listing, showing, taking out of use, comparing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from db import access
from db.access import EDIT_LIBRARY, SEE_LIBRARY
from handlers import uploads
from handlers.context import Context
from handlers.paging import turn
from handlers.reply import Button, Reply, Table, UserError
from handlers.router import Router
from knowledge import catalogue
from knowledge.catalogue import PAGE, Change, Difference, DocumentLine, VersionLine

router = Router()
router.include(uploads.router)

NO_DOCUMENT = "没有这份资料。发送“知识库”查看全部资料的编号。"
NO_VERSION = "没有这个版本。发送“查看文档 编号”可以看到版本编号。"
TITLE, EXCERPT, CHANGES = 14, 120, 8
# What 停用 and 恢复 act on, by the word before the number.
KINDS = {"": "document", "版本": "version", "条目": "passage"}


@router.command(
    "documents",
    "知识库",
    help="看知识库里有哪些资料",
    needs=SEE_LIBRARY,
    usage="页码",
    private=True,
)
async def documents(context: Context) -> Reply:
    """List the documents, a page at a time."""
    page = _numbers(context.text, default=(1,))[0]
    lines = await catalogue.documents(context.session, page=page)
    if not lines:
        raise UserError("知识库里还没有资料。" if page == 1 else "没有更多资料了。")
    total = await catalogue.count_documents(context.session)
    head = ("编号", "资料", "条数", "版本")
    table = Table((head, *(_row(context, line) for line in lines)), f"资料-第{page}页")
    buttons = [
        (Button(f"{line.id}. {line.title[:TITLE]}", f"/document {line.id}"),) for line in lines
    ]
    leaf = turn("/documents", page, total, size=PAGE)
    return Reply(f"知识库共有 {total} 份资料。", table=table, buttons=(*buttons, *leaf))


@router.command(
    "document",
    "查看文档",
    help="看一份资料的版本和内容",
    needs=SEE_LIBRARY,
    usage="编号 页码",
    private=True,
)
async def document(context: Context) -> Reply:
    """Show a document's versions and what its newest one in use says."""
    number, page = _numbers(context.text, default=(0, 1))
    line = await catalogue.document(context.session, number)
    if line is None:
        raise UserError(NO_DOCUMENT)
    shown = next((v for v in line.versions if v.count), None) or next(iter(line.versions), None)
    return await _content(context, line, shown, page)


@router.command(
    "edition",
    help="看资料的一个版本",
    needs=SEE_LIBRARY,
    usage="版本编号 页码",
    private=True,
    hidden=True,
)
async def edition(context: Context) -> Reply:
    """Show what one version of a document says."""
    number, page = _numbers(context.text, default=(0, 1))
    line = await catalogue.document_of(context.session, number)
    if line is None:
        raise UserError(NO_VERSION)
    return await _content(context, line, _version(line, number), page)


@router.command(
    "retire",
    "停用",
    help="停用资料、版本或条目",
    needs=EDIT_LIBRARY,
    usage="[版本|条目] 编号",
    private=True,
)
async def retire(context: Context) -> Reply:
    """Take a document, a version or a passage out of use."""
    kind, number = _object(context.text)
    done = await _RETIRE[kind](context, number)
    if not done:
        raise UserError("没有找到，或者已经停用。")
    await context.record("library.retire", f"{kind}:{number}")
    undo = Button("撤销", f"/restore {context.text}")
    return Reply(f"已停用，涉及 {done} 条内容；提问不会再答到它。", buttons=((undo,),))


@router.command(
    "restore",
    "恢复",
    help="恢复停用的资料、版本或条目",
    needs=EDIT_LIBRARY,
    usage="[版本|条目] 编号",
    private=True,
)
async def restore(context: Context) -> Reply:
    """Bring back what was taken out of use."""
    kind, number = _object(context.text)
    done = await _RESTORE[kind](context, number)
    if not done:
        raise UserError("没有找到，或者没有停用。")
    await context.record("library.restore", f"{kind}:{number}")
    undo = Button("停用", f"/retire {context.text}")
    return Reply(f"已恢复 {done} 条内容。", buttons=((undo,),))


@router.command(
    "diff",
    "对比",
    help="逐条对比资料的两个版本",
    needs=SEE_LIBRARY,
    usage="旧版编号 新版编号",
    private=True,
)
async def diff(context: Context) -> Reply:
    """Compare two versions article by article."""
    old, new = _numbers(context.text, default=(0, 0))
    owners = [await catalogue.document_of(context.session, number) for number in (old, new)]
    if owners[0] is None or owners[1] is None:
        raise UserError(NO_VERSION)
    if owners[0].id != owners[1].id:
        raise UserError("这两个版本不属于同一份资料，无法对比。")
    found = await catalogue.difference(context.session, old, new)
    names = [_version(owners[0], number).label for number in (old, new)]
    return Reply(f"《{owners[0].title}》{names[0]} → {names[1]}\n{_difference(found)}")


async def _content(
    context: Context, line: DocumentLine, version: VersionLine | None, page: int
) -> Reply:
    versions = "\n".join(f"版本 {v.id}：{_state(context, v)}" for v in line.versions)
    head = f"《{line.title}》（编号 {line.id}{'，仅限内部' if line.internal else ''}）\n{versions}"
    if line.retired:
        head = f"【已停用】{head}"
    if version is None:
        return Reply(head)
    passages = await catalogue.passages(context.session, version.id, page=page)
    body = "\n".join(
        f"{p.id}. {p.heading}{'（已停用）' if p.retired else ''}：{_short(p.text)}"
        for p in passages
    )
    leaf = turn(f"/edition {version.id}", page, version.count, size=PAGE)
    return Reply(
        f"{head}\n\n版本 {version.id} 的内容：\n{body or '没有更多内容了。'}",
        buttons=(*leaf, *_others(line, version), *_edits(context, line)),
    )


def _others(line: DocumentLine, shown: VersionLine) -> tuple[tuple[Button, ...], ...]:
    """Offer the other versions, and the comparison with the one before."""
    rows = [
        (Button(f"看版本 {v.label}", f"/edition {v.id}"),)
        for v in line.versions
        if v.id != shown.id
    ]
    later = line.versions.index(shown) + 1
    if later < len(line.versions):
        before = line.versions[later]
        rows.append((Button(f"与 {before.label} 对比", f"/diff {before.id} {shown.id}"),))
    return tuple(rows)


def _edits(context: Context, line: DocumentLine) -> tuple[tuple[Button, ...], ...]:
    if not access.decide(context.actor, EDIT_LIBRARY).allowed:
        return ()
    if line.retired:
        return ((Button("恢复这份资料", f"/restore {line.id}"),),)
    return ((Button("停用这份资料", f"/retire {line.id}"),),)


def _row(context: Context, line: DocumentLine) -> tuple[str, str, str, str]:
    states = "；".join(_state(context, version) for version in line.versions)
    title = f"{line.title}（已停用）" if line.retired else line.title
    return str(line.id), title, str(line.count), states


def _state(context: Context, version: VersionLine) -> str:
    begun = f"，{version.valid_from:%Y-%m-%d} 起" if version.valid_from else ""
    ended = f"，{version.valid_to:%Y-%m-%d} 止" if version.valid_to else ""
    return f"{version.label}（{version.state(context.today)}{begun}{ended}，{version.count} 条）"


def _difference(found: Difference) -> str:
    groups = (("新增", found.added), ("修改", found.changed), ("删去", found.removed))
    counts = "，".join(f"{word} {len(changes)} 条" for word, changes in groups)
    lines = [f"{counts}，不变 {found.same} 条。"]
    for word, changes in groups:
        lines += [_change(word, change) for change in changes[:CHANGES]]
        if len(changes) > CHANGES:
            lines.append(f"……{word}的还有 {len(changes) - CHANGES} 条")
    return "\n".join(lines)


def _change(word: str, change: Change) -> str:
    if change.old and change.new:
        return f"【{word}】{change.heading}\n  旧：{_short(change.old)}\n  新：{_short(change.new)}"
    return f"【{word}】{change.heading}：{_short(change.new or change.old)}"


def _version(line: DocumentLine, number: int) -> VersionLine:
    return next(version for version in line.versions if version.id == number)


def _numbers(text: str, *, default: tuple[int, ...]) -> tuple[int, ...]:
    """Read as many numbers as there are defaults; a default of 0 must be given."""
    words = text.replace("，", " ").replace(",", " ").split()
    if len(words) > len(default) or not all(w.isdecimal() and len(w) < 10 for w in words):
        raise UserError("请在指令后面写编号，例如“查看文档 3”。")
    given = tuple(int(word) for word in words) + default[len(words) :]
    if 0 in given:
        raise UserError("请在指令后面写编号，例如“查看文档 3”或“对比 5 8”。")
    return given


def _object(text: str) -> tuple[str, int]:
    """Read what is meant: "3", "版本 12" or "条目 345"."""
    words = text.rstrip("0123456789")
    if words.strip() not in KINDS:
        raise UserError("请写“停用 3”（资料）、“停用 版本 12”或“停用 条目 345”。")
    return KINDS[words.strip()], _numbers(text[len(words) :], default=(0,))[0]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT]}……"


async def _retire_document(context: Context, number: int) -> int:
    line = await catalogue.document(context.session, number)
    done = await catalogue.retire_document(context.session, number, now=context.now)
    return line.count if line and done else 0


async def _retire_version(context: Context, number: int) -> int:
    return await catalogue.retire_version(context.session, number, now=context.now)


async def _retire_passage(context: Context, number: int) -> int:
    return int(await catalogue.retire_passage(context.session, number, now=context.now))


async def _restore_document(context: Context, number: int) -> int:
    if not await catalogue.restore_document(context.session, number):
        return 0
    line = await catalogue.document(context.session, number)
    return line.count if line else 0


async def _restore_version(context: Context, number: int) -> int:
    return await catalogue.restore_version(context.session, number)


async def _restore_passage(context: Context, number: int) -> int:
    return int(await catalogue.restore_passage(context.session, number))


_Act = Callable[[Context, int], Awaitable[int]]
_RETIRE: dict[str, _Act] = {
    "document": _retire_document,
    "version": _retire_version,
    "passage": _retire_passage,
}
_RESTORE: dict[str, _Act] = {
    "document": _restore_document,
    "version": _restore_version,
    "passage": _restore_passage,
}
