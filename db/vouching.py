"""Whether whoever gave a code or entered a phone number could still do so.

A code and a number outlive a promotion: whoever made them for a member must not get into the
place of the secretary or administrator that the member has become.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from db import accounts
from db.access import INVITE, decide_person
from db.tables import Unit


async def vouches(
    session: AsyncSession, giver_id: int | None, person_id: int, *, today: date
) -> bool:
    """Tell whether a giver may let somebody bind as a person with the posts held today.

    Whoever runs the program on the server (`giver_id` is None) may; a person without posts is
    vouched for by whoever was allowed to at the time.
    """
    posts = await accounts.posts_today(session, person_id, today=today)
    if giver_id is None or not posts:
        return True
    giver = await accounts.person_today(session, giver_id, today=today)
    person = await accounts.person_today(session, person_id, today=today)
    if giver is None or person is None:
        return False
    unit = await session.get_one(Unit, person.unit_id)
    actor = await accounts.as_actor(session, giver, today=today)
    return decide_person(actor, INVITE, unit_path=unit.path, posts=posts).allowed
