"""How questions, and what an import would do, are worded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from db.tables import QuestionKind
from knowledge.quiz import bank, lint
from knowledge.quiz.importing import Change, Plan
from knowledge.quiz.keeping import Kept
from knowledge.quiz.layouts import Fault
from knowledge.quiz.lint import Finding, Severity
from knowledge.quiz.model import Question

KINDS = {
    QuestionKind.SINGLE: "单选",
    QuestionKind.MULTIPLE: "多选",
    QuestionKind.JUDGE: "判断",
}
EXAMPLES, FAULTS, CHANGES, FINDINGS = 3, 10, 3, 8
LONGEST = 120


def preview(
    name: str,
    bank_name: str,
    questions: Sequence[Question],
    plan: Plan,
    *,
    faults: Sequence[Fault] = (),
    findings: Sequence[Finding] = (),
) -> str:
    """Say what was understood of a file and what not, what would change, and what looks wrong."""
    lines = [f"《{name}》：读懂 {len(questions)} 题（{_kinds(questions)}）"]
    if faults:
        lines[0] += f"，没读懂 {len(faults)} 处"
    lines.append(f"收入“{bank_name}”题库：{outlook(plan)}")
    lines += _changes(plan.changed)
    lines += _examples(questions)
    lines += _faults(faults)
    lines += _findings(findings)
    return "\n".join(lines)


def outlook(plan: Plan) -> str:
    """Say what a plan would change."""
    parts = [f"新增 {len(plan.added)}", f"修改 {len(plan.changed)}", f"已有 {plan.same}"]
    if plan.back:
        parts.append(f"恢复 {len(plan.back)}")
    if plan.retired:
        parts.append(f"已停用、保持停用 {plan.retired}")
    return "，".join(parts)


def card(question: Question) -> str:
    """Write a question with its options and its answer."""
    lines = [f"【{KINDS[question.kind]}】{question.stem}"]
    if question.kind is not QuestionKind.JUDGE:
        lines += [f"{chr(65 + at)}. {option}" for at, option in enumerate(question.options)]
    lines.append(f"答案：{question.answer}")
    return "\n".join(lines)


def full_card(kept: Kept) -> str:
    """Write a question with all that is kept of it."""
    row = kept.question
    lines = [f"题目 {row.id}（{row.topic or '未分类'}）", card(kept.content)]
    if row.explanation:
        lines.append(f"解析：{row.explanation}")
    lines.append(f"依据：{bank.source_line(row) or '没有写'}")
    lines.append(f"属于：{kept.unit.name if kept.unit else '内置题库'}")
    if row.valid_from or row.valid_to:
        lines.append(f"有效期：{row.valid_from or '不限'} 至 {row.valid_to or '不限'}（不含当日）")
    if row.retired_at is not None:
        lines.append("已停用，不再出题。")
    return "\n".join(lines)


def _kinds(questions: Sequence[Question]) -> str:
    counts = Counter(question.kind for question in questions)
    return (
        "、".join(f"{word} {counts[kind]}" for kind, word in KINDS.items() if counts[kind]) or "无"
    )


def _changes(changes: Sequence[Change]) -> list[str]:
    answers = [change for change in changes if change.answers]
    lines = [
        f"答案要改：{_short(c.new.stem)}：{'、'.join(c.old.answers)} → {'、'.join(c.new.answers)}"
        for c in answers[:CHANGES]
    ]
    return lines + _more(len(answers), CHANGES, "道改答案的题")


def _examples(questions: Sequence[Question]) -> list[str]:
    shown = _one_of_each_kind(questions)
    return ["", "举例：", *(_short(card(q), 300) for q in shown)] if shown else []


def _one_of_each_kind(questions: Sequence[Question]) -> list[Question]:
    first = {question.kind: question for question in reversed(questions)}
    others = [question for question in questions if question is not first[question.kind]]
    return [first[kind] for kind in KINDS if kind in first][:EXAMPLES] + others[
        : max(0, EXAMPLES - len(first))
    ]


def _faults(faults: Sequence[Fault]) -> list[str]:
    if not faults:
        return []
    lines = [f"{fault}" for fault in faults[:FAULTS]]
    return ["", "没读懂、不会收入的：", *lines, *_more(len(faults), FAULTS, "处")]


def _findings(findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return ["", "检查没有发现问题。"]
    counts = Counter(finding.rule for finding in findings)
    total = "、".join(f"{rule} {number}" for rule, number in counts.most_common())
    # A source is missing in most banks: counted, and shown only when nothing else is found.
    worth = [f for f in findings if f.rule != lint.NO_SOURCE] or list(findings)
    worth.sort(key=lambda finding: finding.severity is not Severity.WRONG)
    lines = [f"{finding}" for finding in worth[:FINDINGS]]
    return [
        "",
        f"检查发现 {len(findings)} 处（{total}）：",
        *lines,
        *_more(len(worth), FINDINGS, "处"),
    ]


def _more(count: int, shown: int, word: str) -> list[str]:
    return [f"……还有 {count - shown} {word}"] if count > shown else []


def _short(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
