"""One-time codes that bind an account to a person.

Only a keyed digest of a code is stored, so that a copy of the store helps nobody to find one.
A code has 12 of 28 characters, 57 bits; a revoked code is one whose time has been ended.
"""

from __future__ import annotations

import secrets as randomness
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.accounts import present
from db.secrets import Secrets
from db.tables import Invite, Person
from db.types import lock_chain
from db.vouching import vouches

# Capitals and digits without those that are taken for one another: 0O 1IL 2Z 5S 8B.
ALPHABET = "34679ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 12
LIFE = timedelta(days=7)
KIND = "invite"
_PLACE = "invite.code"


@dataclass(frozen=True, slots=True)
class Issued:
    """A new code, in clear for the only time, and when it ends."""

    code: str
    expires_at: datetime


async def issue(
    session: AsyncSession, secrets: Secrets, *, person_id: int, by: int | None, now: datetime
) -> Issued:
    """Make a code for a person, and end those that were open."""
    await lock_chain(session)
    await revoke(session, person_id=person_id, now=now)
    code = "".join(randomness.choice(ALPHABET) for _ in range(LENGTH))
    session.add(
        Invite(
            digest=secrets.index(code, _PLACE),
            person_id=person_id,
            created_by=by,
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    await session.flush()
    return Issued("-".join(code[i : i + 4] for i in range(0, LENGTH, 4)), now + LIFE)


async def redeem(
    session: AsyncSession,
    secrets: Secrets,
    text: str,
    *,
    account_id: int,
    now: datetime,
    today: date,
) -> int | None:
    """Use up a code and return whose it was; None if it is not open, whatever the reason.

    Of several accounts that use a code at once exactly one gets the person.
    """
    used = await session.execute(
        update(Invite)
        .where(*_open(secrets, text, now), Invite.person_id.in_(_present(today)))
        .values(used_at=now, used_by=account_id)
        .returning(Invite.person_id)
    )
    row = used.first()
    return None if row is None else int(row[0])


async def look(
    session: AsyncSession, secrets: Secrets, text: str, *, now: datetime, today: date
) -> int | None:
    """Return whose open code this is, without using it up.

    A code whose giver could not give it any more is none.
    """
    statement = select(Invite).where(
        *_open(secrets, text, now), Invite.person_id.in_(_present(today))
    )
    invite = (await session.scalars(statement)).one_or_none()
    if invite is None:
        return None
    fair = await vouches(session, invite.created_by, invite.person_id, today=today)
    return invite.person_id if fair else None


async def burn(
    session: AsyncSession, secrets: Secrets, text: str, *, now: datetime
) -> Invite | None:
    """End a code that others have seen, and return it; None if it was not open."""
    ended = await session.scalars(
        update(Invite).where(*_open(secrets, text, now)).values(expires_at=now).returning(Invite)
    )
    return ended.one_or_none()


async def revoke(session: AsyncSession, *, person_id: int, now: datetime) -> int:
    """End a person's open codes; return how many there were."""
    ended = await session.execute(
        update(Invite)
        .where(Invite.person_id == person_id, Invite.used_at.is_(None), Invite.expires_at > now)
        .values(expires_at=now)
        .returning(Invite.id)
    )
    return len(ended.all())


def normalise(text: str) -> str:
    """Return a code as it was made: capitals, without spaces and hyphens, half width."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(character for character in plain if character.isalnum())


def _open(secrets: Secrets, text: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    digest = secrets.index(normalise(text), _PLACE)
    return (Invite.digest == digest, Invite.used_at.is_(None), Invite.expires_at > now)


def _present(today: date) -> Select[int]:
    return select(Person.id).where(present(today))
