"""Finding the one person or unit that a command means, within the asking person's scope."""

from __future__ import annotations

from collections.abc import Callable

from db import members, organisation
from db.access import Action
from db.tables import Person, Unit
from handlers.context import Context
from handlers.reply import Button, Reply, UserError

NOBODY = "没有找到这个人。请核对姓名或工号；只能查找你职责范围内的人员。"
NO_UNIT = "没有找到这个组织。请写组织的全称；只能选择你职责范围内的组织。"
SHOWN = 8


async def pick_person(
    context: Context, action: Action, text: str, command: Callable[[str], str]
) -> Person | Reply:
    """Return who is meant by a name, a staff number or "#id", or the choice between several.

    `command` returns the command for the chosen one. Somebody outside the scope is not found.
    """
    if not text:
        raise UserError("请写明姓名或工号。")
    if text.startswith("#"):
        return await _by_id(context, action, text[1:])
    found = await organisation.find_people(
        context.session, text, context.scope(action), today=context.today
    )
    exact = [person for person in found if text in (person.name, person.number)]
    if len(exact) == 1:
        return exact[0]
    if not found:
        raise UserError(NOBODY)
    return await _choice(context, exact or found, command)


async def pick_unit(context: Context, action: Action, text: str) -> Unit:
    """Return the unit of that name, or the only one whose name holds the text."""
    units = await organisation.list_units(context.session, context.scope(action))
    exact = [unit for unit in units if unit.name == text]
    found = exact or [unit for unit in units if text in unit.name]
    if not found:
        raise UserError(NO_UNIT)
    if len(found) > 1:
        names = "、".join(unit.name for unit in found[:SHOWN])
        raise UserError(f"有几个组织名称相近：{names}。请写全称。")
    return found[0]


async def unit_of(context: Context, person: Person) -> Unit:
    """Return the unit that a person belongs to."""
    return await context.session.get_one(Unit, person.unit_id)


async def _by_id(context: Context, action: Action, text: str) -> Person:
    number = int(text) if text.isdecimal() and len(text) < 15 else 0
    person = await members.find(context.session, number, context.scope(action), today=context.today)
    if person is None:
        raise UserError(NOBODY)
    return person


async def _choice(context: Context, people: list[Person], command: Callable[[str], str]) -> Reply:
    buttons = []
    for person in people[:SHOWN]:
        unit = await unit_of(context, person)
        label = f"{person.name}（{person.number}，{unit.name}）"
        buttons.append((Button(label, command(f"#{person.id}")),))
    more = "还有更多，请写得更完整。" if len(people) > SHOWN else ""
    return Reply(f"请选择是哪一位。{more}", buttons=tuple(buttons))
