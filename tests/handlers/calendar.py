"""A small rule book and duties written by hand, for conversations about them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from db.tables import Duty, DutyState, Person, Unit
from scheduler import workdays
from scheduler.periods import due_at
from scheduler.rulebook import keeping
from scheduler.rulebook.model import (
    Anchor,
    AnchorKind,
    Audience,
    Force,
    Owner,
    Rule,
    RuleBook,
    Rung,
    Span,
)
from tests.handlers.conftest import ZONE, Talk

MONTHLY = Anchor(AnchorKind.PERIOD, rrule="FREQ=MONTHLY", dtstart=date(2019, 1, 1))


def rule(id_: str, title: str, owner: Owner = Owner.BRANCH, **more: Any) -> Rule:
    """Return a rule of the 2018 regulation."""
    values: dict[str, Any] = {
        "anchor": MONTHLY,
        "regulation": "中国共产党支部工作条例（试行）",
        "article": "第十二条",
        "version": "2018",
        "effective_from": date(2014, 6, 1),
        "effective_until": None,
        "force": Force.USUALLY,
        "certainty": "甲",
        "remind": (7, 1),
        "ladder": (Rung(1, Audience.OWNER), Rung(3, Audience.SUPERIOR_ORGANISATION)),
        **more,
    }
    return Rule(id=id_, title=title, owner=owner, **values)


def step(number: float, title: str, *, event: str = "", **more: Any) -> Rule:
    """Return a step of 发展党员."""
    return rule(
        f"joining-{number:g}",
        title,
        anchor=Anchor(AnchorKind.EVENT, event=event or f"joining-{number - 1:g}"),
        case="发展党员",
        step=number,
        **more,
    )


MEETING = rule("committee-meeting", "支委会会议")
REPORT = rule(
    "yearly-report",
    "年度报告",
    evidence=("text", "file"),
    accept=True,
    hand_in="报告一份",
    article="第三十条",
)
PHOTO = rule("theme-day", "主题党日", evidence=("photo",))
DUES = rule("dues", "交纳党费", Owner.MEMBERS)
BOOK = RuleBook(
    "the book of the tests",
    (
        MEETING,
        REPORT,
        PHOTO,
        DUES,
        rule(
            "election-6",
            "党员大会选举",
            anchor=Anchor(AnchorKind.TERM, years=3),
            case="换届",
            step=6,
            postpone=Span(years=1),
        ),
        step(1, "递交入党申请书", event="joining-1"),
        step(2, "派人谈话", limit=Span(months=1), documents=("谈话记录",)),
        step(3, "确定入党积极分子", decision=True, approver="支委会"),
        step(
            7,
            "确定发展对象",
            event="joining-3",
            earliest=Span(years=1),
            earliest_after="joining-3",
            evidence=("text",),
        ),
    ),
)


async def open_book(talk: Talk, book: RuleBook = BOOK) -> None:
    """Take the rule book into force and fill the table of days."""
    async with talk.database.write() as session:
        await keeping.take(session, book, now=talk.now)
        await workdays.seed(session, today=talk.now.date())


async def owe(talk: Talk, what: Rule, *, unit: str = "", person: str = "", **more: Any) -> int:
    """Let a unit or person owe a duty, due in a week by default; return its number."""
    async with talk.database.write() as session:
        owner = await _owner(session, unit, person)
        due: date | None = more.pop("due_on", talk.now.date() + timedelta(days=7))
        count = len((await session.scalars(select(Duty.id))).all())
        duty = Duty(
            rule=what.id,
            edition=what.version,
            title=what.title,
            label="2026年11月",
            period=f"+{count}",
            starts_on=date(2026, 11, 1),
            due_on=due,
            due_at=due_at(due, ZONE) if due else None,
            created_at=talk.now,
            **owner,
            **more,
        )
        session.add(duty)
        await session.flush()
        return duty.id


async def duty(talk: Talk, number: int) -> Duty:
    """Return a duty as it stands."""
    async with talk.database.read() as session:
        return await session.get_one(Duty, number)


async def state(talk: Talk, number: int) -> DutyState:
    """Return where a duty stands."""
    return DutyState((await duty(talk, number)).state)


async def _owner(session: Any, unit: str, person: str) -> dict[str, Any]:
    if person:
        found = (await session.scalars(select(Person).where(Person.name == person))).one()
        return {
            "owner": f"person:{found.id}",
            "person_id": found.id,
            "unit_id": found.unit_id,
        }
    owing = (await session.scalars(select(Unit).where(Unit.name == unit))).one()
    return {"owner": f"unit:{owing.id}", "unit_id": owing.id}
