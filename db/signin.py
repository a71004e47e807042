"""Signing in to the browser: one-time links, and the sessions they open.

Only digests are stored: a copy of the store opens nothing.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.accounts import person_today
from db.secrets import digest, new_token
from db.tables import BrowserSession, Person, SignInLink

LINK_LIFE = timedelta(minutes=10)
SESSION_LIFE = timedelta(days=7)
TOKEN_BYTES = 24


async def issue(session: AsyncSession, *, person_id: int, now: datetime) -> str:
    """Make a link's token for a person; those made before end."""
    await session.execute(
        delete(SignInLink).where(SignInLink.person_id == person_id, SignInLink.used_at.is_(None))
    )
    token = new_token(TOKEN_BYTES)
    session.add(
        SignInLink(
            digest=digest(token),
            person_id=person_id,
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    await session.flush()
    return token


async def redeem(session: AsyncSession, token: str, *, now: datetime, today: date) -> str | None:
    """Use a link up and open a session; returns the session's token, None if it is not open.

    Used, expired, unknown and of somebody who has left are told apart for nobody.
    """
    used = await session.execute(
        update(SignInLink)
        .where(
            SignInLink.digest == digest(token),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(SignInLink.person_id)
    )
    row = used.first()
    if row is None or await person_today(session, row[0], today=today) is None:
        return None
    opened = new_token(TOKEN_BYTES)
    session.add(
        BrowserSession(
            digest=digest(opened),
            person_id=row[0],
            created_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )
    await session.flush()
    return opened


async def who(session: AsyncSession, token: str, *, now: datetime, today: date) -> Person | None:
    """Return whose session this is, unless it has ended or the person has left."""
    statement = select(BrowserSession.person_id).where(
        BrowserSession.digest == digest(token), BrowserSession.expires_at > now
    )
    person_id = await session.scalar(statement)
    return None if person_id is None else await person_today(session, person_id, today=today)


async def sign_out(session: AsyncSession, token: str) -> None:
    """End a session."""
    await session.execute(delete(BrowserSession).where(BrowserSession.digest == digest(token)))


async def sweep(session: AsyncSession, *, now: datetime) -> None:
    """Forget links and sessions whose time is over."""
    await session.execute(delete(SignInLink).where(SignInLink.expires_at <= now))
    await session.execute(delete(BrowserSession).where(BrowserSession.expires_at <= now))
