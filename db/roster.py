"""A roster from a file against the roster on record: what would change, and changing it.

A file adds and changes; it takes nobody away, ends no post, and an empty cell leaves what is on
record. Rights are judged row by row, so that a file can do nothing that its sender could not do
by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from db import access
from db.access import IMPORT_ROSTER, MOVE, Actor
from db.members import IDENTITY, PHONE
from db.roster_state import Known, State, load
from db.secrets import Secrets
from db.tables import Person, Post, Stage, Title, Unit
from db.types import lock_chain

BATCH = 500
NO_UNIT = "没有这个组织，或不在你的职责范围内"
CONFLICT = "工号、手机号或身份证号不能由你登记，请核对后联系上级组织"


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A row of the file, its values checked by themselves. `posts` are (title, unit or "")."""

    line: int
    number: str
    name: str
    unit: str
    stage: Stage | None = None
    posts: tuple[tuple[Title, str], ...] = ()
    phone: str = ""
    identity: str = ""
    joined_on: date | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row of the file cannot be taken."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row would do; `person_id` is None for somebody new.

    `values` are the columns to set and `posts` the posts to give, (unit id, title); `shown` says
    it to people, `rights` in the words of the person concerned where rights change.
    """

    row: RosterRow
    person_id: int | None
    values: dict[str, Any]
    posts: tuple[tuple[int, Title], ...]
    shown: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do. `missing` are people of its units that it does not name.

    `mark` is the same as long as the file would do the same.
    """

    added: tuple[Entry, ...]
    changed: tuple[Entry, ...]
    same: int
    missing: tuple[str, ...]
    faults: tuple[Fault, ...]
    mark: str

    @property
    def empty(self) -> bool:
        return not self.added and not self.changed


async def plan(
    session: AsyncSession,
    secrets: Secrets,
    actor: Actor,
    rows: Sequence[RosterRow],
    *,
    today: date,
    faults: Sequence[Fault] = (),
) -> Plan:
    """Compare a file with the record; `faults` were found while reading it."""
    state = await load(session, today=today)
    judge = _Judge(state, secrets, actor, rows)
    found = [*faults, *judge.repeated()]
    entries: list[Entry] = []
    for row in rows:
        try:
            entries.append(judge.entry(row))
        except Refused as refused:
            found.append(Fault(row.line, str(refused)))
    added = tuple(entry for entry in entries if entry.person_id is None)
    changed = tuple(e for e in entries if e.person_id is not None and (e.values or e.posts))
    missing = tuple(judge.missing())
    same = len(entries) - len(added) - len(changed)
    found.sort(key=lambda fault: fault.line)
    mark = secrets.index(_canonical([*added, *changed], same, missing), "roster.mark")
    return Plan(added, changed, same, missing, tuple(found), mark)


async def apply(
    session: AsyncSession, secrets: Secrets, plan: Plan, *, by: int | None, today: date
) -> dict[int, Entry]:
    """Store a plan without faults, and return its entries by person id.

    `by` sends it; None on the server itself. Raises `ValueError` for a plan with faults.
    Numbers that change hands are let go first.
    """
    if plan.faults:
        raise ValueError("a plan with faults is not stored")
    await _let_go(session, [e for e in plan.changed if e.values.keys() & _NUMBERS])
    done = {entry.person_id or 0: entry for entry in plan.changed}
    updates = [{"id": n, **_sealed(secrets, e.values, by)} for n, e in done.items() if e.values]
    if updates:
        await session.execute(update(Person), updates)
    people = [Person(**_sealed(secrets, entry.values, by)) for entry in plan.added]
    session.add_all(people)
    await session.flush()
    done |= {person.id: entry for person, entry in zip(people, plan.added, strict=True)}
    session.add_all(
        Post(person_id=person_id, unit_id=unit_id, title=title.value, since=today)
        for person_id, entry in done.items()
        for unit_id, title in entry.posts
    )
    await session.flush()
    return done


async def take_turn(session: AsyncSession) -> None:
    """Wait until nobody else is changing the roster; then compare, and store."""
    await lock_chain(session)


class Refused(Exception):
    """A row that cannot be taken; the text says why."""


class _Judge:
    """Judges the rows of one file by the record and by the sender's rights."""

    def __init__(
        self, state: State, secrets: Secrets, actor: Actor, rows: Sequence[RosterRow]
    ) -> None:
        self._state = state
        self._secrets = secrets
        self._actor = actor
        self._rows = rows
        self._scope = access.scope(actor, IMPORT_ROSTER)
        self._by_number = {row.number: row for row in rows}

    def repeated(self) -> Iterator[Fault]:
        """Find what may stand once in a file and stands there twice."""
        for field, word in (("number", "工号"), ("phone", "手机号"), ("identity", "身份证号")):
            first: dict[str, int] = {}
            for row in self._rows:
                value = getattr(row, field)
                if value and first.setdefault(value, row.line) != row.line:
                    yield Fault(row.line, f"{word}与第 {first[value]} 行重复")

    def entry(self, row: RosterRow) -> Entry:
        """Return what a row would do; raises `Refused`."""
        unit = self._state.units.get(row.unit)
        if unit is None or not self._scope.covers(unit.path):
            raise Refused(NO_UNIT)
        known = self._state.people.get(row.number)
        if known is not None and not self._scope.covers(known.unit.path):
            raise Refused(CONFLICT)
        self._check_owner(row, known)
        if known is None:
            return self._new(row, unit)
        return self._changed(row, unit, known)

    def missing(self) -> Iterator[str]:
        """Name the people of the file's units whom it does not name."""
        units = {row.unit for row in self._rows}
        for known in self._state.people.values():
            listed = known.number in self._by_number or known.left
            if not listed and known.unit.name in units and self._scope.covers(known.unit.path):
                yield f"{known.name}（{known.number}）"

    def _new(self, row: RosterRow, unit: Unit) -> Entry:
        if row.stage is None:
            raise Refused("新增人员要填写身份")
        values = {
            "number": row.number,
            "name": row.name,
            "unit_id": unit.id,
            "stage": row.stage.value,
            "joined_on": row.joined_on,
            **{field: value for field, value in _numbers(row) if value},
        }
        posts = tuple(self._posts(row, unit, None))
        shown = [f"新增：{unit.name}", *(f"任命：{self._place(post)}" for post in posts)]
        return Entry(row, None, values, posts, tuple(shown))

    def _changed(self, row: RosterRow, unit: Unit, known: Known) -> Entry:
        values: dict[str, Any] = {}
        shown: list[str] = []
        rights: list[str] = []
        if unit.id != known.unit.id:
            self._check_move(known, unit)
            values["unit_id"] = unit.id
            shown.append(f"组织：{known.unit.name} → {unit.name}")
            rights.append(f"你的所在组织已由{known.unit.name}调整为{unit.name}。")
        if known.left:
            self._check_move(known, unit)
            values["left_on"] = None
            shown.append("重新加入")
        for field, word, old, new in _plain_fields(row, known):
            if new is not None and new != old:
                self._check_person(known, word)
                values[field] = new
                shown.append(f"{word}：{old or '空'} → {new}")
        for field, word in self._new_numbers(row, known):
            values[field] = getattr(row, field)
            shown.append(f"{word}有变更")
        posts = tuple(self._posts(row, unit, known))
        for place in map(self._place, posts):
            shown.append(f"任命：{place}")
            rights.append(f"你已被任命为{place}。")
        return Entry(row, known.id, values, posts, tuple(shown), tuple(rights))

    def _place(self, post: tuple[int, Title]) -> str:
        unit_id, title = post
        return f"{self._state.unit_names[unit_id]}{title}"

    def _new_numbers(self, row: RosterRow, known: Known) -> Iterator[tuple[str, str]]:
        """Find the numbers that differ; whoever changes a phone number could bind by it."""
        for field, word, place, index in (
            ("phone", "手机号", PHONE, known.phone_index),
            ("identity", "身份证号", IDENTITY, known.identity_index),
        ):
            value = getattr(row, field)
            if value and self._secrets.index(value, place) != index:
                verdict = access.decide_person(
                    self._actor, IMPORT_ROSTER, unit_path=known.unit.path, posts=known.posts
                )
                if not verdict.allowed:
                    raise Refused(f"不能修改{word}：{verdict.reason}")
                yield field, word

    def _check_person(self, known: Known, word: str) -> None:
        """Nobody changes the own stage or name, nor those of the holder of a greater post."""
        if known.id == self._actor.person_id:
            raise Refused(f"不能修改自己的{word}，请由上级组织办理")
        verdict = access.decide_person(
            self._actor, IMPORT_ROSTER, unit_path=known.unit.path, posts=known.posts
        )
        if not verdict.allowed:
            raise Refused(f"不能修改{word}：{verdict.reason}")

    def _check_move(self, known: Known, unit: Unit) -> None:
        if known.id == self._actor.person_id:
            raise Refused("不能调动自己，请由上级组织办理")
        for path in (known.unit.path, unit.path):
            verdict = access.decide(self._actor, MOVE, unit_path=path)
            if not verdict.allowed:
                raise Refused(verdict.reason)

    def _posts(self, row: RosterRow, own: Unit, known: Known | None) -> Iterator[tuple[int, Title]]:
        """Find the posts that the person does not hold yet; raises `Refused`."""
        held = known.held if known else frozenset()
        for title, name in dict.fromkeys(row.posts):
            unit = self._state.units.get(name) if name else own
            if unit is None or not self._scope.covers(unit.path):
                raise Refused(f"职务：{NO_UNIT}")
            if (unit.id, title) in held:
                continue
            verdict = access.decide_post(
                self._actor, title, unit_path=unit.path, person_id=known.id if known else 0
            )
            if not verdict.allowed:
                raise Refused(f"职务“{title}”：{verdict.reason}")
            yield unit.id, title

    def _check_owner(self, row: RosterRow, known: Known | None) -> None:
        """Refuse a phone or identity number that stays another person's."""
        for field, place, owners in (
            ("phone", PHONE, self._state.by_phone),
            ("identity", IDENTITY, self._state.by_identity),
        ):
            value = getattr(row, field)
            owner = owners.get(self._secrets.index(value, place)) if value else None
            if owner is None or owner is known or self._gives_up(owner, field, value):
                continue
            if not self._scope.covers(owner.unit.path):
                raise Refused(CONFLICT)
            word = "手机号" if field == "phone" else "身份证号"
            raise Refused(f"{word}已登记给{owner.name}（{owner.number}）")

    def _gives_up(self, owner: Known, field: str, value: str) -> bool:
        """Tell whether the same file gives the owner another number."""
        row = self._by_number.get(owner.number)
        return row is not None and getattr(row, field) not in ("", value)


_NUMBERS = {"phone", "identity"}


def _numbers(row: RosterRow) -> tuple[tuple[str, str], ...]:
    return (("phone", row.phone), ("identity", row.identity))


def _plain_fields(row: RosterRow, known: Known) -> tuple[tuple[str, str, Any, Any], ...]:
    return (
        ("name", "姓名", known.name, row.name),
        ("stage", "身份", known.stage, row.stage.value if row.stage else None),
        ("joined_on", "入党日期", known.joined_on, row.joined_on),
    )


async def _let_go(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Empty the numbers that are about to change, so that two people may swap theirs."""
    for field in sorted(_NUMBERS):
        ids = [entry.person_id for entry in entries if field in entry.values]
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            empty = {field: None, f"{field}_index": None}
            await session.execute(update(Person).where(Person.id.in_(batch)).values(**empty))


def _sealed(secrets: Secrets, values: dict[str, Any], by: int | None) -> dict[str, Any]:
    """Return the columns as they are stored: numbers encrypted, with their digests."""
    stored = dict(values)
    if stored.get("phone"):
        stored["phone_by"] = by
    for field, place in (("phone", PHONE), ("identity", IDENTITY)):
        if value := stored.get(field):
            stored[field] = secrets.seal(value, place)
            stored[f"{field}_index"] = secrets.index(value, place)
    return stored


def _canonical(entries: Sequence[Entry], same: int, missing: Sequence[str]) -> str:
    effects = [(e.person_id, e.row.line, e.values, e.posts, e.shown) for e in entries]
    return json.dumps([effects, same, missing], ensure_ascii=False, default=str, sort_keys=True)
