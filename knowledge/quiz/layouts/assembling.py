"""From the texts of a question to the question, or to the reason why not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from db.tables import QuestionKind
from knowledge.documents.dates import find_date
from knowledge.quiz.choices import NO, YES
from knowledge.quiz.layouts.answers import read_answer, verdict
from knowledge.quiz.layouts.kinds import kind_of, without_tag
from knowledge.quiz.layouts.raw import BadQuestion, Raw, plain, short
from knowledge.quiz.model import JUDGE_OPTIONS, Question

LONGEST_STEM, LONGEST_OPTION, LONGEST_TEXT, LONGEST_NAME = 2_000, 1_000, 4_000, 60
MOST_OPTIONS = 12
TOPIC = "综合"
BLANK = "（　）"
_NUMBER = re.compile(
    r"(?:第?\d{1,4}题?\s*[.．、:：)）](?!\d)|[（(]\s*\d{1,4}\s*[)）]|第\d{1,4}题)\s*"
)
_SCORE = re.compile(r"[（(【]\s*\d{1,3}(?:\.\d)?\s*分\s*[)）】]")
_IN_STEM = re.compile(r"[（(]\s*([A-L](?:[\s,，、]*[A-L]){0,11}|[√×✓✔✗✘]|对|错|正确|错误)\s*[)）]")
_SAYS_ANSWER = re.compile(
    r"[（(【]?\s*(?:正确|参考|标准)?答案\s*[:：]\s*([^）)】]{1,40})[)）】]?\s*$"
)
_REGULATION = re.compile(r"《[^》]{1,80}》(?:[（(][^）)]{1,10}[）)])?")
_ARTICLE = re.compile(r"第[一二三四五六七八九十百零〇\d]{1,7}条(?:之[一二三四五六七八九十])?")
_ABOUT = re.compile(rf"{_ARTICLE.pattern}|[（(]\s*(?:19|20)\d\d\s*年?版?\s*[)）]")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_EASY = re.compile(r"易|简单|低|初级|easy|simple|low", re.I)
_HARD = re.compile(r"难|高|hard|difficult|high", re.I)
_MIDDLE = re.compile(r"中|一般|适中|较易|medium|normal|middle", re.I)


def assemble(raw: Raw, topic: str = "") -> Question:
    """Return the question; raises `BadQuestion` with the first thing that is wrong with it."""
    raw = replace(raw, stem=plain(raw.stem), answer=plain(raw.answer))
    stem, word = without_tag(_bare(raw.stem))
    named = kind_of(raw.kind) or (kind_of(word) if word else None)
    options = tuple(plain(option) for option in raw.options)
    _check_options(options)
    judges = _is_judge(named, options)
    stem, answer = _answer_of(stem, raw.answer, judges)
    if not answer:
        raise BadQuestion("没有找到答案")
    if judges or (not options and verdict(answer) is not None):
        kind = QuestionKind.JUDGE
        correct, options = read_answer(answer, options, kind), JUDGE_OPTIONS
    elif len(options) < 2:
        raise BadQuestion("没有找到选项" if not options else "只有一个选项")
    else:
        correct = read_answer(answer, options, named)
        kind = named or (QuestionKind.MULTIPLE if len(correct) > 1 else QuestionKind.SINGLE)
    if kind is QuestionKind.SINGLE and len(correct) > 1:
        raise BadQuestion(f"单选题有 {len(correct)} 个答案")
    return _question(raw, stem, kind, options, correct, topic)


def _question(
    raw: Raw,
    stem: str,
    kind: QuestionKind,
    options: tuple[str, ...],
    correct: tuple[int, ...],
    topic: str,
) -> Question:
    if not stem.strip("（　）()。？? "):
        raise BadQuestion("没有题干")
    if len(stem) > LONGEST_STEM:
        raise BadQuestion(f"题干超过 {LONGEST_STEM} 字")
    regulation, article, version = _source(raw)
    starts, ends = _day(raw.starts), _day(raw.ends)
    if starts and ends and ends <= starts:
        raise BadQuestion("失效日期不晚于生效日期")
    return Question(
        key="",
        kind=kind,
        stem=stem,
        options=options,
        correct=correct,
        explanation=plain(raw.explanation)[:LONGEST_TEXT],
        regulation=regulation,
        article=article,
        version=version,
        topic=_line(raw.topic) or topic or TOPIC,
        difficulty=_difficulty(raw.difficulty),
        valid_from=starts,
        valid_to=ends,
        place=raw.place,
    )


def _bare(stem: str) -> str:
    """Return a stem without its number and its score."""
    found = _NUMBER.match(stem)
    rest = stem[found.end() :] if found else stem
    return _SCORE.sub("", rest).strip()


def _check_options(options: tuple[str, ...]) -> None:
    for place, option in enumerate(options):
        if not option:
            raise BadQuestion(f"选项 {chr(ord('A') + place)} 是空的")
        if len(option) > LONGEST_OPTION:
            raise BadQuestion(f"选项超过 {LONGEST_OPTION} 字")
    if len(options) > MOST_OPTIONS:
        raise BadQuestion(f"选项超过 {MOST_OPTIONS} 个")


def _is_judge(named: QuestionKind | None, options: tuple[str, ...]) -> bool:
    words = {option.strip(" 。.").lower() for option in options}
    fits = len(words) == 2 and len(words & YES) == 1 and len(words & NO) == 1
    if named is QuestionKind.JUDGE and options and not fits:
        raise BadQuestion("判断题的选项不是“对”和“错”")
    return fits or named is QuestionKind.JUDGE


def _answer_of(stem: str, answer: str, judges: bool) -> tuple[str, str]:
    """Take the answer out of the stem, where many papers have it: "是（ B ）"."""
    if said := _SAYS_ANSWER.search(stem):
        stem, answer = stem[: said.start()].strip(), answer or said[1].strip()
    inside = [m for m in _IN_STEM.finditer(stem) if (verdict(m[1]) is not None) >= judges]
    letters = re.sub(r"[\s,，、]", "", answer).strip("（）()").upper()
    same = [m for m in inside if re.sub(r"[\s,，、]", "", m[1]) == letters]
    if not answer and len(inside) > 1:
        raise BadQuestion("题干里有几处括号像答案")
    if answer and inside and not same and letters.isalpha() and letters.isascii():
        raise BadQuestion(f"题干里写着“{inside[0][1]}”，答案却是“{short(answer)}”")
    found = same[0] if same else inside[0] if inside and not answer else None
    if found is None:
        return stem, answer
    blank = "" if judges else BLANK
    return (stem[: found.start()] + blank + stem[found.end() :]).strip(), answer or found[1]


def _source(raw: Raw) -> tuple[str, str, str]:
    """Read 《…》第八条（2026 年版）, in one column or in three."""
    source = _line(raw.source, LONGEST_TEXT)
    regulation = _REGULATION.search(source)
    article = _ARTICLE.search(plain(raw.article)) or _ARTICLE.search(source)
    year = _YEAR.search(plain(raw.version)) or _YEAR.search(_REGULATION.sub("", source))
    return (
        regulation[0] if regulation else _ABOUT.sub("", source).strip(" 。，,；;")[:100],
        article[0] if article else _line(raw.article),
        year[1] if year else _line(raw.version),
    )


def _difficulty(text: str) -> int:
    word = plain(text)
    if word.isdecimal():
        return min(max(int(word[:3]), 1), 3)
    if stars := word.count("★"):
        return min(stars, 3)
    middle = _MIDDLE.search(word) is not None
    return 2 if middle else 1 if _EASY.search(word) else 3 if _HARD.search(word) else 1


def _day(text: str) -> date | None:
    word = plain(text)
    if not word:
        return None
    day = find_date(word)
    if day is None:
        raise BadQuestion(f"日期“{short(word)}”看不懂，请写成 2026-05-18")
    return day


def _line(text: str, longest: int = LONGEST_NAME) -> str:
    return " ".join(plain(text).split())[:longest]
