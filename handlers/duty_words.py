"""How a duty is worded in chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from db.names import mask_name
from db.tables import Duty, DutyEvent, DutyState

STATES = {
    DutyState.OPEN: "待办",
    DutyState.SUBMITTED: "已提交，待接收",
    DutyState.DONE: "已办结",
    DutyState.WAIVED: "已免除",
    DutyState.WITHDRAWN: "已撤回",
}
EVENTS = {
    "planned": "生成任务",
    "moved": "时限调整",
    "withdrawn": "不再需要，撤回",
    "resumed": "恢复办理",
    "told": "已提醒",
    "superseded": "错过的提醒并入后一次",
    "unreachable": "消息送不到",
    "skipped": "没有党小组，这一档略过",
    "lost": "提醒丢失，已补发",
    "seen": "已查看",
    "acknowledged": "已收到",
    "snoozed": "稍后提醒",
    "submitted": "已提交",
    "completed": "已办结",
    "accepted": "上级已接收",
    "returned": "已退回",
    "waived": "已免除",
    "reopened": "撤销办结，恢复待办",
    "postponed": "延期",
    "evidence": "提交材料",
}


def name_of(duty: Duty) -> str:
    """Return the title with its period."""
    return f"{duty.title}（{duty.label}）" if duty.label else duty.title


def pushed_name(duty: Duty) -> str:
    """Return the title for a message that nobody asked for: whom a case is about stays masked."""
    about = mask_name(duty.label) if duty.subject_person_id is not None else duty.label
    return f"{duty.title}（{about}）" if about else duty.title


def due_words(duty: Duty, today: date) -> str:
    """Say until when a duty is to be done, and how long that is."""
    if duty.due_on is None:
        return "法规没有规定时限"
    days = (duty.due_on - today).days
    day = f"{duty.due_on:%Y-%m-%d}" if duty.due_on.year != today.year else f"{duty.due_on:%m-%d}"
    left = f"还有 {days} 天" if days > 0 else "今天截止" if days == 0 else f"已逾期 {-days} 天"
    return f"{day} 截止，{left}{'（暂算）' if duty.provisional else ''}"


def state_words(duty: Duty) -> str:
    """Say where a duty stands."""
    state = DutyState(duty.state)
    if state is DutyState.OPEN and duty.returned_at is not None:
        return "已退回，待重新办理"
    if state is DutyState.OPEN and duty.acknowledged_at is not None:
        return "待办（已收到）"
    return STATES[state] + ("，补录" if duty.late_entered else "")


def line(duty: Duty, today: date, *, owner: str = "") -> str:
    """Return one line of a list."""
    whose = f"【{owner}】" if owner else ""
    if duty.state == DutyState.OPEN.value:
        return f"{duty.id}. {whose}{name_of(duty)} — {due_words(duty, today)}"
    return f"{duty.id}. {whose}{name_of(duty)} — {state_words(duty)}"


def owner_words(duty: Duty, units: Mapping[int, str], persons: Mapping[int, str]) -> str:
    """Name who owes a duty: the unit, and the person in it who owes it for oneself."""
    return f"{units.get(duty.unit_id, '')} {persons.get(duty.person_id or 0, '')}".strip()


def sorted_by_need(duties: Sequence[Duty], today: date) -> list[Duty]:
    """Return the overdue ones first, the longest overdue at the top, then by the limit."""
    return sorted(duties, key=lambda duty: (duty.due_on is None, duty.due_on or today, duty.id))


def event_words(event: DutyEvent) -> str:
    """Return what happened in words; an unknown kind is shown as it is written."""
    words = EVENTS.get(event.kind, event.kind)
    if event.kind == "moved" and "unit_id" in event.data and "due_on" not in event.data:
        words = "随人员转到现在的组织"
    offset, _, audience = str(event.data.get("stage", "")).partition(":")
    if event.kind == "told" and audience:
        days = offset.lstrip("+-")
        when = f"逾期第 {days} 天" if offset.startswith("+") else f"截止前 {days} 天"
        return f"{words}（{when if days.isdecimal() else offset}，{audience}）"
    reason = event.data.get("reason") or event.data.get("decision") or event.data.get("paper")
    days = _event_days(event)
    return words + (f"（{days}）" if days else "") + (f"：{reason}" if reason else "")


def _event_days(event: DutyEvent) -> str:
    """Return the days that an act on a duty was about."""
    data = event.data
    if "on" in data:
        return f"实际日期 {data['on']}{'，补录' if data.get('late') else ''}"
    if event.kind == "postponed" and "old" in data:
        return f"原时限 {data['old']}，现为 {data['new']}"
    return f"{data['until']} 再提醒" if "until" in data else ""
