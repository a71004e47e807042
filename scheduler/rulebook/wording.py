"""How a rule is put into words for people."""

from __future__ import annotations

from scheduler.messages import Quote
from scheduler.rulebook.model import AnchorKind, Force, Rule, Span

# Events that are no duty of another rule, in words.
EVENTS = {"appointed": "任职", "probation": "成为预备党员"}


def basis(rule: Rule) -> Quote:
    """Return the source of a rule; a unit's own rule, and what is not yet verified, says so."""
    remarks = []
    if rule.own:
        remarks.append(f"{rule.unit}自定")
    if rule.force is not Force.SHALL:
        remarks.append("惯例，非法规要求" if rule.force is Force.CUSTOM else "条文用语为“一般”")
    if rule.unverified:
        remarks.append("待核")
    if rule.anchor.kind is AnchorKind.HAND:
        return Quote(rule.regulation, remark="时限由布置的党组织规定，不是法规的时限")
    return Quote(rule.regulation, rule.article, rule.version, "；".join(remarks))


def span_words(span: Span) -> str:
    """Return a length of time in words."""
    parts = (
        (span.years, "年"),
        (span.months, "个月"),
        (span.days, "天"),
        (span.workdays, "个工作日"),
    )
    return "".join(f"{abs(count)}{unit}" for count, unit in parts if count) or "当天"


def limit_words(rule: Rule) -> str:
    """Return until when a rule's duty is to be done, counted from what."""
    kind = rule.anchor.kind
    if kind is AnchorKind.PERIOD:
        return f"每期开始后{span_words(rule.limit)}内" if rule.limit else "每期结束前"
    if kind is AnchorKind.TERM:
        before = f"{span_words(rule.limit)}前" if rule.limit else "前"
        return f"任期（{rule.anchor.years}年）届满{before}"
    if kind is AnchorKind.ONCE:
        return f"{rule.anchor.on:%Y-%m-%d} 前"
    if kind is AnchorKind.HAND:
        return "由布置的党组织规定"
    if rule.limit is None:
        return "法规没有规定时限"
    event = rule.anchor.event
    return f"{EVENTS.get(event, f'{event} 办结')}后{span_words(rule.limit)}内"
