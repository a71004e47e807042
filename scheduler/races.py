"""Races: one question after the other, and the first right answer to each wins it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import OutboxState, QuizGroup, QuizRound, RoundState
from scheduler import round_posts, round_words, standings
from scheduler.round_posts import Put, Turn
from scheduler.standings import RoundAnswer, Tally

# How long a question of a race waits for its right answer.
LENGTH = timedelta(seconds=60)
# One that is still to be sent is looked after so often.
LOOK_AGAIN = timedelta(seconds=5)
_ON_THE_WAY = (OutboxState.PENDING.value, OutboxState.LEASED.value)


async def step(
    session: AsyncSession,
    group: QuizGroup,
    round_: QuizRound,
    path: str,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """End the question under way, tell who was first, and put the next or end the race."""
    under_way = (await round_posts.of_round(session, round_.id))[-1]
    until = await _waits_until(session, round_, under_way, now=now)
    if until is not None:
        round_.next_at = until
        return
    questions = await round_posts.shut(session, group, round_, now=now)
    current = questions[-1]
    if current.was_seen:
        await _announce(session, group, round_, current, now=now)
    if len(questions) < round_.count:
        position = current.post.position + 1
        turn = Turn(group, round_, path, zone, count=1, first=position)
        [following] = await round_posts.draw(session, [turn])
        asked = {one.question.id for one in questions}
        if current.was_seen and following and following[0].id not in asked:
            round_.closes_at = round_.next_at = now + LENGTH
            await round_posts.put(session, [(turn, following)], now=now)
            return
    await _finish(session, group, round_, questions, now=now)


async def _waits_until(
    session: AsyncSession, round_: QuizRound, one: Put, *, now: datetime
) -> datetime | None:
    """Return until when a question without a right answer waits for one; None if no longer."""
    if one.was_cut_short(round_) or await standings.first_right(session, one.post.id):
        return None
    if one.row.state in _ON_THE_WAY and one.row.expires_at is not None:
        return now + LOOK_AGAIN if now < one.row.expires_at else None
    if not one.was_seen or one.row.sent_at is None:
        return None
    end = one.ends_itself_at() or one.row.sent_at + LENGTH
    return end if now < end else None


async def _announce(
    session: AsyncSession, group: QuizGroup, round_: QuizRound, one: Put, *, now: datetime
) -> None:
    first = await standings.first_right(session, one.post.id)
    winner = None
    if first is not None and first.person_id is not None and group.names:
        winner = (await standings.names_of(session, [first.person_id]))[first.person_id]
    tally = Tally(one.post, one.question)
    message = round_words.won(round_, tally, winner, decided=first is not None)
    key = f"round:{round_.id}:{one.post.position}:won"
    await round_posts.say(session, group, message, key=key, now=now)


async def _finish(
    session: AsyncSession,
    group: QuizGroup,
    round_: QuizRound,
    questions: list[Put],
    *,
    now: datetime,
) -> None:
    round_.state, round_.closed_at, round_.next_at = RoundState.CLOSED.value, now, None
    seen = [one for one in questions if one.was_seen]
    if not seen:
        return
    winners = _winners(await standings.answers_of_round(session, round_.id))
    named: list[tuple[str, int]] = []
    if group.names:
        wins = Counter(w.person_id for w in winners if w.person_id is not None)
        names = await standings.names_of(session, list(wins))
        named = [(names[person_id], number) for person_id, number in wins.most_common()]
    message = round_words.race_over(round_, named, decided=len(winners), asked=len(seen))
    await round_posts.say(session, group, message, key=f"round:{round_.id}:result", now=now)


def _winners(answers: list[RoundAnswer]) -> list[RoundAnswer]:
    """Return the first right answer to each question."""
    first: dict[int, RoundAnswer] = {}
    for answer in answers:
        if answer.correct:
            first.setdefault(answer.post_id, answer)
    return list(first.values())
