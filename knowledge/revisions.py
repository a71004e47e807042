"""The library's counter: every transaction that changes passages takes the next number.

The row is locked from then until the commit, so numbers are committed in their order: whoever
has seen number n misses nothing that is n or less.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import LibraryRevision
from db.types import insert_new

ROW = 1
CHANGED = "library-changed"


class LibraryError(Exception):
    """A change that the library refuses; the text is for the editor who asked for it."""


async def begin_change(session: AsyncSession) -> int:
    """Take the next number. Call it before touching passages, so that changes take turns."""
    session.info[CHANGED] = True
    following = (
        update(LibraryRevision)
        .where(LibraryRevision.id == ROW)
        .values(number=LibraryRevision.number + 1)
        .returning(LibraryRevision.number)
        .execution_options(synchronize_session=False)
    )
    number = await session.scalar(following)
    if number is None:
        await insert_new(session, LibraryRevision, {"id": ROW, "number": 0})
        number = await session.scalar(following)
    if number is None:
        raise RuntimeError("the library has no counter")
    return number


async def current(session: AsyncSession) -> int:
    """Return the number of the last change that this transaction sees; 0 before the first."""
    statement = select(LibraryRevision.number).where(LibraryRevision.id == ROW)
    return await session.scalar(statement) or 0


def changed_here(session: AsyncSession) -> bool:
    """Tell whether this transaction has changed the library and may yet be undone."""
    return bool(session.info.get(CHANGED))
