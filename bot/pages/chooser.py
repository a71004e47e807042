"""The demo's front page: choose who to be. Everybody on it is invented."""

from __future__ import annotations

from bot.pages.house import House
from bot.pages.tags import icon, tag, words
from db import transcripts
from db.tables import Unit
from db.transcripts import Resident


async def draw_chooser(house: House) -> None:
    """List the units in the order of the tree with their people and group chats."""
    async with house.database.read() as session:
        units = await transcripts.residents(session, today=house.today)
    names = {unit.id: unit.name for unit, _ in units}
    with tag("main", "zb-choose"):
        _head()
        with tag("label", "zb-find"):
            icon("search")
            hint = "按姓名、职务或组织查找"
            tag("input", type="search", placeholder=hint, aria_label=hint, autocomplete="off")
        with tag("div", "zb-units"):
            for unit, people in units:
                _unit(unit, people, names.get(unit.parent_id or 0, ""))
        words("没有找到。", "zb-nobody", "p", role="status", hidden=True)


def _head() -> None:
    with tag("header", "zb-brand"):
        words("支", "zb-mark", aria_hidden="true")
        with tag("div", "zb-grow"):
            words("支部助手", "", "h1")
            words("选一位人员开始聊天；可以同时在几个标签页里扮演几个人。", "zb-faint", "p")
        words("演示 · 单位和人名均为虚构", "zb-badge")


def _unit(unit: Unit, people: list[Resident], above: str) -> None:
    with tag("section", "zb-unit"):
        with tag("header"):
            with tag("div", "zb-grow"):
                words(unit.name, "", "h2")
                words(above or unit.kind, "zb-faint")
            if people:
                _group(unit, people[0])
        with tag("div", "zb-people"):
            for resident in people:
                _person(resident, unit)


def _group(unit: Unit, first: Resident) -> None:
    me = transcripts.private_chat(first.person.id)
    href = f"/chat/{transcripts.group_chat(unit.id)}?as={me}"
    title = f"以{first.person.name}的身份进入"
    with tag("a", "zb-group", href=href, title=title, data_words=f"{unit.name}群聊"):
        icon("group")
        words("群聊")


def _person(resident: Resident, unit: Unit) -> None:
    person, titles = resident.person, " ".join(resident.titles)
    found_by = f"{person.name} {person.number} {titles} {person.stage} {unit.name}"
    href = f"/chat/{transcripts.private_chat(person.id)}"
    with tag("a", "zb-person", href=href, data_words=found_by):
        words(person.name, "zb-text")
        words(titles or person.stage, "zb-office" if titles else "zb-faint")
