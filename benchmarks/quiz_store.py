"""Groups, questions, members and polls for `benchmarks.quiz`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.deadline_store import ZONE
from db.engine import Database
from db.tables import (
    Account,
    Outbox,
    OutboxState,
    Person,
    QuizGroup,
    QuizPost,
    QuizQuestion,
    QuizRound,
    RoundKind,
    Stage,
    Unit,
    UnitKind,
)
from scheduler import outbox, workdays

CHANNEL = "telegram"
QUESTIONS, OPTIONS = 400, 4
KEEPER = 1
DAY = timedelta(days=1)


async def fill(database: Database, *, members: int, groups: int, due: datetime) -> None:
    """Make a unit a group, a bank, and members of the first unit, known as 甲0 and so on."""
    async with database.write() as session:
        await workdays.seed(session, today=due.date())
        kind = UnitKind.BRANCH.value
        units = [
            {"id": n, "name": f"支部{n}", "kind": kind, "path": f"/{n}/"}
            for n in range(1, groups + 1)
        ]
        await session.execute(insert(Unit), units)
        await session.execute(insert(Person), [_person(n) for n in range(members)])
        await session.execute(insert(Account), [_account(n, due) for n in range(members)])
        await session.execute(insert(QuizQuestion), [_question(n, due) for n in range(QUESTIONS)])


async def set_up(database: Database, *, groups: int, count: int, due: datetime) -> None:
    """Let each group have its daily round at that minute."""
    rows = [
        {
            "channel": CHANNEL,
            "chat": str(-number),
            "title": f"群{number}",
            "unit_id": number,
            "daily_at": f"{due.astimezone(ZONE):%H:%M}",
            "days": "daily",
            "count": count,
            "minutes": 60,
            "next_at": due,
            "set_by": KEEPER,
            "set_at": due,
        }
        for number in range(1, groups + 1)
    ]
    async with database.write() as session:
        await session.execute(insert(QuizGroup), rows)


async def ask(database: Database, count: int, *, now: datetime) -> list[str]:
    """Put so many questions as polls in one group, and return the polls."""
    async with database.write() as session:
        round_ = await _round(session, count, now)
        polls = [f"{round_.id}:{position}" for position in range(count)]
        for position, poll in enumerate(polls):
            row = Outbox(**_sent(poll, now))
            session.add(row)
            await session.flush()
            session.add(
                QuizPost(
                    round_id=round_.id,
                    position=position,
                    question_id=position % QUESTIONS + 1,
                    order=list(range(OPTIONS)),
                    pinned={"correct": [0]},
                    outbox_id=row.id,
                )
            )
    return polls


async def _round(session: AsyncSession, count: int, now: datetime) -> QuizRound:
    group = QuizGroup(channel=CHANNEL, chat=f"asked {now}", unit_id=1, set_by=KEEPER, set_at=now)
    session.add(group)
    await session.flush()
    round_ = QuizRound(
        group_id=group.id,
        local_date=date(2026, 11, 23),
        kind=RoundKind.DAILY.value,
        number=1,
        count=count,
        due_at=now,
        opened_at=now,
        closes_at=now + DAY,
        next_at=now + DAY,
    )
    session.add(round_)
    await session.flush()
    return round_


def _sent(poll: str, now: datetime) -> dict[str, Any]:
    return {
        "dedup_key": f"asked:{poll}",
        "channel": CHANNEL,
        "chat": "asked",
        "kind": "poll",
        "lane": 1,
        "content": {"text": "第一问"},
        "state": OutboxState.SENT.value,
        "created_at": now,
        "send_after": outbox.AT_ONCE,
        "poll": poll,
    }


def _person(number: int) -> dict[str, Any]:
    name = f"甲{number}"
    return {"unit_id": 1, "number": name, "name": name, "stage": Stage.MEMBER.value}


def _account(number: int, now: datetime) -> dict[str, Any]:
    return {
        "channel": CHANNEL,
        "external": str(number + 1),
        "name": f"甲{number}",
        "person_id": number + 1,
        "chat": str(number + 1),
        "seen_at": now,
    }


def _question(number: int, now: datetime) -> dict[str, Any]:
    return {
        "key": str(number),
        "kind": "single",
        "stem": f"第{number}问：党支部委员会会议一般多久召开一次？",
        "options": ["每月", "每季度", "每半年", "每年"],
        "correct": [0],
        "explanation": "支部委员会会议一般每月召开一次，根据需要可以随时召开。",
        "regulation": "《中国共产党支部工作条例（试行）》",
        "article": "第十二条",
        "topic": f"主题{number % 10}",
        "digest": str(number),
        "created_at": now,
    }
