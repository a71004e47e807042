"""How rounds are worded: a question, the same with its answer, and what came of a round.

The words of a question name round and position, so that a poll is known by them wherever its
messenger tells of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from db.tables import QuestionKind, QuizPost, QuizQuestion, QuizRound, RoundKind
from knowledge.quiz.bank import letters, source_line
from scheduler.messages import Button, Message, Poll
from scheduler.standings import Standings, Tally

TITLES = {RoundKind.DAILY: "每日答题", RoundKind.EXTRA: "答题", RoundKind.RACE: "抢答"}
HAND_IN = "提交"
SEVERAL = "（多选）"
# Options longer than a button shows are written out above the buttons.
BUTTON_LENGTH = 30
MOST_WRONG, RANKED = 3, 20


def title(round_: QuizRound) -> str:
    """Name a round."""
    return f"{TITLES[RoundKind(round_.kind)]} {round_.id}"


def question(
    round_: QuizRound, post: QuizPost, asked: QuizQuestion, *, seconds: int, zone: tzinfo
) -> Message:
    """Put a question, as a poll and in words with buttons."""
    options = _options(post, asked)
    labels = [f"{letters([n])}. {option}" for n, option in enumerate(options)]
    lines = [_ask(round_, post, asked)]
    if any(len(label) > BUTTON_LENGTH for label in labels):
        lines += labels
        labels = [_short(label) for label in labels]
    several = asked.kind == QuestionKind.MULTIPLE
    until = "" if round_.kind == RoundKind.RACE else f"{_clock(round_.closes_at, zone)} 截止。"
    remark = f"选好全部答案后点“{HAND_IN}”。" if several else ""
    if until or remark:
        lines.append(f"{remark}{until}")
    buttons = [(_button(label, post, letters([n])),) for n, label in enumerate(labels)]
    if several:
        buttons.append((_button(HAND_IN, post, HAND_IN),))
    return Message(
        "\n".join(lines),
        buttons=tuple(buttons),
        poll=_poll(round_, post, asked, seconds=seconds),
    )


def closed(round_: QuizRound, post: QuizPost, asked: QuizQuestion) -> Message:
    """Show a question that takes no more answers, with the right one."""
    text = "\n".join([_ask(round_, post, asked), *_solution(post, asked)])
    return Message(text, poll=_poll(round_, post, asked, closed=True))


def result(round_: QuizRound, standings: Standings, *, names: bool) -> Message:
    """Tell what came of a round, naming nobody unless that is wished."""
    if not standings.people:
        return Message(f"{title(round_)} 已结束，这次没有人作答。")
    lines = [f"{title(round_)} 结果：{_turnout(standings)}，正确率 {_percent(standings)}。"]
    if standings.perfect:
        lines.append(f"全部答对 {standings.perfect} 人。")
    missed = [tally for tally in standings.tallies if tally.wrong]
    missed.sort(key=lambda tally: (-tally.wrong / tally.answered, tally.post.position))
    if missed:
        lines.append("错得较多的题：")
    shown = missed[:MOST_WRONG]
    for tally in shown:
        lines += _missed(tally)
    if names:
        lines += _leaders(standings)
    reports = tuple(_report(tally) for tally in shown)
    return Message("\n".join(lines), buttons=(reports,) if reports else ())


def won(round_: QuizRound, tally: Tally, winner: str | None, *, decided: bool) -> Message:
    """Tell how a question of a race ended; `winner` is None where nobody is named."""
    head = f"{title(round_)} · {tally.post.position}/{round_.count}"
    news = f"{winner or '有人'}抢到了！" if decided else "没有人答对。"
    lines = [f"{head}：{news}", *_solution(tally.post, tally.question)]
    return Message("\n".join(lines), buttons=((_report(tally),),))


def race_over(
    round_: QuizRound, wins: Sequence[tuple[str, int]], *, decided: int, asked: int
) -> Message:
    """Tell what came of a race; `wins` names winners with their number of questions."""
    lines = [f"{title(round_)} 结束：共 {asked} 题，抢到 {decided} 题。"]
    lines += [f"{place}. {name} {number} 题" for place, (name, number) in enumerate(wins, 1)]
    return Message("\n".join(lines))


def _ask(round_: QuizRound, post: QuizPost, asked: QuizQuestion) -> str:
    several = asked.kind == QuestionKind.MULTIPLE and "多选" not in asked.stem
    stem = f"{asked.stem}{SEVERAL if several else ''}"
    return f"{title(round_)} · {post.position}/{round_.count}\n{stem}"


def _poll(
    round_: QuizRound,
    post: QuizPost,
    asked: QuizQuestion,
    *,
    seconds: int | None = None,
    closed: bool = False,
) -> Poll:
    source = source_line(asked)
    explanation = "\n".join(filter(None, (asked.explanation, source and f"来源：{source}")))
    return Poll(
        question=_ask(round_, post, asked),
        options=_options(post, asked),
        correct=_right(post, asked),
        multiple=asked.kind == QuestionKind.MULTIPLE,
        explanation=explanation,
        seconds=seconds,
        closed=closed,
    )


def _options(post: QuizPost, asked: QuizQuestion) -> tuple[str, ...]:
    return tuple(asked.options[index] for index in post.order)


def _right(post: QuizPost, asked: QuizQuestion) -> tuple[int, ...]:
    return tuple(place for place, index in enumerate(post.order) if index in asked.correct)


def _solution(post: QuizPost, asked: QuizQuestion) -> list[str]:
    right, options = _right(post, asked), _options(post, asked)
    answers = "；".join(f"{letters([place])}. {options[place]}" for place in right)
    lines = [f"正确答案：{answers}"]
    if asked.explanation:
        lines.append(f"解析：{asked.explanation}")
    if source := source_line(asked):
        lines.append(f"来源：{source}")
    return lines


def _missed(tally: Tally) -> list[str]:
    head = f"\n第 {tally.post.position} 题（{tally.wrong} 人答错）：{tally.question.stem}"
    return [head, *_solution(tally.post, tally.question)]


def _report(tally: Tally) -> Button:
    """Return the button by which anybody says that a question is wrong."""
    command = f"/report_question {tally.question.id}"
    return Button(f"第 {tally.post.position} 题有误", command, anyone=True)


def _turnout(standings: Standings) -> str:
    unnamed = f"（含未绑定成员 {standings.unbound} 人）" if standings.unbound else ""
    return f"{standings.people} 人参加{unnamed}"


def _percent(standings: Standings) -> str:
    return f"{100 * standings.right / standings.answers:.0f}%"


def _leaders(standings: Standings) -> list[str]:
    asked = len(standings.tallies)
    lines = ["", "实名榜："]
    lines += [
        f"{place}. {leader.name} {leader.right}/{asked}"
        for place, leader in enumerate(standings.leaders[:RANKED], 1)
    ]
    if standings.unbound:
        lines.append(f"未绑定成员 {standings.unbound} 人不列名。")
    return lines


def _button(label: str, post: QuizPost, choice: str) -> Button:
    return Button(label, f"/pick {post.id} {choice}", anyone=True)


def _short(label: str) -> str:
    return label if len(label) <= BUTTON_LENGTH else f"{label[: BUTTON_LENGTH - 1]}…"


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"
