"""Whatever course things take: no stage twice, nothing at night, nothing that is over."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Update, func, select, update

from db.engine import Database
from db.tables import Account, Duty, DutyState, Notice, NoticeState, Outbox, OutboxState
from scheduler import ladder, notices, quiet
from scheduler.auditor import audit
from scheduler.workdays import Workdays
from tests.scheduler.world import (
    BOOK,
    BRANCH,
    LIMIT,
    MEETING,
    MONDAY,
    ZONE,
    at,
    owe,
    person_named,
    plant,
    swept,
)

DAYS = Workdays({})
DAY = timedelta(days=1)
MOST_ROUNDS = 100
START = at(MONDAY - DAY, 12)
OWNERS = ("王小明", "李小红", "王小明", BRANCH)

NUMBERS = st.integers(0, len(OWNERS) - 1)
STEPS = st.one_of(
    st.tuples(st.just("sweep"), st.integers(0, 60 * 24 * 2)),
    st.tuples(st.just("pass"), st.integers(0, 60 * 24 * 4)),
    st.tuples(st.just("send"), st.just(0)),
    st.tuples(st.just("finish"), NUMBERS),
    st.tuples(st.just("snooze"), NUMBERS),
    st.tuples(st.just("move"), NUMBERS),
    st.tuples(st.just("unbind"), st.just(0)),
    st.tuples(st.just("bind"), st.just(0)),
    st.tuples(st.just("audit"), st.just(0)),
)


class Course:
    """A store whose clock is moved by hand."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = START
        self.ids: list[int] = []

    async def begin(self) -> None:
        async with self.database.write() as session:
            await plant(session)
            for number, owner in enumerate(OWNERS):
                rule = MEETING if owner == BRANCH else BOOK.rules[0]
                due_on = LIMIT + number * DAY
                duty = await owe(session, owner, rule=rule, due_on=due_on, period=str(number))
                self.ids.append(duty.id)

    async def step(self, kind: str, number: int) -> None:
        if kind in ("sweep", "pass"):
            self.now += timedelta(minutes=number)
        if kind == "sweep":
            await swept(self.database, self.now)
        elif kind == "audit":
            await audit(self.database, BOOK, now=self.now, sent_at=self.now, zone=ZONE, periods={})
        elif kind in ("send", "unbind", "bind"):
            await getattr(self, kind)()
        elif kind in ("finish", "snooze", "move"):
            await getattr(self, kind)(self.ids[number])

    async def send(self) -> None:
        async with self.database.write() as session:
            waiting = Outbox.state == OutboxState.PENDING.value
            await session.execute(
                update(Outbox).where(waiting).values(state=OutboxState.SENT.value)
            )

    async def finish(self, duty_id: int) -> None:
        await self._change(duty_id, {"state": DutyState.DONE.value, "next_at": None})

    async def snooze(self, duty_id: int) -> None:
        until = self.now.astimezone(ZONE).date() + 2 * DAY
        await self._change(duty_id, {"snoozed_until": until, "next_at": self.now})

    async def move(self, duty_id: int) -> None:
        """Move the limit by a week, as a postponement does."""
        async with self.database.read() as session:
            due_on: date | None = (await session.get_one(Duty, duty_id)).due_on
        assert due_on is not None
        moved = {"due_on": due_on + 7 * DAY, "stage": "", "next_at": self.now}
        await self._change(duty_id, {**moved, "snoozed_until": None})

    async def unbind(self) -> None:
        async with self.database.write() as session:
            await session.execute(self._account().values(person_id=None))

    async def bind(self) -> None:
        async with self.database.write() as session:
            me = await person_named(session, "王小明")
            await session.execute(self._account().values(person_id=me.id))

    def _account(self) -> Update:
        return update(Account).where(Account.external == "王小明")

    async def _change(self, duty_id: int, values: dict[str, object]) -> None:
        async with self.database.write() as session:
            await session.execute(
                update(Duty)
                .where(Duty.id == duty_id, Duty.state == DutyState.OPEN.value)
                .values(**values)
            )
            await notices.take_back(session, duty_id, now=self.now)

    async def judge(self) -> None:
        async with self.database.read() as session:
            told = list(await session.scalars(select(Notice)))
            rows = list(await session.scalars(select(Outbox)))
            duties = {duty.id: duty for duty in await session.scalars(select(Duty))}
        for notice in told:
            assert quiet.DEFAULT.is_open(notice.at.astimezone(ZONE), DAYS.is_workday)
            assert notice.at >= _meant(duties[notice.duty_id], notice)
        current = {(n.outbox_id, n.duty_id) for n in told if n.state == NoticeState.QUEUED.value}
        for row in rows:
            if row.state == OutboxState.PENDING.value and row.kind == notices.KIND:
                named = _named(row)
                assert {duty_id for row_id, duty_id in current if row_id == row.id} == named
                assert all(duties[n].state == DutyState.OPEN.value for n in named)
                assert all(str(duties[n].due_on) in row.content["text"] for n in named)

    async def end(self) -> None:
        """Go from one time at which something is due to the next, until nothing is."""
        for _ in range(MOST_ROUNDS):
            async with self.database.read() as session:
                following = await session.scalar(select(func.min(Duty.next_at)))
            if following is None:
                return
            self.now = max(self.now, following)
            await swept(self.database, self.now)
        raise AssertionError("some ladder never ends")


def _named(row: Outbox) -> set[int]:
    """Return the numbers of the duties in a message."""
    found = re.findall(r"^(\d+)\.|^编号 (\d+)$", row.content["text"], re.MULTILINE)
    return {int(listed or single) for listed, single in found}


def _meant(duty: Duty, notice: Notice) -> datetime:
    """Return the earliest time at which the stage of a notice may be told."""
    due_on = date.fromisoformat(notice.due)
    day = due_on + timedelta(days=int(notice.stage.partition(":")[0]))
    earlier = DAYS.on_or_before(day)
    return at(earlier, 9) + ladder.jitter(duty.unit_id)


@given(course=st.lists(STEPS, min_size=5, max_size=20))
@settings(max_examples=20)
def test_whatever_happens_nothing_is_doubled_lost_or_out_of_date(
    sqlite_template: Path, course: list[tuple[str, int]]
) -> None:
    async def run(folder: str) -> None:
        shutil.copy(sqlite_template, Path(folder) / "zhibu.db")
        database = Database(f"sqlite+aiosqlite:///{folder}/zhibu.db")
        taken = Course(database)
        await taken.begin()
        for kind, number in course:
            await taken.step(kind, number)
            await taken.judge()
        await taken.end()
        await taken.judge()
        await database.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(folder))
