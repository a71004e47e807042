"""What the metronome does: each job safe to do twice, each with its sign of life."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.app import App, open_app
from bot.jobs import BEAT_FILE, Jobs
from bot.settings import load
from db.tables import (
    CheckIn,
    Duty,
    Exam,
    Heartbeat,
    Material,
    Outbox,
    Person,
    PracticeCard,
    QuizQuestion,
    QuizRound,
)
from knowledge.quiz.practice import Asker
from knowledge.quiz.shown import pin
from tests.conftest import SECRET, START
from tests.knowledge.quiz.make import SINGLE
from tests.knowledge.quiz.test_practice import hold_round


@dataclass
class Time:
    """A clock that a test sets."""

    now: datetime = field(default=START)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class House:
    app: App
    jobs: Jobs
    time: Time

    async def count(self, kind: str) -> int:
        """Return how many messages of a kind there are."""
        async with self.app.database.read() as session:
            counted = select(func.count()).select_from(Outbox).where(Outbox.kind == kind)
            return await session.scalar(counted) or 0


@pytest.fixture
async def house(furnished: Path, tmp_path: Path) -> AsyncIterator[House]:
    data = tmp_path / "data"
    shutil.copytree(furnished, data)
    (data / "key").write_bytes(SECRET)
    (data / "key").chmod(0o600)
    time = Time()
    async with open_app(load({"ZHIBU_DATA": str(data)}), clock=time) as app:
        yield House(app, Jobs(app, time), time)


async def test_the_first_minute_of_a_demo_tells_everybody_once(house: House) -> None:
    for _ in range(3):
        await house.jobs.plan()
        await house.jobs.sweep()
    async with house.app.database.read() as session:
        people = select(func.count(func.distinct(Outbox.person_id))).where(Outbox.kind == "duties")
        assert await session.scalar(people) == await house.count("duties") > 50


async def test_an_audit_leaves_a_sign_of_life_that_can_be_watched_from_outside(
    house: House,
) -> None:
    await house.jobs.plan()
    await house.jobs.sweep()
    await house.jobs.audit()
    words = json.loads((house.app.settings.data / BEAT_FILE).read_text("utf-8"))
    assert words == {"at": START.isoformat(), "problems": []}


async def test_administrators_are_asked_for_a_missing_decree_once_a_month(house: House) -> None:
    await house.jobs.days()
    assert await house.count("decree") == 0
    house.time.now = START + timedelta(days=10)
    await house.jobs.days()
    await house.jobs.days()
    assert await house.count("decree") == 1


async def test_every_job_beats_in_the_store(house: House) -> None:
    clock = house.jobs.clock()
    for job in house.jobs._table:
        await house.jobs._beating(job)()
    async with house.app.database.read() as session:
        beaten = set(await session.scalars(select(Heartbeat.loop)))
    assert set(clock.names) <= beaten


async def test_an_examination_is_ended_by_the_clock_and_told_once(house: House) -> None:
    async with house.app.database.write() as session:
        person = (await session.scalars(select(Person).where(Person.name == "林知夏"))).one()
        question = QuizQuestion(key="q", created_at=START, **SINGLE.values)
        session.add(question)
        await session.flush()
        end = START + timedelta(minutes=5)
        paper = {"questions": [question.id], "pinned": [pin(question)], "pass_mark": 60}
        session.add(Exam(person_id=person.id, started_at=START, ends_at=end, **paper))
    for minutes, told in ((4, 0), (5, 2), (6, 2)):
        house.time.now = START + timedelta(minutes=minutes)
        await house.jobs.tend()
        assert await house.count("exam") == told


async def test_answers_in_groups_are_learnt_once_their_round_is_closed(house: House) -> None:
    async with house.app.database.write() as session:
        person = (await session.scalars(select(Person).where(Person.name == "林知夏"))).one()
        question = QuizQuestion(key="q", created_at=START, **SINGLE.values)
        session.add(question)
        await session.flush()
        who = Asker(person.id, "", START, START.date())
        held = await session.get_one(
            QuizRound, await hold_round(session, who, {question.id: False})
        )
    for closed_at, wrong in ((None, []), (START, [1]), (START, [1])):
        async with house.app.database.write() as session:
            (await session.get_one(QuizRound, held.id)).closed_at = closed_at
        await house.jobs.tend()
        async with house.app.database.read() as session:
            assert list(await session.scalars(select(PracticeCard.wrong))) == wrong


async def test_a_faster_calendar_moves_duties_and_not_messages(
    furnished: Path, tmp_path: Path
) -> None:
    """In an hour of a demo at 240 times ten days pass; what is sent goes by the real time."""
    data = tmp_path / "fast"
    shutil.copytree(furnished, data)
    (data / "key").write_bytes(SECRET)
    (data / "key").chmod(0o600)
    time = Time()
    settings = load({"ZHIBU_DATA": str(data), "ZHIBU_DEMO_SPEED": "240"})
    async with open_app(settings, clock=time) as app:
        jobs = Jobs(app, time)
        await jobs.plan()
        await jobs.sweep()
        time.now = START + timedelta(hours=1)
        await jobs.sweep()
        async with app.database.read() as session:
            told = await session.scalar(
                select(func.count()).select_from(Duty).where(Duty.stage.startswith("+"))
            )
            latest = await session.scalar(select(func.max(Outbox.created_at)))
    assert (told or 0) > 10
    assert latest
    assert latest <= time.now


async def test_a_demo_has_a_material_and_check_ins_to_look_at_once(house: House) -> None:
    for _ in range(2):
        await house.jobs.plan()
    await house.jobs.study()
    await house.jobs.study()
    async with house.app.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Material)) == 1
        check_ins = await session.scalar(select(func.count()).select_from(CheckIn)) or 0
        duties = select(func.count()).select_from(Duty).where(Duty.rule == "study-material")
        assert await session.scalar(duties) == 8
    assert check_ins > 20
    assert await house.count("study") == 7
