"""Questions that the library could not answer, in the hands of a person."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import accounts, organisation
from db.access import ANSWER_HANDOVER, BY_TITLE, Scope, scope
from db.tables import (
    Asked,
    Handover,
    HandoverState,
    Person,
    Proposal,
    ProposalState,
    Title,
    Unit,
)


async def recipient(
    session: AsyncSession, unit_id: int, *, asker_id: int, today: date
) -> Person | None:
    """Return who answers for a unit: its named post, its secretary, then the same one level up.

    Passed over are the asker, and whoever no message can reach.
    """
    for unit in await organisation.line_up(session, unit_id):
        for title in (Title(unit.answers), Title.SECRETARY, Title.DEPUTY_SECRETARY):
            if ANSWER_HANDOVER not in BY_TITLE[title]:
                continue
            for person in await organisation.holders(
                session, unit_id=unit.id, title=title, today=today
            ):
                if person.id != asker_id and await accounts.addresses(session, person.id):
                    return person
    return None


async def find_asked(session: AsyncSession, asked_id: int, *, account_id: int) -> Asked | None:
    """Return a question that this very account put."""
    statement = select(Asked).where(Asked.id == asked_id, Asked.account_id == account_id)
    return (await session.scalars(statement)).one_or_none()


async def of_question(session: AsyncSession, asked_id: int) -> Handover | None:
    """Return the handover of a question, if it was handed over."""
    return (
        await session.scalars(select(Handover).where(Handover.asked_id == asked_id))
    ).one_or_none()


async def hand_over(
    session: AsyncSession,
    asked: Asked,
    *,
    chat: str,
    asker_id: int,
    person: Person,
    unit_id: int,
    now: datetime,
) -> Handover:
    """Give a question to a person; the answer will go to `chat` of the asking account."""
    row = Handover(
        asked_id=asked.id,
        account_id=asked.account_id,
        asker_id=asker_id,
        chat=chat,
        person_id=person.id,
        unit_id=unit_id,
        question=asked.text,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def find(session: AsyncSession, handover_id: int, *, within: Scope) -> Handover | None:
    """Return a handover within the scope: who was given it may have gone elsewhere since."""
    statement = (
        select(Handover)
        .join(Unit, Unit.id == Handover.unit_id)
        .where(Handover.id == handover_id, within.units())
    )
    return (await session.scalars(statement)).one_or_none()


async def waiting(session: AsyncSession, *, within: Scope, limit: int = 10) -> list[Handover]:
    """Return what waits for an answer, the oldest first."""
    statement = (
        select(Handover)
        .join(Unit, Unit.id == Handover.unit_id)
        .where(Handover.state == HandoverState.WAITING.value, within.units())
        .order_by(Handover.created_at, Handover.id)
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def stranded(session: AsyncSession, *, person_id: int, today: date) -> list[Handover]:
    """Return what waits with a person who may not answer it any more, or cannot be reached."""
    statement = select(Handover).where(
        Handover.state == HandoverState.WAITING.value, Handover.person_id == person_id
    )
    rows = list(await session.scalars(statement.order_by(Handover.id)))
    if not rows:
        return []
    person = await accounts.person_today(session, person_id, today=today)
    if person is None or not await accounts.addresses(session, person_id):
        return rows
    may = scope(await accounts.as_actor(session, person, today=today), ANSWER_HANDOVER)
    paths = {unit_id: await _path(session, unit_id) for unit_id in {r.unit_id for r in rows}}
    return [row for row in rows if not may.covers(paths[row.unit_id])]


async def answer(
    session: AsyncSession, handover_id: int, text: str, *, by: int, now: datetime
) -> bool:
    """Keep the answer; False if somebody has answered already."""
    done = await session.execute(
        update(Handover)
        .where(Handover.id == handover_id, Handover.state == HandoverState.WAITING.value)
        .values(state=HandoverState.ANSWERED.value, answer=text, answered_by=by, answered_at=now)
        .returning(Handover.id)
    )
    return done.first() is not None


async def propose(session: AsyncSession, handover: Handover, text: str, *, by: int) -> Proposal:
    """Propose the pair for the knowledge base."""
    row = Proposal(
        handover_id=handover.id,
        unit_id=handover.unit_id,
        question=handover.question,
        answer=text,
        proposed_by=by,
    )
    session.add(row)
    await session.flush()
    return row


async def editors(
    session: AsyncSession, unit_id: int, *, besides: int, today: date
) -> list[Person]:
    """Return who may publish for a unit: its editors or those above, else administrators.

    `besides` is whose wording it is.
    """
    for title in (Title.EDITOR, Title.ADMINISTRATOR):
        for unit in await organisation.line_up(session, unit_id):
            held = await organisation.holders(session, unit_id=unit.id, title=title, today=today)
            if found := [person for person in held if person.id != besides]:
                return found
    return []


async def open_proposals(
    session: AsyncSession, *, within: Scope, limit: int = 10
) -> list[Proposal]:
    """Return the pairs that wait for approval, the oldest first."""
    statement = (
        select(Proposal)
        .join(Unit, Unit.id == Proposal.unit_id)
        .where(Proposal.state == ProposalState.OPEN.value, within.units())
        .order_by(Proposal.id)
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def find_proposal(
    session: AsyncSession, proposal_id: int, *, within: Scope
) -> Proposal | None:
    """Return a proposal within the scope."""
    statement = (
        select(Proposal)
        .join(Unit, Unit.id == Proposal.unit_id)
        .where(Proposal.id == proposal_id, within.units())
    )
    return (await session.scalars(statement)).one_or_none()


async def decide(
    session: AsyncSession, proposal_id: int, state: ProposalState, *, by: int, now: datetime
) -> bool:
    """Publish or reject; False if it was decided already."""
    done = await session.execute(
        update(Proposal)
        .where(Proposal.id == proposal_id, Proposal.state == ProposalState.OPEN.value)
        .values(state=state.value, decided_by=by, decided_at=now)
        .returning(Proposal.id)
    )
    return done.first() is not None


async def reword(
    session: AsyncSession,
    proposal_id: int,
    *,
    by: int,
    question: str | None = None,
    answer: str | None = None,
) -> bool:
    """Change the wording of an open proposal; False if it was decided meanwhile."""
    values: dict[str, str | int] = {"worded_by": by}
    values |= {k: v for k, v in (("question", question), ("answer", answer)) if v is not None}
    done = await session.execute(
        update(Proposal)
        .where(Proposal.id == proposal_id, Proposal.state == ProposalState.OPEN.value)
        .values(values)
        .returning(Proposal.id)
    )
    return done.first() is not None


async def _path(session: AsyncSession, unit_id: int) -> str:
    return (await session.get_one(Unit, unit_id)).path
