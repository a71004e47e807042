"""A person's duties as a private iCalendar feed (RFC 5545, RFC 7986).

Each duty is an all-day event on its last day, with an alarm at nine in the morning of each day
on which the rule reminds. Days and alarms are of the reader's own zone (RFC 5545, 3.3.4).
Calendar services read the feed from anywhere, so whom a case is about stands in it only masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from icalendar import Alarm, Calendar, Event
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.names import mask_name
from db.secrets import digest, new_token
from db.tables import CalendarFeed, Duty
from db.types import lock_chain
from scheduler.rulebook.model import Rule, RuleBook
from scheduler.rulebook.wording import basis

TOKEN_BYTES = 24
ALARM_AT = time(9)
REFRESH = timedelta(hours=6)


async def issue(session: AsyncSession, *, person_id: int, now: datetime) -> str:
    """Make a new address and return its token; the one before ends."""
    await lock_chain(session)
    await revoke(session, person_id=person_id, now=now)
    token = new_token(TOKEN_BYTES)
    session.add(CalendarFeed(digest=digest(token), person_id=person_id, created_at=now))
    await session.flush()
    return token


async def revoke(session: AsyncSession, *, person_id: int, now: datetime) -> bool:
    """End a person's address; False if there was none."""
    ended = await session.execute(
        update(CalendarFeed)
        .where(CalendarFeed.person_id == person_id, CalendarFeed.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(CalendarFeed.id)
    )
    return bool(ended.all())


async def current(session: AsyncSession, *, person_id: int) -> CalendarFeed | None:
    """Return a person's address that is in force."""
    statement = select(CalendarFeed).where(
        CalendarFeed.person_id == person_id, CalendarFeed.revoked_at.is_(None)
    )
    return (await session.scalars(statement)).one_or_none()


async def owner(session: AsyncSession, token: str) -> int | None:
    """Return whose address a token is, while it is in force."""
    statement = select(CalendarFeed.person_id).where(
        CalendarFeed.digest == digest(token), CalendarFeed.revoked_at.is_(None)
    )
    return await session.scalar(statement)


def render(duties: Sequence[Duty], book: RuleBook) -> bytes:
    """Return the feed's text; duties without a limit or without a rule in the book are left out."""
    calendar = Calendar()
    calendar.add("prodid", "-//Zhibu//Duties//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", "党务任务")
    calendar.add("x-wr-calname", "党务任务")
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    for duty in duties:
        rule = book.edition(duty.rule, duty.edition)
        if rule is not None and duty.due_on is not None:
            calendar.add_component(_event(duty, rule))
    return bytes(calendar.to_ical())


def _event(duty: Duty, rule: Rule) -> Event:
    event = Event()
    assert duty.due_on is not None  # `render` leaves the others out
    event.add("uid", f"duty-{duty.id}@zhibu")
    event.add("dtstamp", duty.created_at)
    event.add("dtstart", duty.due_on)
    event.add("dtend", duty.due_on + timedelta(days=1))
    event.add("summary", f"截止：{_name(duty)}")
    event.add("description", _description(duty, rule))
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    for days in rule.remind:
        event.add_component(_alarm(days, duty.title))
    return event


def _name(duty: Duty) -> str:
    about = mask_name(duty.label) if duty.subject_person_id is not None else duty.label
    return f"{duty.title}（{about}）" if about else duty.title


def _description(duty: Duty, rule: Rule) -> str:
    lines = [f"依据：{basis(rule).line()}"]
    if rule.hand_in:
        lines.append(f"提交：{rule.hand_in}")
    if duty.provisional:
        lines.append("日期按暂定的工作日推算。")
    return "\n".join([*lines, f"办理：给支部助手发送“任务 {duty.id}”"])


def _alarm(days: int, title: str) -> Alarm:
    """Return an alarm in the morning so many days before; the event begins at midnight."""
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    morning = timedelta(hours=ALARM_AT.hour, minutes=ALARM_AT.minute)
    alarm.add("trigger", morning - timedelta(days=days))
    return alarm
