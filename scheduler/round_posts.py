"""The questions of a round on their way into the chat, and taken back at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Outbox, OutboxState, QuizGroup, QuizPost, QuizQuestion, QuizRound
from knowledge.quiz import bank, shown
from scheduler import kinds, outbox, round_words
from scheduler.channels import Address, Lane
from scheduler.messages import Message

# So many of a group's last questions are not asked again while there are others.
REMEMBERED = 300
# A poll that closes itself does so when its messenger has counted down; votes take a moment.
GRACE = timedelta(seconds=3)
# However short it is open, a question waits so long for its turn to be sent.
PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Put:
    """A question of a round with the message that carries it."""

    post: QuizPost
    question: QuizQuestion
    row: Outbox

    @property
    def was_seen(self) -> bool:
        """Whether it arrived in the chat, as far as is known."""
        return self.row.state == OutboxState.SENT.value

    @property
    def seconds(self) -> int:
        """How long it was meant to be open."""
        return int((self.row.content.get("poll") or {}).get("seconds") or 0)

    def was_cut_short(self, round_: QuizRound) -> bool:
        """Tell whether somebody has ended it before its time."""
        planned = (round_.closes_at - self.row.created_at).total_seconds()
        return self.seconds > planned + 1

    def ends_itself_at(self) -> datetime | None:
        """Return when the messenger stops its own poll; None if it has to be told."""
        if self.row.poll is None or self.row.sent_at is None or not self.seconds:
            return None
        return self.row.sent_at + timedelta(seconds=self.seconds) + GRACE


@dataclass(frozen=True, slots=True)
class Turn:
    """A round that is to be given so many questions, from the position `first` on.

    `path` and `zone` are those of its group's unit.
    """

    group: QuizGroup
    round: QuizRound
    path: str
    zone: tzinfo
    count: int
    first: int = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A posted question and where it belongs."""

    post: QuizPost
    question: QuizQuestion
    round: QuizRound
    group: QuizGroup


def address(group: QuizGroup) -> Address:
    """Return where a group is spoken to."""
    return Address(group.channel, group.chat, group.thread)


async def draw(session: AsyncSession, turns: Sequence[Turn]) -> list[list[QuizQuestion]]:
    """Choose questions that each group has not had, or has had longest ago."""
    asked = await _asked_of(session, [turn.group.id for turn in turns])
    pool = await bank.Pool.load(session, [turn.path for turn in turns])
    chosen = [
        pool.draw(
            unit_path=turn.path,
            topic=turn.round.topic,
            count=turn.count,
            today=turn.round.local_date,
            avoid=asked.get(turn.group.id, ()),
            seed=f"{turn.round.id}:{turn.first}",
        )
        for turn in turns
    ]
    by_id = await bank.by_ids(session, (id_ for ids in chosen for id_ in ids))
    return [[by_id[id_] for id_ in ids] for ids in chosen]


async def put(
    session: AsyncSession,
    asking: Iterable[tuple[Turn, Sequence[QuizQuestion]]],
    *,
    now: datetime,
) -> None:
    """Write the questions of each turn for delivery, at the positions from its `first` on."""
    placed = [
        (turn, question, _post(turn.round, position, question))
        for turn, questions in asking
        for position, question in enumerate(questions, turn.first)
    ]
    session.add_all(post for _, _, post in placed)
    # The buttons say which post they answer.
    await session.flush()
    await outbox.enqueue_all(session, [_draft(*one, now=now) for one in placed], now=now)
    by_key = {_key(turn.round, post): post for turn, _, post in placed}
    rows = select(Outbox.dedup_key, Outbox.id).where(Outbox.dedup_key.in_(by_key))
    for key, outbox_id in await session.execute(rows):
        by_key[key].outbox_id = outbox_id
    await session.flush()


def _post(round_: QuizRound, position: int, question: QuizQuestion) -> QuizPost:
    order = list(bank.shuffled(question, f"{round_.id}:{position}"))
    return QuizPost(
        round_id=round_.id,
        position=position,
        question_id=question.id,
        order=order,
        pinned=shown.pin(question),
    )


def _draft(turn: Turn, question: QuizQuestion, post: QuizPost, *, now: datetime) -> outbox.Draft:
    closes_at = turn.round.closes_at
    seconds = round((closes_at - now).total_seconds())
    life = kinds.of("poll").life or timedelta.max
    return outbox.Draft(
        round_words.question(turn.round, post, question, seconds=seconds, zone=turn.zone),
        key=_key(turn.round, post),
        address=address(turn.group),
        kind="poll",
        lane=Lane.TIMED,
        expires_at=min(max(closes_at, now + PATIENCE), now + life),
    )


async def _asked_of(session: AsyncSession, group_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return the last questions of each group, the oldest first, each where it came last."""
    newest = func.row_number().over(partition_by=QuizRound.group_id, order_by=QuizPost.id.desc())
    ranked = (
        select(QuizRound.group_id, QuizPost.question_id, QuizPost.id, newest.label("place"))
        .join(QuizRound, QuizRound.id == QuizPost.round_id)
        .where(QuizRound.group_id.in_(group_ids))
        .subquery()
    )
    rows = await session.execute(
        select(ranked.c.group_id, ranked.c.question_id)
        .where(ranked.c.place <= REMEMBERED)
        .order_by(ranked.c.id)
    )
    found: dict[int, dict[int, None]] = {}
    for group_id, question_id in rows:
        its = found.setdefault(group_id, {})
        # What was asked again moves to the end.
        its.pop(question_id, None)
        its[question_id] = None
    return {group_id: list(its) for group_id, its in found.items()}


async def asked(session: AsyncSession, post_id: int) -> Asked | None:
    """Return a posted question."""
    statement = (
        select(QuizPost, QuizQuestion, QuizRound, QuizGroup)
        .join(QuizQuestion, QuizQuestion.id == QuizPost.question_id)
        .join(QuizRound, QuizRound.id == QuizPost.round_id)
        .join(QuizGroup, QuizGroup.id == QuizRound.group_id)
        .where(QuizPost.id == post_id)
    )
    found = (await session.execute(statement)).first()
    if found is None:
        return None
    post, question, round_, group = found
    return Asked(post, shown.as_shown(question, post.pinned), round_, group)


async def of_round(session: AsyncSession, round_id: int) -> list[Put]:
    """Return the questions of a round in their order."""
    statement = (
        select(QuizPost, QuizQuestion, Outbox)
        .join(QuizQuestion, QuizQuestion.id == QuizPost.question_id)
        .join(Outbox, Outbox.id == QuizPost.outbox_id)
        .where(QuizPost.round_id == round_id)
        .order_by(QuizPost.position)
    )
    fresh = {"populate_existing": True}
    rows = await session.execute(statement, execution_options=fresh)
    return [Put(post, shown.as_shown(asked, post.pinned), row) for post, asked, row in rows]


async def shut(
    session: AsyncSession, group: QuizGroup, round_: QuizRound, *, now: datetime
) -> list[Put]:
    """Let nobody answer any more: later answers do not count, what waits is not sent.

    Whoever is answering just now comes first: their rows are waited for. Returns all questions
    of the round.
    """
    still_open = (QuizPost.round_id == round_.id, QuizPost.closed_at.is_(None))
    closing = update(QuizPost).where(*still_open).values(closed_at=now).returning(QuizPost.id)
    ended = set(await session.scalars(closing, execution_options={"synchronize_session": False}))
    posts = select(QuizPost.outbox_id).where(QuizPost.id.in_(ended))
    waiting = (Outbox.id.in_(posts), Outbox.state == OutboxState.PENDING.value)
    await session.execute(
        update(Outbox).where(*waiting).values(state=OutboxState.CANCELLED.value),
        execution_options={"synchronize_session": False},
    )
    questions = await of_round(session, round_.id)
    for one in questions:
        if one.post.id in ended:
            await _stop(session, group, round_, one, now=now)
    return questions


async def say(
    session: AsyncSession, group: QuizGroup, message: Message, *, key: str, now: datetime
) -> None:
    """Post something in the group."""
    await outbox.enqueue(
        session,
        message,
        key=key,
        address=address(group),
        kind="post",
        lane=Lane.TIMED,
        now=now,
    )


async def _stop(
    session: AsyncSession, group: QuizGroup, round_: QuizRound, one: Put, *, now: datetime
) -> None:
    """Show in the chat that a question is closed, unless its messenger does so by itself."""
    ends = one.ends_itself_at()
    if one.row.external is None or (ends is not None and ends <= now):
        return
    await outbox.enqueue(
        session,
        round_words.closed(round_, one.post, one.question),
        key=f"{_key(round_, one.post)}:end",
        address=address(group),
        kind="poll-end",
        lane=Lane.TIMED,
        now=now,
        edits=one.row.external,
    )


def _key(round_: QuizRound, post: QuizPost) -> str:
    return f"round:{round_.id}:{post.position}"
