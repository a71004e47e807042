"""The words of a message about duties: what, by when, on what basis, what to hand in.

A messenger may be abroad: names of members stand in it only masked, and numbers and sums never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import groupby

from db.names import mask_name
from db.tables import DutyRow
from scheduler.ladder import ACCEPT
from scheduler.messages import Button, Message, Quote
from scheduler.recipients import Directory
from scheduler.rulebook.model import Audience, Rule
from scheduler.rulebook.wording import basis

# What one message names in full, and what it has rows of buttons for.
SHOWN, ROWS = 20, 5
LATE_FROM = timedelta(hours=1)


class Part(StrEnum):
    """The parts of a message, in this order."""

    OVERDUE = "逾期"
    REMINDER = "提醒"
    ACCEPTANCE = "待接收"


class Reader(StrEnum):
    """What the reader is to a duty: it decides which buttons stand under it."""

    OWES = "owes"
    WATCHES = "watches"
    ACCEPTS = "accepts"


@dataclass(frozen=True, slots=True)
class Item:
    """One duty within a message. `remarks` are whole lines."""

    duty_id: int
    part: Part
    reader: Reader
    words: str
    limit: str
    hand_in: str = ""
    basis: Quote | None = None
    remarks: tuple[str, ...] = ()


def item(
    duty: DutyRow,
    rule: Rule | None,
    stage: str,
    *,
    reader: int,
    who: Directory,
    on: date,
    late: timedelta,
) -> Item:
    """Word one stage of a duty for a reader, on a local day."""
    role = _role(duty, stage, reader, who)
    overdue = duty.due_on is not None and duty.due_on < on
    part = Part.OVERDUE if overdue else Part.REMINDER
    return Item(
        duty_id=duty.id,
        part=Part.ACCEPTANCE if role is Reader.ACCEPTS else part,
        reader=role,
        words=_words(duty, reader, role, who),
        limit=limit_words(duty, on),
        hand_in=rule.hand_in if rule and role is Reader.OWES else "",
        basis=basis(rule) if rule else None,
        remarks=tuple(_remarks(duty, stage, reader, who, late)),
    )


def compose(items: Sequence[Item]) -> Message:
    """Make one message of all that a person is told now; raises `ValueError` for nothing."""
    if not items:
        raise ValueError("a message needs something to say")
    ordered = sorted(items, key=lambda item: (list(Part).index(item.part), item.duty_id))
    if len(ordered) == 1:
        return _single(ordered[0])
    return Message(_text(ordered), buttons=_buttons(ordered))


def limit_words(duty: DutyRow, on: date) -> str:
    """Say until when a duty is to be done, seen from a day."""
    return _limit_words(duty.due_on, on, duty.provisional)


@lru_cache(maxsize=256)
def _limit_words(due_on: date | None, on: date, provisional: bool) -> str:
    if due_on is None:
        return "法规没有规定时限"
    left = (due_on - on).days
    days = f"还有 {left} 天" if left > 0 else f"已逾期 {-left} 天" if left else "今天截止"
    return f"{due_on:%Y-%m-%d} 截止，{days}{'（暂算）' if provisional else ''}"


def _single(item: Item) -> Message:
    lines = [f"【{item.part}】{item.words}", item.limit, *_details(item), f"编号 {item.duty_id}"]
    return Message("\n".join(lines), quote=item.basis, buttons=(_row(item, numbered=False),))


def _text(items: Sequence[Item]) -> str:
    lines = [f"你有 {len(items)} 项任务要留意："]
    part = None
    # The dues of ten members rest on one article: it is named once, after the last of them.
    for (kind, source), run in groupby(items[:SHOWN], key=lambda item: (item.part, item.basis)):
        if kind is not part:
            part = kind
            lines.append(f"【{part}】")
        alike = list(run)
        for item in alike:
            lines.append(f"{item.duty_id}. {item.words} — {item.limit}")
            lines += [f"　{line}" for line in _details(item)]
        if source:
            lines.append(f"　{f'以上 {len(alike)} 项' if alike[1:] else ''}依据：{source.line()}")
    if len(items) > SHOWN:
        lines.append(f"另有 {len(items) - SHOWN} 项，点“查看全部”。")
    return "\n".join(lines)


def _details(item: Item) -> list[str]:
    return [*([f"要提交：{item.hand_in}"] if item.hand_in else []), *item.remarks]


def _buttons(items: Sequence[Item]) -> tuple[tuple[Button, ...], ...]:
    rows = [_row(item, numbered=True) for item in items[:ROWS]]
    roles = {item.reader for item in items}
    everything = []
    if Reader.OWES in roles:
        everything.append(Button("查看全部", "/mytasks"))
    if Reader.WATCHES in roles:
        everything.append(Button("查看下级逾期", "/overdue"))
    if Reader.ACCEPTS in roles:
        everything.append(Button("查看待接收", "/toaccept"))
    return (*rows, tuple(everything))


def _row(item: Item, *, numbered: bool) -> tuple[Button, ...]:
    number = item.duty_id
    tail = f" {number}" if numbered else ""
    if item.reader is Reader.OWES:
        return (
            Button(f"收到{tail}", f"/gotit {number}"),
            Button(f"已办{tail}", f"/done {number}"),
            Button(f"稍后提醒{tail}", f"/snooze {number}"),
        )
    if item.reader is Reader.ACCEPTS:
        return (
            Button(f"看材料{tail}", f"/evidence {number}"),
            Button(f"接收{tail}", f"/accept {number}"),
        )
    return (Button(f"查看{tail}", f"/task {number}"),)


def _role(duty: DutyRow, stage: str, reader: int, who: Directory) -> Reader:
    if stage.startswith(ACCEPT):
        return Reader.ACCEPTS
    owners = who.candidates(duty, Audience.OWNER) or []
    return Reader.OWES if any(reader in choice for choice in owners) else Reader.WATCHES


def _words(duty: DutyRow, reader: int, role: Reader, who: Directory) -> str:
    """Name the duty, its period or whom it is about, and, for others, whose it is."""
    about = duty.label
    if duty.subject_person_id is not None and duty.subject_person_id != reader:
        about = mask_name(duty.label)
    elif duty.subject_person_id == reader:
        about = ""
    words = f"{duty.title}（{about}）" if about else duty.title
    if role is Reader.OWES and duty.person_id is not None:
        return words
    whose = who.units[duty.unit_id].name
    if duty.person_id is not None:
        whose += " " + mask_name(who.names.get(duty.person_id, ""))
    return f"{whose}：{words}"


def _remarks(duty: DutyRow, stage: str, reader: int, who: Directory, late: timedelta) -> list[str]:
    remarks = []
    if late > LATE_FROM:
        remarks.append(f"（这条提醒迟到了{_length(late)}）")
    audience = Audience(stage.partition(":")[2])
    meant = who.candidates(duty, audience) or []
    if not any(reader in choice for choice in meant):
        name = "责任人" if audience is Audience.OWNER else audience
        remarks.append(f"（{name}空缺或没有绑定账号，消息送不到，请转告）")
    if duty.returned_at is not None and not stage.startswith(ACCEPT):
        remarks.append("（已退回，请重新办理）")
    return remarks


def _length(late: timedelta) -> str:
    hours = late // timedelta(hours=1)
    return f" {hours // 24} 天" if hours >= 24 else f" {hours} 小时"
