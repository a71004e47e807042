"""What becomes of a notice whose chat cannot be reached, or that may have arrived or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import organisation
from db.names import mask_name
from db.tables import Account, Outbox, OutboxState, Person, Title
from scheduler import notices, outbox, quiz_groups
from scheduler.channels import Lane
from scheduler.kinds import PARKED_KINDS, REPLY
from scheduler.messages import Button, Message


async def reroute(
    session: AsyncSession, row: Outbox, *, gone: bool, now: datetime, zone: tzinfo
) -> None:
    """Send a failed notice to the person's next account, or tell the secretary once.

    Another account helps only where the chat is `gone`: a message that the service refuses for
    what it says would be refused for ever. A reply is not followed: whoever asked will ask
    again where they can be reached. Of what a round had to post its group's keeper is told.
    """
    if row.kind in PARKED_KINDS:
        where = {"channel": row.channel, "chat": row.chat}
        if gone:
            await quiz_groups.lost(session, **where, now=now, zone=zone)
        else:
            await quiz_groups.refused(session, **where, now=now, zone=zone)
        return
    if row.person_id is None or row.kind in (REPLY, "unreachable"):
        return
    message = Message.from_json(row.content)
    key = f"{row.dedup_key}>{row.id}"
    lane = Lane(row.lane)
    if gone and await outbox.notify(
        session, row.person_id, message, key=key, kind=row.kind, now=now, lane=lane
    ):
        await notices.follow(session, row.id, key)
        return
    await _tell_secretary(session, row.person_id, now=now, zone=zone)


async def withdraw(
    session: AsyncSession,
    person_id: int,
    account_ids: Sequence[int],
    *,
    now: datetime,
    zone: tzinfo,
) -> None:
    """Let nothing that waits for a person go to accounts that are not the person's any more."""
    lost = exists().where(
        Account.id.in_(account_ids),
        Account.channel == Outbox.channel,
        Account.chat == Outbox.chat,
    )
    statement = (
        select(Outbox)
        .where(Outbox.person_id == person_id, Outbox.state == OutboxState.PENDING.value, lost)
        .order_by(Outbox.id)
        .with_for_update()
    )
    for row in list(await session.scalars(statement)):
        row.state = OutboxState.CANCELLED.value
        await reroute(session, row, gone=True, now=now, zone=zone)
    await session.flush()


async def _tell_secretary(
    session: AsyncSession, person_id: int, *, now: datetime, zone: tzinfo
) -> None:
    today = now.astimezone(zone).date()
    person = await session.get_one(Person, person_id)
    for unit in await organisation.line_up(session, person.unit_id):
        for secretary in await organisation.holders(
            session, unit_id=unit.id, title=Title.SECRETARY, today=today
        ):
            if secretary.id != person_id and await outbox.notify(
                session,
                secretary.id,
                Message(
                    f"{mask_name(person.name)}同志的消息送不到（未绑定或已停用），请线下联系。",
                    buttons=((Button("看是哪一位", f"/members #{person_id}"),),),
                ),
                key=f"unreachable:{person_id}:{today}",
                kind="unreachable",
                now=now,
            ):
                return


async def report_parked(
    session: AsyncSession, rows: Sequence[Outbox], *, now: datetime, zone: tzinfo
) -> None:
    """Tell each administrator that messages were put aside, since nobody knows if they arrived."""
    if not rows:
        return
    today = now.astimezone(zone).date()
    numbers = "、".join(str(row.id) for row in rows)
    text = (
        f"有{len(rows)}条消息不确定是否已经送达（编号{numbers}），为免重复没有再发。"
        "请到群里看一眼，再在服务器上用 zhibu outbox release 编号 补发，"
        "或 zhibu outbox discard 编号 作废。"
    )
    for person_id in await organisation.administrators(session, today=today):
        key = f"parked:{rows[0].id}:{rows[0].attempt}:{person_id}"
        await outbox.notify(session, person_id, Message(text), key=key, kind="parked", now=now)
