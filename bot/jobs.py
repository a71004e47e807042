"""The few regular jobs: each looks at the tables now, and may run twice, late, or elsewhere too."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.safekeeping import Safekeeping
from db import conversation, organisation, signin
from db.engine import Session
from handlers import exams
from knowledge.quiz import practice
from scheduler import (
    auditor,
    heartbeat,
    outbox,
    planning,
    quiz_groups,
    rehearsal,
    rounds,
    study_news,
    sweep,
    votes,
    workdays,
)
from scheduler.clock import Clock, Job
from scheduler.messages import Button, Message
from scheduler.rulebook import keeping

if TYPE_CHECKING:
    from bot.app import App

log = logging.getLogger(__name__)

DAY = 24 * 3600
# In the data folder, written by each audit.
BEAT_FILE = "heartbeat.json"
TICK_S = 10
# So many closed rounds are learnt from in one turn; the others wait for the next.
ROUNDS_LEARNT = 200
# A round is looked for so often that it comes in its minute's first seconds.
ROUNDS_S = 1


class Jobs:
    """The jobs of one process. The calendar's time drives duties, the real one all else."""

    def __init__(self, app: App, now: Callable[[], datetime]) -> None:
        self._app = app
        self._pulse = app.pulse
        self._now = now
        self._resume_after = 0
        self._written: dict[str, datetime] = {}
        keeper = Safekeeping(app.settings, app.database)
        self._table = (
            Job("days", self.days, seconds=DAY),
            Job("plan", self.plan, seconds=600, at_once=True),
            Job("sweep", self.sweep, seconds=TICK_S, at_once=True),
            Job("rounds", self.rounds, seconds=ROUNDS_S, at_once=True),
            Job("round-times", self.round_times, seconds=600),
            Job("study", self.study, seconds=600, at_once=True),
            Job("audit", self.audit, seconds=300),
            Job("tend", self.tend, seconds=30),
            Job("tidy", self.tidy, seconds=600),
            Job("snapshot", self.snapshot, seconds=900),
            Job("mark", keeper.mark, seconds=300, at_once=True),
            Job("backup", keeper.copy, seconds=3600),
        )

    def clock(self) -> Clock:
        """Return the metronome of the jobs; each beats when it ends, well or not."""
        for job in self._table:
            self._pulse.watch(job.name, _period(job))
        return Clock(
            self._app.settings.zone,
            [Job(j.name, self._beating(j), j.seconds, j.at_once) for j in self._table],
        )

    async def days(self) -> None:
        """Fill the table of days, and warn while next year's decree is missing."""
        today = self._calendar().astimezone(self._app.settings.zone).date()
        async with self._app.database.write() as session:
            await workdays.seed(session, today=today)
            missing = await workdays.missing_year(session, today=today)
            if missing:
                await self._ask_for_decree(session, missing, today)

    async def _ask_for_decree(self, session: Session, year: int, today: date) -> None:
        """Tell the administrators, once a month, that a year's days off are still computed."""
        log.warning("the days off of %s are not decreed in the store: import them", year)
        text = (
            f"{year} 年的放假调休安排还没有导入，提醒日期是暂算的。通知发布后请发送“导入节假日”。"
        )
        for person_id in await organisation.administrators(session, today=today):
            await outbox.notify(
                session,
                person_id,
                Message(text, buttons=((Button("导入节假日", "/holidays"),),)),
                key=f"decree:{year}:{today:%Y-%m}:{person_id}",
                kind="decree",
                now=self._now(),
            )

    async def plan(self) -> None:
        """Make the duties of the time ahead; in a demo, also those that show what it does."""
        app, now = self._app, self._calendar()
        async with app.database.read() as session:
            book = await keeping.current(session)
        if book is None:
            log.error("no rule book is in force: nothing is planned")
            return
        if app.settings.demo:
            async with app.database.write() as session:
                await rehearsal.rehearse(session, book, now=now, zone=app.settings.zone)
                await rehearsal.study(session, book, now=now, zone=app.settings.zone)
        await planning.plan(
            app.database, book, now=now, sent_at=self._now(), zone=app.settings.zone
        )

    async def sweep(self) -> None:
        """Tell whoever is to be told, and wake the delivery."""
        app = self._app
        async with app.database.read() as session:
            book = await keeping.current(session)
        if book is None:
            return
        told = await sweep.sweep(
            app.database,
            book,
            now=self._calendar(),
            sent_at=self._now(),
            zone=app.settings.zone,
            after_batch=lambda: self._pulse.beat("sweep"),
        )
        if told:
            app.delivery.wake()

    async def rounds(self) -> None:
        """Open and close rounds of questions in groups, and wake the delivery."""
        app = self._app

        def after_batch() -> None:
            self._pulse.beat("rounds")
            app.delivery.wake()

        await rounds.tick(
            app.database, now=self._now(), zone=app.settings.zone, after_batch=after_batch
        )

    async def round_times(self) -> None:
        """Let the next round of each group follow the table of days and the unit's zone."""
        app = self._app
        await quiz_groups.reckon_all(app.database, now=self._now(), zone=app.settings.zone)

    async def study(self) -> None:
        """Let study duties follow the people, and send what is news of study."""
        app = self._app
        async with app.database.read() as session:
            book = await keeping.current(session)
        if book is None:
            return
        told = await study_news.look(
            app.database,
            book,
            now=self._calendar(),
            sent_at=self._now(),
            zone=app.settings.zone,
        )
        if told:
            app.delivery.wake()

    async def audit(self) -> None:
        """Derive again what should have been told; repair and report."""
        app = self._app
        async with app.database.read() as session:
            book = await keeping.current(session)
        if book is None:
            return
        found = await auditor.audit(
            app.database,
            book,
            now=self._calendar(),
            sent_at=self._now(),
            zone=app.settings.zone,
            tick=self._calendar() - self._app.calendar(self._now() - timedelta(seconds=TICK_S)),
            periods={job.name: timedelta(seconds=_period(job)) for job in self._table},
            resume_after=self._resume_after,
        )
        self._resume_after = found.resume_after
        await asyncio.to_thread(self._write_beat, found.problems())

    def _write_beat(self, problems: list[str]) -> None:
        """Leave a sign of life for whatever watches from outside: its age, and what is wrong."""
        path = self._app.settings.data / BEAT_FILE
        fresh = path.with_suffix(".new")
        words = {"at": self._now().isoformat(), "problems": problems}
        fresh.write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
        fresh.replace(path)

    async def tend(self) -> None:
        """Let the delivery look after what waits, has expired or is in doubt; end examinations."""
        await self._app.delivery.tend()
        await self._learn()
        async with self._app.database.write() as session:
            ended = await exams.close_overdue(
                session, now=self._now(), zone=self._app.settings.zone
            )
        if ended:
            self._app.delivery.wake()

    async def _learn(self) -> None:
        """Take the answers of closed rounds into the practice of those who gave them.

        Apart from the closing, whose transaction is short, and one round at a time.
        """
        async with self._app.database.read() as session:
            found = await practice.unlearned_rounds(session, limit=ROUNDS_LEARNT)
        for round_id in found:
            async with self._app.database.write() as session:
                await practice.learn_from_round(session, round_id, self._now())

    async def tidy(self) -> None:
        """Forget what has served its time."""
        async with self._app.database.write() as session:
            await conversation.sweep(session, now=self._now())
            await outbox.sweep(session, now=self._now())
            await signin.sweep(session, now=self._now())
            await votes.sweep(session, now=self._now())

    async def snapshot(self) -> None:
        """Take in what others have changed in the library, and keep its index."""
        async with self._app.database.read() as session:
            await self._app.library.refresh(session)
        await self._app.library.checkpoint()

    def _calendar(self) -> datetime:
        return self._app.calendar(self._now())

    def _beating(self, job: Job) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            try:
                await job.run()
            finally:
                self._pulse.beat(job.name)
            now = self._now()
            last = self._written.get(job.name)
            # To write down each second's beat would cost more than the job.
            if last is not None and timedelta(0) <= now - last < timedelta(seconds=TICK_S / 2):
                return
            self._written[job.name] = now
            async with self._app.database.write() as session:
                await heartbeat.beat(session, job.name, now)

        return run


def _period(job: Job) -> float:
    """Return how often a job is expected to beat, in seconds."""
    return max(job.seconds, TICK_S)
