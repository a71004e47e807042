"""A made-up organisation to try everything on. Company, names and numbers are invented."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.organisation import add_unit
from db.secrets import Secrets
from db.tables import Account, Person, Post, Stage, Term, Title, Unit, UnitKind
from db.types import insert_new

COMPANY = "青禾重工"
# Unit, kind, the unit above, and who belongs to it: "name/post" or "name/stage".
TREE: tuple[tuple[str, UnitKind, str, str], ...] = (
    (
        "青禾重工党委",
        UnitKind.COMMITTEE,
        "",
        "顾长青/书记 沈望舒/副书记 陆知秋/组织委员 温如言/党务干事 骆书简/知识编辑 "
        "季明远/管理员 许听澜/知识编辑",
    ),
    ("机关党总支", UnitKind.GENERAL_BRANCH, "青禾重工党委", "韩松亭/书记 白砚清/组织委员"),
    ("生产党总支", UnitKind.GENERAL_BRANCH, "青禾重工党委", "罗承岳/书记 孟川/组织委员"),
    (
        "综合管理党支部",
        UnitKind.BRANCH,
        "机关党总支",
        "林知夏/书记 周叙白/组织委员 方疏影/宣传委员 江晚舟/ 叶初晴/ 宋以宁/ 贺兰亭/ "
        "苏幼棠/预备党员 秦佑安/入党积极分子",
    ),
    (
        "财务审计党支部",
        UnitKind.BRANCH,
        "机关党总支",
        "程默涵/书记 纪云舒/组织委员 梁望川/纪检委员 唐小满/ 魏青梧/ 邵清和/ 钟意如/ "
        "黎雨桐/发展对象",
    ),
    (
        "总装车间党支部",
        UnitKind.BRANCH,
        "生产党总支",
        "赵铁岩/书记 王启航/组织委员 李素琴/宣传委员 张大川/ 刘春生/ 陈立新/ 杨晓帆/预备党员 "
        "何建业/入党申请人",
    ),
    ("总装一班党小组", UnitKind.GROUP, "总装车间党支部", "马振声/党小组长 朱文博/ 胡秋实/"),
    ("总装二班党小组", UnitKind.GROUP, "总装车间党支部", "郭守正/党小组长 徐闻道/ 董春华/"),
    (
        "铸造车间党支部",
        UnitKind.BRANCH,
        "生产党总支",
        "高炉生/书记 谢铭恩/组织委员 曹砺之/ 袁满仓/ 邓向阳/ 彭程远/ 吕望山/入党积极分子",
    ),
    (
        "质检物流党支部",
        UnitKind.BRANCH,
        "生产党总支",
        "蒋明澈/书记 蔡衡之/组织委员 贾思齐/ 丁一帆/ 余音绕/ 潘若谷/ 杜知行/预备党员",
    ),
    (
        "技术研发党支部",
        UnitKind.BRANCH,
        "青禾重工党委",
        "夏知微/书记 汪洋平/组织委员 田野舟/宣传委员 石敢当/ 任自新/ 姚星河/ 范成器/发展对象",
    ),
)
SINCE = date(2024, 6, 18)
# What `scheduler.quiet` calls no quiet hours and no rest days.
ANY_HOUR = "always"
JOINED = date(2012, 7, 1)
ELECTED = SINCE


async def plant(session: AsyncSession, secrets: Secrets) -> int:
    """Make the demo organisation in an empty store; return how many people it has, else 0."""
    if await session.scalar(select(func.count()).select_from(Unit)):
        return 0
    units: dict[str, Unit] = {}
    number = 0
    for name, kind, above, people in TREE:
        units[name] = await add_unit(session, name=name, kind=kind, parent=units.get(above))
        for entry in people.split():
            number += 1
            await _add_person(session, secrets, units[name], entry, number)
    return number


async def furnish(session: AsyncSession, *, now: datetime) -> None:
    """Note when the demo's leading bodies were elected, and let it be told things at any hour.

    Branches are elected for three years, so that their next election is in sight.
    """
    await session.execute(
        update(Unit).where(Unit.parent_id.is_(None), Unit.quiet.is_(None)).values(quiet=ANY_HOUR)
    )
    statement = select(Unit.id).where(Unit.kind != UnitKind.GROUP.value)
    terms = [
        {
            "unit_id": unit_id,
            "elected_on": ELECTED,
            "paper": "",
            "entered_at": now,
        }
        for unit_id in await session.scalars(statement)
    ]
    known = set(await session.scalars(select(Term.unit_id)))
    await insert_new(session, Term, [t for t in terms if t["unit_id"] not in known])


async def may_play(session: AsyncSession) -> bool:
    """Tell whether the store holds the demo organisation or none at all.

    In any other everybody's place would be open to whoever finds the pages.
    """
    roots = set(await session.scalars(select(Unit.name).where(Unit.parent_id.is_(None))))
    return roots <= {TREE[0][0]}


async def seat(session: AsyncSession, *, channel: str, now: datetime) -> None:
    """Give everybody an account in a channel where the visitor plays all of them."""
    taken = set(await session.scalars(select(Account.external).where(Account.channel == channel)))
    for person_id in await session.scalars(select(Person.id).order_by(Person.id)):
        place = f"person:{person_id}"
        if place not in taken:
            session.add(
                Account(
                    channel=channel,
                    external=place,
                    chat=place,
                    person_id=person_id,
                    bound_at=now,
                    seen_at=now,
                )
            )
    await session.flush()


async def _add_person(
    session: AsyncSession, secrets: Secrets, unit: Unit, entry: str, number: int
) -> None:
    name, _, rest = entry.partition("/")
    stage = Stage(rest) if rest in {s.value for s in Stage} else Stage.MEMBER
    phone = f"1990000{number:04d}"
    person = Person(
        unit_id=unit.id,
        number=f"QH{number:04d}",
        name=name,
        stage=stage.value,
        joined_on=JOINED if stage is Stage.MEMBER else None,
        phone=secrets.seal(phone, "person.phone"),
        phone_index=secrets.index(phone, "person.phone"),
    )
    session.add(person)
    await session.flush()
    if rest and stage is Stage.MEMBER:
        title = Title(rest)
        session.add(Post(person_id=person.id, unit_id=unit.id, title=title.value, since=SINCE))
        await session.flush()
