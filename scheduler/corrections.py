"""Corrects what was on its way when a duty was closed: it cannot be taken back any more.

The claim asks whether a message is still owed; between the claim and its arrival lie seconds in
which somebody may close the duty. Whoever reads the message is told so in the next one, which
waits in the same chat until the first has landed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Duty, DutyState, Notice, NoticeState, Outbox, OutboxState
from scheduler import outbox
from scheduler.channels import Lane
from scheduler.messages import Message

KIND = "duty"
CLOSED = {
    DutyState.SUBMITTED.value: "已经提交，等上级接收",
    DutyState.DONE.value: "已经办结",
}


async def tell(session: AsyncSession, duty: Duty, *, closed_by: int, now: datetime) -> int:
    """Correct the messages about a closed duty that are being sent; return how many.

    Whoever closed it knows. The name of a person stands in no message, so the number does.
    """
    statement = (
        select(Outbox.id, Notice.person_id)
        .join(Notice, Notice.outbox_id == Outbox.id)
        .where(
            Notice.duty_id == duty.id,
            Notice.state == NoticeState.QUEUED.value,
            Notice.person_id != closed_by,
            Outbox.state == OutboxState.LEASED.value,
        )
        .distinct()
        .order_by(Outbox.id)
    )
    flying = (await session.execute(statement)).all()
    words = f"更正：刚才提醒的 {duty.id} 号任务“{duty.title}”{CLOSED[duty.state]}。"
    for row_id, person_id in flying:
        await outbox.notify(
            session,
            person_id,
            Message(words),
            key=f"correction:{row_id}:{duty.id}:{duty.state}",
            kind=KIND,
            lane=Lane.OVERDUE,
            now=now,
        )
    return len(flying)
