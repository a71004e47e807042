"""What a person is told of duties: one message a person and morning, taken back when it is over.

The sweep hands over who is to be told what; here it is written down once, put into words and
into the outbox. A message that still waits is added to rather than followed by another one, and
it is worded anew when one of its duties is done meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    String,
    Table,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import cast as as_sql
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import (
    Duty,
    DutyEvent,
    DutyRow,
    DutyState,
    Notice,
    NoticeState,
    Outbox,
    OutboxState,
    Person,
)
from db.types import write_rows
from scheduler import outbox
from scheduler.announcement import Item, Part, compose, item
from scheduler.channels import Address, Lane
from scheduler.ladder import ACCEPT
from scheduler.recipients import Directory, directory
from scheduler.rulebook import keeping
from scheduler.rulebook.model import Rule, RuleBook

KIND = "duties"
NOTICE, OUTBOX = cast(Table, Notice.__table__), cast(Table, Outbox.__table__)
TELL = insert(NOTICE)
REWORD = (
    update(OUTBOX)
    .where(OUTBOX.c.id == bindparam("number"))
    .values(content=bindparam("words"), lane=bindparam("place"))
)
SUPERSEDE = (
    update(NOTICE)
    .where(
        NOTICE.c.duty_id == bindparam("duty"),
        NOTICE.c.stage == bindparam("step"),
        NOTICE.c.due == bindparam("limit"),
        NOTICE.c.person_id == bindparam("person"),
    )
    .values(state=bindparam("fate"))
)
# The key of one notice: duty, stage, limit, person.
Key = tuple[int, str, str, int]
# When the reader's quiet hours begin and end again, by the duty's unit; None: never.
Closing = Callable[[int], tuple[datetime, datetime] | None]


@dataclass(frozen=True, slots=True)
class Telling:
    """That a person is to be told one stage of a duty on a local day, so much later than meant."""

    duty: DutyRow
    stage: str
    person_id: int
    on: date
    late: timedelta = timedelta(0)

    @property
    def key(self) -> Key:
        """What makes it unique."""
        return self.duty.id, self.stage, limit_of(self.duty), self.person_id


def limit_of(duty: DutyRow) -> str:
    """Return the limit as a notice keeps it."""
    return duty.due_on.isoformat() if duty.due_on else ""


async def tell(
    session: AsyncSession,
    tellings: Sequence[Telling],
    *,
    book: RuleBook,
    who: Directory,
    now: datetime,
    sent_at: datetime,
    closing: Closing,
) -> int:
    """Write down what was not told before and queue it, merged by person; return how many.

    Everybody in `tellings` can be reached. `now` is the calendar's time, `sent_at` the real one.
    """
    fresh = await _fresh(session, tellings)
    if not fresh:
        return 0
    await _take_turns(session, fresh)
    waiting = await _waiting(session, fresh)
    alone = {person: told for person, told in fresh.items() if person not in waiting}
    rows = await _enqueue(session, alone, book=book, who=who, sent_at=sent_at, closing=closing)
    before = await _told_by(session, [row.id for row in waiting.values()])
    merged = []
    for person_id, row in waiting.items():
        rows[person_id] = row.id
        old = await _renewed(session, before.get(row.id, []), fresh[person_id])
        merged.append((row, [*old, *fresh[person_id]]))
    await _reword(session, merged, book, sent_at)
    told = [_notice(t, now, rows[person]) for person, some in fresh.items() for t in some]
    await write_rows(session, TELL, told)
    return len(told)


async def take_back(session: AsyncSession, duty_id: int, *, now: datetime) -> int:
    """Keep what is queued about a duty from being sent; return how many messages it changed.

    A message that told of nothing else is cancelled, a merged one is worded without it. `now` is
    the real time.
    """
    statement = (
        select(Outbox)
        .join(Notice, Notice.outbox_id == Outbox.id)
        .where(
            Notice.duty_id == duty_id,
            Notice.state == NoticeState.QUEUED.value,
            Outbox.state == OutboxState.PENDING.value,
        )
        .order_by(Outbox.id)
        .with_for_update(of=Outbox)
        .execution_options(populate_existing=True)
    )
    rows = list((await session.scalars(statement)).unique())
    if not rows:
        return 0
    ids = [row.id for row in rows]
    await session.execute(
        update(Notice)
        .where(Notice.duty_id == duty_id, Notice.outbox_id.in_(ids))
        .values(state=NoticeState.SUPERSEDED.value)
    )
    left = await _told_by(session, ids)
    book = await keeping.current(session) or RuleBook("", ())
    await _reword(session, [(row, left[row.id]) for row in rows if row.id in left], book, now)
    for row in rows:
        if row.id not in left:
            row.state = OutboxState.CANCELLED.value
    await session.flush()
    return len(rows)


async def put_back(session: AsyncSession, duty_id: int, *, now: datetime) -> int:
    """Queue again what `take_back` has taken from the queue of a duty that is open once more.

    Its stages count as told, so the sweep would not; return how many messages it changed.
    """
    last = select(func.max(Notice.id)).where(Notice.duty_id == duty_id).group_by(Notice.outbox_id)
    statement = (
        select(Notice.id, Outbox)
        .join(Outbox, Notice.outbox_id == Outbox.id)
        .join(Duty, Duty.id == Notice.duty_id)
        .where(
            Notice.id.in_(last),
            Notice.state == NoticeState.SUPERSEDED.value,
            Outbox.state.in_((OutboxState.CANCELLED.value, OutboxState.PENDING.value)),
            _still_true(),
        )
        .order_by(Outbox.id)
        .with_for_update(of=Outbox)
        .execution_options(populate_existing=True)
    )
    found = (await session.execute(statement)).all()
    if not found:
        return 0
    queued = update(Notice).where(Notice.id.in_([number for number, _ in found]))
    await session.execute(queued.values(state=NoticeState.QUEUED.value))
    for _, row in found:
        row.state = OutboxState.PENDING.value
    await session.flush()
    told = await _told_by(session, [row.id for _, row in found])
    book = await keeping.current(session) or RuleBook("", ())
    await _reword(session, [(row, told[row.id]) for _, row in found], book, now)
    return len(found)


async def still_owed(session: AsyncSession, outbox_ids: Sequence[int]) -> set[int]:
    """Return which messages still tell of something that is owed, by the limit as it is now."""
    statement = (
        select(Notice.outbox_id)
        .join(Duty, Duty.id == Notice.duty_id)
        .where(
            Notice.outbox_id.in_(outbox_ids),
            Notice.state == NoticeState.QUEUED.value,
            _still_true(),
        )
        .distinct()
    )
    return {row for row in await session.scalars(statement) if row is not None}


async def follow(session: AsyncSession, outbox_id: int, key: str) -> None:
    """Let the notices of a message that could not be delivered belong to the one of `key`."""
    sent_on = select(Outbox.id).where(Outbox.dedup_key == key).scalar_subquery()
    await session.execute(
        update(Notice).where(Notice.outbox_id == outbox_id).values(outbox_id=sent_on)
    )


def _still_true() -> ColumnElement[bool]:
    accepting = Notice.stage.startswith(ACCEPT)
    return and_(
        Notice.due == func.coalesce(as_sql(Duty.due_on, String), ""),
        or_(
            and_(Duty.state == DutyState.OPEN.value, ~accepting),
            and_(Duty.state == DutyState.SUBMITTED.value, accepting),
        ),
    )


async def _fresh(session: AsyncSession, tellings: Sequence[Telling]) -> dict[int, list[Telling]]:
    """Return what was not told before, by person in the order of the ids.

    The duties are locked, so that nobody else tells of them meanwhile.
    """
    statement = select(Notice.duty_id, Notice.stage, Notice.due, Notice.person_id).where(
        Notice.duty_id.in_({telling.duty.id for telling in tellings})
    )
    known = {(row[0], row[1], row[2], row[3]) for row in await session.execute(statement)}
    fresh: dict[int, list[Telling]] = defaultdict(list)
    for telling in sorted(tellings, key=lambda t: (t.person_id, t.duty.id)):
        if (key := telling.key) not in known:
            known.add(key)
            fresh[telling.person_id].append(telling)
    return fresh


async def _take_turns(session: AsyncSession, person_ids: Iterable[int]) -> None:
    """Let one transaction at a time queue something for a person, so that messages merge.

    In the order of the ids, so that two of them never wait for each other. SQLite's write
    transactions take turns by themselves.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    await session.execute(
        select(Person.id)
        .where(Person.id.in_(list(person_ids)))
        .order_by(Person.id)
        .with_for_update(key_share=True)
    )


async def _waiting(session: AsyncSession, person_ids: Iterable[int]) -> dict[int, Outbox]:
    """Return the message of each person that is still to be sent."""
    statement = (
        select(Outbox)
        .where(
            Outbox.person_id.in_(list(person_ids)),
            Outbox.kind == KIND,
            Outbox.state == OutboxState.PENDING.value,
        )
        .order_by(Outbox.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.person_id: row for row in await session.scalars(statement) if row.person_id}


async def _told_by(session: AsyncSession, outbox_ids: Sequence[int]) -> dict[int, list[Telling]]:
    """Return what waiting messages tell, by message; the day and the delay as noted then."""
    if not outbox_ids:
        return {}
    statement = (
        select(Notice, Duty)
        .join(Duty, Duty.id == Notice.duty_id)
        .where(Notice.outbox_id.in_(outbox_ids), Notice.state == NoticeState.QUEUED.value)
        .order_by(Notice.id)
    )
    pairs = [(notice, duty) for notice, duty in await session.execute(statement)]
    noted = await _noted(session, {duty.id for _, duty in pairs})
    told: dict[int, list[Telling]] = defaultdict(list)
    for notice, duty in pairs:
        on, late = noted.get((duty.id, notice.stage, notice.due), (notice.at.date(), timedelta()))
        assert notice.outbox_id is not None  # it was asked for
        told[notice.outbox_id].append(Telling(duty, notice.stage, notice.person_id, on, late))
    return told


async def _noted(
    session: AsyncSession, duty_ids: Iterable[int]
) -> Mapping[tuple[int, str, str], tuple[date, timedelta]]:
    statement = (
        select(DutyEvent.duty_id, DutyEvent.data)
        .where(DutyEvent.duty_id.in_(list(duty_ids)), DutyEvent.kind == "told")
        .order_by(DutyEvent.id)
    )
    return {
        (duty_id, data["stage"], data["due"]): (
            date.fromisoformat(data["on"]),
            timedelta(seconds=data["late"]),
        )
        for duty_id, data in await session.execute(statement)
    }


async def _renewed(
    session: AsyncSession, old: Sequence[Telling], new: Sequence[Telling]
) -> list[Telling]:
    """Return the older part of a message; where the same duty is told anew, the new one stands."""
    again = {telling.duty.id for telling in new}
    names, fate = ("duty", "step", "limit", "person", "fate"), NoticeState.SUPERSEDED.value
    gone = [dict(zip(names, (*t.key, fate), strict=True)) for t in old if t.duty.id in again]
    await write_rows(session, SUPERSEDE, gone)
    return [telling for telling in old if telling.duty.id not in again]


async def _enqueue(
    session: AsyncSession,
    fresh: Mapping[int, Sequence[Telling]],
    *,
    book: RuleBook,
    who: Directory,
    sent_at: datetime,
    closing: Closing,
) -> dict[int, int]:
    """Write a message for each person and return its id."""
    drafts = [_draft(told, book, who, closing) for told in fresh.values()]
    await outbox.enqueue_all(session, drafts, now=sent_at)
    persons = {draft.key: person_id for draft, person_id in zip(drafts, fresh, strict=True)}
    statement = select(Outbox.dedup_key, Outbox.id).where(Outbox.dedup_key.in_(persons))
    return {persons[key]: row_id for key, row_id in await session.execute(statement)}


def _draft(
    told: Sequence[Telling], book: RuleBook, who: Directory, closing: Closing
) -> outbox.Draft:
    """Word what one person is told; what it tells first is its key."""
    items, seat = _items(told, book, who), who.seats[told[0].person_id]
    closes_at, reopens_at = closing(told[0].duty.unit_id) or (None, None)
    return outbox.Draft(
        compose(items),
        key=f"{KIND}:" + ":".join(str(part) for part in told[0].key),
        address=Address(seat.channel, seat.chat),
        kind=KIND,
        lane=_lane(items),
        person_id=told[0].person_id,
        presser=seat.account_id,
        closes_at=closes_at,
        reopens_at=reopens_at,
    )


async def _reword(
    session: AsyncSession,
    messages: Sequence[tuple[Outbox, Sequence[Telling]]],
    book: RuleBook,
    now: datetime,
) -> None:
    """Word messages that still wait anew, each by all that it tells; their rows are locked."""
    if not messages:
        return
    everything = [telling for _, told in messages for telling in told]
    who = await directory(session, [t.duty for t in everything], everything[0].on)
    changed, prepared = [], []
    for row, told in messages:
        items = _items(told, book, who)
        seat = who.seats.get(told[0].person_id)
        address = Address(row.channel, row.chat, row.thread)
        ready = outbox.prepare(compose(items), address, seat.account_id if seat else None)
        prepared.append(ready)
        changed.append(
            {"number": row.id, "words": ready.message.to_json(), "place": int(_lane(items))}
        )
    await outbox.keep_buttons(session, prepared, now=now)
    await write_rows(session, REWORD, changed)


def _items(told: Sequence[Telling], book: RuleBook, who: Directory) -> list[Item]:
    return [
        item(
            t.duty, _rule(book, t.duty), t.stage, reader=t.person_id, who=who, on=t.on, late=t.late
        )
        for t in told
    ]


def _rule(book: RuleBook, duty: DutyRow) -> Rule | None:
    return book.edition(duty.rule, duty.edition)


def _lane(items: Sequence[Item]) -> Lane:
    overdue = any(item.part is Part.OVERDUE for item in items)
    return Lane.OVERDUE if overdue else Lane.REMINDER


def _notice(telling: Telling, now: datetime, outbox_id: int) -> dict[str, Any]:
    duty_id, stage, due, person_id = telling.key
    return {
        "duty_id": duty_id,
        "stage": stage,
        "due": due,
        "person_id": person_id,
        "at": now,
        "outbox_id": outbox_id,
        "state": NoticeState.QUEUED.value,
    }
